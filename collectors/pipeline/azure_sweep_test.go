package pipeline_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/azure/armtest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// TestAzureAdminRulesUnread wants every machine's reach to be unknown while it is unknown what comes before the groups,
// that of a machine which seems open as well.
func TestAzureAdminRulesUnread(t *testing.T) {
	t.Parallel()
	const right = "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action"
	server := azureServer(t)
	server.Deny(right)
	got := azureVerdicts(scanAzure(t, server))
	for _, name := range []string{"vm-open", "vm-ungrouped", "vm-shielded", "vm-forced"} {
		j := got[[2]string{"instance-admin-port-reachable", "virtualmachines/" + name}]
		if j.Verdict != evaluator.Unknown || len(j.Unknown) == 0 || j.Unknown[0].Permission != right {
			t.Errorf("%s: %v, unknown %+v; want it unknown for want of %s", name, j.Verdict, j.Unknown, right)
		}
	}
}

// question is a kind of question that is put to the server, as a pattern: names differ, the question is the same. Types
// and names take turns, and a provider begins anew.
func question(call string) string {
	_, subject, _ := strings.Cut(call, " ")
	path, typ, graph := strings.Cut(subject, " ")
	segments := strings.Split(path, "/")
	name := false
	for i := 1; i < len(segments); i++ {
		switch {
		case strings.EqualFold(segments[i], "providers"):
			name = false
			i++ // The provider itself.
		case name:
			segments[i], name = "[^/]+", false
		default:
			name = true
		}
	}
	pattern := "^" + strings.Join(segments, "/")
	if graph {
		pattern += " " + typ
	}
	return strings.ToLower(pattern) + "$"
}

func questions(t *testing.T) []string {
	t.Helper()
	server := azureServer(t)
	scanAzure(t, server)
	var out []string
	for _, call := range server.Asked() {
		out = append(out, question(call))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// told says whether anything in a scan says that it is not whole.
func told(memory *pipeline.Scratch, cause inventory.Cause) bool {
	if slices.ContainsFunc(memory.Ledger(), func(row inventory.LedgerRow) bool {
		return !row.Complete && row.Unknown.Cause == cause || len(row.Errors) > 0
	}) {
		return true
	}
	for _, one := range memory.Settled() {
		for _, u := range one.Resource.Unknown {
			if u.Cause == cause {
				return true
			}
		}
	}
	return false
}

// TestAzureEachQuestionTroubled throttles and garbles each kind of question in turn: no verdict may become a
// pass, and the trouble must show.
func TestAzureEachQuestionTroubled(t *testing.T) {
	t.Parallel()
	whole := azureVerdicts(scanAzure(t, azureServer(t)))
	asked := questions(t)
	if len(asked) < 60 {
		t.Errorf("%d kinds of questions are put; the sweep proves little", len(asked))
	}
	for _, q := range asked {
		if strings.HasSuffix(q, "/subscriptions/[^/]+$") {
			continue // Without an answer to the first question nothing is collected, which the command says.
		}
		for name, c := range map[string]struct {
			trouble func(*armtest.Server, string)
			cause   inventory.Cause
		}{
			"throttled": {(*armtest.Server).Throttle, inventory.CauseThrottled},
			"garbled":   {(*armtest.Server).Garble, inventory.CauseFailed},
		} {
			t.Run(name+" "+q, func(t *testing.T) {
				t.Parallel()
				server := azureServer(t)
				c.trouble(server, q)
				memory := scanAzure(t, server)
				for key, j := range azureVerdicts(memory) {
					if j.Verdict == evaluator.Pass && whole[key].Verdict != evaluator.Pass {
						t.Errorf("%v passes, and is %q when all answers come", key, whole[key].Verdict)
					}
				}
				if !told(memory, c.cause) {
					t.Error("nothing is told of it")
				}
			})
		}
	}
}

// TestAzureHangs lets calls of each kind of way wait for ever: they end as failed by the clock, and nothing passes for
// it.
func TestAzureHangs(t *testing.T) {
	t.Parallel()
	whole := azureVerdicts(scanAzure(t, azureServer(t)))
	for _, path := range []string{"microsoft.network/networkinterfaces$", "/listnetworkmanagereffective",
		"/firewallrules", "authorization/locks", "/diagnosticsettings", "authorization/permissions"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			server := azureServer(t)
			server.Hang(path)
			memory := scanAzureWithin(t, server, 500*time.Millisecond)
			for key, j := range azureVerdicts(memory) {
				if j.Verdict == evaluator.Pass && whole[key].Verdict != evaluator.Pass {
					t.Errorf("%v passes, and is %q when all answers come", key, whole[key].Verdict)
				}
			}
			late := false
			for _, one := range memory.Settled() {
				for _, u := range one.Resource.Unknown {
					late = late || u.Code == "Timeout"
				}
			}
			for _, row := range memory.Ledger() {
				late = late || row.Unknown.Code == "Timeout"
			}
			if !late {
				t.Error("nothing is told of the time that ran out")
			}
		})
	}
}
