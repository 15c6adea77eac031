package aws

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// takingRole is the question whether the holder may take on a role that leaves it to its account who may.
var takingRole = probe{action: "sts:AssumeRole"}

// takes lists the roles that the rights let their holder take on, as patterns of ARNs; sure says that they are these and
// no others.
func (r rights) takes() (roles []string, sure bool) {
	limited := r.boundary != nil && r.boundary.can(probe{action: takingRole.action, on: onEverything}) != yes
	if r.can(takingRole) == no {
		return nil, true
	}
	sure = !r.gaps && !limited
	for _, s := range r.statements {
		switch {
		case !s.speaksOf(takingRole.action):
		case s.Effect == "Deny":
			// One that the holder can evade takes nothing; any other may take the very role that is asked about.
			sure = sure && len(s.NotResource) == 0 && s.covers(onEverything) && s.denies() == no
		case s.grants(takingRole) == no:
		case s.grants(takingRole) == maybe || len(s.NotResource) > 0:
			sure = false
		default:
			roles = append(roles, s.Resource...)
		}
	}
	for _, role := range roles {
		sure = sure && !strings.ContainsAny(role, "?$")
	}
	return roles, sure
}

// takesFacts states which roles the holder may take on. Services of AWS take on none for people.
func takesFacts(w collectors.Where, r *inventory.Resource, facts *inventory.AccessGrant, granted rights) {
	roles, sure := granted.takes()
	if facts.Takes = roles; len(roles) > 0 || !sure {
		facts.TakesIn = accountID(w)
	}
	r.Known("takes_in")
	if sure {
		r.Known("takes")
	} else {
		r.SetUnknown(unread("ConditionNotUnderstood"), "takes")
	}
}

// takenFacts states of a trust in a role that comes to unrestricted rights which people may take it on: a user it names,
// whoever the identity centre lets take on a role it names, people of a directory whom its provider vouches for, or
// whoever in the account has the right to.
func takenFacts(w collectors.Where, r *inventory.Resource, facts *inventory.AccessGrant, t trust, granted rights) {
	r.Known("may_administer", "worn_by_people", "roster", "taken_on")
	if granted.administers() == no || (holder{Type: "role", Path: t.RolePath}).ofService() {
		return
	}
	own := w.Scope.Account()
	_, user := userOf(t.Principal, own)
	wearing, ofRole := strings.CutPrefix(t.Principal, "arn:aws:iam::"+own+":role/")
	switch {
	case permissionSet(t.RolePath):
		// Its effective grant says who wears it.
		return
	case t.Type == "":
		// A trust that cannot be read may be of anybody.
		facts.WornByPeople = true
	case user:
	case ofRole && permissionSet("/"+wearing):
		facts.WornByPeople = true
		if set := setOfRole(shortID(wearing)); set != "" {
			facts.Roster = rosterID(own, set)
		}
	case t.Type == "Federated" && strings.Contains(t.Principal, ":saml-provider/"), facts.PrincipalKind == "group" && t.picks():
		facts.WornByPeople = true
	case facts.PrincipalKind == "group":
		facts.TakenOn = t.RoleARN
	default:
		return
	}
	facts.MayAdminister = accountID(w)
}

// picks says whether a condition of the trust picks some of those it names, by who they are.
func (t trust) picks() bool {
	doc, err := parsePolicy(aws.ToString(t.Document))
	if err != nil {
		return true
	}
	for _, s := range doc.Statement {
		for _, keys := range s.Condition {
			for key := range keys {
				if s.letsAssume() && !callerKeys[key] && key != "sts:externalid" && key != "sts:rolesessionname" {
					return true
				}
			}
		}
	}
	return false
}
