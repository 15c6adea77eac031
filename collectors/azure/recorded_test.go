package azure

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// recordedRoot holds recorded answers of real subscriptions, beside the project. Tests that read them skip without it.
const recordedRoot = "../../../shared/recorded/azure"

var here = collectors.Where{Scope: "azure:11111111-2222-3333-4444-555555555555", Region: collectors.Global}

// exchange is one recorded call.
type exchange struct {
	Request struct {
		URL string `json:"url"`
	} `json:"request"`
	Response struct {
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
	} `json:"response"`
}

func recorded(t *testing.T, file string) exchange {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(recordedRoot, file))
	if err != nil {
		t.Skip("the recorded answers are not beside the project")
	}
	var e exchange
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return e
}

// items are the resources of a recorded answer: those of its list, or the one it is.
func (e exchange) items() []json.RawMessage {
	var list struct {
		Value []json.RawMessage `json:"value"`
		ID    string            `json:"id"`
	}
	if e.Response.Status != 200 || json.Unmarshal(e.Response.Body, &list) != nil {
		return nil
	}
	if list.ID != "" {
		return []json.RawMessage{e.Response.Body}
	}
	return list.Value
}

// sweeps turn a recorded resource of a type into what the normaliser makes of it.
var sweeps = map[string]func(t *testing.T, raw []byte) *inventory.Resource{}

// sweep adds a type whose recorded resources all must pass through a normaliser. Where more is asked than the resource
// tells, answers says how the resource stands among the answers; the others are then not there.
func sweep[P, A any](typ string, facts func(collectors.Where, A) *inventory.Resource,
	answers func(seen[P]) A) struct{} {
	sweeps[strings.ToLower(typ)] = func(t *testing.T, raw []byte) *inventory.Resource {
		t.Helper()
		s := seen[P]{Group: collectors.Answer[groupTags]{Absent: true}}
		if err := json.Unmarshal(raw, &s.Row); err != nil {
			t.Fatal(err)
		}
		a := answers(s)
		kept, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var stored A
		if err := json.Unmarshal(kept, &stored); err != nil {
			t.Fatal(err)
		}
		r := facts(here, a)
		if before, after := encoded(t, r), encoded(t, facts(here, stored)); before != after {
			t.Errorf("stored answers state other facts:\nbefore %s\nafter  %s", before, after)
		}
		return r
	}
	return struct{}{}
}

// typeOfItem is the type of a recorded resource, as it says or by its id; empty when it is no resource.
func typeOfItem(raw []byte) string {
	var of struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	if json.Unmarshal(raw, &of) != nil {
		return ""
	}
	at := strings.LastIndex(of.ID, "/providers/")
	if at < 0 {
		return ""
	}
	if of.Type != "" {
		return strings.ToLower(of.Type)
	}
	parts := strings.Split(strings.ToLower(of.ID[at+len("/providers/"):]), "/")
	typ := parts[0]
	for i := 1; i < len(parts); i += 2 {
		typ += "/" + parts[i]
	}
	return typ
}

func same[P any](s seen[P]) seen[P] { return s }

var (
	_ = sweep("Microsoft.Compute/virtualMachines", func(_ collectors.Where, s seen[virtualMachine]) *inventory.Resource {
		return machineFacts(s, virtualMachines)
	}, same)
	_ = sweep("Microsoft.Compute/disks", diskFacts, same)
	_ = sweep("Microsoft.Compute/snapshots", snapshotFacts, same)
	_ = sweep("Microsoft.Compute/images", imageFacts, same)
	_ = sweep("Microsoft.Compute/virtualMachineScaleSets", scaleSetFacts,
		func(s seen[struct{}]) scaleSetAnswers { return scaleSetAnswers{Set: s} })
	_ = sweep("Microsoft.Network/networkSecurityGroups", securityGroupFacts, same)
	_ = sweep("Microsoft.Network/virtualNetworks", virtualNetworkFacts, same)
	_ = sweep("Microsoft.Network/routeTables", routeTableFacts, same)
	_ = sweep("Microsoft.Network/loadBalancers", loadBalancerFacts,
		func(s seen[loadBalancer]) balancerAnswers { return balancerAnswers{Balancer: s} })
	_ = sweep("Microsoft.Network/networkInterfaces", func(w collectors.Where, a interfaceAnswers) *inventory.Resource {
		return interfaceFacts(w, a, networkInterfaces)
	}, func(s seen[networkInterface]) interfaceAnswers { return interfaceAnswers{Interface: s} })
	_ = sweep("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces",
		func(w collectors.Where, a interfaceAnswers) *inventory.Resource {
			return interfaceFacts(w, a, scaleSetInterfaces)
		}, func(s seen[networkInterface]) interfaceAnswers { return interfaceAnswers{Interface: s} })
	_ = sweep("Microsoft.Network/frontDoors", frontendFacts, func(s seen[frontDoor]) frontendAnswers {
		return frontendAnswers{Item: frontendItem{Door: s, Frontend: (*s.Row.Properties.Frontends)[0]}}
	})
	_ = sweep("Microsoft.Network/connections", connectionFacts,
		func(s seen[connection]) connectionAnswers { return connectionAnswers{Connection: s} })
	_ = sweep("Microsoft.Network/applicationGateways", gatewayFacts,
		func(s seen[applicationGateway]) gatewayAnswers { return gatewayAnswers{Gateway: s} })
	_ = sweep("Microsoft.Network/azureFirewalls", firewallFacts,
		func(s seen[azureFirewall]) firewallAnswers { return firewallAnswers{Firewall: s} })
	_ = sweep("Microsoft.Network/networkWatchers/flowLogs", flowLogFacts,
		func(s seen[flowLog]) flowRecord { return flowRecord{Log: s} })
	_ = sweep("Microsoft.Network/natGateways", natGatewayFacts,
		func(s seen[natGateway]) natGatewayAnswers { return natGatewayAnswers{Gateway: s} })
	_ = sweep("Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", gatewayWAFFacts, same)
	_ = sweep("Microsoft.Network/FrontDoorWebApplicationFirewallPolicies", edgeWAFFacts,
		func(s seen[wafPolicy]) edgeWAFAnswers { return edgeWAFAnswers{Policy: s} })
	_ = sweep("Microsoft.Storage/storageAccounts", storageFactsOf,
		func(s seen[storageAccount]) storageAnswers { return storageAnswers{Account: s} })
	_ = sweep("Microsoft.Storage/storageAccounts/blobServices/containers", containerFacts,
		func(s seen[container]) containerItem {
			return containerItem{Account: seen[storageAccount]{Row: row[storageAccount]{Name: "account"}}, Container: s.Row}
		})
	_ = sweep("Microsoft.Sql/servers", sqlServerFacts,
		func(s seen[sqlServer]) sqlServerAnswers { return sqlServerAnswers{Server: s} })
	_ = sweep("Microsoft.Sql/servers/databases", sqlDatabaseFacts,
		func(s seen[sqlDatabase]) sqlDatabaseAnswers { return sqlDatabaseAnswers{Database: s} })
	_ = sweep("Microsoft.DBforPostgreSQL/flexibleServers", func(w collectors.Where,
		a flexibleAnswers) *inventory.Resource {
		return flexibleFacts(w, a, postgres)
	}, func(s seen[flexibleServer]) flexibleAnswers { return flexibleAnswers{Server: s} })
	_ = sweep("Microsoft.DBforMySQL/flexibleServers", func(w collectors.Where, a flexibleAnswers) *inventory.Resource {
		return flexibleFacts(w, a, mysql)
	}, func(s seen[flexibleServer]) flexibleAnswers { return flexibleAnswers{Server: s} })
	_ = sweep("Microsoft.DocumentDB/databaseAccounts", cosmosFacts,
		func(s seen[cosmosAccount]) cosmosAnswers { return cosmosAnswers{Account: s} })
	_ = sweep("Microsoft.Cache/redis", redisFacts, func(s seen[redisCache]) redisAnswers { return redisAnswers{Cache: s} })
)

// TestRecordedSweep runs every recorded resource of the types above through its normaliser: none may panic, leave an
// attribute unspoken of, or change in the store.
func TestRecordedSweep(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(recordedRoot); err != nil {
		t.Skip("the recorded answers are not beside the project")
	}
	swept := map[string]int{}
	err := filepath.WalkDir(recordedRoot, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		file, err := filepath.Rel(recordedRoot, path)
		if err != nil {
			return err
		}
		for _, raw := range recorded(t, file).items() {
			typ := typeOfItem(raw)
			run := sweeps[typ]
			if run == nil {
				continue
			}
			swept[typ]++
			checkSwept(t, file, run(t, raw))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for typ := range sweeps {
		if swept[typ] == 0 {
			t.Errorf("no resource of %s is recorded; the row is of no use", typ)
		}
	}
}

func checkSwept(t *testing.T, file string, r *inventory.Resource) {
	t.Helper()
	if r == nil {
		return
	}
	if !strings.HasPrefix(r.ID, "/subscriptions/") || r.ID != strings.ToLower(r.ID) || r.Name == "" {
		t.Errorf("%s: a resource with the id %q and the name %q", file, r.ID, r.Name)
	}
	if left := unstated(r); len(left) > 0 {
		t.Errorf("%s: %s: neither stated nor derived: %v", file, r.ID, left)
	}
}
