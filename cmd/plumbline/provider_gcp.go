package main

import (
	"context"
	"errors"
	"io"

	"github.com/plumbline-posture/plumbline/collectors/gcp"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/web"
)

var google = provider{
	cloud: inventory.GCP, policy: gcp.Policy, formats: gcp.Formats,
	documents: map[string]string{"gcp.json": "json", "gcp.tf": "terraform", "gcp.sh": "gcloud"},
	connect: func(ctx context.Context, r reach) (pipeline.Gatherer, error) {
		c, err := googleConnection(ctx, r)
		if err != nil {
			return nil, err
		}
		return gathered(gcp.Connect(ctx, c))
	},
	record: func(ctx context.Context, r reach, dir string) (pipeline.Gatherer, func() error, error) {
		c, err := googleConnection(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		p, end, err := gcp.ConnectRecording(ctx, c, dir)
		g, err := gathered(p, err)
		return g, end, err
	},
	replay: func(ctx context.Context, r reach, dir string) (pipeline.Gatherer, error) {
		return gathered(gcp.ConnectReplay(ctx, gcp.Connection{Project: r.account, Attempts: r.attempts}, dir))
	},
	organization: func(ctx context.Context, r reach) (pipeline.Organization, error) {
		o, err := gcp.ConnectOrganization(ctx, gcp.Connection{Organization: r.account, Impersonate: r.connection.Role,
			Attempts: r.attempts, Log: r.log})
		if err != nil {
			return nil, err
		}
		return o, nil
	},
	unreachable: gcp.ErrUnreachable,
	flags:       func(c *scanCmd) store.Connection { return store.Connection{Role: c.Impersonate} },
	export:      "gcp-assets",
	readExport: func(r io.Reader) ([]pipeline.Gatherer, error) {
		e, err := gcp.ReadExport(r)
		if err != nil {
			return nil, err
		}
		if e.Project == "" {
			return nil, errors.New("asset export: no asset names its project")
		}
		var out []pipeline.Gatherer
		for _, one := range e.Projects() {
			out = append(out, gcp.FromExport(one))
		}
		return out, nil
	},
	guide: googleGuide,
}

func googleConnection(ctx context.Context, r reach) (gcp.Connection, error) {
	if r.account == "" {
		r.account = gcp.DefaultProject(ctx)
	}
	if r.account == "" {
		return gcp.Connection{}, errors.New("the credentials name no project: name it with --scope gcp:<project id>")
	}
	return gcp.Connection{Project: r.account, Impersonate: r.connection.Role, Attempts: r.attempts}, nil
}

func googleGuide(string) (web.Guide, error) {
	commands, err := gcp.Policy("gcloud")
	if err != nil {
		return web.Guide{}, err
	}
	rights, err := gcp.Policy("json")
	if err != nil {
		return web.Guide{}, err
	}
	return web.Guide{
		Scope: "Google Cloud project", Above: "gcp-org",
		Steps: []web.Step{
			{ID: "commands", Title: "Make an account and a role in the project", Code: string(commands), Caption: "Commands", Open: true,
				Text: "Set the project and whom Plumbline runs as, and run these commands. They make a service account that holds " +
					"a role with read rights and nothing else, and let Plumbline act as it; no key is made."},
			{ID: "rights", Title: "Look at the read rights", Code: string(rights), Caption: "Role",
				Text: "The role is derived from the collectors, so it holds what they call and no more; a Terraform form of it " +
					"is printed by the same command. For an organisation, make this role in the organisation and give it to the " +
					"account there: it then holds in every project, those that are made later included."},
		},
		Fields: []web.Field{
			{Name: "account", Label: "Project id", Hint: "or the number of an organisation, for all its projects",
				Example: "my-project-1", Required: true, Wrong: "A project id has six to thirty letters, digits and hyphens, " +
					"such as my-project-1; an organisation is a number, such as 123456789012."},
			{Name: "role", Label: "Service account", Hint: "empty: the default credentials of this process",
				Example: "plumbline-collector@my-project-1.iam.gserviceaccount.com",
				Shape:   `^[a-z0-9-]+@[a-z0-9.:-]+\.iam\.gserviceaccount\.com$`,
				Wrong:   "A service account looks like plumbline-collector@my-project-1.iam.gserviceaccount.com."},
		},
	}, nil
}
