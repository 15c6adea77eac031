package azure

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestSecurityRules reads single rules as Azure writes them.
func TestSecurityRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ written, want string }{
		"one port from the internet": {`{"protocol":"Tcp","destinationPortRange":"22","sourceAddressPrefix":"Internet","destinationAddressPrefix":"*","access":"Allow","priority":100,"direction":"Inbound"}`,
			"100 in allow tcp/22-22 from [0.0.0.0/0 ::/0]"},
		"several ports and ranges": {`{"protocol":"*","destinationPortRanges":["80","8000-8100"],"sourceAddressPrefixes":["10.0.0.0/8","203.0.113.7"],"destinationAddressPrefix":"*","access":"Allow","priority":110,"direction":"Inbound"}`,
			"110 in allow any/80-80 from [10.0.0.0/8 203.0.113.7]; 110 in allow any/8000-8100 from [10.0.0.0/8 203.0.113.7]"},
		"the whole cloud": {`{"protocol":"Tcp","destinationPortRange":"443","sourceAddressPrefix":"AzureCloud.WestEurope","access":"Allow","priority":1,"direction":"Inbound"}`,
			"1 in allow tcp/443-443 from any tenant"},
		"one service": {`{"protocol":"Tcp","destinationPortRange":"443","sourceAddressPrefix":"ApiManagement","access":"Allow","priority":1,"direction":"Inbound"}`,
			"1 in allow tcp/443-443 from groups [azure#ApiManagement]"},
		"by group to group": {`{"protocol":"Tcp","destinationPortRange":"5432","sourceApplicationSecurityGroups":[{"id":"/A/App"}],"destinationApplicationSecurityGroups":[{"id":"/A/Data"}],"access":"Allow","priority":1,"direction":"Inbound"}`,
			"1 in allow tcp/5432-5432 from groups [/a/app] to groups [/a/data]"},
		"to one machine": {`{"protocol":"Tcp","destinationPortRange":"22","sourceAddressPrefix":"*","destinationAddressPrefix":"10.0.1.4","access":"Allow","priority":1,"direction":"Inbound"}`,
			"1 in allow tcp/22-22 from [0.0.0.0/0 ::/0] to [10.0.1.4]"},
		"a refusal of some senders' ports": {`{"protocol":"Tcp","sourcePortRange":"1024-2048","destinationPortRange":"22","sourceAddressPrefix":"*","access":"Deny","priority":1,"direction":"Inbound"}`, ""},
		"a refusal of all": {`{"protocol":"*","sourcePortRange":"*","destinationPortRange":"*","sourceAddressPrefix":"*","access":"Deny","priority":4096,"direction":"Inbound"}`,
			"4096 in deny any/0-65535 from [0.0.0.0/0 ::/0]"},
		"what leaves": {`{"protocol":"*","destinationPortRange":"*","sourceAddressPrefix":"VirtualNetwork","destinationAddressPrefix":"Internet","access":"Deny","priority":200,"direction":"Outbound"}`,
			"200 out deny any/0-65535 from [0.0.0.0/0 ::/0]"},
	} {
		var s securityRule
		if err := json.Unmarshal([]byte(`{"name":"r","properties":`+c.written+`}`), &s); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, r := range rulesOf(s) {
			if got != "" {
				got += "; "
			}
			got += ruleText(r)
		}
		if got != c.want {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
}

func ruleText(r inventory.Rule) string {
	way, does := "in", "allow"
	if r.Egress {
		way = "out"
	}
	if r.Deny {
		does = "deny"
	}
	text := fmt.Sprintf("%d %s %s %s/%d-%d from", r.Priority, way, does, r.Protocol, r.From, r.To)
	switch {
	case r.AnyTenant:
		text += " any tenant"
	case len(r.Groups) > 0:
		text += fmt.Sprint(" groups ", r.Groups)
	default:
		text += fmt.Sprint(" ", r.Ranges)
	}
	if len(r.DestinationGroups) > 0 {
		text += fmt.Sprint(" to groups ", r.DestinationGroups)
	}
	if len(r.Destinations) > 0 {
		text += fmt.Sprint(" to ", r.Destinations)
	}
	return text
}

// TestLayersApart wants the group of a subnet and that of an interface never to be judged as one set of rules.
func TestLayersApart(t *testing.T) {
	t.Parallel()
	if layerOf("/a", true) == layerOf("/b", true) || layerOf("/a", false) == layerOf("/b", false) || layerOf("/a",
		false) >= layerOf("/b", true) {
		t.Error("groups share a layer, or that of an interface comes first")
	}
}
