package aws

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, accountSummary, rootAnswers]{
	Kind:  "aws.iam.root",
	Class: inventory.ClassIdentity,
	Permissions: []string{
		"iam:GetAccountSummary", "iam:ListVirtualMFADevices", "iam:GenerateCredentialReport", "iam:GetCredentialReport",
	},
	ListAction: "GetAccountSummary", ListPermission: "iam:GetAccountSummary",
	Global: true, NoLabels: true,
	List: listSummary,
	Find: func(ctx context.Context, c *Clients, _ string) iter.Seq2[accountSummary, error] {
		return listSummary(ctx, c)
	},
	Ask:   askRoot,
	Facts: rootFacts,
})

var _ = collectors.Register(&Sources, collectors.Source[*Clients, accountSummary, rootKeyAnswers]{
	Kind:        "aws.iam.root_access_key",
	Class:       inventory.ClassCredential,
	Permissions: []string{"iam:GetAccountSummary", "iam:GenerateCredentialReport", "iam:GetCredentialReport"},
	ListAction:  "GetAccountSummary", ListPermission: "iam:GetAccountSummary",
	Global: true, NoLabels: true,
	List: listSummary,
	Find: func(ctx context.Context, c *Clients, _ string) iter.Seq2[accountSummary, error] {
		return listSummary(ctx, c)
	},
	Ask:   askRootKey,
	Facts: rootKeyFacts,
})

// accountSummary is what IAM counts in the account.
type accountSummary map[string]int32

// rootAnswers is all that IAM says about the root user.
type rootAnswers struct {
	Summary accountSummary
	Virtual collectors.Answer[rootDevices]
	Use     collectors.Answer[rootUse]
}

// rootKeyAnswers is all that IAM says about the access keys of the root user.
type rootKeyAnswers struct {
	Summary accountSummary
	Use     collectors.Answer[rootUse]
}

// rootDevices are the serial numbers of the root user's virtual second factors.
type rootDevices struct {
	Serials []string `json:"serials,omitempty"`
}

func listSummary(ctx context.Context, c *Clients) iter.Seq2[accountSummary, error] {
	return func(yield func(accountSummary, error) bool) {
		out, err := c.IAM.GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
		if err != nil {
			yield(nil, err)
			return
		}
		yield(out.SummaryMap, nil)
	}
}

func askRoot(ctx context.Context, c *Clients, s accountSummary) rootAnswers {
	return rootAnswers{
		Summary: s,
		Virtual: ask("ListVirtualMFADevices", "iam:ListVirtualMFADevices", func() (*rootDevices, error) {
			out := &rootDevices{}
			p := iam.NewListVirtualMFADevicesPaginator(c.IAM, &iam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeAssigned})
			for p.HasMorePages() {
				page, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				out.Serials = append(out.Serials, devicesOfRoot(page.VirtualMFADevices)...)
			}
			return out, nil
		}),
		Use: askRootUse(ctx, c),
	}
}

// devicesOfRoot picks the devices that the root user wears. A device's name proves nothing: anyone may name one
// root-account-mfa-device.
func devicesOfRoot(devices []types.VirtualMFADevice) []string {
	var out []string
	for _, d := range devices {
		if d.User != nil && strings.HasSuffix(aws.ToString(d.User.Arn), ":root") {
			out = append(out, aws.ToString(d.SerialNumber))
		}
	}
	return out
}

func rootARN(w collectors.Where) string { return "arn:aws:iam::" + w.Scope.Account() + ":root" }

func rootFacts(w collectors.Where, a rootAnswers) *inventory.Resource {
	facts := &inventory.Identity{Kind: "root", Privileged: true, Grants: []string{}}
	r := inventory.New(rootARN(w), "root user", collectors.Global, facts)
	// The root user holds every right by itself, without a grant.
	r.Known("kind", "privileged", "grants", "directory_managed")
	rootSignInFacts(r, facts, a.Summary)
	rootFactorFacts(r, facts, a)
	collectors.Know(r, a.Use, func(u *rootUse) {
		moments := []*time.Time{u.PasswordUsedAt}
		for _, k := range u.Keys {
			moments = append(moments, k.UsedAt)
		}
		if last := lastUse(u.MadeAt, moments...); last != nil && !u.PasswordUnread {
			facts.LastUsedAt = inventory.Day(*last)
			r.Known("last_used_at")
		}
	})
	switch {
	case r.IsKnown("last_used_at"):
	case a.Use.Unknown() != nil:
		r.SetUnknown(*a.Use.Unknown(), "last_used_at")
	default:
		r.SetUnknown(reportUnread, "last_used_at")
	}
	return r
}

// reportUnread is the reason of a fact that the credential report should hold and does not.
var reportUnread = inventory.Unknown{
	Cause: inventory.CauseFailed, Action: "GetCredentialReport", Permission: "iam:GetCredentialReport", Code: "NoSuchLine",
}

// rootSignInFacts states whether the root user can be used. An organisation may take its members' root password away;
// where the account does not say so, the root user has one.
func rootSignInFacts(r *inventory.Resource, facts *inventory.Identity, s accountSummary) {
	password, told := s["AccountPasswordPresent"]
	facts.Interactive = !told || password > 0
	facts.Enabled = facts.Interactive || s["AccountAccessKeysPresent"] > 0
	r.Known("interactive", "enabled")
}

// summaryUnread is the reason of a fact that the summary should hold and does not.
var summaryUnread = inventory.Unknown{
	Cause: inventory.CauseFailed, Action: "GetAccountSummary", Permission: "iam:GetAccountSummary", Code: "MissingField",
}

func rootFactorFacts(r *inventory.Resource, facts *inventory.Identity, a rootAnswers) {
	mfa, told := a.Summary["AccountMFAEnabled"]
	if !told {
		r.SetUnknown(summaryUnread, "mfa", "mfa_phishing_resistant")
		return
	}
	facts.MFA = mfa > 0
	r.Known("mfa")
	if !facts.MFA {
		r.Known("mfa_phishing_resistant")
		return
	}
	collectors.Know(r, a.Virtual, func(v *rootDevices) {
		facts.MFAPhishingResistant = v != nil && len(v.Serials) == 0
	}, "mfa_phishing_resistant")
}

func askRootKey(ctx context.Context, c *Clients, s accountSummary) rootKeyAnswers {
	a := rootKeyAnswers{Summary: s}
	if s["AccountAccessKeysPresent"] > 0 {
		a.Use = askRootUse(ctx, c)
	}
	return a
}

// rootKeyFacts describes the root user's access keys as one credential, which is there, disabled, also when the root
// user has none: that none exists is an answer.
func rootKeyFacts(w collectors.Where, a rootKeyAnswers) *inventory.Resource {
	facts := &inventory.Credential{Kind: "access_key", OwnerKind: "root"}
	r := inventory.New(string(w.Scope)+"/credential/root-access-key", "access key of the root user", collectors.Global, facts)
	r.Known("kind", "owner_kind")
	r.SetNotApplicable("an access key carries no restriction of its own", "restricted")
	keys, told := a.Summary["AccountAccessKeysPresent"]
	if !told {
		r.SetUnknown(summaryUnread, "enabled", "rotated_at", "last_used_at")
		return r
	}
	facts.Enabled = keys > 0
	r.Known("enabled")
	if !facts.Enabled {
		r.SetNotApplicable("the root user has no access key", "rotated_at", "last_used_at")
		return r
	}
	if why := a.Use.Unknown(); why != nil {
		r.SetUnknown(*why, "rotated_at", "last_used_at")
		return r
	}
	rootKeyAgeFacts(r, facts, a.Use.Value)
	return r
}

// rootKeyAgeFacts states the age of the oldest key and the last use of any.
func rootKeyAgeFacts(r *inventory.Resource, facts *inventory.Credential, use *rootUse) {
	r.SetUnknown(reportUnread, "rotated_at", "last_used_at")
	if use == nil || len(use.Keys) == 0 {
		return
	}
	var oldest, used *time.Time
	for _, k := range use.Keys {
		if k.RotatedAt == nil {
			return
		}
		if oldest == nil || k.RotatedAt.Before(*oldest) {
			oldest = k.RotatedAt
		}
		used = lastUse(used, used, lastUse(k.RotatedAt, k.UsedAt))
	}
	facts.RotatedAt, facts.LastUsedAt = *oldest, inventory.Day(*used)
	r.Known("rotated_at", "last_used_at")
}
