package gcp

import (
	"context"
	"iter"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const projectAPI = "cloudresourcemanager.googleapis.com"

var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, projectAnswers]{
	Kind: "gcp.project", Class: inventory.ClassCloudAccount,
	Permissions: []string{"resourcemanager.projects.get", "compute.projects.get"},
	ListAction:  "cloudresourcemanager.projects.get", ListPermission: "resourcemanager.projects.get",
	Global: true,
	List:   listProject,
	Find:   func(ctx context.Context, c *Clients, _ string) iter.Seq2[string, error] { return listProject(ctx, c) },
	Ask:    askProject, Facts: projectFacts,
})

// projectAnswers is what Google says about the project as a whole.
type projectAnswers struct {
	Project string
	Body    collectors.Answer[projectBody]
	Console collectors.Answer[projectConsole]
}

type projectBody struct {
	// Name holds the number of the project.
	Name        string            `json:"name"`
	ProjectID   string            `json:"projectId"`
	DisplayName string            `json:"displayName"`
	Parent      string            `json:"parent"`
	Labels      map[string]string `json:"labels"`
}

// projectConsole says whether the project opens the serial console of every machine.
type projectConsole struct {
	Open bool `json:"open,omitempty"`
}

// listProject yields the project that was connected. One that may not be read is not told of at all: nothing about it
// is in order because nobody looked.
func listProject(ctx context.Context, c *Clients) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_, err := c.project(ctx)
		yield(c.Project, err)
	}
}

func askProject(ctx context.Context, c *Clients, project string) projectAnswers {
	return projectAnswers{
		Project: project,
		Body: ask("cloudresourcemanager.projects.get", "resourcemanager.projects.get", func() (*projectBody, error) {
			return c.project(ctx)
		}),
		Console: ask("compute.projects.get", "compute.projects.get", func() (*projectConsole, error) {
			b, err := fetchOnce[struct {
				Common metadataBody `json:"commonInstanceMetadata"`
			}](ctx, c, computeAPI, "/compute/v1/projects/"+project, nil)
			if err != nil {
				return nil, err
			}
			return &projectConsole{Open: b.Common.on("serial-port-enable")}, nil
		}),
	}
}

func (c *Clients) project(ctx context.Context) (*projectBody, error) {
	return fetchOnce[projectBody](ctx, c, projectAPI, "/v3/projects/"+c.Project, nil)
}

// number is the number of the project, by which some of its identities are named; empty where it is not known.
func (c *Clients) number(ctx context.Context) string {
	b, err := c.project(ctx)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(b.Name, "projects/")
}

func projectFacts(w collectors.Where, a projectAnswers) *inventory.Resource {
	facts := &inventory.CloudAccount{}
	r := inventory.New(string(w.Scope)+"/cloud_account/"+a.Project, a.Project, collectors.Global, facts)
	collectors.Know(r, a.Body, func(b *projectBody) {
		if b == nil {
			return
		}
		r.Labels = b.Labels
		facts.InOrganization = strings.HasPrefix(b.Parent, "organizations/") || strings.HasPrefix(b.Parent, "folders/")
	}, "in_organization")
	if why := a.Body.Unknown(); why != nil {
		r.SetUnknown(*why, "labels_read")
	}
	// That no machine opens its own console is not known from the project alone.
	if a.Console.Value != nil && !a.Console.Value.Open {
		notAsked(r, "compute.instances.list", "compute.instances.list", "serial_console_allowed")
	} else {
		collectors.Know(r, a.Console, func(v *projectConsole) { facts.SerialConsoleAllowed = v != nil && v.Open },
			"serial_console_allowed")
	}
	notAsked(r, "essentialcontacts.contacts.list", "essentialcontacts.contacts.list", "security_contact")
	notAsked(r, "accessapproval.projects.getAccessApprovalSettings", "accessapproval.settings.get",
		"provider_access_gated")
	notAsked(r, "compute.regions.list", "compute.regions.list", "quota_headroom_percent")
	return r
}
