package aws

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Organization is an AWS organisation, seen from its management account or from a delegated one. It has no resources of
// its own here: what the organisation sets is asked of each account, on which it acts.
type Organization struct {
	id string
	// asking is the account that lists the others.
	asking string
	// role is what was assumed to ask; empty where the credentials are the account's own.
	role string
	// member is what precedes and follows the account's id in the name of its role.
	member  [2]string
	clients *Clients
	// aggregator is where the records of its accounts are read, for the test of a connection; nil where none is.
	aggregator *keptRecords
}

// KindAccount is the kind under which the ledger notes how completely the accounts of an organisation were listed.
const KindAccount inventory.Kind = "aws.organizations.account"

var (
	organizationShape = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	accountShape      = regexp.MustCompile(`^\d{12}$`)
	roleARNShape      = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/([\w+=,.@/-]+)$`)
	roleNameShape     = regexp.MustCompile(`^[\w+=,.@-][\w+=,.@/-]*$`)
)

// ConnectOrganization reaches the organisation of an account, by a role in that account or by the credentials as they
// are, and confirms which one it is. In each account a role of one name is assumed from the same credentials: the one
// that the connection names, else that of the asking account's role. The errors name the setting to mend.
func ConnectOrganization(ctx context.Context, c Connection) (*Organization, error) {
	if c.Organization != "" && !organizationShape.MatchString(c.Organization) {
		return nil, fmt.Errorf("organisation %q is not the id of one; want one such as o-abcdefghij", c.Organization)
	}
	role, err := splitRole(c.RoleARN)
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(c.MemberRole, "/")
	switch {
	case name == "" && role.name == "":
		return nil, errors.New("an organisation is read by a role in each of its accounts: name it")
	case name == "":
		name = role.name
	case !roleNameShape.MatchString(name):
		return nil, fmt.Errorf("role %q is not a name; want that of the role in each account, such as plumbline-collector",
			name)
	}
	cfg, err := loadConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	c.Account = role.account
	asking, err := identify(ctx, c, cfg)
	if err != nil {
		return nil, err
	}
	if role.partition == "" {
		role.partition = partitionOf(cfg.Region)
	}
	o := &Organization{
		id: c.Organization, asking: asking, role: c.RoleARN,
		member:  [2]string{"arn:" + role.partition + ":iam::", ":role/" + name},
		clients: newClients(cfg, asking, collectors.Global, cfg.BaseEndpoint != nil),
	}
	if err := o.confirm(ctx, c); err != nil {
		return o, err
	}
	return o, o.findRecords(ctx, c, cfg)
}

// findRecords says where the records of the accounts are read. They are looked for where the accounts will look for
// them: in the regions that are collected, or in all that the asking account has enabled.
func (o *Organization) findRecords(ctx context.Context, c Connection, cfg aws.Config) error {
	if c.Aggregator == "" {
		return nil
	}
	a := &Account{id: o.asking, cfg: cfg}
	c.Member = false
	if err := a.findRegions(ctx, c.Regions, true); err != nil {
		return err
	}
	var err error
	o.aggregator, err = c.recordsOf(ctx, a)
	return err
}

// Aggregator looks for the aggregator that the connection names, as that of an account does.
func (o *Organization) Aggregator(ctx context.Context) (named bool, err error) {
	if o.aggregator == nil {
		return false, nil
	}
	_, err = o.aggregator.find(ctx)
	return true, err
}

// roleParts are the parts of a role's ARN.
type roleParts struct{ partition, account, name string }

func splitRole(arn string) (roleParts, error) {
	if arn == "" {
		return roleParts{}, nil
	}
	m := roleARNShape.FindStringSubmatch(arn)
	if m == nil {
		return roleParts{}, fmt.Errorf("role %q is not the ARN of a role; want one such as "+
			"arn:aws:iam::123456789012:role/plumbline", arn)
	}
	return roleParts{m[1], m[2], m[3]}, nil
}

// partitionOf is the partition that a region lies in.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// confirm asks which organisation the account is in. Where that is refused and the organisation was named, the name is
// believed: what it is needed for is to tell one from another.
func (o *Organization) confirm(ctx context.Context, c Connection) error {
	out, err := o.clients.Organizations.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	got := ""
	if err == nil && out.Organization != nil {
		got = aws.ToString(out.Organization.Id)
	}
	switch {
	case err != nil && code(err) == "AWSOrganizationsNotInUseException":
		return fmt.Errorf("account %s is in no organisation: connect it by itself, or use a role in the management account",
			o.asking)
	case err != nil && o.id == "":
		return fmt.Errorf("account %s did not say which organisation it is in: name it with --scope aws-org:o-<id>, or grant "+
			"organizations:DescribeOrganization (%s)", o.asking, code(err))
	case err != nil:
		if c.Log != nil {
			c.Log.Warn("the organisation could not be confirmed and is taken as named", "organization", o.id,
				"action", "DescribeOrganization", "permission", "organizations:DescribeOrganization", "code", code(err))
		}
		return nil
	case !organizationShape.MatchString(got):
		return fmt.Errorf("account %s did not say which organisation it is in: the answer could not be read", o.asking)
	case o.id != "" && o.id != got:
		return fmt.Errorf("account %s is in organisation %s, not in %s: use a role in an account of that organisation",
			o.asking, got, o.id)
	}
	o.id = got
	return nil
}

// Scope is the scope id of the organisation.
func (o *Organization) Scope() inventory.ScopeID { return inventory.ScopeID("aws-org:" + o.id) }

// Classes are those of the accounts: none of them is missing in an organisation.
func (o *Organization) Classes() map[inventory.Class]bool { return Sources.Classes() }

// Collect collects nothing: what acts on the accounts is collected with each.
func (o *Organization) Collect(context.Context, func() time.Time, collectors.Out) error { return nil }

// One fails: no resource is an organisation's own.
func (o *Organization) One(
	_ context.Context, kind inventory.Kind, _, _ string, _ func() time.Time, _ collectors.Out,
) (bool, error) {
	return false, fmt.Errorf("kind %q is collected with the account it lies in, not with the organisation", kind)
}

// Members lists the accounts, closed ones included. An answer that lacks the asking account itself, or does not say
// how an account stands, is no complete one.
func (o *Organization) Members(ctx context.Context, now func() time.Time) ([]inventory.Member, inventory.LedgerRow) {
	row := inventory.LedgerRow{Scope: o.Scope(), Kind: KindAccount, Region: collectors.Global, BeganAt: now()}
	members, err := o.listAccounts(ctx)
	row.Listed, row.Described, row.Complete = len(members), len(members), err == nil
	if err != nil {
		reason := collectors.Classify(Classify(err))
		row.Unknown = &inventory.Unknown{Cause: reason.Cause, Code: reason.Code, Action: "ListAccounts",
			Permission: "organizations:ListAccounts"}
		row.Errors = []inventory.CallErrors{{Action: "ListAccounts", Code: reason.Code, Count: 1}}
		return nil, row
	}
	return members, row
}

// errUnreadable says that an answer does not hold what it must.
var errUnreadable = &collectors.Failure{
	Reason: collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"},
	Err:    errors.New("the answer lacks what it must hold"),
}

// listAccounts reads every page. A page that leads to one that was read already would leave out the rest.
func (o *Organization) listAccounts(ctx context.Context) (members []inventory.Member, err error) {
	seen, pages := map[inventory.ScopeID]bool{}, map[string]bool{}
	in := &organizations.ListAccountsInput{}
	for {
		out, err := o.clients.Organizations.ListAccounts(ctx, in)
		if err != nil {
			return members, err
		}
		for _, account := range out.Accounts {
			m, ok := o.memberOf(account)
			if !ok {
				return members, errUnreadable
			}
			if !seen[m.Scope] {
				seen[m.Scope] = true
				members = append(members, m)
			}
		}
		next := aws.ToString(out.NextToken)
		switch {
		case next == "" && !seen[scopeOf(o.asking)], next != "" && pages[next]:
			return members, errUnreadable
		case next == "":
			return members, nil
		}
		pages[next], in.NextToken = true, out.NextToken
	}
}

// accountClosed are the states of an account in which nobody can read it, in words that follow "is".
var accountClosed = map[string]string{
	"SUSPENDED": "suspended", "PENDING_CLOSURE": "being closed", "CLOSED": "closed",
	"PENDING_ACTIVATION": "not active yet",
}

// memberOf reads one account of the listing. The older field Status is read where State is not told. An account in a
// state that we do not know is taken for open: if it cannot be read, its own collection says so.
func (o *Organization) memberOf(a types.Account) (inventory.Member, bool) {
	id, state := aws.ToString(a.Id), string(a.State)
	if state == "" {
		state = string(a.Status)
	}
	if !accountShape.MatchString(id) || state == "" {
		return inventory.Member{}, false
	}
	m := inventory.Member{Scope: scopeOf(id), Name: aws.ToString(a.Name), Role: o.role, Closed: accountClosed[state]}
	if id != o.asking {
		m.Role = o.member[0] + id + o.member[1]
	}
	return m, true
}
