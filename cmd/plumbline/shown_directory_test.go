package main

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestDirectoryIsShownOnTheEstate wants the people whom the identity centre lets in counted as administrators beside the
// users of the account: five users, and two people of a group, one of whom may also take on little by himself.
func TestDirectoryIsShownOnTheEstate(t *testing.T) {
	t.Parallel()
	byName, kinds := map[string]*inventory.Resource{}, map[inventory.Kind]int{}
	for _, s := range wholeEstate(t).Settled() {
		if s.Resource.Scope != wideScope {
			continue
		}
		kinds[s.Resource.Kind]++
		byName[string(s.Resource.Class)+" "+s.Resource.Name] = s.Resource
	}
	for kind, want := range map[inventory.Kind]int{
		"aws.sso.assignment": 3, "aws.sso.roster": 2, "aws.identitystore.group": 2, "aws.identitystore.user": 3,
		"aws.organizations.delegation": 1,
	} {
		if kinds[kind] != want {
			t.Errorf("%d of %s; want %d", kinds[kind], kind, want)
		}
	}
	for name, want := range map[string]map[string]any{
		"cloud_account careful": {"administrators": int64(7)},
		"access_grant Everything of group directory-administrators in " + wideScope.Account(): {"principal_kind": "group",
			"wildcard": nil, "standing": false},
		"access_grant Reading of user hugo in " + wideScope.Account(): {"principal_kind": "human"},
		"access_grant guardduty.amazonaws.com by account security":    {"external_known": true, "write": true},
	} {
		r := byName[name]
		if r == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		for fact, value := range want {
			// The simulator has no boundaries of permission sets, so what a set comes to is open.
			if got, known := r.Value(fact); known != (value != nil) || known && got != value {
				t.Errorf("%s: %s is %v, known %v (%+v); want %v", name, fact, got, known, r.Why(fact), value)
			}
		}
	}
}
