package gcp

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// What an answer lacks that always has it.
var (
	errNoRights       = errors.New("a role of Google's without rights")
	errNoOrganization = errors.New("folders without an organisation, or one without a name")
)

// directory is the organisation a project belongs to, by the domain of its people. A project without one has none.
type directory struct {
	Organization string `json:"organization,omitempty"`
	Domain       string `json:"domain,omitempty"`
}

const (
	ancestryAction         = "cloudresourcemanager.projects.getAncestry"
	projectPermission      = "resourcemanager.projects.get"
	organizationAction     = "cloudresourcemanager.organizations.get"
	organizationPermission = "resourcemanager.organizations.get"
)

// ancestors are the folders and the organisation above the project, the nearest first, as "folders/1".
func (c *Clients) ancestors(ctx context.Context) ([]string, error) {
	body, err := c.onceBy(ctx, http.MethodPost, projectAPI, "/v1/projects/"+c.Project+":getAncestry", nil, struct{}{})
	if err != nil {
		return nil, err
	}
	b, err := decoded[struct {
		Ancestor []struct {
			Resource struct {
				Type string `json:"type"`
				ID   string `json:"id"`
			} `json:"resourceId"`
		} `json:"ancestor"`
	}](body)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range b.Ancestor {
		if a.Resource.Type != "project" {
			out = append(out, a.Resource.Type+"s/"+a.Resource.ID)
		}
	}
	return out, nil
}

// directory asks once in a run whose people are the organisation's own.
func (c *Clients) directory(ctx context.Context) collectors.Answer[directory] {
	above, err := c.ancestors(ctx)
	if err != nil {
		return ask(ancestryAction, projectPermission, func() (*directory, error) { return nil, err })
	}
	return ask(organizationAction, organizationPermission, func() (*directory, error) {
		if len(above) == 0 {
			return &directory{}, nil
		}
		top := above[len(above)-1]
		if !strings.HasPrefix(top, "organizations/") {
			return nil, &malformed{errNoOrganization}
		}
		b, err := fetchOnce[struct {
			Domain string `json:"displayName"`
		}](ctx, c, projectAPI, "/v3/"+top, nil)
		if err != nil {
			return nil, err
		}
		if b.Domain == "" {
			return nil, &malformed{errNoOrganization}
		}
		return &directory{Organization: top, Domain: b.Domain}, nil
	})
}

// holder is a member of a policy: who it is, and whose.
type holder struct {
	kind, owner string
	// byDirectory says that whether it is one's own is a question to the directory.
	byDirectory bool
	// byNumber says that it is named by the number of a project.
	byNumber bool
}

// holderOf reads a member. project and number are the own project.
func holderOf(member, project, number string) holder {
	kind, who, _ := strings.Cut(member, ":")
	switch {
	case slices.Contains(anyone, member):
		return holder{kind: "anyone"}
	case kind == "principal", kind == "principalSet":
		return holder{kind: "external", owner: strings.TrimPrefix(who, "//")}
	case kind == "serviceAccount":
		owner := ownerOf(member)
		if i := strings.Index(owner, ".svc.id.goog["); i > 0 {
			owner = owner[:i]
		}
		switch {
		case owner == "":
			return holder{kind: "service"}
		case owner == project, owner == number:
			return holder{kind: "workload"}
		}
		return holder{kind: "external", owner: owner, byNumber: digits(owner) && number == ""}
	}
	named := map[string]string{"user": "human", "group": "group", "domain": "group"}[kind]
	if named == "" {
		// A kind of member that this release does not know may be anybody.
		return holder{kind: "external", owner: member}
	}
	domain := who[strings.LastIndexByte(who, '@')+1:]
	return holder{kind: named, owner: strings.ToLower(domain), byDirectory: true}
}

// holderFacts states who holds a grant.
func holderFacts(r *inventory.Resource, facts *inventory.AccessGrant, member, project, number string,
	own collectors.Answer[directory]) {
	h := holderOf(member, project, number)
	facts.PrincipalKind, facts.PrincipalOwner = h.kind, h.owner
	switch {
	case h.byNumber:
		notAsked(r, "cloudresourcemanager.projects.get", projectPermission, "principal_kind", "principal_owner")
		return
	case h.byDirectory:
		collectors.Know(r, own, func(d *directory) {
			if d != nil && d.Domain != "" && !strings.EqualFold(d.Domain, h.owner) {
				facts.PrincipalKind = "external"
			}
		}, "principal_kind", "principal_owner")
	default:
		r.Known("principal_kind", "principal_owner")
	}
	if facts.PrincipalKind != "external" || !r.IsKnown("principal_owner") {
		facts.PrincipalOwner = ""
	}
}

// principalOf is the id of who holds a grant: a service account's record, or the member as policies write it.
func principalOf(member, project string) string {
	if email, ok := strings.CutPrefix(member, "serviceAccount:"); ok && !strings.Contains(email, "[") {
		return serviceAccountID(email, project)
	}
	return member
}

// pinned states whether a grant to somebody outside names the exact caller. A person, a group or an account is named
// exactly, a whole domain is not; of a federation that is up to what its provider accepts.
func pinned(r *inventory.Resource, facts *inventory.AccessGrant, a grantAnswers) {
	const name = "trust_pinned"
	switch member := a.Grant.Member; {
	case facts.PrincipalKind == "service", facts.PrincipalKind == "workload":
		r.SetNotApplicable("trusts nobody outside", name)
	case strings.HasPrefix(member, "principal") && !strings.HasSuffix(member, "/*"):
		if a.Trust.Action == "" {
			notAsked(r, providersAction, providersPermission, name)
			return
		}
		collectors.Know(r, a.Trust, func(v *trust) { facts.TrustPinned = v != nil && !v.Open }, name)
	default:
		named := strings.HasPrefix(member, "user:") || strings.HasPrefix(member, "group:") ||
			strings.HasPrefix(member, "serviceAccount:")
		facts.TrustPinned = named
		r.Known(name)
	}
}
