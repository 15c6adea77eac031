package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestSessionBroker shows through what people may sign in to a machine whose agent reports.
func TestSessionBroker(t *testing.T) {
	t.Parallel()
	node := made("node", "aws.ssm.managed_node", &inventory.ManagedNode{Machine: "i-1", Online: true}, "machine", "online", "engines")
	worn := func(id, kind string) *inventory.Resource {
		i := interfaceOf(id, "", "subnet-private", "10.0.2.99", "", "sg-source")
		i.Facts.(*inventory.NetworkInterface).WearerType = kind
		return i
	}
	named := group("sg-source")
	named.Name = "the-bastion"
	for name, c := range map[string]struct {
		source *inventory.Resource
		worn   []*inventory.Resource
		want   bool
	}{
		"a broker of the provider": {group("sg-source"), []*inventory.Resource{worn("eni-b", "broker")}, true},
		"a broker and a machine":   {group("sg-source"), []*inventory.Resource{worn("eni-b", "broker"), worn("eni-c", "machine")}, false},
		"a machine":                {group("sg-source"), []*inventory.Resource{worn("eni-c", "machine")}, false},
		"worn by nothing":          {group("sg-source"), nil, false},
		"by name":                  {named, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(network()...)
			e.add(append(c.worn, machine("i-1", "eni-1"), node, c.source, group("sg-1", fromGroup(22, "sg-source")),
				interfaceOf("eni-1", "i-1", "subnet-private", "10.0.2.9", "", "sg-1"))...)
			wantValue(t, e.derive(t, "i-1"), "session_brokered", c.want)
		})
	}
}

// TestBrokersAreNotTakenOnTrust keeps a filter from counting as a broker's while something that was not listed may wear
// it.
func TestBrokersAreNotTakenOnTrust(t *testing.T) {
	t.Parallel()
	node := made("node", "aws.ssm.managed_node", &inventory.ManagedNode{Machine: "i-1", Online: true}, "machine", "online", "engines")
	broker := interfaceOf("eni-b", "", "subnet-private", "10.0.2.99", "", "sg-source")
	broker.Facts.(*inventory.NetworkInterface).WearerType = "broker"
	e := newEstate(network()...)
	e.add(broker, machine("i-1", "eni-1"), node, group("sg-source"), group("sg-1", fromGroup(22, "sg-source")),
		interfaceOf("eni-1", "i-1", "subnet-private", "10.0.2.9", "", "sg-1"))
	wantValue(t, e.derive(t, "i-1"), "session_brokered", true)
	e.missing[inventory.ClassNetworkInterface] = []inventory.Unknown{{Cause: inventory.CauseDenied}}
	if v, known := e.derive(t, "i-1").Value("session_brokered"); known && v == true {
		t.Error("a filter that an unlisted machine may wear counts as a broker's")
	}
}
