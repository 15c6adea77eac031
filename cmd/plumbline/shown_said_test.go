package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// gaps are the checks that cannot give both a pass and a fail on the simulator, by what it lacks.
// TestChecksAreShownByHandMadeAnswers shows each of them with the answers in testdata/said.
var gaps = map[string]string{
	"access-review-running":               "it has no Access Analyzer",
	"account-backup-plan-exists":          "it has neither ListBackupSelections nor GetLifecyclePolicies",
	"account-external-sharing-guardrail":  "only the managing account may ask it for policies, which do not bind that one",
	"account-quota-headroom":              "it has no ListServiceQuotas",
	"account-serial-console-disabled":     "it has no GetSerialConsoleAccessStatus",
	"account-single-environment":          "it has no ListServices of App Runner, so that one environment's being all is never sure",
	"account-spend-alert-configured":      "it has no GetAnomalySubscriptions, so that nobody's being told is never sure",
	"architecture-review-finding-handled": "it has no Well-Architected Tool",
	"audit-trail-queryable":               "it delivers nothing to log groups",
	"backup-restore-tested":               "it has no ListRestoreJobs",
	"backup-vault-immutable":              "the date on which a lock settles lies days ahead",
	"configuration-history-enabled":       "its recorders never deliver: their last status stays PENDING",
	"data-backed-up":                      "it has no ListProtectedResources",
	"dns-zone-signed":                     "it signs no zone",
	"instance-agent-managed":              "it has no DescribeInstanceInformation",
	"instance-image-approved":             "every image is Amazon's or the account's own, and was made today",
	"instance-in-virtual-network":         "it starts no machine outside a network",
	"instance-login-central":              "it has no DescribeInstanceInformation",
	"instance-patched":                    "it has no DescribeInstanceInformation",
	"instance-session-brokered":           "it has no DescribeInstanceInformation",
	"kubernetes-central-identity":         "it forgets the access configuration of a cluster",
	"kubernetes-network-policy":           "it has no ListAddons",
	"log-sensitive-data-masked":           "it has no data protection policies",
	"network-egress-filtered":             "it has no ListFirewallRuleGroupAssociations",
	"pipeline-production-approved":        "it writes the moments of ListPipelines as text, which no client reads",
	"pipeline-untrusted-source-refused":   "it has no webhooks of projects",
	"root-identity-mfa":                   "it says of every root user that it has no second factor",
	"root-identity-no-access-key":         "it says of every root user that it has no key",
	"root-identity-not-in-daily-use":      "its credential report has no line of the root user",
	"serverless-app-cors-limited":         "it has no ListFunctionUrlConfigs",
	"serverless-app-https-only":           "it has no DescribeConfigurationSettings of Beanstalk",
	"serverless-app-not-anonymous":        "it has no ListFunctionUrlConfigs",
	"vpn-strong-encryption":               "it keeps no options of tunnels",
}

// TestChecksAreShownByHandMadeAnswers collects the wide account twice, with the simulator's gaps filled by hand: once
// with what AWS answers where all is well, once with what it answers where nothing is. Where all is well the small
// account is collected too, which holds one environment only. The answers travel over HTTP to the SDK's own clients.
func TestChecksAreShownByHandMadeAnswers(t *testing.T) {
	t.Parallel()
	held := wholeEstate(t)
	said := map[evaluator.Verdict]tally{}
	for verdict, file := range map[evaluator.Verdict]string{evaluator.Pass: "good.txt", evaluator.Fail: "bad.txt"} {
		proxy := mototest.Wide(t).Proxy(t)
		for _, name := range []string{"always.txt", file} {
			answers, err := mototest.ReadSaid(filepath.Join("testdata", "said", name), held.idIn(wideScope))
			if err != nil {
				t.Fatal(err)
			}
			proxy.Say(answers...)
		}
		c := newCollected(t)
		c.Scratch = pipeline.NewScratch(wideSettings())
		c.collect(t, wideConnection(proxy, mototest.WideRegion))
		if verdict == evaluator.Pass {
			c.collect(t, connectionTo(proxy))
		}
		said[verdict] = c.verdicts(t)
		for _, unheard := range proxy.Unheard() {
			t.Errorf("%s of %s is answered in %s and was never asked", unheard.Operation, unheard.Service, file)
		}
	}
	for check, lacks := range gaps {
		t.Run(check, func(t *testing.T) {
			t.Parallel()
			if held.catalogue.Check(check) == nil {
				t.Fatal("there is no such check")
			}
			for verdict, n := range said {
				if n[check][verdict] == 0 {
					t.Errorf("the simulator cannot show it, since %s; answers made for a %s give %v", lacks, verdict, n[check])
				}
			}
		})
	}
}

// idIn says what a name in a hand-made answer stands for: the id of what the lab holds in a scope by class and name, as
// in disk/kept, its short form with # behind, or the moment.
func (c *collected) idIn(scope inventory.ScopeID) func(name string) (string, error) {
	return func(name string) (string, error) {
		if name == "now" {
			return strconv.FormatInt(time.Now().Unix(), 10), nil
		}
		title, short := strings.CutSuffix(name, "#")
		class, title, _ := strings.Cut(title, "/")
		for _, s := range c.Settled() {
			r := s.Resource
			if r.Scope != scope || string(r.Class) != class || r.Name != title {
				continue
			}
			if short {
				return r.ID[strings.LastIndexByte(r.ID, '/')+1:], nil
			}
			return r.ID, nil
		}
		return "", fmt.Errorf("the estate has no %s", name)
	}
}
