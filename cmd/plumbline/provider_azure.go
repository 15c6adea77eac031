package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/azure"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/web"
)

var microsoft = provider{
	cloud: inventory.Azure, policy: azure.Policy, formats: []string{"json", "terraform", "bicep"},
	documents: map[string]string{"azure.json": "json", "azure.tf": "terraform", "azure.bicep": "bicep"},
	connect: func(ctx context.Context, r reach) (pipeline.Gatherer, error) {
		return gathered(azure.Connect(ctx, microsoftConnection(r)))
	},
	record: func(ctx context.Context, r reach, dir string) (pipeline.Gatherer, func() error, error) {
		s, end, err := azure.ConnectRecording(ctx, microsoftConnection(r), dir)
		g, err := gathered(s, err)
		return g, end, err
	},
	replay: func(ctx context.Context, r reach, dir string) (pipeline.Gatherer, error) {
		return gathered(azure.ConnectReplay(ctx, microsoftConnection(r), dir))
	},
	organization: microsoftTenant,
	unreachable:  azure.ErrUnreachable,
	flags:        func(*scanCmd) store.Connection { return store.Connection{} },
	export:       "azure-resource-graph",
	readExport: func(r io.Reader) (out []pipeline.Gatherer, err error) {
		exports, err := azure.ReadExport(r)
		if err != nil {
			return nil, err
		}
		for _, e := range exports {
			s, err := azure.FromExport(e)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
		return out, nil
	},
	guide: microsoftGuide,
}

// microsoftConnection signs in as the application a connection names: by the token of a workload or by a certificate
// where the environment has one, else as the managed identity of this machine. Without an application it is the
// default chain.
func microsoftConnection(r reach) azure.Connection {
	c := azure.Connection{Subscription: r.account, Tenant: r.connection.Directory, Client: r.connection.Client,
		Member: r.member, Attempts: r.attempts}
	token, certificate := os.Getenv("AZURE_FEDERATED_TOKEN_FILE"), os.Getenv("AZURE_CLIENT_CERTIFICATE_PATH")
	switch {
	case c.Client == "":
	case token != "" && c.Tenant != "":
		c.FederatedTokenFile = token
	case certificate != "" && c.Tenant != "":
		c.Certificate = certificate
	default:
		c.ManagedIdentity = true
	}
	return c
}

// microsoftTenant reaches a tenant by signing in to it. A connection that signs in elsewhere is a mistake: what it
// would show are the subscriptions of another tenant.
func microsoftTenant(ctx context.Context, r reach) (pipeline.Organization, error) {
	directory := r.connection.Directory
	if r.account != "" && directory != "" && !strings.EqualFold(directory, r.account) {
		return nil, fmt.Errorf("the connection signs in to tenant %s: leave it out, or name tenant %s", directory,
			r.account)
	}
	if directory == "" {
		r.connection.Directory = r.account
	}
	t, err := azure.ConnectTenant(ctx, microsoftConnection(r))
	if err != nil {
		return nil, err
	}
	return t, nil
}

func microsoftGuide(string) (web.Guide, error) {
	rights, err := azure.Policy("json")
	if err != nil {
		return web.Guide{}, err
	}
	const uuid = `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`
	return web.Guide{
		Scope: "Azure subscription", Above: "azure-tenant",
		Steps: []web.Step{
			{ID: "rights", Title: "Make a role in the subscription", Code: string(rights), Caption: "Role definition", Open: true,
				Text: "Put the id of your subscription in AssignableScopes and run az role definition create --role-definition " +
					"@role.json. The role is derived from the collectors, so it holds what they call and no more; Bicep and " +
					"Terraform forms of it are printed by the same command."},
			{ID: "assignment", Title: "Give it to the identity that Plumbline runs as", Caption: "Assignment",
				Code: "az role assignment create --role \"Plumbline collector\" \\\n  --assignee <object id of the identity> " +
					"--scope /subscriptions/<subscription id>\n",
				Text: "A managed identity, or an application with a federated credential or a certificate: no secret is kept. " +
					"Assign the role on the whole subscription; what lies beside a narrower assignment stays unknown. For a " +
					"whole tenant, make and assign it at the root management group, whose id is the tenant's, and assign " +
					"Management Group Reader there as well: without it, subscriptions that the identity may not read are not seen."},
		},
		Fields: []web.Field{
			{Name: "account", Label: "Subscription id", Hint: "or azure-tenant:<tenant id>, for all its subscriptions",
				Example: "00000000-0000-0000-0000-000000000000", Required: true, Shape: `^([Aa]zure-[Tt]enant:)?` + uuid + `$`,
				Wrong: "A subscription id is a UUID, such as 00000000-0000-0000-0000-000000000000; for a tenant, write " +
					"azure-tenant: before its id."},
			{Name: "directory", Label: "Tenant id", Hint: "empty: the tenant of the default credentials", Shape: `^` + uuid + `$`,
				Wrong: "A tenant id is a UUID."},
			{Name: "client", Label: "Client id", Hint: "empty: the default credentials of this process", Shape: `^` + uuid + `$`,
				Wrong: "A client id is a UUID."},
		},
	}, nil
}
