package aws

import (
	"context"
	"iter"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, trust, trustAnswers]{
	Kind:        "aws.iam.trust",
	Class:       inventory.ClassAccessGrant,
	Permissions: []string{detailsPermission, "iam:GetLoginProfile"},
	ListAction:  detailsAction, ListPermission: detailsPermission,
	Global: true, NoLabels: true,
	List: listTrusts,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[trust, error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		return only(listTrusts(ctx, c), func(t trust) bool { return t.id(w) == id })
	},
	Ask:   askTrust,
	Facts: trustFacts,
})

// trust is one principal that the trust policy of a role lets assume it.
type trust struct {
	Role     string `json:"role"`
	RoleARN  string `json:"role_arn"`
	RolePath string `json:"role_path"`
	// Type is AWS, Service, Federated or CanonicalUser, as the policy words it; empty for a policy that cannot be read.
	Type      string  `json:"type"`
	Principal string  `json:"principal"`
	Document  *string `json:"document,omitempty"`
	// Policies and Boundary are the role's: what the trust hands on.
	Policies []heldPolicy `json:"policies,omitempty"`
	Boundary *heldPolicy  `json:"boundary,omitempty"`
}

// trustAnswers is all that IAM says about one trust.
type trustAnswers struct {
	Trust   trust
	Console collectors.Answer[iam.GetLoginProfileOutput]
}

func (t trust) id(w collectors.Where) string { return grantID(w, "role", t.Role, "trust/"+t.Principal) }

func listTrusts(ctx context.Context, c *Clients) iter.Seq2[trust, error] {
	return func(yield func(trust, error) bool) {
		s, err := fillShelf(ctx, c)
		if err != nil {
			yield(trust{}, err)
			return
		}
		for role, err := range accountRoles(ctx, c) {
			if err != nil {
				yield(trust{}, err)
				return
			}
			held := s.role(role)
			for _, t := range trustsOf(role) {
				t.Policies, t.Boundary = held.Policies, held.Boundary
				if !yield(t, nil) {
					return
				}
			}
		}
	}
}

// trustsOf lists the principals a role trusts, each once. A policy that cannot be read is one trust of nobody known.
func trustsOf(role types.RoleDetail) []trust {
	base := trust{Role: aws.ToString(role.RoleName), RoleARN: aws.ToString(role.Arn), RolePath: aws.ToString(role.Path), Document: role.AssumeRolePolicyDocument}
	doc, err := parsePolicy(aws.ToString(role.AssumeRolePolicyDocument))
	if err != nil {
		base.Principal = "unread"
		return []trust{base}
	}
	seen := map[[2]string]bool{}
	var out []trust
	for _, s := range doc.Statement {
		if !s.letsAssume() {
			continue
		}
		for kind, name := range s.trusted() {
			if seen[[2]string{kind, name}] {
				continue
			}
			seen[[2]string{kind, name}] = true
			t := base
			t.Type, t.Principal = kind, name
			out = append(out, t)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Type+out[i].Principal < out[j].Type+out[j].Principal })
	return out
}

// letsAssume says whether the statement lets someone take on the role, by whatever kind of sign-in.
func (s policyStatement) letsAssume() bool {
	if s.Effect != "Allow" {
		return false
	}
	for _, action := range []string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"} {
		if s.speaksOf(action) {
			return true
		}
	}
	return false
}

// trusted yields the type and name of each principal of the statement; all but some are everyone.
func (s policyStatement) trusted() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if len(s.NotPrincipal) > 0 {
			yield("AWS", "*")
			return
		}
		for kind, names := range s.Principal {
			for _, name := range names {
				if !yield(kind, name) {
					return
				}
			}
		}
	}
}

func askTrust(ctx context.Context, c *Clients, t trust) trustAnswers {
	out := trustAnswers{Trust: t}
	if name, own := userOf(t.Principal, c.Account); own {
		out.Console = askConsole(ctx, c, name)
	}
	return out
}

// userOf is the name of a user of the account that an ARN speaks of.
func userOf(principal, account string) (string, bool) {
	name, found := strings.CutPrefix(principal, "arn:aws:iam::"+account+":user/")
	return shortID(name), found
}

// trustFacts states who may take on a role, with which rights, and whether the policy names exactly whom. How the rights
// are worded and what they come to is judged once, by the grants of the role.
func trustFacts(w collectors.Where, a trustAnswers) *inventory.Resource {
	t := a.Trust
	facts := &inventory.AccessGrant{}
	r := inventory.New(t.id(w), t.Principal+" as role "+t.Role, collectors.Global, facts)
	r.SetNotApplicable("a trust hands on the rights of the role, which its own grants judge", "wildcard", "privilege_escalation", "conflicting_duties")
	granted := readRights(t.Policies, t.Boundary)
	rightsFacts(r, facts, granted)
	if t.Type == "" {
		takenFacts(w, r, facts, t, granted)
		r.SetUnknown(unread("PolicyUnread"), "principal_kind", "trust_pinned", "principal", "principal_owner", "standing")
		return r
	}
	facts.Principal = t.Principal
	trustedFacts(r, facts, w.Scope.Account(), a)
	takenFacts(w, r, facts, t, granted)
	doc, err := parsePolicy(aws.ToString(t.Document))
	if err != nil {
		r.SetUnknown(unread("PolicyUnread"), "trust_pinned")
	} else {
		facts.TrustPinned = doc.pins(t.Type, t.Principal)
		r.Known("trust_pinned")
	}
	// A role is taken on for a session, never held.
	r.Known("principal", "standing")
	return r
}

// trustedFacts says what kind of party a trusted principal is, and whose.
func trustedFacts(r *inventory.Resource, facts *inventory.AccessGrant, own string, a trustAnswers) {
	t := a.Trust
	account := principalAccount(t.Principal)
	r.Known("principal_owner")
	switch {
	case t.Principal == "*":
		facts.PrincipalKind = "anyone"
	case t.Type == "Service":
		facts.PrincipalKind = "service"
	case t.Type == "Federated" && permissionSet(t.RolePath):
		// The provider is the identity centre, which alone makes such roles and lets only those in whom it is told to.
		facts.PrincipalKind, facts.PrincipalOwner = "group", own
	case t.Type == "Federated":
		facts.PrincipalKind, facts.PrincipalOwner = "external", issuerOf(t.Principal)
	case account != own:
		facts.PrincipalKind, facts.PrincipalOwner = "external", account
		if account == "" {
			// A canonical user, or the unique id of a principal that is gone.
			facts.PrincipalOwner = t.Principal
		}
	case t.Principal == own || strings.HasSuffix(t.Principal, ":root"):
		// The account as a whole: whoever in it holds the right to assume the role.
		facts.PrincipalKind, facts.PrincipalOwner = "group", own
	default:
		facts.PrincipalOwner = own
		facts.PrincipalKind = "workload"
		if _, user := userOf(t.Principal, own); user {
			collectors.Know(r, a.Console, func(v *iam.GetLoginProfileOutput) { facts.PrincipalKind = ownerOfUser(v) }, "principal_kind")
			return
		}
	}
	r.Known("principal_kind")
}

// issuerOf is the host and path of a foreign identity provider, such as token.actions.githubusercontent.com; the ARN
// for one that has no host.
func issuerOf(principal string) string {
	if _, host, found := strings.Cut(principal, ":oidc-provider/"); found {
		return host
	}
	return principal
}

// pins says whether every statement that trusts the principal names the exact caller.
func (d policyDocument) pins(kind, principal string) bool {
	for _, s := range d.Statement {
		if !s.letsAssume() {
			continue
		}
		for k, name := range s.trusted() {
			if k == kind && name == principal && !s.pins(kind, principal) {
				return false
			}
		}
	}
	return true
}

// pinning are the condition keys by which an account or a service names its exact caller.
var pinning = map[string]bool{
	"sts:externalid": true, "aws:sourcearn": true, "aws:sourceaccount": true, "aws:sourceorgid": true,
	"aws:principalarn": true, "aws:principalorgid": true,
}

func (s policyStatement) pins(kind, principal string) bool {
	if principal == "*" {
		// The external id is no secret, so it keeps nobody out of a role that trusts everyone.
		return s.narrowed()
	}
	for op, keys := range s.Condition {
		if !demands(op) {
			continue
		}
		for key, values := range keys {
			if len(values) == 0 || anyWide(values) {
				continue
			}
			if kind == "Federated" {
				if pinsIdentity(key, values) {
					return true
				}
			} else if pinning[key] {
				return true
			}
		}
	}
	return false
}

// demands says whether a condition operator holds only when the key is there and matches.
func demands(op string) bool {
	lower := strings.ToLower(op)
	if strings.HasPrefix(lower, "forallvalues:") || strings.HasSuffix(lower, "ifexists") {
		return false
	}
	lower = strings.TrimPrefix(lower, "foranyvalue:")
	return strings.HasPrefix(lower, "string") && !strings.Contains(lower, "not") || lower == "arnequals" || lower == "arnlike"
}

// pinsIdentity says whether a claim of a foreign identity names who is meant: the subject, the repository, or the
// audience of a provider whose audiences are one customer's own.
func pinsIdentity(key string, values []string) bool {
	cut := strings.LastIndex(key, ":")
	if cut < 0 {
		return false
	}
	issuer, claim := key[:cut], key[cut+1:]
	switch claim {
	case "sub", "repository", "repository_id", "job_workflow_ref":
		for _, v := range values {
			if !exactSubject(v) {
				return false
			}
		}
		return true
	case "aud", "oaud":
		return issuer == "saml" || issuer == "cognito-identity.amazonaws.com" || issuer == "accounts.google.com"
	}
	return false
}

// exactSubject says whether a subject names its owner: a wildcard may stand for a branch or a repository, but not for
// whose they are.
func exactSubject(subject string) bool {
	fixed, _, wild := strings.Cut(strings.ReplaceAll(subject, "?", "*"), "*")
	if !wild {
		return subject != ""
	}
	_, rest, found := strings.Cut(fixed, ":")
	if !found {
		rest = fixed
	}
	return len(rest) > 1 && (strings.Contains(rest, "/") || strings.HasSuffix(rest, ":"))
}
