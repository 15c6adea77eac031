package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, accountAnswers]{
	Kind:        "aws.account",
	Class:       inventory.ClassCloudAccount,
	Permissions: []string{"sts:GetCallerIdentity", "iam:ListAccountAliases", "ec2:DescribeRegions", "ec2:GetSerialConsoleAccessStatus"},
	ListAction:  "GetCallerIdentity", ListPermission: "sts:GetCallerIdentity",
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
	return accountAnswers{
		Account: account,
		Aliases: ask("ListAccountAliases", "iam:ListAccountAliases", func() (*iam.ListAccountAliasesOutput, error) {
			return c.IAM.ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})
		}),
		Console: ask("GetSerialConsoleAccessStatus", "ec2:GetSerialConsoleAccessStatus", func() (*serialConsole, error) {
			return askSerialConsole(ctx, c)
		}),
	}
}

// askSerialConsole asks every enabled region: the switch is set in each, and one open region opens machines there. A
// region that does not answer leaves the question open unless another is known to be open.
func askSerialConsole(ctx context.Context, c *Clients) (*serialConsole, error) {
	regions, err := c.EC2.DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)})
	if err != nil {
		return nil, err
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

// accountFacts states what is asked of the account alone. What many resources or the organisation tell is derived or
// not collected.
func accountFacts(w collectors.Where, a accountAnswers) *inventory.Resource {
	facts := &inventory.CloudAccount{}
	name := a.Account
	if a.Aliases.Value != nil && len(a.Aliases.Value.AccountAliases) > 0 {
		name = strings.Join(a.Aliases.Value.AccountAliases, ", ")
	}
	r := inventory.New(string(w.Scope)+"/cloud_account/"+a.Account, name, collectors.Global, facts)
	collectors.Know(r, a.Console, func(v *serialConsole) {
		facts.SerialConsoleAllowed = v != nil && len(v.OpenIn) > 0
	}, "serial_console_allowed")
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotCollected, Action: "DescribeOrganization", Permission: "organizations:DescribeOrganization"}, "in_organization")
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotCollected, Action: "GetAlternateContact", Permission: "account:GetAlternateContact"}, "security_contact")
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotCollected, Action: "ListServiceQuotas", Permission: "servicequotas:ListServiceQuotas"}, "quota_headroom_percent")
	r.SetNotApplicable("AWS has no switch for it; its staff access is covered by its SOC 2 report", "provider_access_gated")
	return r
}
