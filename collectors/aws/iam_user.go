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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.UserDetail, userAnswers]{
	Kind:  "aws.iam.user",
	Class: inventory.ClassIdentity,
	Permissions: []string{
		detailsPermission, "iam:GetUser", "iam:GetLoginProfile", "iam:ListMFADevices", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed",
	},
	ListAction: detailsAction, ListPermission: detailsPermission,
	Global: true,
	List:   accountUsers,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.UserDetail, error] {
		return only(accountUsers(ctx, c), func(u types.UserDetail) bool { return aws.ToString(u.Arn) == id })
	},
	Ask:   askUser,
	Facts: userFacts,
})

// userAnswers is all that IAM says about one user. The policies of the listing are left to the access grants.
type userAnswers struct {
	User    types.UserDetail
	Get     collectors.Answer[iam.GetUserOutput]
	Console collectors.Answer[iam.GetLoginProfileOutput]
	Devices collectors.Answer[userDevices]
	Keys    collectors.Answer[userKeys]
}

// userDevices are the serial numbers of a user's second factors.
type userDevices struct {
	Serials []string `json:"serials,omitempty"`
}

// userKeys are a user's access keys with their last use.
type userKeys struct {
	Keys []userKey `json:"keys,omitempty"`
}

type userKey struct {
	ID     string                                            `json:"id"`
	Active bool                                              `json:"active"`
	Use    collectors.Answer[iam.GetAccessKeyLastUsedOutput] `json:"use"`
}

func askUser(ctx context.Context, c *Clients, u types.UserDetail) userAnswers {
	name := aws.ToString(u.UserName)
	return userAnswers{
		User: withoutPolicies(u),
		Get: ask("GetUser", "iam:GetUser", func() (*iam.GetUserOutput, error) {
			return c.IAM.GetUser(ctx, &iam.GetUserInput{UserName: u.UserName})
		}),
		Console: askConsole(ctx, c, name),
		Devices: ask("ListMFADevices", "iam:ListMFADevices", func() (*userDevices, error) {
			out := &userDevices{}
			p := iam.NewListMFADevicesPaginator(c.IAM, &iam.ListMFADevicesInput{UserName: u.UserName})
			for p.HasMorePages() {
				page, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				for _, d := range page.MFADevices {
					out.Serials = append(out.Serials, aws.ToString(d.SerialNumber))
				}
			}
			return out, nil
		}),
		Keys: askUserKeys(ctx, c, name),
	}
}

// withoutPolicies drops the policies: the access grants keep them.
func withoutPolicies(u types.UserDetail) types.UserDetail {
	u.UserPolicyList, u.AttachedManagedPolicies = nil, nil
	return u
}

func askUserKeys(ctx context.Context, c *Clients, user string) collectors.Answer[userKeys] {
	return ask("ListAccessKeys", "iam:ListAccessKeys", func() (*userKeys, error) {
		out := &userKeys{}
		for k, err := range accessKeysOf(ctx, c, user) {
			if err != nil {
				return nil, err
			}
			id := aws.ToString(k.AccessKeyId)
			out.Keys = append(out.Keys, userKey{ID: id, Active: k.Status == types.StatusTypeActive, Use: askKeyUse(ctx, c, id)})
		}
		return out, nil
	})
}

func userFacts(w collectors.Where, a userAnswers) *inventory.Resource {
	u := a.User
	facts := &inventory.Identity{Grants: []string{grantID(w, "user", aws.ToString(u.UserName), "")}}
	r := inventory.New(aws.ToString(u.Arn), aws.ToString(u.UserName), collectors.Global, facts)
	r.Labels = iamLabels(u.Tags)
	// No directory reaches a user of IAM: who leaves must be removed here by hand.
	r.Known("directory_managed", "grants")
	collectors.Know(r, a.Console, func(v *iam.GetLoginProfileOutput) {
		facts.Interactive = v != nil
		facts.Kind = ownerOfUser(v)
	}, "kind", "interactive")
	collectors.Know(r, a.Devices, func(v *userDevices) {
		facts.MFA = len(v.Serials) > 0
		facts.MFAPhishingResistant = facts.MFA && !anyVirtual(v.Serials)
	}, "mfa", "mfa_phishing_resistant")
	userEnabledFacts(r, facts, a)
	userUseFacts(r, facts, a)
	return r
}

// anyVirtual says whether one of the factors is an app: whoever signs in may pick any, so the weakest counts.
func anyVirtual(serials []string) bool {
	for _, s := range serials {
		if strings.Contains(s, ":mfa/") {
			return true
		}
	}
	return false
}

// userEnabledFacts states whether the user can be used: by a password or by an active key.
func userEnabledFacts(r *inventory.Resource, facts *inventory.Identity, a userAnswers) {
	active := false
	if a.Keys.Value != nil {
		for _, k := range a.Keys.Value.Keys {
			active = active || k.Active
		}
	}
	facts.Enabled = active || a.Console.Value != nil
	switch {
	case facts.Enabled:
		r.Known("enabled")
	case a.Console.Unknown() != nil:
		r.SetUnknown(*a.Console.Unknown(), "enabled")
	default:
		collectors.Know(r, a.Keys, func(*userKeys) {}, "enabled")
	}
}

// userUseFacts states when the user last signed in or used a key; one that never did was last used when it was made.
func userUseFacts(r *inventory.Resource, facts *inventory.Identity, a userAnswers) {
	if why := a.Keys.Unknown(); why != nil {
		r.SetUnknown(*why, "last_used_at")
		return
	}
	if why := a.Get.Unknown(); why != nil {
		r.SetUnknown(*why, "last_used_at")
		return
	}
	if a.Get.Value == nil || a.Get.Value.User == nil {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Action: "GetUser", Permission: "iam:GetUser", Code: "MissingField"}, "last_used_at")
		return
	}
	moments := []*time.Time{a.Get.Value.User.PasswordLastUsed}
	for _, k := range a.Keys.Value.Keys {
		if why := k.Use.Unknown(); why != nil {
			r.SetUnknown(*why, "last_used_at")
			return
		}
		if k.Use.Value != nil && k.Use.Value.AccessKeyLastUsed != nil {
			moments = append(moments, k.Use.Value.AccessKeyLastUsed.LastUsedDate)
		}
	}
	last := lastUse(lastUse(a.User.CreateDate, a.Get.Value.User.CreateDate), moments...)
	if last == nil {
		r.SetUnknown(unread("MissingField"), "last_used_at")
		return
	}
	facts.LastUsedAt = inventory.Day(*last)
	r.Known("last_used_at")
}

// iamLabels turns the tags of IAM into labels.
func iamLabels(tags []types.Tag) map[string]string {
	return labels(tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
}
