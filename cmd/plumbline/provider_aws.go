package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/web"
)

var amazon = provider{
	cloud: inventory.AWS, policy: aws.Policy, formats: []string{"json", "terraform", "cloudformation", "kubernetes"},
	documents: map[string]string{"aws.json": "json", "aws.tf": "terraform", "aws-cloudformation.yaml": "cloudformation",
		"aws-kubernetes.yaml": "kubernetes"},
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
		return store.Connection{Role: c.RoleARN, MemberRole: c.RoleName, ExternalID: c.ExternalID, Regions: c.Region,
			Aggregator: c.Aggregator, AggregatorRole: c.AggregatorRole}
	},
	single:   "one set of AWS credentials reaches one account; scan one account at a time",
	regional: true,
	records:  amazonRecords,
	export:   "aws-config",
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
		Aggregator: r.connection.Aggregator, AggregatorRole: r.connection.AggregatorRole, Log: r.log}
}

// aggregating is what of AWS may have an aggregator: an account, or an organisation for its accounts.
type aggregating interface {
	Aggregator(ctx context.Context) (named bool, err error)
}

func amazonRecords(ctx context.Context, g pipeline.Gatherer) error {
	a, ok := g.(aggregating)
	if !ok {
		return nil
	}
	_, err := a.Aggregator(ctx)
	if errors.Is(err, aws.ErrNoAggregator) {
		return err
	}
	return nil
}

// amazonProbes asks which regions an account has, and for the aggregator where one is named.
func amazonProbes(ctx context.Context, g pipeline.Gatherer) (out []probe) {
	if account, ok := g.(*aws.Account); ok {
		out = append(out, probeRegions(account))
	}
	a, ok := g.(aggregating)
	if !ok {
		return out
	}
	named, err := a.Aggregator(ctx)
	switch {
	case !named:
	case errors.Is(err, aws.ErrNoAggregator):
		out = append(out, probe{what: findAggregator, answer: "Calls are made instead: " + err.Error() + "."})
	case err != nil:
		why := collectors.Classify(aws.Classify(err))
		out = append(out, probe{what: findAggregator, answer: fmt.Sprintf("Calls are made instead: it needs the right "+
			"config:DescribeConfigurationAggregators where the aggregator lies: %s (%s).", why.Cause, why.Code)})
	default:
		out = append(out, probe{what: findAggregator, answer: "Its records save calls.", passed: true})
	}
	return out
}

const findAggregator = "Find the aggregator of AWS Config"

func probeRegions(account *aws.Account) probe {
	p := probe{what: "List the regions that are enabled", passed: account.RegionsListed(),
		answer: fmt.Sprintf("%d regions are collected.", len(account.Regions()))}
	if !p.passed {
		p.answer = "The right ec2:DescribeRegions is missing: every region but one would stay unknown."
	}
	return p
}

// deployRole are the commands that make the role which a connection assumes.
func deployRole(externalID string) string {
	return "plumbline permissions aws --format cloudformation > plumbline-role.json\n" +
		"aws cloudformation deploy --stack-name plumbline --template-file plumbline-role.json \\\n" +
		"  --capabilities CAPABILITY_NAMED_IAM --parameter-overrides \\\n" +
		"  ExternalId=" + externalID + " \\\n" +
		"  CollectorArn=" + aws.Collector + "\n" +
		"aws cloudformation describe-stacks --stack-name plumbline \\\n" +
		"  --query 'Stacks[0].Outputs[0].OutputValue' --output text\n"
}

// roleShape is what the ARN of a role looks like.
const roleShape = `^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$`

func amazonGuide(externalID string) (web.Guide, error) {
	rights, err := aws.Policy("json")
	if err != nil {
		return web.Guide{}, err
	}
	return web.Guide{
		Scope: "AWS account", Above: "aws-org",
		Steps: []web.Step{
			{ID: "trust", Title: "Make the role in the account", Code: deployRole(externalID), Caption: "Commands", Open: true,
				Text: "With administrator's credentials of the account to be read. The stack holds one role and its rights; the " +
					"external id is made for this connection and keeps others from using your role through us. CollectorArn is " +
					"the identity that this process runs as. Terraform: the same command with --format terraform."},
			{ID: "rights", Title: "See what it may", Code: string(rights), Caption: "Read rights",
				Text: "They are derived from the collectors, so they are what is called and no more, and none can write. As one " +
					"document they are longer than IAM allows a policy to be; the stack divides them. For an organisation, deploy " +
					"the same template in each account by a StackSet, and name below the role in the management account or a " +
					"delegated one. What runs inside clusters is granted there: --format kubernetes says how."},
		},
		Fields: []web.Field{
			{Name: "account", Label: "Account id", Hint: "or that of an organisation, for all its accounts", Example: "123456789012",
				Required: true, Wrong: "An account id has twelve digits, such as 123456789012; that of an organisation looks like o-abcdefghij."},
			{Name: "role", Label: "Role ARN", Hint: "empty: the default credentials of this process",
				Example: "arn:aws:iam::123456789012:role/plumbline", Shape: roleShape,
				Wrong: "A role looks like arn:aws:iam::123456789012:role/plumbline."},
			{Name: "external_id", Label: "External id", Fixed: true},
			{Name: "regions", Label: "Regions", Hint: "empty: all that are enabled", Example: "eu-central-1, eu-west-1",
				Shape: `^[a-z]{2}(-[a-z]+)+-\d$`, Wrong: "A region looks like eu-central-1; separate several with commas."},
			{Name: "aggregator", Label: "Aggregator of AWS Config", Example: "all-accounts",
				Hint:  "empty: none; its records save calls and lag by minutes, or by a day where Config records daily",
				Shape: `^[\w-]{1,256}$`, Wrong: "An aggregator is named with letters, digits, hyphens and underscores."},
			{Name: "aggregator_role", Label: "Role where the aggregator lies", Example: "arn:aws:iam::123456789012:role/plumbline",
				Hint:  "empty: it lies in this account, and for an organisation where that is read from",
				Shape: roleShape, Wrong: "A role looks like arn:aws:iam::123456789012:role/plumbline."},
		},
	}, nil
}
