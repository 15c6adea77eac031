package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, logGroupItem, logGroupAnswers]{
	Kind:  "aws.logs.log_group",
	Class: inventory.ClassLogStore,
	Permissions: []string{
		"logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:DescribeAccountPolicies",
		"logs:GetDataProtectionPolicy", "logs:ListTagsForResource",
	},
	ListAction: "DescribeLogGroups", ListPermission: "logs:DescribeLogGroups",
	List: func(ctx context.Context, c *Clients) iter.Seq2[logGroupItem, error] { return logGroups(ctx, c, nil) },
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[logGroupItem, error] {
		name := strings.TrimPrefix(logGroupID(id)[strings.Index(id, ":log-group:")+1:], "log-group:")
		return only(logGroups(ctx, c, &name), func(i logGroupItem) bool { return aws.ToString(i.group.LogGroupName) == name })
	},
	Ask:   askLogGroup,
	Facts: logGroupFacts,
})

// logGroupItem is a log group with what its listing has learnt of the whole region.
type logGroupItem struct {
	group   types.LogGroup
	listing *logListing
}

type logListing struct {
	policies once[[]types.ResourcePolicy]
	account  once[[]types.AccountPolicy]
}

// logGroupAnswers is all that is said about one log group. Of the region's policies it keeps those that speak of it.
type logGroupAnswers struct {
	Group    types.LogGroup
	Policies collectors.Answer[[]types.ResourcePolicy]
	Account  collectors.Answer[[]types.AccountPolicy]
	Masking  collectors.Answer[cloudwatchlogs.GetDataProtectionPolicyOutput]
	Tags     collectors.Answer[map[string]string]
}

// logGroupID is the id of a log group from either form of its ARN: the one that stands for its streams ends in ":*".
func logGroupID(arn string) string { return strings.TrimSuffix(arn, ":*") }

func logGroups(ctx context.Context, c *Clients, prefix *string) iter.Seq2[logGroupItem, error] {
	p := cloudwatchlogs.NewDescribeLogGroupsPaginator(c.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: prefix})
	listing := &logListing{}
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*cloudwatchlogs.DescribeLogGroupsOutput, error) { return p.NextPage(ctx) },
		func(o *cloudwatchlogs.DescribeLogGroupsOutput) []logGroupItem {
			items := make([]logGroupItem, 0, len(o.LogGroups))
			for _, g := range o.LogGroups {
				items = append(items, logGroupItem{g, listing})
			}
			return items
		})
}

func askLogGroup(ctx context.Context, c *Clients, i logGroupItem) logGroupAnswers {
	g := i.group
	a := logGroupAnswers{Group: g}
	a.Group.StoredBytes, a.Group.MetricFilterCount = nil, nil
	id := groupID(c.where(), g)
	a.Policies = i.listing.policies.ask("", func() collectors.Answer[[]types.ResourcePolicy] { return askLogPolicies(ctx, c) })
	a.Policies = policiesAbout(a.Policies, id)
	if inherits(g) {
		a.Account = i.listing.account.ask("", func() collectors.Answer[[]types.AccountPolicy] { return askMaskingPolicies(ctx, c) })
	}
	if g.DataProtectionStatus == types.DataProtectionStatusActivated {
		a.Masking = ask("GetDataProtectionPolicy", "logs:GetDataProtectionPolicy",
			func() (*cloudwatchlogs.GetDataProtectionPolicyOutput, error) {
				out, err := c.Logs.GetDataProtectionPolicy(ctx, &cloudwatchlogs.GetDataProtectionPolicyInput{
					LogGroupIdentifier: g.LogGroupName,
				})
				return out, absent(err, "ResourceNotFoundException")
			})
	}
	a.Tags = ask("ListTagsForResource", "logs:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.Logs.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(id)})
		if err != nil {
			return nil, err
		}
		return keptTags(out.Tags), nil
	})
	return a
}

// where is the place the clients are for.
func (c *Clients) where() collectors.Where {
	return collectors.Where{Scope: scopeOf(c.Account), Region: c.Region}
}

func groupID(w collectors.Where, g types.LogGroup) string {
	switch {
	case aws.ToString(g.LogGroupArn) != "":
		return *g.LogGroupArn
	case aws.ToString(g.Arn) != "":
		return logGroupID(*g.Arn)
	}
	return arn(w, "logs", "log-group:"+aws.ToString(g.LogGroupName))
}

func inherits(g types.LogGroup) bool {
	for _, p := range g.InheritedProperties {
		if p == types.InheritedPropertyAccountDataProtection {
			return true
		}
	}
	return false
}

// askLogPolicies lists the region's policies about logs; the SDK has no paginator for them.
func askLogPolicies(ctx context.Context, c *Clients) collectors.Answer[[]types.ResourcePolicy] {
	return ask("DescribeResourcePolicies", "logs:DescribeResourcePolicies", func() (*[]types.ResourcePolicy, error) {
		all := []types.ResourcePolicy{}
		in := &cloudwatchlogs.DescribeResourcePoliciesInput{Limit: aws.Int32(50)}
		for {
			out, err := c.Logs.DescribeResourcePolicies(ctx, in)
			if err != nil {
				return nil, err
			}
			all = append(all, out.ResourcePolicies...)
			if aws.ToString(out.NextToken) == "" {
				return &all, nil
			}
			in.NextToken = out.NextToken
		}
	})
}

func askMaskingPolicies(ctx context.Context, c *Clients) collectors.Answer[[]types.AccountPolicy] {
	return ask("DescribeAccountPolicies", "logs:DescribeAccountPolicies", func() (*[]types.AccountPolicy, error) {
		out, err := c.Logs.DescribeAccountPolicies(ctx, &cloudwatchlogs.DescribeAccountPoliciesInput{
			PolicyType: types.PolicyTypeDataProtectionPolicy,
		})
		if err != nil {
			return nil, err
		}
		return kept(out.AccountPolicies), nil
	})
}

// policiesAbout keeps the policies that speak of a log group; one that cannot be read might.
func policiesAbout(all collectors.Answer[[]types.ResourcePolicy], id string) collectors.Answer[[]types.ResourcePolicy] {
	if all.Value == nil {
		return all
	}
	own := []types.ResourcePolicy{}
	for _, p := range *all.Value {
		doc, err := parsePolicy(aws.ToString(p.PolicyDocument))
		if err != nil || doc.about(id) {
			own = append(own, p)
		}
	}
	all.Value = &own
	return all
}

// about says whether a statement of the policy speaks of a log group or of its streams.
func (d policyDocument) about(id string) bool {
	for _, s := range d.Statement {
		if len(s.NotResource) > 0 {
			return true
		}
		for _, resource := range s.Resource {
			if glob(resource, id) || glob(resource, id+":*") || glob(resource, id+":log-stream:x") {
				return true
			}
		}
	}
	return false
}

func logGroupFacts(w collectors.Where, a logGroupAnswers) *inventory.Resource {
	g := a.Group
	facts := &inventory.LogStore{}
	r := inventory.New(groupID(w, g), aws.ToString(g.LogGroupName), w.Region, facts)
	tagFacts(r, a.Tags)
	// No retention is for ever. A key is always the customer's: the service's own is not named.
	facts.RetentionDays = int64(aws.ToInt32(g.RetentionInDays))
	facts.CustomerKey = aws.ToString(g.KmsKeyId) != ""
	r.Known("retention_days", "customer_key")
	logPublicFact(r, facts, a.Policies)
	logMaskedFact(r, facts, a)
	return r
}

func logPublicFact(r *inventory.Resource, facts *inventory.LogStore, policies collectors.Answer[[]types.ResourcePolicy]) {
	if why := policies.Unknown(); why != nil {
		r.SetUnknown(*why, "public")
		return
	}
	unread := false
	if policies.Value != nil {
		for _, p := range *policies.Value {
			doc, err := parsePolicy(aws.ToString(p.PolicyDocument))
			unread = unread || err != nil
			facts.Public = facts.Public || err == nil && doc.about(r.ID) && doc.public()
		}
	}
	if unread && !facts.Public {
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "MalformedAnswer",
			Action: "DescribeResourcePolicies", Permission: "logs:DescribeResourcePolicies",
		}, "public")
		return
	}
	r.Known("public")
}

// logMaskedFact states whether a policy hides what is sensitive: one of the group's own, or one of the account that the
// group says it inherits.
func logMaskedFact(r *inventory.Resource, facts *inventory.LogStore, a logGroupAnswers) {
	own := a.Group.DataProtectionStatus == types.DataProtectionStatusActivated
	if own && a.Masking.Value != nil && deidentifies(aws.ToString(a.Masking.Value.PolicyDocument)) {
		facts.Masked = true
	}
	if inherits(a.Group) && a.Account.Value != nil {
		for _, p := range *a.Account.Value {
			facts.Masked = facts.Masked || deidentifies(aws.ToString(p.PolicyDocument))
		}
	}
	switch {
	case facts.Masked:
	case own && a.Masking.Unknown() != nil:
		r.SetUnknown(*a.Masking.Unknown(), "masked")
		return
	case inherits(a.Group) && a.Account.Unknown() != nil:
		r.SetUnknown(*a.Account.Unknown(), "masked")
		return
	}
	r.Known("masked")
}
