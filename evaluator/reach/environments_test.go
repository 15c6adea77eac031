package reach

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// bucketOf is a store with labels; without any pair it carries none.
func bucketOf(id string, pairs ...string) *inventory.Resource {
	return labelledAs(made(id, "aws.s3.bucket", &inventory.ObjectStorage{}, "tls_required"), pairs...)
}

// unreadable is a store whose labels the cloud did not tell, but for these.
func unreadable(id string, pairs ...string) *inventory.Resource {
	r := bucketOf(id, pairs...)
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Permission: "s3:GetBucketTagging"}, "labels_read")
	r.MarkFacts()
	return r
}

func TestAccountEnvironments(t *testing.T) {
	t.Parallel()
	elsewhere := bucketOf("far", "env", "staging")
	elsewhere.Scope = "aws:999999999999"
	helper := made("eni", "aws.ec2.network_interface", &inventory.NetworkInterface{})
	helper.Labels = map[string]string{"env": "staging"}
	for name, c := range map[string]struct {
		resources []*inventory.Resource
		account   []string
		mapped    string
		denied    inventory.Class
		want      string
	}{
		"no label at all":               {resources: []*inventory.Resource{bucketOf("a")}, want: "[]"},
		"one":                           {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), bucketOf("b")}, want: "[production]"},
		"two ways to write one":         {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), bucketOf("b", "Stage", " Live ")}, want: "[production]"},
		"two":                           {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), bucketOf("b", "environment", "uat")}, want: "[production staging]"},
		"the first key counts":          {resources: []*inventory.Resource{bucketOf("a", "environment", "prod", "stage", "test")}, want: "[production]"},
		"a word nobody knows":           {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), bucketOf("b", "env", "blue")}, want: "[production]"},
		"another label":                 {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), bucketOf("b", "team", "staging")}, want: "[production]"},
		"the account's label":           {resources: []*inventory.Resource{bucketOf("a", "env", "test")}, account: []string{"env", "prod"}, want: "[production test]"},
		"the settings":                  {resources: []*inventory.Resource{bucketOf("a", "env", "test")}, mapped: "production", want: "[production test]"},
		"the account's over settings'":  {account: []string{"env", "prod"}, mapped: "test", want: "[production]"},
		"another account's":             {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), elsewhere}, want: "[production]"},
		"what carries no labels":        {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), helper}, want: "[production]"},
		"labels unread":                 {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), unreadable("b")}, want: "unknown"},
		"two, and labels unread":        {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), unreadable("b", "env", "test")}, want: "[production test]"},
		"a listing denied":              {resources: []*inventory.Resource{bucketOf("a", "env", "prod")}, denied: inventory.ClassDatabase, want: "unknown"},
		"nothing, and a listing denied": {denied: inventory.ClassDatabase, want: "unknown"},
		"two, and a listing denied":     {resources: []*inventory.Resource{bucketOf("a", "env", "prod"), bucketOf("b", "env", "test")}, denied: inventory.ClassDatabase, want: "[production test]"},
		"a listing without labels":      {resources: []*inventory.Resource{bucketOf("a", "env", "prod")}, denied: inventory.ClassRouteTable, want: "[production]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(append(c.resources, labelledAs(account(), c.account...))...)
			if c.mapped != "" {
				e.settings.Environments = map[inventory.ScopeID]string{home: c.mapped}
			}
			if c.denied != "" {
				e.deny(c.denied, "List")
			}
			r := e.derive(t, accountRecord)
			if got := said(r, "environments"); got != c.want {
				t.Errorf("it holds %s (%+v); want %s", got, r.Why("environments"), c.want)
			}
			if c.want == "unknown" && r.Why("environments").Cause != inventory.CauseDenied {
				t.Errorf("it is unknown by %+v; want what was denied", r.Why("environments"))
			}
		})
	}
}

// drawLabelled makes an account with stores and databases, each labelled anyhow or not read.
func drawLabelled(t *rapid.T) *estate {
	word := func(of string) []string {
		w := rapid.SampledFrom([]string{"", "prod", "live", "test", "blue"}).Draw(t, of)
		if w == "" {
			return nil
		}
		return []string{rapid.SampledFrom([]string{"environment", "Env", "team"}).Draw(t, of+" key"), w}
	}
	e := newEstate(labelledAs(account(), word("account")...))
	e.settings.Environments = map[inventory.ScopeID]string{home: rapid.SampledFrom([]string{"", "production", "test"}).Draw(t, "mapped")}
	for i := range rapid.IntRange(0, 3).Draw(t, "stores") {
		id := fmt.Sprint("store-", i)
		if rapid.IntRange(0, 4).Draw(t, id+" unread") == 0 {
			e.add(unreadable(id, word(id)...))
		} else {
			e.add(bucketOf(id, word(id)...))
		}
	}
	if rapid.Bool().Draw(t, "database") {
		e.add(labelledAs(made("db", "aws.rds.db_instance", &inventory.Database{}, "engine"), word("db")...))
	}
	return e
}

func TestHidingLeavesNoAccountToOneEnvironment(t *testing.T) {
	t.Parallel()
	neverImproves(t, drawLabelled)
}
