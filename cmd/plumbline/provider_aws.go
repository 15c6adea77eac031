package main

import (
	"context"
	"fmt"
	"io"

	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/web"
)

var amazon = provider{
	cloud: inventory.AWS, policy: aws.Policy, formats: []string{"json", "terraform", "cloudformation"},
	documents: map[string]string{"aws.json": "json", "aws.tf": "terraform", "aws-cloudformation.yaml": "cloudformation"},
	connect: func(ctx context.Context, r reach) (pipeline.Gatherer, error) {
		return gathered(aws.Connect(ctx, amazonConnection(r)))
	},
	record: func(ctx context.Context, r reach, dir string) (pipeline.Gatherer, func() error, error) {
		a, end, err := aws.ConnectRecording(ctx, amazonConnection(r), dir)
		g, err := gathered(a, err)
		return g, end, err
	},
	replay: func(ctx context.Context, r reach, dir string) (pipeline.Gatherer, error) {
		return gathered(aws.ConnectReplay(ctx, amazonConnection(r), dir))
	},
	organization: func(ctx context.Context, r reach) (pipeline.Organization, error) {
		c := amazonConnection(r)
		c.Organization, c.Account = r.account, ""
		o, err := aws.ConnectOrganization(ctx, c)
		if err != nil {
			return nil, err
		}
		return o, nil
	},
	unreachable: aws.ErrUnreachable,
	flags: func(c *scanCmd) store.Connection {
		return store.Connection{Role: c.RoleARN, MemberRole: c.RoleName, ExternalID: c.ExternalID, Regions: c.Region}
	},
	single:     "one set of AWS credentials reaches one account; scan one account at a time",
	regional:   true,
	aggregated: true,
	export:     "aws-config",
	readExport: func(r io.Reader) (out []pipeline.Gatherer, err error) {
		exports, err := aws.ReadExport(r)
		if err != nil {
			return nil, err
		}
		for _, e := range exports {
			a, err := aws.FromExport(e)
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		}
		return out, nil
	},
	probes: amazonProbes,
	guide:  amazonGuide,
}

func amazonConnection(r reach) aws.Connection {
	return aws.Connection{Account: r.account, Member: r.member, RoleARN: r.connection.Role, MemberRole: r.connection.MemberRole,
		ExternalID: r.connection.ExternalID, Regions: r.connection.Regions, Attempts: r.attempts,
		Aggregator: r.aggregator, Log: r.log}
}

func amazonProbes(g pipeline.Gatherer) []probe {
	account, ok := g.(*aws.Account)
	if !ok {
		return nil
	}
	p := probe{what: "List the regions that are enabled", passed: account.RegionsListed(),
		answer: fmt.Sprintf("%d regions are collected.", len(account.Regions()))}
	if !p.passed {
		p.answer = "The right ec2:DescribeRegions is missing: every region but one would stay unknown."
	}
	return []probe{p}
}

func amazonGuide(externalID string) (web.Guide, error) {
	rights, err := aws.Policy("json")
	if err != nil {
		return web.Guide{}, err
	}
	trust, err := aws.Trust(externalID)
	if err != nil {
		return web.Guide{}, err
	}
	return web.Guide{
		Scope: "AWS account", Above: "aws-org",
		Steps: []web.Step{
			{ID: "trust", Title: "Make a role in the account", Code: string(trust), Caption: "Trust policy", Open: true,
				Text: "In the account to be read: IAM › Roles › Create role › Custom trust policy, with this trust. The external " +
					"id is made for this connection; it keeps others from using your role through us."},
			{ID: "rights", Title: "Give it the read rights", Code: string(rights), Caption: "Read policy",
				Text: "Attach this policy to the role. It is derived from the collectors, so it holds what they call and no " +
					"more; CloudFormation and Terraform forms of it are printed by the same command. For an organisation, deploy " +
					"the same role in each account, by a StackSet of the CloudFormation form, and name below the one in the " +
					"management account or a delegated one."},
		},
		Fields: []web.Field{
			{Name: "account", Label: "Account id", Hint: "or that of an organisation, for all its accounts", Example: "123456789012",
				Required: true, Wrong: "An account id has twelve digits, such as 123456789012; that of an organisation looks like o-abcdefghij."},
			{Name: "role", Label: "Role ARN", Hint: "empty: the default credentials of this process",
				Example: "arn:aws:iam::123456789012:role/plumbline", Shape: `^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$`,
				Wrong: "A role looks like arn:aws:iam::123456789012:role/plumbline."},
			{Name: "external_id", Label: "External id", Fixed: true},
			{Name: "regions", Label: "Regions", Hint: "empty: all that are enabled", Example: "eu-central-1, eu-west-1",
				Shape: `^[a-z]{2}(-[a-z]+)+-\d$`, Wrong: "A region looks like eu-central-1; separate several with commas."},
		},
	}, nil
}
