package gcp

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestPolicyRules reads rules of policies: whom they are about, and what is not certain of it.
func TestPolicyRules(t *testing.T) {
	t.Parallel()
	const n = "//compute.googleapis.com/projects/p/global/networks/n"
	world := []string{worldV4}
	for name, c := range map[string]struct {
		rule string
		want []inventory.Rule
	}{
		"target secure tag": {`"action":"allow","targetSecureTags":[{"name":"tagValues/1","state":"EFFECTIVE"}],` +
			`"match":{"srcIpRanges":["0.0.0.0/0"],"layer4Configs":[{"ipProtocol":"tcp","ports":["22"]}]}`,
			[]inventory.Rule{{Priority: 6, Protocol: "tcp", From: 22, To: 22, Ranges: world,
				DestinationGroups: []string{"//cloudresourcemanager.googleapis.com/tagValues/1"}}}},
		"source secure tag": {`"action":"allow","match":{"srcSecureTags":[{"name":"tagValues/2"}],` +
			`"layer4Configs":[{"ipProtocol":"all"}]}`,
			[]inventory.Rule{{Priority: 6, Protocol: "any", To: highestPort,
				Groups: []string{"//cloudresourcemanager.googleapis.com/tagValues/2"}}}},
		"a refusal of some networks": {`"action":"deny","match":{"srcIpRanges":["0.0.0.0/0"],"srcNetworkType":"INTRA_VPC",` +
			`"layer4Configs":[{"ipProtocol":"all"}]}`,
			[]inventory.Rule{{Priority: 6, Deny: true, Protocol: "any", To: highestPort, Lists: []string{"INTRA_VPC"}}}},
		"a refusal of named networks": {`"action":"deny","match":{"srcIpRanges":["0.0.0.0/0"],` +
			`"srcNetworkContext":"VPC_NETWORKS","srcNetworks":["projects/p/global/networks/m"]}`,
			[]inventory.Rule{{Priority: 6, Deny: true, Protocol: "any", To: highestPort,
				Lists: []string{"projects/p/global/networks/m"}}}},
		"an admission from the internet": {`"action":"allow","match":{"srcIpRanges":["0.0.0.0/0"],` +
			`"srcNetworkContext":"INTERNET","layer4Configs":[{"ipProtocol":"udp","ports":["53"]}]}`,
			[]inventory.Rule{{Priority: 6, Protocol: "udp", From: 53, To: 53, Ranges: world}}},
		"nobody named": {`"action":"deny","match":{"layer4Configs":[{"ipProtocol":"all"}]}`,
			[]inventory.Rule{{Priority: 6, Deny: true, Protocol: "any", To: highestPort, Ranges: []string{worldV4, worldV6}}}},
		"another kind of target": {`"action":"deny","targetType":"INTERNAL_MANAGED_LB","match":{"layer4Configs":[]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r policyRule
			if err := json.Unmarshal([]byte(`{"priority":5,"direction":"INGRESS",`+c.rule+`}`), &r); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(r.lines(n, 0))
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := json.Marshal(c.want); string(got) != string(want) {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
}

// TestSecureTagsOfAnInterface wants the groups of an interface unknown where its tags were asked for and not told.
func TestSecureTagsOfAnInterface(t *testing.T) {
	t.Parallel()
	tag := func(inherited bool) *effectiveTags {
		return &effectiveTags{Tags: []effectiveTag{{Value: "tagValues/1", Inherited: inherited}}}
	}
	for name, c := range map[string]struct {
		tags          collectors.Answer[effectiveTags]
		known, member bool
	}{
		"not asked": {collectors.Answer[effectiveTags]{}, true, false},
		"told":      {collectors.Answer[effectiveTags]{Action: tagsAction, Value: tag(false)}, true, true},
		"none":      {collectors.Answer[effectiveTags]{Action: tagsAction, Value: &effectiveTags{}}, true, false},
		"absent":    {collectors.Answer[effectiveTags]{Action: tagsAction, Absent: true}, true, false},
		"inherited": {collectors.Answer[effectiveTags]{Action: tagsAction, Value: tag(true)}, false, false},
		"denied": {collectors.Answer[effectiveTags]{Action: tagsAction, Permission: tagsPermission,
			Failed: &collectors.Reason{Cause: inventory.CauseDenied}}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := interfaceItem{Instance: "//compute.googleapis.com/projects/p/zones/z-a/instances/i", Zone: "z-a",
				Named: []string{"tagValues/1"}, Secure: c.tags,
				Data: interfaceBody{Name: "nic0", Network: "projects/p/global/networks/n"}}
			r := stable(t, i, interfaceFacts)[0]
			groups := r.Facts.(*inventory.NetworkInterface).Groups
			if r.IsKnown("groups") != c.known || c.known && slices.Contains(groups, secureTagID("tagValues/1")) != c.member {
				t.Errorf("groups %v, known %v (%+v)", groups, r.IsKnown("groups"), r.Unknown["groups"])
			}
			if name == "denied" && r.Unknown["groups"].Permission != tagsPermission {
				t.Errorf("cured by %+v", r.Unknown["groups"])
			}
		})
	}
}
