package gcp

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	orgPolicyAPI        = "orgpolicy.googleapis.com"
	orgPolicyAction     = "orgpolicy.policies.getEffectivePolicy"
	orgPolicyPermission = "orgpolicy.policy.get"
)

// effectivePolicy of the organisation, as it counts for the project with all that stands above it.
type orgPolicyBody struct {
	Spec struct {
		Rules []struct {
			Enforce  bool `json:"enforce"`
			DenyAll  bool `json:"denyAll"`
			AllowAll bool `json:"allowAll"`
			Values   struct {
				Allowed []string `json:"allowedValues"`
				Denied  []string `json:"deniedValues"`
			} `json:"values"`
			Condition *condition `json:"condition"`
		} `json:"rules"`
	} `json:"spec"`
}

// constraint asks once in a run what a constraint comes to for the project.
func (c *Clients) constraint(ctx context.Context, name string) collectors.Answer[orgPolicyBody] {
	return ask(orgPolicyAction, orgPolicyPermission, func() (*orgPolicyBody, error) {
		b, err := fetchOnce[orgPolicyBody](ctx, c, orgPolicyAPI,
			"/v2/projects/"+c.Project+"/policies/"+name+":getEffectivePolicy", nil)
		return b, absent(err)
	})
}

// enforced says whether the constraint is on without a condition: one that hangs on tags does not hold everything.
func (b *orgPolicyBody) enforced() bool {
	if b == nil {
		return false
	}
	on := false
	for _, r := range b.Spec.Rules {
		if r.Condition != nil && r.Condition.Expression != "" {
			if !r.Enforce {
				return false
			}
			continue
		}
		on = on || r.Enforce
	}
	return on
}

// oldestTLS is the oldest version that a restriction of versions leaves.
func (b *orgPolicyBody) oldestTLS() float64 {
	for _, v := range []struct {
		word   string
		number float64
	}{{"TLS_VERSION_1", 1.0}, {"TLS_VERSION_1_1", 1.1}, {"TLS_VERSION_1_2", 1.2}} {
		if !b.refuses(v.word) {
			return v.number
		}
	}
	return 1.3
}

func (b *orgPolicyBody) refuses(value string) bool {
	if b == nil {
		return false
	}
	for _, r := range b.Spec.Rules {
		switch {
		case r.Condition != nil && r.Condition.Expression != "":
		case r.DenyAll, slices.Contains(r.Values.Denied, value):
			return true
		case len(r.Values.Allowed) > 0 && !slices.Contains(r.Values.Allowed, value):
			return true
		}
	}
	return false
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, guardAnswers]{
	Kind: "gcp.orgpolicy.public_access_prevention", Class: inventory.ClassPublicAccessGuard,
	Permissions: []string{orgPolicyPermission}, ListAction: orgPolicyAction, ListPermission: orgPolicyPermission,
	Global: true, NoLabels: true,
	List: listProject,
	Find: func(ctx context.Context, c *Clients, _ string) iter.Seq2[string, error] { return listProject(ctx, c) },
	Ask: func(ctx context.Context, c *Clients, project string) guardAnswers {
		return guardAnswers{project, c.constraint(ctx, "storage.publicAccessPrevention")}
	},
	Facts: guardFacts,
})

// guardAnswers is what the organisation says about public stores of the project.
type guardAnswers struct {
	Project string
	Policy  collectors.Answer[orgPolicyBody]
}

func guardFacts(w collectors.Where, a guardAnswers) *inventory.Resource {
	facts := &inventory.PublicAccessGuard{}
	class := string(inventory.ClassPublicAccessGuard)
	r := inventory.New(strings.Join([]string{string(w.Scope), class, a.Project}, "/"), "public access prevention",
		collectors.Global, facts)
	collectors.Know(r, a.Policy, func(b *orgPolicyBody) { facts.Block = blocking(b.enforced()) }, "block")
	return r
}

// blocking is the one switch of Google Cloud in the words of all clouds: it stops policies and access lists alike.
func blocking(on bool) inventory.PublicAccessBlock {
	return inventory.PublicAccessBlock{IgnoreACLs: on, RestrictPolicy: on, BlockACLs: on, BlockPolicy: on}
}
