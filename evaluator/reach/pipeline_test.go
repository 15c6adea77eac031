package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestPipeline(t *testing.T) {
	t.Parallel()
	role := func(id string, grants ...string) *inventory.Resource {
		return made(id, "aws.iam.role", &inventory.Identity{Kind: "workload", Grants: grants}, "kind", "grants")
	}
	grant := made("g-admin", "aws.iam.policy_attachment", &inventory.AccessGrant{Admin: true}, "admin")
	few := made("g-few", "aws.iam.policy_attachment", &inventory.AccessGrant{}, "admin")
	account := labelledAs(made(AccountID("aws:222233334444"), "aws.account", &inventory.CloudAccount{}), "env", "prod")
	account.Scope = "aws:222233334444"
	for name, c := range map[string]struct {
		pipeline          inventory.DeliveryPipeline
		label             string
		admin, production any
	}{
		"narrow, test":            {inventory.DeliveryPipeline{Identities: []string{"narrow"}}, "test", false, false},
		"one of its roles":        {inventory.DeliveryPipeline{Identities: []string{"narrow", "wide"}}, "prod", true, true},
		"role that is not there":  {inventory.DeliveryPipeline{Identities: []string{"narrow", "gone"}}, "test", nil, false},
		"acts on production":      {inventory.DeliveryPipeline{Scopes: []string{"aws:222233334444"}}, "test", false, true},
		"acts on what we named":   {inventory.DeliveryPipeline{Scopes: []string{"aws:333344445555"}}, "test", false, true},
		"acts on the unheard of":  {inventory.DeliveryPipeline{Scopes: []string{"aws:999999999999"}}, "test", false, nil},
		"nobody says what it is":  {inventory.DeliveryPipeline{}, "", false, nil},
		"production all the same": {inventory.DeliveryPipeline{Scopes: []string{"aws:999999999999"}}, "production", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := made("p", "aws.codebuild.project", &c.pipeline, "identities", "scopes")
			if c.label != "" {
				labelledAs(p, "env", c.label)
			}
			e := newEstate(p, role("narrow", "g-few"), role("wide", "g-admin"), grant, few, account)
			e.settings.Environments = map[inventory.ScopeID]string{"aws:333344445555": "Prod"}
			r := e.derive(t, "p")
			for attribute, want := range map[string]any{"admin_identity": c.admin, "production": c.production} {
				got, known := r.Value(attribute)
				if known != (want != nil) || known && got != want {
					t.Errorf("%s is %v (known %v); want %v", attribute, got, known, want)
				}
			}
		})
	}
}
