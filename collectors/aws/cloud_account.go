package aws

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	accountinfo "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	cetypes "github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/smithy-go"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, accountAnswers]{
	Kind:  "aws.account",
	Class: inventory.ClassCloudAccount,
	Permissions: []string{
		"sts:GetCallerIdentity", "iam:ListAccountAliases", "ec2:DescribeRegions", "ec2:GetSerialConsoleAccessStatus",
		"ec2:GetSnapshotBlockPublicAccessState", "ec2:GetImageBlockPublicAccessState",
		"organizations:DescribeOrganization", "organizations:ListParents", "organizations:ListPoliciesForTarget",
		"organizations:DescribePolicy", "s3:GetAccountPublicAccessBlock", "account:GetAlternateContact",
		"budgets:ViewBudget", "ce:GetAnomalySubscriptions", "servicequotas:ListServiceQuotas", "cloudwatch:GetMetricData",
	},
	ListAction: "GetCallerIdentity", ListPermission: "sts:GetCallerIdentity",
	Global: true, NoLabels: true,
	List:  listAccount,
	Find:  func(ctx context.Context, c *Clients, _ string) iter.Seq2[string, error] { return listAccount(ctx, c) },
	Ask:   askAccount,
	Facts: accountFacts,
})

// accountAnswers is what AWS says about the account as a whole.
type accountAnswers struct {
	Account string
	Aliases collectors.Answer[iam.ListAccountAliasesOutput]
	Console collectors.Answer[serialConsole]

	Organization collectors.Answer[organizations.DescribeOrganizationOutput]
	Policies     collectors.Answer[actingPolicies]
	Block        collectors.Answer[s3control.GetPublicAccessBlockOutput]
	Contact      collectors.Answer[securityContact]
	Budgets      collectors.Answer[spendWatch]
	Anomalies    collectors.Answer[spendWatch]
	Quotas       []regionAnswer[quotaUse]
	// Snapshots and Images say of each region whether they may be shared with everyone.
	Snapshots, Images []regionAnswer[sharingBlock]
}

// serialConsole names the regions where the serial console of machines is open; none says that every enabled region
// was asked and keeps it closed.
type serialConsole struct {
	OpenIn []string `json:"open_in,omitempty"`
}

// errUnsaid stands for an answer that lacks the field it was asked for.
var errUnsaid = &smithy.GenericAPIError{Code: "MissingField", Message: "the answer does not say"}

// listAccount yields the account without a call: which one answers was asked when it was connected.
func listAccount(_ context.Context, c *Clients) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield(c.Account, nil) }
}

func askAccount(ctx context.Context, c *Clients, account string) accountAnswers {
	a := accountAnswers{
		Account: account,
		Aliases: ask("ListAccountAliases", "iam:ListAccountAliases", func() (*iam.ListAccountAliasesOutput, error) {
			return c.IAM.ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})
		}),
		Console: ask("GetSerialConsoleAccessStatus", "ec2:GetSerialConsoleAccessStatus", func() (*serialConsole, error) {
			return askSerialConsole(ctx, c)
		}),
		Block:     askAccountBlock(ctx, c, account).Block,
		Contact:   askSecurityContact(ctx, c),
		Budgets:   askBudgets(ctx, c, account),
		Anomalies: askAnomalyAlerts(ctx, c),
		Quotas:    askQuotas(ctx, c),
		Snapshots: askSnapshotBlocks(ctx, c),
		Images:    askImageBlocks(ctx, c),
	}
	a.Organization = ask("DescribeOrganization", "organizations:DescribeOrganization", func() (*organizations.DescribeOrganizationOutput, error) {
		out, err := c.Organizations.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
		return out, absent(err, "AWSOrganizationsNotInUseException")
	})
	if a.Organization.Value != nil {
		a.Policies = askActingPolicies(ctx, c, account)
	}
	return a
}

// askSerialConsole asks every enabled region: the switch is set in each, and one open region opens machines there. A
// region that does not answer leaves the question open unless another is known to be open.
func askSerialConsole(ctx context.Context, c *Clients) (*serialConsole, error) {
	regions, err := c.EC2.DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)})
	if err != nil {
		return nil, during("DescribeRegions", "ec2:DescribeRegions", err)
	}
	out := &serialConsole{}
	var failed error
	for _, region := range regions.Regions {
		name := aws.ToString(region.RegionName)
		status, err := c.EC2.GetSerialConsoleAccessStatus(ctx, &ec2.GetSerialConsoleAccessStatusInput{}, func(o *ec2.Options) { o.Region = name })
		switch {
		case err != nil:
			failed = err
		case status.SerialConsoleAccessEnabled == nil:
			failed = errUnsaid
		case *status.SerialConsoleAccessEnabled:
			out.OpenIn = append(out.OpenIn, name)
		}
		// A refusal of one region says nothing of the next; a fault is likely to come again, and each costs its retries.
		if failed != nil && !denied[code(failed)] {
			break
		}
	}
	if len(out.OpenIn) == 0 && failed != nil {
		return nil, failed
	}
	return out, nil
}

// accountFacts states what is asked of the account as a whole. What is in it, and who is alerted of what, is derived
// from what else is collected.
func accountFacts(w collectors.Where, a accountAnswers) *inventory.Resource {
	facts := &inventory.CloudAccount{AlertNeeds: alertNeeds()}
	name := a.Account
	if a.Aliases.Value != nil && len(a.Aliases.Value.AccountAliases) > 0 {
		name = strings.Join(a.Aliases.Value.AccountAliases, ", ")
	}
	r := inventory.New(string(w.Scope)+"/cloud_account/"+a.Account, name, collectors.Global, facts)
	collectors.Know(r, a.Console, func(v *serialConsole) {
		facts.SerialConsoleAllowed = v != nil && len(v.OpenIn) > 0
	}, "serial_console_allowed")
	r.Known("alert_needs")
	collectors.Know(r, a.Organization, func(v *organizations.DescribeOrganizationOutput) {
		facts.InOrganization = v != nil && v.Organization != nil && aws.ToString(v.Organization.Id) != ""
		facts.Directory = w.Scope
		if facts.InOrganization {
			// The identity centre that lets people into accounts is run by the management account.
			facts.Directory = scopeOf(aws.ToString(v.Organization.MasterAccountId))
		}
	}, "in_organization", "directory")
	collectors.Know(r, a.Contact, func(v *securityContact) {
		facts.SecurityContact = v != nil && v.Reachable
	}, "security_contact")
	guardrailFacts(r, facts, a)
	spendFacts(r, facts, a)
	quotaFacts(r, facts, a.Quotas)
	r.SetNotApplicable("AWS has no switch for it; its staff access is covered by its SOC 2 report", "provider_access_gated")
	return r
}

// securityContact says whether somebody is registered for security notices. Who it is, is nobody's business here.
type securityContact struct {
	Reachable bool `json:"reachable"`
}

func askSecurityContact(ctx context.Context, c *Clients) collectors.Answer[securityContact] {
	return ask("GetAlternateContact", "account:GetAlternateContact", func() (*securityContact, error) {
		out, err := c.AccountInfo.GetAlternateContact(ctx, &accountinfo.GetAlternateContactInput{
			AlternateContactType: accounttypes.AlternateContactTypeSecurity,
		})
		if err != nil {
			return nil, absent(err, "ResourceNotFoundException")
		}
		return &securityContact{out.AlternateContact != nil && aws.ToString(out.AlternateContact.EmailAddress) != ""}, nil
	})
}

// spendWatch says what watches the spending and tells somebody.
type spendWatch struct {
	// Told are the names of the budgets or subscriptions that have a recipient.
	Told []string `json:"told,omitempty"`
}

// askBudgets looks for budgets with a notification. One without a recipient cannot be: the last recipient takes it
// along when it goes.
func askBudgets(ctx context.Context, c *Clients, account string) collectors.Answer[spendWatch] {
	return ask("DescribeNotificationsForBudget", "budgets:ViewBudget", func() (*spendWatch, error) {
		watch := &spendWatch{}
		p := budgets.NewDescribeBudgetsPaginator(c.Budgets, &budgets.DescribeBudgetsInput{AccountId: aws.String(account), MaxResults: aws.Int32(100)})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, absent(err, "NotFoundException")
			}
			for _, b := range page.Budgets {
				out, err := c.Budgets.DescribeNotificationsForBudget(ctx, &budgets.DescribeNotificationsForBudgetInput{
					AccountId: aws.String(account), BudgetName: b.BudgetName, MaxResults: aws.Int32(1),
				})
				if err != nil && !isAbsent(err, "NotFoundException") {
					return nil, err
				}
				if err == nil && len(out.Notifications) > 0 {
					watch.Told = append(watch.Told, aws.ToString(b.BudgetName))
					return watch, nil // One that tells is enough.
				}
			}
		}
		return watch, nil
	})
}

func askAnomalyAlerts(ctx context.Context, c *Clients) collectors.Answer[spendWatch] {
	return ask("GetAnomalySubscriptions", "ce:GetAnomalySubscriptions", func() (*spendWatch, error) {
		watch := &spendWatch{}
		p := costexplorer.NewGetAnomalySubscriptionsPaginator(c.CostExplorer, &costexplorer.GetAnomalySubscriptionsInput{})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, absent(err, "UnknownSubscriptionException")
			}
			for _, s := range page.AnomalySubscriptions {
				told := slices.ContainsFunc(s.Subscribers, func(s cetypes.Subscriber) bool {
					return s.Status != cetypes.SubscriberStatusDeclined
				})
				if told && len(s.MonitorArnList) > 0 {
					watch.Told = append(watch.Told, aws.ToString(s.SubscriptionName))
				}
			}
		}
		return watch, nil
	})
}

// spendFacts states whether anything watches the spending. Either kind of watch is enough, and that there is none takes
// both answers.
func spendFacts(r *inventory.Resource, facts *inventory.CloudAccount, a accountAnswers) {
	for _, answer := range []collectors.Answer[spendWatch]{a.Budgets, a.Anomalies} {
		if answer.Value != nil && len(answer.Value.Told) > 0 {
			facts.SpendAlert = true
			r.Known("spend_alert")
			return
		}
	}
	collectors.Know(r, a.Budgets, func(*spendWatch) {}, "spend_alert")
	if a.Budgets.Unknown() == nil {
		collectors.Know(r, a.Anomalies, func(*spendWatch) {}, "spend_alert")
	}
}
