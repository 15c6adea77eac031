package pipeline_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/gcp/gcptest"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// TestGoogleCloudInheritedPolicies puts a refusal above the project: what the project's own rules admit is closed, and
// what the policy hands on is left to them.
func TestGoogleCloudInheritedPolicies(t *testing.T) {
	t.Parallel()
	policy := func(rules string) *gcptest.Server {
		e := shopEstate(t)
		e.Answers["/compute/v1/projects/shop-prod/global/networks/main/getEffectiveFirewalls"] = []byte(
			`{"firewallPolicys":[{"name":"7","type":"HIERARCHY","rules":[` + rules + `]}]}`)
		return gcptest.NewServer(e)
	}
	deny := `{"priority":20,"action":"deny","direction":"INGRESS","match":{"srcIpRanges":["0.0.0.0/0"],"layer4Configs":[{"ipProtocol":"tcp","ports":["22"]}]}}`
	next := `{"priority":10,"action":"goto_next","direction":"INGRESS","match":{"srcIpRanges":["0.0.0.0/0"],"layer4Configs":[{"ipProtocol":"all"}]}}`
	jump, rule := shopAsked{"instance-admin-port-reachable", machine("jump")}, shopAsked{"firewall-admin-port-world-open",
		global("firewalls/ssh-open")}
	got, why := shopSays(shopCollected(t, policy(deny)))
	if got[jump] != evaluator.Pass || got[rule] != evaluator.Pass {
		t.Errorf("refused above: machine %q, rule %q; want passes (%v %v)", got[jump], got[rule], why[jump], why[rule])
	}
	got, why = shopSays(shopCollected(t, policy(next+","+deny)))
	if got[jump] != evaluator.Fail || got[rule] != evaluator.Fail {
		t.Errorf("handed on: machine %q, rule %q; want fails (%v %v)", got[jump], got[rule], why[jump], why[rule])
	}
}

// asset is one more resource of the project, at a place below it.
func asset(kind, place, body string) gcptest.Asset {
	return gcptest.Asset{Type: "compute.googleapis.com/" + kind, Name: shop + place, Data: []byte(
		`{"selfLink":"https://www.googleapis.com/compute/v1/projects/shop-prod/` + place + `",` + body + `}`)}
}

// TestGoogleCloudPassThrough puts a machine without an address behind a balancer that hands packets on: what its rules
// admit from the world on the forwarded ports is reached, and nothing else.
func TestGoogleCloudPassThrough(t *testing.T) {
	t.Parallel()
	for ports, want := range map[string]evaluator.Verdict{"20-25": evaluator.Fail, "80-90": evaluator.Pass} {
		e := shopEstate(t)
		e.Assets = append(e.Assets,
			asset("Instance", "zones/europe-west1-b/instances/hidden", `"name":"hidden","status":"RUNNING",`+
				`"tags":{"items":["ssh-open"]},"networkInterfaces":[{"name":"nic0","networkIP":"10.0.0.77",`+
				`"network":"projects/shop-prod/global/networks/main",`+
				`"subnetwork":"projects/shop-prod/regions/europe-west1/subnetworks/main-a"}]`),
			asset("TargetPool", "regions/europe-west1/targetPools/pool", `"name":"pool",`+
				`"instances":["projects/shop-prod/zones/europe-west1-b/instances/hidden"]`),
			asset("ForwardingRule", "regions/europe-west1/forwardingRules/pass", `"name":"pass","IPProtocol":"TCP",`+
				`"loadBalancingScheme":"EXTERNAL","IPAddress":"198.51.100.9","portRange":"`+ports+`",`+
				`"region":"projects/shop-prod/regions/europe-west1",`+
				`"target":"projects/shop-prod/regions/europe-west1/targetPools/pool"`))
		got, why := shopSays(shopCollected(t, gcptest.NewServer(e)))
		a := shopAsked{"instance-admin-port-reachable", machine("hidden")}
		if got[a] != want {
			t.Errorf("forwarding %s: %q, want %q (%v)", ports, got[a], want, why[a])
		}
		if a.check = "instance-no-public-address"; got[a] != evaluator.Pass {
			t.Errorf("the machine has an address of its own: %q", got[a])
		}
	}
}

// TestGoogleCloudSharedNetwork puts a machine into a network of a project that is not collected: its rules are not
// known, so nothing about its ports is.
func TestGoogleCloudSharedNetwork(t *testing.T) {
	t.Parallel()
	e := shopEstate(t)
	e.Assets = append(e.Assets, asset("Instance", "zones/europe-west1-b/instances/guest", `"name":"guest",`+
		`"status":"RUNNING","networkInterfaces":[{"name":"nic0","networkIP":"10.99.0.7",`+
		`"network":"projects/host/global/networks/shared",`+
		`"subnetwork":"projects/host/regions/europe-west1/subnetworks/shared",`+
		`"accessConfigs":[{"natIP":"203.0.113.99"}]}]`))
	got, _ := shopSays(shopCollected(t, gcptest.NewServer(e)))
	for _, check := range []string{"instance-admin-port-reachable", "instance-data-port-reachable"} {
		if v := got[shopAsked{check, machine("guest")}]; v != evaluator.Unknown {
			t.Errorf("%s: %q, want unknown", check, v)
		}
	}
}

// TestGoogleCloudNetworkPolicies wants policies of the network to come after its own rules, unless the network says
// otherwise, and those of a region to bind its machines alone.
func TestGoogleCloudNetworkPolicies(t *testing.T) {
	t.Parallel()
	rule := func(action string) string {
		return `{"firewallPolicys":[{"name":"p","type":"NETWORK%s","rules":[{"priority":5,"action":"` + action +
			`","direction":"INGRESS","match":{"srcIpRanges":["0.0.0.0/0"],` +
			`"layer4Configs":[{"ipProtocol":"tcp","ports":["22"]}]}}]}]}`
	}
	whole := "/compute/v1/projects/shop-prod/global/networks/main/getEffectiveFirewalls"
	regional := "/compute/v1/projects/shop-prod/regions/europe-west1/firewallPolicies/getEffectiveFirewalls"
	for name, c := range map[string]struct {
		path, body, order string
		jump, web         evaluator.Verdict
	}{
		"admits after":          {whole, rule("allow"), "AFTER", evaluator.Fail, evaluator.Pass},
		"refuses after":         {whole, rule("deny"), "AFTER", evaluator.Fail, evaluator.Pass},
		"refuses before":        {whole, rule("deny"), "BEFORE", evaluator.Pass, evaluator.Pass},
		"refuses in the region": {regional, rule("deny"), "BEFORE", evaluator.Pass, evaluator.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := shopEstate(t)
			kind := ""
			if c.path == regional {
				kind = "_REGIONAL"
			}
			e.Answers[c.path] = []byte(strings.ReplaceAll(c.body, "%s", kind))
			for i, a := range e.Assets {
				if a.Name == global("networks/main") {
					e.Assets[i].Data = bytes.ReplaceAll(a.Data, []byte("AFTER_CLASSIC"), []byte(c.order+"_CLASSIC"))
				}
			}
			got, why := shopSays(shopCollected(t, gcptest.NewServer(e)))
			for id, want := range map[string]evaluator.Verdict{"jump": c.jump, "web-1": c.web} {
				a := shopAsked{"instance-admin-port-reachable", machine(id)}
				if got[a] != want {
					t.Errorf("%s: %q, want %q (%v)", id, got[a], want, why[a])
				}
			}
		})
	}
}

// TestGoogleCloudEgress closes the way out of one network: what every network ends in no longer lets everything out.
func TestGoogleCloudEgress(t *testing.T) {
	t.Parallel()
	e := shopEstate(t)
	e.Assets = append(e.Assets, gcptest.Asset{Type: "compute.googleapis.com/Firewall",
		Name: global("firewalls/no-way-out"), Data: []byte(
			`{"name":"no-way-out","selfLink":"https://www.googleapis.com/compute/v1/projects/shop-prod/global/firewalls/no-way-out",` +
				`"network":"projects/shop-prod/global/networks/main","direction":"EGRESS","priority":65000,` +
				`"destinationRanges":["0.0.0.0/0"],"denied":[{"IPProtocol":"all"}]}`)})
	got, why := shopSays(shopCollected(t, gcptest.NewServer(e)))
	for network, want := range map[string]evaluator.Verdict{"main": evaluator.Pass, "tagged": evaluator.Fail} {
		a := shopAsked{"firewall-egress-limited", global("networks/" + network + "/impliedRules")}
		if got[a] != want {
			t.Errorf("%s: %q, want %q (%v)", network, got[a], want, why[a])
		}
	}
}

// TestGoogleCloudSecureTags wants rules of policies to be about the machines that carry the tags they name, and nothing
// to be certain where a machine's tags cannot be read.
func TestGoogleCloudSecureTags(t *testing.T) {
	t.Parallel()
	const rule = `{"firewallPolicys":[{"name":"p","type":"NETWORK","rules":[{"priority":5,"action":"%s",` +
		`"direction":"INGRESS","targetSecureTags":[{"name":"tagValues/1"}],"match":{"srcIpRanges":["0.0.0.0/0"],` +
		`"layer4Configs":[{"ipProtocol":"tcp","ports":["22"]}]}}]}]}`
	for name, c := range map[string]struct {
		action, machine string
		tag             string
		denied          bool
		want            evaluator.Verdict
	}{
		"a refusal of one that carries the tag":     {"deny", "jump", "tagValues/1", false, evaluator.Pass},
		"a refusal of one with another tag":         {"deny", "jump", "tagValues/2", false, evaluator.Fail},
		"a refusal of one whose tags are unread":    {"deny", "jump", "", true, evaluator.Unknown},
		"an admission of one that carries the tag":  {"allow", "data-open", "tagValues/1", false, evaluator.Fail},
		"an admission of one without":               {"allow", "data-open", "", false, evaluator.Pass},
		"an admission of one whose tags are unread": {"allow", "data-open", "tagValues/1", true, evaluator.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := shopEstate(t)
			e.Answers["/compute/v1/projects/shop-prod/global/networks/main/getEffectiveFirewalls"] = []byte(
				strings.ReplaceAll(rule, "%s", c.action))
			for i, a := range e.Assets {
				if a.Name == global("networks/main") {
					e.Assets[i].Data = bytes.ReplaceAll(a.Data, []byte("AFTER_CLASSIC"), []byte("BEFORE_CLASSIC"))
				}
			}
			if c.tag != "" {
				e.Answers["/v3/effectiveTags?parent=//compute.googleapis.com/projects/123456789012/zones/europe-west1-b/"+
					"instances/"+c.machine] = []byte(`{"effectiveTags":[{"tagValue":"` + c.tag + `"}]}`)
			}
			s := gcptest.NewServer(e)
			if c.denied {
				s.Deny("compute.instances.listEffectiveTags")
			}
			got, why := shopSays(shopCollected(t, s))
			a := shopAsked{"instance-admin-port-reachable", machine(c.machine)}
			if got[a] != c.want {
				t.Errorf("%q, want %q (%v)", got[a], c.want, why[a])
			}
			if c.denied && (len(why[a]) == 0 || why[a][0].Permission != "compute.instances.listEffectiveTags") {
				t.Errorf("unknown for %v; want the right that cures it", why[a])
			}
			if n := s.Calls("compute.instances.listEffectiveTags"); n == 0 {
				t.Error("no tags were asked for")
			}
		})
	}
	s := gcptest.NewServer(shopEstate(t))
	shopCollected(t, s)
	if n := s.Calls("compute.instances.listEffectiveTags"); n != 0 {
		t.Errorf("%d calls for tags that no rule names", n)
	}
}

// TestGoogleCloudTaggedSources wants a rule that admits carriers of a tag not to admit the world.
func TestGoogleCloudTaggedSources(t *testing.T) {
	t.Parallel()
	e := shopEstate(t)
	e.Answers["/compute/v1/projects/shop-prod/global/networks/main/getEffectiveFirewalls"] = []byte(
		`{"firewallPolicys":[{"name":"p","type":"NETWORK","rules":[{"priority":5,"action":"allow","direction":"INGRESS",` +
			`"match":{"srcSecureTags":[{"name":"tagValues/1"}],"layer4Configs":[{"ipProtocol":"all"}]}}]}]}`)
	got, why := shopSays(shopCollected(t, gcptest.NewServer(e)))
	policy := global("networks/main/firewallPolicies/global/p")
	for _, check := range []string{"firewall-all-ports-world-open", "firewall-admin-port-world-open"} {
		if a := (shopAsked{check, policy}); got[a] != evaluator.Pass {
			t.Errorf("%s: %q, want a pass (%v)", check, got[a], why[a])
		}
	}
	a := shopAsked{"self-hosted-database-ingress-from-app-only", machine("search-1")}
	if got[a] == evaluator.Pass {
		t.Error("a database passes though who carries the tag in other projects is not known")
	}
}
