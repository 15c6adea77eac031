package aws

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func actionsOf(t *testing.T, policies ...grantPolicy) []string {
	t.Helper()
	var all []string
	for _, p := range policies {
		if p.Version != "2012-10-17" || len(p.Statement) == 0 {
			t.Errorf("policy of version %q with %d statements", p.Version, len(p.Statement))
		}
		for _, s := range p.Statement {
			if s.Effect != "Allow" || s.Resource != "*" || !regexp.MustCompile(`^[A-Za-z0-9]+$`).MatchString(s.Sid) {
				t.Errorf("statement %+v", s)
			}
			if !slices.IsSorted(s.Action) {
				t.Errorf("%s is not sorted", s.Sid)
			}
			all = append(all, s.Action...)
		}
	}
	slices.Sort(all)
	return all
}

func wantedActions() []string { return slices.Compact(Permissions()) }

func TestPolicyJSON(t *testing.T) {
	t.Parallel()
	out, err := Policy("json")
	if err != nil {
		t.Fatal(err)
	}
	var p grantPolicy
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	if got := actionsOf(t, p); !slices.Equal(got, wantedActions()) {
		t.Errorf("actions %v; want %v", got, wantedActions())
	}
}

func TestPolicyCloudFormation(t *testing.T) {
	t.Parallel()
	out, err := Policy("cloudformation")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Parameters map[string]any
		Resources  map[string]struct {
			Type       string
			Properties struct {
				PolicyDocument           grantPolicy
				Roles                    []map[string]string
				AssumeRolePolicyDocument json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(out, &template); err != nil {
		t.Fatal(err)
	}
	var policies []grantPolicy
	for name, r := range template.Resources {
		if r.Type != "AWS::IAM::ManagedPolicy" {
			continue
		}
		if len(r.Properties.Roles) != 1 || r.Properties.Roles[0]["Ref"] != "Role" {
			t.Errorf("%s is not given to the role", name)
		}
		policies = append(policies, r.Properties.PolicyDocument)
	}
	if got := actionsOf(t, policies...); !slices.Equal(got, wantedActions()) {
		t.Errorf("actions %v; want %v", got, wantedActions())
	}
	role := string(template.Resources["Role"].Properties.AssumeRolePolicyDocument)
	if !strings.Contains(role, "sts:ExternalId") || template.Parameters["ExternalId"] == nil {
		t.Errorf("the role asks for no external id: %s", role)
	}
}

func TestPolicyTerraform(t *testing.T) {
	t.Parallel()
	out, err := Policy("terraform")
	if err != nil {
		t.Fatal(err)
	}
	var policies []grantPolicy
	for _, m := range regexp.MustCompile(`(?s)policy = jsonencode\((\{.*?\n  \})\)`).FindAllStringSubmatch(string(out), -1) {
		var p grantPolicy
		if err := json.Unmarshal([]byte(m[1]), &p); err != nil {
			continue // The trust is written in Terraform's own words.
		}
		policies = append(policies, p)
	}
	if got := actionsOf(t, policies...); !slices.Equal(got, wantedActions()) {
		t.Errorf("actions %v; want %v", got, wantedActions())
	}
	text := string(out)
	if !strings.Contains(text, `"sts:ExternalId" = var.external_id`) || strings.Count(text, "{") != strings.Count(text, "}") {
		t.Errorf("no external id, or braces that do not close:\n%s", text)
	}
}

func TestPolicyFormat(t *testing.T) {
	t.Parallel()
	if _, err := Policy("bicep"); err == nil || !strings.Contains(err.Error(), "terraform") {
		t.Errorf("a format of another cloud gives %v", err)
	}
}

func TestPoliciesStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	var many []string
	for _, service := range []string{"aa", "bb-cc", "dd.ee", "ff"} {
		for i := range 60 {
			many = append(many, service+":Describe"+strings.Repeat("X", 20)+string(rune('A'+i%26))+string(rune('A'+i/26)))
		}
	}
	policies := grantPolicies(grantStatements(many))
	if len(policies) < 2 {
		t.Fatalf("%d policies; want them split", len(policies))
	}
	for _, p := range policies {
		out, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) > 6144 {
			t.Errorf("a policy of %d characters", len(out))
		}
	}
	if got := actionsOf(t, policies...); len(got) != len(many) {
		t.Errorf("%d actions; want %d", len(got), len(many))
	}
}
