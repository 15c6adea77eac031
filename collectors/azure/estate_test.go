package azure

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/azure/armtest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// kept takes what a collection finds.
type kept struct {
	mu   sync.Mutex
	seen []collectors.Observation
	rows []inventory.LedgerRow
}

func (k *kept) Observe(_ context.Context, batch []collectors.Observation) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = append(k.seen, batch...)
	return nil
}

func (k *kept) Listed(_ context.Context, row inventory.LedgerRow) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rows = append(k.rows, row)
	return nil
}

func estateOf(t *testing.T) armtest.Estate {
	t.Helper()
	estate, err := armtest.Read("armtest/testdata/estate.json")
	if err != nil {
		t.Fatal(err)
	}
	return estate
}

func collected(t *testing.T, server *armtest.Server) *kept {
	t.Helper()
	k := &kept{}
	if err := connected(t, server).Collect(t.Context(), time.Now, k); err != nil {
		t.Fatal(err)
	}
	return k
}

// TestSources holds for every source: the estate has something of its kind, the stored answers state the same facts
// again, and no fact is left without a word.
func TestSources(t *testing.T) {
	t.Parallel()
	k := collected(t, armtest.NewServer(estateOf(t)))
	described := map[inventory.Kind]int{}
	ids := map[string]inventory.Kind{}
	for _, o := range k.seen {
		r := o.Resource
		described[r.Kind]++
		again, err := collectors.FactsOf(Sources.Entry(r.Kind), collectors.Where{Scope: r.Scope, Region: o.Listing},
			o.Answers)
		if err != nil {
			t.Fatal(err)
		}
		if before, after := encoded(t, r), encoded(t, again); before != after {
			t.Errorf("%s: stored answers state other facts:\nbefore %s\nafter  %s", r.ID, before, after)
		}
		if r.ID == "" || r.Name == "" || r.Class != Sources.Entry(r.Kind).Definition().Class {
			t.Errorf("a resource %q with the name %q and the class %s", r.ID, r.Name, r.Class)
		}
		if other, taken := ids[r.ID]; taken {
			t.Errorf("%s is a resource of %s and of %s", r.ID, other, r.Kind)
		}
		ids[r.ID] = r.Kind
		if left := unstated(r); len(left) > 0 {
			t.Errorf("%s: neither stated nor derived: %v", r.ID, left)
		}
	}
	for _, e := range Sources.Entries() {
		if described[e.Definition().Kind] == 0 {
			t.Errorf("the estate has nothing of %s", e.Definition().Kind)
		}
	}
	for _, row := range k.rows {
		if !row.Complete {
			t.Errorf("the listing of %s is not complete: %+v", row.Kind, row.Unknown)
		}
	}
}

// TestOne asks again about single resources, by the ids they were seen under, and about what is gone.
func TestOne(t *testing.T) {
	t.Parallel()
	server := armtest.NewServer(estateOf(t))
	s := connected(t, server)
	for _, o := range collected(t, server).seen {
		kind := o.Resource.Kind
		if kind == "azure.network.implied_filter" || kind == "azure.network.tls_policy" ||
			kind == "azure.network.application_gateway_tls_policy" {
			continue // What is no resource of its own cannot be asked for.
		}
		k := &kept{}
		there, err := s.One(t.Context(), kind, o.Listing, o.Resource.ID, time.Now, k)
		if err != nil || !there || len(k.seen) != 1 || k.seen[0].Resource.ID != o.Resource.ID {
			t.Errorf("%s %s: there %v, %d seen, %v", kind, o.Resource.ID, there, len(k.seen), err)
		}
	}
	there, err := s.One(t.Context(), "azure.compute.disk", collectors.Global,
		strings.ToLower("/subscriptions/"+subscription+"/resourceGroups/Shop/providers/Microsoft.Compute/disks/gone"),
		time.Now, &kept{})
	if err != nil || there {
		t.Errorf("a disk that is gone: there %v, %v", there, err)
	}
}

// TestLabels wants a label of the group to stand in for one the resource lacks, and no label to be read while those of
// groups are not.
func TestLabels(t *testing.T) {
	t.Parallel()
	s := seen[disk]{Row: row[disk]{ID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d",
		Name: "d", Tags: tags{"Owner": "me"}},
		Group: collectors.Answer[groupTags]{Value: &groupTags{Tags: tags{"owner": "group", "env": "prod",
			"managed-by": "terraform"}}}}
	r := diskFacts(here, s)
	if r.Labels["Owner"] != "me" || r.Labels["owner"] != "" || r.Labels["env"] != "prod" || r.Labels["managed-by"] != "" {
		t.Errorf("labels %v", r.Labels)
	}
	s.Group = collectors.Answer[groupTags]{Action: "LIST", Failed: &collectors.Reason{Cause: inventory.CauseDenied}}
	if why := diskFacts(here, s).Why("labels_read"); why.Cause != inventory.CauseDenied {
		t.Errorf("labels are read without those of groups: %+v", why)
	}
}

// TestSubnetElsewhere wants the filters of what stands in a subnet of another subscription to be unknown, not absent.
func TestSubnetElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := collectors.Answer[around]{Action: virtualNetworks.action(), Value: &around{}}
	var n networkInterface
	n.Ends = &[]configuration{{}}
	var g applicationGateway
	for name, r := range map[string]*inventory.Resource{
		"interface": interfaceFacts(here,
			interfaceAnswers{Interface: seen[networkInterface]{Row: row[networkInterface]{Properties: n}},
				Around: elsewhere, Public: collectors.Answer[[]address]{Value: &[]address{}}}, networkInterfaces),
		"gateway": gatewayFacts(here,
			gatewayAnswers{Gateway: seen[applicationGateway]{Row: row[applicationGateway]{Properties: g}},
				Around: elsewhere}),
	} {
		if r.IsKnown("firewalls") || r.Why("firewalls").Cause != inventory.CauseNotCollected {
			t.Errorf("%s: firewalls are known or unknown for another reason: %+v", name, r.Why("firewalls"))
		}
	}
}
