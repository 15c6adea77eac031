package gcp

import (
	"slices"
	"strings"
)

// policy is a policy of access: who holds which role on a resource.
type policy struct {
	Bindings []binding `json:"bindings"`
}

type binding struct {
	Role      string     `json:"role"`
	Members   []string   `json:"members"`
	Condition *condition `json:"condition,omitempty"`
}

type condition struct {
	Expression string `json:"expression"`
}

// anyone are the members that stand for everybody: without a name, or with any account at all.
var anyone = []string{"allUsers", "allAuthenticatedUsers"}

// public says whether everybody holds a role. A condition may bound when, but not who: it stays public.
func (p *policy) public() bool {
	if p == nil {
		return false
	}
	return slices.ContainsFunc(p.Bindings, func(b binding) bool {
		return slices.ContainsFunc(b.Members, func(m string) bool { return slices.Contains(anyone, m) })
	})
}

// owners are the accounts the members belong to that are not the project's own: the project of a service account, the
// domain of a person or group, the pool of a federated identity. Everybody is not among them, and neither are Google's
// own service agents. It says false where a member is named by the number of a project and the own number is not known.
func (p *policy) owners(project, number string) ([]string, bool) {
	out := []string{}
	if p == nil {
		return out, true
	}
	sure := true
	for _, b := range p.Bindings {
		for _, m := range b.Members {
			o := ownerOf(m)
			if number == "" && digits(o) {
				sure = false
			}
			if o != "" && o != project && o != number && !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
	}
	slices.Sort(out)
	return out, sure
}

func digits(word string) bool { return word != "" && strings.Trim(word, "0123456789") == "" }

// agents are domains of Google's own service agents.
var agents = []string{"gserviceaccount.com", "system.gserviceaccount.com", "cloudservices.gserviceaccount.com"}

// ownerOf is the account a member belongs to; empty for everybody, for the project's own, and for Google's agents.
func ownerOf(member string) string {
	kind, who, ok := strings.Cut(strings.TrimPrefix(member, "deleted:"), ":")
	if !ok || slices.Contains(anyone, member) {
		return ""
	}
	who, _, _ = strings.Cut(who, "?")
	switch kind {
	case "user", "group", "serviceAccount":
		name, domain, ok := strings.Cut(who, "@")
		switch {
		case domain == "appspot.gserviceaccount.com":
			return name
		case domain == "developer.gserviceaccount.com":
			number, _, _ := strings.Cut(name, "-")
			return number
		case !ok:
			return who
		case strings.HasSuffix(domain, ".iam.gserviceaccount.com"):
			project := strings.TrimSuffix(domain, ".iam.gserviceaccount.com")
			if strings.HasPrefix(project, "gcp-sa-") || strings.HasPrefix(project, "gcp-gae-") ||
				strings.HasSuffix(project, "-robot") || strings.HasSuffix(project, "-system") {
				return ""
			}
			return project
		case slices.Contains(agents, domain):
			return ""
		}
		return domain
	case "domain":
		return who
	case "projectOwner", "projectEditor", "projectViewer":
		return who
	case "principal", "principalSet":
		return strings.TrimPrefix(who, "//")
	}
	return who
}
