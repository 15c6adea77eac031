package aws

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// actingPolicies are the organisation's policies that reach an account: its own and those of every unit above it.
type actingPolicies struct {
	Policies []actingPolicy `json:"policies,omitempty"`
}

type actingPolicy struct {
	Name    string           `json:"name"`
	Type    types.PolicyType `json:"type"`
	Content string           `json:"content"`
}

// preventive are the types of policy that forbid something.
var preventive = []types.PolicyType{
	types.PolicyTypeServiceControlPolicy, types.PolicyTypeResourceControlPolicy, types.PolicyTypeDeclarativePolicyEc2,
	types.PolicyTypeS3Policy,
}

// askActingPolicies walks from the account up to the root. Only the management account and delegated ones may ask; for
// any other the answer is a denial.
func askActingPolicies(ctx context.Context, c *Clients, account string) collectors.Answer[actingPolicies] {
	return ask("ListPoliciesForTarget", "organizations:ListPoliciesForTarget", func() (*actingPolicies, error) {
		found, seen := &actingPolicies{}, map[string]bool{}
		for target := account; target != ""; {
			if err := found.addOf(ctx, c, target, seen); err != nil {
				return nil, err
			}
			if strings.HasPrefix(target, "r-") {
				break // The root has nothing above it.
			}
			out, err := c.Organizations.ListParents(ctx, &organizations.ListParentsInput{ChildId: aws.String(target)})
			if err != nil {
				return nil, during("ListParents", "organizations:ListParents", err)
			}
			target = ""
			if len(out.Parents) > 0 {
				target = aws.ToString(out.Parents[0].Id)
			}
		}
		return found, nil
	})
}

func (a *actingPolicies) addOf(ctx context.Context, c *Clients, target string, seen map[string]bool) error {
	for _, kind := range preventive {
		p := organizations.NewListPoliciesForTargetPaginator(c.Organizations, &organizations.ListPoliciesForTargetInput{
			TargetId: aws.String(target), Filter: kind,
		})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				// A type of policy that the organisation or partition does not have has no policies.
				if isAbsent(err, "PolicyTypeNotEnabledException", "InvalidInputException", "PolicyTypeNotAvailableForOrganizationException") {
					break
				}
				return err
			}
			for _, s := range page.Policies {
				if err := a.add(ctx, c, s, seen); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (a *actingPolicies) add(ctx context.Context, c *Clients, s types.PolicySummary, seen map[string]bool) error {
	id := aws.ToString(s.Id)
	if s.AwsManaged || seen[id] {
		return nil
	}
	seen[id] = true
	out, err := c.Organizations.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: s.Id})
	if err != nil {
		return during("DescribePolicy", "organizations:DescribePolicy", err)
	}
	if out.Policy != nil {
		a.Policies = append(a.Policies, actingPolicy{aws.ToString(s.Name), s.Type, aws.ToString(out.Policy.Content)})
	}
	return nil
}

// guarded are the guardrails by what a policy forbids. The first word whose action a denial covers counts.
var guarded = []struct {
	word    string
	actions []string
}{
	{"public_sharing", []string{
		"s3:PutAccountPublicAccessBlock", "s3:PutBucketPublicAccessBlock", "s3:PutBucketAcl", "ec2:ModifySnapshotAttribute",
		"ec2:ModifyImageAttribute", "rds:ModifyDBSnapshotAttribute", "ec2:DisableSnapshotBlockPublicAccess",
		"ec2:DisableImageBlockPublicAccess",
	}},
	{"external_sharing", []string{"ram:CreateResourceShare", "ram:AssociateResourceShare"}},
	{"key_creation", []string{"iam:CreateAccessKey", "iam:CreateUser"}},
	{"audit_tamper", []string{
		"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors",
		"config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder", "guardduty:DeleteDetector",
		"securityhub:DisableSecurityHub",
	}},
	{"public_address", []string{"ec2:AllocateAddress", "ec2:AssociateAddress", "ec2:CreateInternetGateway", "ec2:AttachInternetGateway"}},
	{"default_network", []string{"ec2:CreateDefaultVpc", "ec2:CreateDefaultSubnet"}},
}

// orgKeys are condition keys by which a denial keeps outsiders out.
var orgKeys = []string{"aws:principalorgid", "aws:principalorgpaths", "aws:resourceorgid", "aws:resourceorgpaths", "aws:sourceorgid", "ram:requestedallowsexternalprincipals"}

// words are the guardrails that a policy puts up.
func (p actingPolicy) words() ([]string, error) {
	switch p.Type {
	case types.PolicyTypeDeclarativePolicyEc2, types.PolicyTypeS3Policy:
		return declaredWords(p.Content)
	}
	doc, err := parsePolicy(p.Content)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range doc.Statement {
		if s.Effect == "Deny" {
			out = append(out, denialWords(s)...)
		}
	}
	return out, nil
}

// denialWords read one denial. A condition on the region or on who asks says what it is for; without one, the actions
// do.
func denialWords(s policyStatement) []string {
	keys := map[string]bool{}
	for _, byKey := range s.Condition {
		for key := range byKey {
			keys[strings.ToLower(key)] = true
		}
	}
	var out []string
	if keys["aws:requestedregion"] {
		out = append(out, "region")
	}
	for _, key := range orgKeys {
		if keys[key] {
			out = append(out, "external_sharing")
			break
		}
	}
	if keys["ec2:associatepublicipaddress"] {
		out = append(out, "public_address")
	}
	if len(out) > 0 {
		return out
	}
	for _, g := range guarded {
		if s.forbidsAny(g.actions) {
			out = append(out, g.word)
		}
	}
	if len(out) == 0 {
		return []string{"other"}
	}
	return out
}

// forbidsAny says whether a denial names one of the actions, and does so on purpose: one of everything is no guardrail
// of a kind.
func (s policyStatement) forbidsAny(actions []string) bool {
	for _, pattern := range s.Action {
		if pattern == "*" {
			continue
		}
		for _, action := range actions {
			if glob(strings.ToLower(pattern), strings.ToLower(action)) {
				return true
			}
		}
	}
	return false
}

// declaredWords read a declarative policy, in which a value is put under "@@assign".
func declaredWords(content string) ([]string, error) {
	var doc map[string]map[string]json.RawMessage
	if err := json.Unmarshal([]byte(content), &doc); err != nil {
		return nil, err
	}
	var out []string
	for _, settings := range doc {
		for name, value := range settings {
			text := strings.ToLower(string(value))
			switch {
			case !strings.Contains(text, "@@assign"):
			case strings.HasSuffix(name, "block_public_access") && strings.HasPrefix(name, "vpc"):
				out = append(out, "public_address")
			case strings.HasSuffix(name, "block_public_access") && strings.Contains(text, "block_"),
				name == "public_access_block_configuration" && strings.Contains(text, `"all"`):
				out = append(out, "public_sharing")
			default:
				out = append(out, "other")
			}
		}
	}
	return out, nil
}

// guardrailFacts states what is forbidden from above the account, and by its own switches against sharing with everyone.
// Service and resource control policies do not bind the organisation's management account. The switches of EC2 are set
// by region, so they are told with the regions, and added where they are on wherever the account holds something.
func guardrailFacts(r *inventory.Resource, facts *inventory.CloudAccount, a accountAnswers) {
	var words []string
	if why := a.Block.Unknown(); why != nil {
		r.SetUnknown(*why, "guards", "guardrails")
		return
	}
	if v := a.Block.Value; v != nil && v.PublicAccessBlockConfiguration != nil {
		b := v.PublicAccessBlockConfiguration
		if aws.ToBool(b.BlockPublicAcls) && aws.ToBool(b.IgnorePublicAcls) && aws.ToBool(b.BlockPublicPolicy) && aws.ToBool(b.RestrictPublicBuckets) {
			words = append(words, "public_sharing")
		}
	}
	if why := a.Organization.Unknown(); why != nil {
		r.SetUnknown(*why, "guards", "guardrails")
		return
	}
	if a.Organization.Value != nil {
		if why := a.Policies.Unknown(); why != nil {
			r.SetUnknown(*why, "guards", "guardrails")
			return
		}
		above, err := a.wordsFromAbove()
		if err != nil {
			r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Action: "DescribePolicy", Permission: "organizations:DescribePolicy", Code: "MalformedAnswer"}, "guards", "guardrails")
			return
		}
		words = append(words, above...)
	}
	facts.Guards, facts.SharingSwitches = distinctWords(words), sharingSwitches(a)
	r.Known("guards", "sharing_switches")
}

func (a accountAnswers) wordsFromAbove() ([]string, error) {
	o := a.Organization.Value.Organization
	managing := o != nil && aws.ToString(o.MasterAccountId) == a.Account
	if a.Policies.Value == nil {
		return nil, nil
	}
	var out []string
	for _, p := range a.Policies.Value.Policies {
		binds := p.Type != types.PolicyTypeServiceControlPolicy && p.Type != types.PolicyTypeResourceControlPolicy
		if managing && !binds {
			continue
		}
		words, err := p.words()
		if err != nil {
			return nil, err
		}
		out = append(out, words...)
	}
	return out, nil
}
