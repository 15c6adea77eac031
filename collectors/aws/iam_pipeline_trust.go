package aws

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// A role that a foreign pipeline may take on is a way to deploy, so it is recorded as one; who may take on which rights
// is judged by the access grants.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, pipelineTrust, pipelineTrust]{
	Kind:        "aws.iam.pipeline_trust",
	Class:       inventory.ClassDeliveryPipeline,
	Permissions: []string{detailsPermission},
	ListAction:  detailsAction, ListPermission: detailsPermission,
	Global: true, NoLabels: true,
	List: listPipelineTrusts,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[pipelineTrust, error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		return only(listPipelineTrusts(ctx, c), func(t pipelineTrust) bool { return t.id(w) == id })
	},
	Facts: pipelineTrustFacts,
})

// pipelineTrust is a foreign pipeline that the trust policy of a role lets in.
type pipelineTrust struct {
	Role, RoleARN, Principal string
	Document                 *string
}

func (t pipelineTrust) id(w collectors.Where) string {
	return string(w.Scope) + "/" + string(inventory.ClassDeliveryPipeline) + "/" + t.Role + "/" + issuerOf(t.Principal)
}

func listPipelineTrusts(ctx context.Context, c *Clients) iter.Seq2[pipelineTrust, error] {
	return func(yield func(pipelineTrust, error) bool) {
		for role, err := range accountRoles(ctx, c) {
			if err != nil {
				yield(pipelineTrust{}, err)
				return
			}
			for _, t := range trustsOf(role) {
				if !deliversBy(t.Type, t.Principal) {
					continue
				}
				if !yield(pipelineTrust{t.Role, t.RoleARN, t.Principal, t.Document}, nil) {
					return
				}
			}
		}
	}
}

// peopleOrPods are issuers that vouch for people or for pods of a cluster, and not for pipelines.
var peopleOrPods = []string{
	"oidc.eks.", "cognito", "accounts.google.com", "okta", "auth0", "onelogin", "login.microsoftonline.com",
	"sts.windows.net",
	"amazon.com", "graph.facebook.com",
}

// deliversBy says whether a trusted party is a foreign pipeline: any identity provider that vouches for neither people
// nor pods.
func deliversBy(kind, principal string) bool {
	if kind != "Federated" || !strings.Contains(principal, ":oidc-provider/") {
		return false
	}
	issuer := strings.ToLower(issuerOf(principal))
	return !slices.ContainsFunc(peopleOrPods, func(part string) bool { return strings.Contains(issuer, part) })
}

func pipelineTrustFacts(w collectors.Where, t pipelineTrust) *inventory.Resource {
	facts := &inventory.DeliveryPipeline{Kind: "federation", Identities: []string{t.RoleARN}}
	r := inventory.New(t.id(w), issuerOf(t.Principal)+" as role "+t.Role, collectors.Global, facts)
	r.Known("kind", "identities", "scopes")
	r.SetNotApplicable("how the foreign pipeline builds and asks is set where it runs",
		"plaintext_secrets", "approval_required", "untrusted_source")
	doc, err := parsePolicy(aws.ToString(t.Document))
	if err != nil {
		r.SetUnknown(unread("PolicyUnread"), "trust_pinned")
		return r
	}
	facts.TrustPinned = doc.pinsBranch(t.Principal)
	r.Known("trust_pinned")
	return r
}

// pinsBranch says whether every statement that trusts the issuer names repository and branch or environment.
func (d policyDocument) pinsBranch(principal string) bool {
	for _, s := range d.Statement {
		if !s.letsAssume() || !contains(s.Principal["Federated"], principal) {
			continue
		}
		pinned := false
		for op, keys := range s.Condition {
			for key, values := range keys {
				subject := strings.HasSuffix(key, ":sub") || strings.HasSuffix(key, ":job_workflow_ref")
				pinned = pinned || subject && demands(op) && len(values) > 0 && !slices.ContainsFunc(values, looseSubject)
			}
		}
		if !pinned {
			return false
		}
	}
	return true
}

// branchMarks begin the part of a subject that names a branch, a tag, an environment or a workspace.
var branchMarks = []string{
	":ref:refs/heads/", ":ref:refs/tags/", ":environment:", ":ref_type:", ":workspace:", "@refs/heads/", "@refs/tags/",
	":pipeline:",
}

// looseSubject says whether a subject leaves open of which repository and branch the pipeline is: a wildcard may stand
// for the end of a branch's name only.
func looseSubject(subject string) bool {
	fixed, _, wild := strings.Cut(strings.ReplaceAll(subject, "?", "*"), "*")
	if !wild {
		return subject == ""
	}
	return !slices.ContainsFunc(branchMarks, func(mark string) bool {
		_, name, found := strings.Cut(fixed, mark)
		return found && name != ""
	})
}
