package pipeline_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/azure"
	"github.com/plumbline-posture/plumbline/collectors/azure/armtest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

// azureServer answers for the estate of the tests.
func azureServer(t testing.TB) *armtest.Server {
	t.Helper()
	estate, err := armtest.Read("../azure/armtest/testdata/estate.json")
	if err != nil {
		t.Fatal(err)
	}
	return armtest.NewServer(estate)
}

// scanAzure collects a subscription over HTTP and judges it.
func scanAzure(t testing.TB, server *armtest.Server) *pipeline.Scratch {
	t.Helper()
	return scanAzureWithin(t, server, 10*time.Second)
}

// scanAzureWithin is scanAzure with a bound on how long one call may take.
func scanAzureWithin(t testing.TB, server *armtest.Server, timeout time.Duration) *pipeline.Scratch {
	t.Helper()
	at := httptest.NewServer(server)
	defer at.Close()
	subscription, err := azure.Connect(t.Context(), azure.Connection{Subscription: "11111111-2222-3333-4444-555555555555",
		Endpoint: at.URL, Attempts: 1, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	memory := pipeline.NewScratch(inventory.Defaults())
	p := &pipeline.Pipeline{Catalogue: catalogue, Memory: memory, Now: time.Now}
	if err := p.Run(context.WithoutCancel(t.Context()), subscription); err != nil {
		t.Fatal(err)
	}
	return memory
}

// azureVerdicts are the judgements by check and by the last two parts of the resource's id.
func azureVerdicts(s *pipeline.Scratch) map[[2]string]evaluator.Judgement {
	out := map[[2]string]evaluator.Judgement{}
	for _, one := range s.Settled() {
		parts := strings.Split(one.Resource.ID, "/")
		if strings.Contains(one.Resource.ID, "/databases/") || strings.Contains(one.Resource.ID, "/containers/") ||
			strings.Contains(one.Resource.ID, "/galleries/") {
			parts[len(parts)-2] = parts[8]
		}
		id := strings.Join(parts[max(len(parts)-2, 0):], "/")
		for _, j := range one.Judgements {
			out[[2]string{j.Check.ID, id}] = j
		}
	}
	return out
}

// azureCircle is the first circle of checks, with what must pass and what must fail in the estate of the tests.
var azureCircle = []struct{ check, pass, fail string }{
	// What was classic no longer exists: these two pass by what the provider is.
	{"network-not-legacy", "virtualnetworks/hub", ""},
	{"instance-in-virtual-network", "virtualmachines/vm-open", ""},
	{"instance-no-public-address", "virtualmachines/vm-app virtualmachines/vm-natted virtualmachines/0",
		"virtualmachines/vm-open virtualmachines/vm-ungrouped virtualmachines/1"},
	// A route through a firewall, or a standard address without any group, lets nobody in.
	{"instance-admin-port-reachable",
		"virtualmachines/vm-app virtualmachines/vm-behind-firewall virtualmachines/vm-ungrouped virtualmachines/vm-shielded",
		"virtualmachines/vm-open virtualmachines/vm-natted virtualmachines/vm-forced virtualmachines/1"},
	// Rules of a network manager come before the groups: what they allow is still the groups' to refuse.
	{"instance-data-port-reachable",
		"virtualmachines/vm-natted virtualmachines/vm-search virtualmachines/vm-behind-firewall",
		"virtualmachines/vm-open virtualmachines/vm-shielded"},
	{"firewall-admin-port-world-open", "networksecuritygroups/nsg-app",
		"networksecuritygroups/nsg-open networksecuritygroups/nsg-world managed/securityadminrules"},
	{"firewall-all-ports-world-open", "networksecuritygroups/nsg-open networksecuritygroups/nsg-gateway",
		"networksecuritygroups/nsg-world"},
	{"firewall-data-port-world-open", "networksecuritygroups/nsg-data managed/securityadminrules",
		"networksecuritygroups/nsg-open"},
	{"firewall-legacy-port-world-open", "networksecuritygroups/nsg-web", "networksecuritygroups/nsg-open"},
	{"entry-point-firewall-only-443", "applicationgateways/agw-good", "applicationgateways/agw-bad loadbalancers/lb-ssh"},
	{"entry-point-plaintext-refused", "applicationgateways/agw-good afdendpoints/shop frontendendpoints/good",
		"applicationgateways/agw-bad afdendpoints/old frontendendpoints/bad"},
	{"entry-point-tls-safe", "applicationgateways/agw-good afdendpoints/shop frontendendpoints/good",
		"applicationgateways/agw-bad applicationgateways/agw-custom afdendpoints/old frontendendpoints/bad"},
	{"entry-point-waf-blocking", "afdendpoints/shop afdendpoints/old frontendendpoints/good",
		"applicationgateways/agw-good"},
	{"vpn-strong-encryption", "connections/office", ""},
	{"instance-ingress-only-from-load-balancer", "virtualmachines/vm-app", "virtualmachines/vm-loose"},
	{"self-hosted-database-ingress-from-app-only", "virtualmachines/vm-search",
		"virtualmachines/vm-mongo virtualmachines/vm-open"},
	{"database-not-public", "servers/sql-closed flexibleservers/pg-inside redis/cache-closed",
		"servers/sql-open servers/sql-app flexibleservers/pg-open flexibleservers/my-office databaseaccounts/cosmos-open redis/cache-open"},
	{"database-no-world-range",
		"servers/sql-app servers/sql-closed flexibleservers/my-office flexibleservers/pg-inside databaseaccounts/cosmos-fenced",
		"servers/sql-open servers/sql-cloud flexibleservers/pg-open databaseaccounts/cosmos-open redis/cache-open"},
	{"database-ingress-from-app-only",
		"servers/sql-app servers/sql-closed flexibleservers/pg-inside databaseaccounts/cosmos-fenced",
		"servers/sql-open servers/sql-cloud servers/sql-private flexibleservers/my-office databaseaccounts/cosmos-open redis/cache-open"},
	{"object-storage-tls-required", "storageaccounts/goodstore", "storageaccounts/badstore"},
	{"object-storage-not-public-by-acl", "goodstore/files", "badstore/files"},
	{"object-storage-public-access-blocked", "storageaccounts/goodstore", "storageaccounts/badstore"},
	{"image-not-public", "private/base images/plain", "community/base"},
	{"data-encrypted-at-rest", "sql-app/orders disks/data snapshots/copy storageaccounts/goodstore", "sql-open/orders"},
	{"database-tls-required",
		"servers/sql-app flexibleservers/pg-inside flexibleservers/my-office redis/cache-closed databaseaccounts/cosmos-open",
		"servers/sql-open flexibleservers/pg-open redis/cache-open"},
	{"subnet-flow-logged", "subnets/web", "subnets/app"},
	// A lock on what lies above counts, one of no level does not.
	{"database-deletion-protected", "servers/sql-app sql-app/orders databaseaccounts/cosmos-fenced",
		"servers/sql-open sql-open/orders databaseaccounts/cosmos-open redis/cache-closed flexibleservers/pg-inside"},
	{"database-audit-logged", "flexibleservers/pg-inside databaseaccounts/cosmos-fenced redis/cache-closed",
		"flexibleservers/pg-open flexibleservers/my-office databaseaccounts/cosmos-open redis/cache-open"},
	{"database-vulnerability-assessed", "servers/sql-app servers/sql-cloud", "servers/sql-open servers/sql-closed"},
	{"database-central-identity", "flexibleservers/my-office flexibleservers/pg-open", "databaseaccounts/cosmos-open"},
	{"instance-login-central", "virtualmachines/vm-app", "virtualmachines/vm-open"},
	{"workload-multi-zone", "loadbalancers/lb-ssh", "flexibleservers/pg-open"},
	{"data-copied-to-other-region", "storageaccounts/badstore", "storageaccounts/mirror"},
	{"object-storage-access-logged", "storageaccounts/goodstore", "storageaccounts/badstore"},
	{"entry-point-access-logged", "applicationgateways/agw-good afdendpoints/shop azurefirewalls/edge",
		"applicationgateways/agw-bad frontendendpoints/good"},
}

func TestAzureFirstCircle(t *testing.T) {
	t.Parallel()
	got := azureVerdicts(scanAzure(t, azureServer(t)))
	for _, c := range azureCircle {
		for want, ids := range map[evaluator.Verdict]string{evaluator.Pass: c.pass, evaluator.Fail: c.fail} {
			for _, id := range strings.Fields(ids) {
				j, judged := got[[2]string{c.check, id}]
				if !judged || j.Verdict != want {
					t.Errorf("%s on %s: %v (judged %v, unknown %v); want %v", c.check, id, j.Verdict, judged, j.Unknown, want)
				}
			}
		}
	}
}

// TestAzureSeverities asserts what moves a severity: what stands in the way counts, and so does what a filter names.
func TestAzureSeverities(t *testing.T) {
	t.Parallel()
	got := azureVerdicts(scanAzure(t, azureServer(t)))
	for _, c := range []struct {
		check, id string
		want      evaluator.Severity
	}{
		{"instance-admin-port-reachable", "virtualmachines/vm-open", evaluator.Critical},
		{"firewall-admin-port-world-open", "networksecuritygroups/nsg-world", evaluator.Low},
		{"database-not-public", "servers/sql-open", evaluator.Critical},
		{"database-not-public", "flexibleservers/my-office", evaluator.Medium},
		{"database-not-public", "servers/sql-app", evaluator.Low},
		{"database-no-world-range", "servers/sql-cloud", evaluator.High},
		{"database-ingress-from-app-only", "flexibleservers/my-office", evaluator.Medium},
	} {
		if j := got[[2]string{c.check, c.id}]; j.Severity != c.want {
			t.Errorf("%s on %s: severity %v (reasons %v); want %v", c.check, c.id, j.Severity, j.Reasons, c.want)
		}
	}
}

// TestAzurePaths wants the way to an open machine told hop by hop, and that to one behind a balancer as well.
func TestAzurePaths(t *testing.T) {
	t.Parallel()
	hops := map[string]string{}
	for _, one := range scanAzure(t, azureServer(t)).Settled() {
		if m, ok := one.Resource.Facts.(*inventory.ComputeInstance); ok {
			for _, p := range m.Paths {
				for _, h := range p.Hops {
					hops[one.Resource.Name] += h.Label + " " + h.Detail + " > "
				}
			}
		}
	}
	for name, want := range map[string][]string{
		"vm-open": {"Internet", "system gateway internet", "system routes of hub", "nsg-web", "nsg-open",
			"vm-open-nic", "vm-open"},
		"vm-natted": {"Internet", "lb-ssh", "ssh", "nsg-web", "vm-natted-nic", "vm-natted"},
		"vm-behind-firewall": {"Internet", "edge", "tcp/8443", "web", "forwards to tcp/8080", "nsg-web",
			"vm-behind-firewall"},
		"vm-forced": {"Internet", "system routes of managed", "security admin rules of managed", "rule 20",
			"vm-forced-nic", "vm-forced"},
	} {
		rest := hops[name]
		for _, word := range want {
			_, after, found := strings.Cut(rest, word)
			if !found {
				t.Errorf("%s: no %q, in this order, in %s", name, word, hops[name])
				break
			}
			rest = after
		}
	}
}

// TestAzureDenied takes each right away in turn: no verdict may become a pass, and the loss must show.
func TestAzureDenied(t *testing.T) {
	t.Parallel()
	whole := azureVerdicts(scanAzure(t, azureServer(t)))
	for _, right := range azure.Permissions() {
		if right == "Microsoft.ResourceGraph/resources/read" {
			continue // No call is refused for want of it: it opens the door, and the rights on types decide.
		}
		t.Run(right, func(t *testing.T) {
			t.Parallel()
			server := azureServer(t)
			server.Deny(right)
			memory := scanAzure(t, server)
			for key, j := range azureVerdicts(memory) {
				if j.Verdict == evaluator.Pass && whole[key].Verdict != evaluator.Pass {
					t.Errorf("%v passes without the right, and is %v with it", key, whole[key].Verdict)
				}
			}
			shown := slices.ContainsFunc(memory.Ledger(), func(row inventory.LedgerRow) bool {
				return !row.Complete && row.Unknown.Cause == inventory.CauseDenied || len(row.Errors) > 0
			})
			for _, one := range memory.Settled() {
				for _, u := range one.Resource.Unknown {
					shown = shown || u.Cause == inventory.CauseDenied
				}
			}
			if !shown {
				t.Error("nothing is told of the loss")
			}
		})
	}
}

// TestAzureTroubled lets answers fail in other ways: none of them may turn a verdict into a pass.
func TestAzureTroubled(t *testing.T) {
	t.Parallel()
	whole := azureVerdicts(scanAzure(t, azureServer(t)))
	for name, c := range map[string]struct {
		trouble func(*armtest.Server)
		kind    inventory.Kind
		cause   inventory.Cause
		code    string
	}{
		"throttled listing": {func(s *armtest.Server) { s.Throttle("microsoft.network/networkinterfaces") },
			"azure.network.network_interface", inventory.CauseThrottled, "TooManyRequests"},
		"garbled listing": {func(s *armtest.Server) { s.Garble("microsoft.sql/servers$") }, "azure.sql.server",
			inventory.CauseFailed, "MalformedAnswer"},
		"fault": {func(s *armtest.Server) { s.Refuse("microsoft.network/virtualnetworks", 500, "InternalServerError") },
			"azure.network.subnet", inventory.CauseFailed, "InternalServerError"},
		"throttled admin rules": {func(s *armtest.Server) { s.Throttle("/listnetworkmanagereffective") },
			"azure.network.security_admin_rules", inventory.CauseThrottled, "TooManyRequests"},
		"garbled admin rules": {func(s *armtest.Server) { s.Garble("/listnetworkmanagereffective") },
			"azure.network.security_admin_rules", inventory.CauseFailed, "MalformedAnswer"},
		"garbled rights": {func(s *armtest.Server) { s.Garble("authorization/permissions") }, "azure.network.subnet",
			inventory.CauseFailed, "MalformedAnswer"},
		"throttled rules": {func(s *armtest.Server) { s.Throttle("/firewallrules") }, "", inventory.CauseThrottled,
			"TooManyRequests"},
		"garbled rules": {func(s *armtest.Server) { s.Garble("/firewallrules") }, "", inventory.CauseFailed,
			"MalformedAnswer"},
		"not registered": {func(s *armtest.Server) { s.Refuse("/firewallrules", 409, "MissingSubscriptionRegistration") }, "",
			inventory.CauseNotEnabled, "MissingSubscriptionRegistration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := azureServer(t)
			c.trouble(server)
			memory := scanAzure(t, server)
			got := azureVerdicts(memory)
			for key, j := range got {
				if j.Verdict == evaluator.Pass && whole[key].Verdict != evaluator.Pass {
					t.Errorf("%v passes, and is %v when all answers come", key, whole[key].Verdict)
				}
			}
			if c.kind == "" {
				u := got[[2]string{"database-no-world-range", "servers/sql-open"}].Unknown
				if len(u) == 0 || u[0].Cause != c.cause || u[0].Code != c.code ||
					u[0].Action != "GET Microsoft.Sql/servers/firewallRules" ||
					u[0].Permission != "Microsoft.Sql/servers/firewallRules/read" {
					t.Errorf("the range of sql-open is unknown for %v; want %s %s", u, c.cause, c.code)
				}
				return
			}
			for _, row := range memory.Ledger() {
				if row.Kind == c.kind && (row.Complete || row.Unknown.Cause != c.cause || row.Unknown.Code != c.code) {
					t.Errorf("the listing of %s ended as %+v; want %s %s", c.kind, row.Unknown, c.cause, c.code)
				}
			}
		})
	}
}

// TestAzurePages wants the same verdicts from small pages as from one.
func TestAzurePages(t *testing.T) {
	t.Parallel()
	whole := azureVerdicts(scanAzure(t, azureServer(t)))
	server := azureServer(t)
	server.PageSize = 3
	paged := azureVerdicts(scanAzure(t, server))
	if len(paged) != len(whole) {
		t.Errorf("%d verdicts from small pages, %d from one", len(paged), len(whole))
	}
	for key, j := range whole {
		if paged[key].Verdict != j.Verdict {
			t.Errorf("%v is %v from small pages; want %v", key, paged[key].Verdict, j.Verdict)
		}
	}
	asked := 0
	for _, call := range server.Asked() {
		if strings.HasSuffix(call, "microsoft.network/networksecuritygroups") {
			asked++
		}
	}
	if asked < 3 {
		t.Errorf("groups were asked for %d times; want three pages", asked)
	}
}
