package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.AccessKeyMetadata, accessKeyAnswers]{
	Kind:        "aws.iam.access_key",
	Class:       inventory.ClassCredential,
	Permissions: []string{"iam:ListUsers", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "iam:GetLoginProfile"},
	ListAction:  "ListAccessKeys", ListPermission: "iam:ListAccessKeys",
	Global: true, NoLabels: true,
	List: listAccessKeys,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.AccessKeyMetadata, error] {
		return findAccessKey(ctx, c, shortID(id))
	},
	Ask:   askAccessKey,
	Facts: accessKeyFacts,
})

// accessKeyAnswers is all that IAM says about one access key of a user.
type accessKeyAnswers struct {
	Key     types.AccessKeyMetadata
	Use     collectors.Answer[iam.GetAccessKeyLastUsedOutput]
	Console collectors.Answer[iam.GetLoginProfileOutput]
}

func listAccessKeys(ctx context.Context, c *Clients) iter.Seq2[types.AccessKeyMetadata, error] {
	return func(yield func(types.AccessKeyMetadata, error) bool) {
		users := iam.NewListUsersPaginator(c.IAM, &iam.ListUsersInput{})
		for users.HasMorePages() {
			page, err := users.NextPage(ctx)
			if err != nil {
				yield(types.AccessKeyMetadata{}, during("ListUsers", "iam:ListUsers", err))
				return
			}
			for _, u := range page.Users {
				for k, err := range accessKeysOf(ctx, c, aws.ToString(u.UserName)) {
					if !yield(k, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

// accessKeysOf lists the keys of one user; a user that went away meanwhile has none.
func accessKeysOf(ctx context.Context, c *Clients, user string) iter.Seq2[types.AccessKeyMetadata, error] {
	p := iam.NewListAccessKeysPaginator(c.IAM, &iam.ListAccessKeysInput{UserName: aws.String(user)})
	return gone(paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*iam.ListAccessKeysOutput, error) { return p.NextPage(ctx) },
		func(o *iam.ListAccessKeysOutput) []types.AccessKeyMetadata { return o.AccessKeyMetadata }), "NoSuchEntity", "NoSuchEntityException")
}

// findAccessKey asks whose key it is, which the answer about its use says, and then for that user's keys.
func findAccessKey(ctx context.Context, c *Clients, id string) iter.Seq2[types.AccessKeyMetadata, error] {
	return func(yield func(types.AccessKeyMetadata, error) bool) {
		// IAM refuses to speak of a key that is not there, as of one of another account: no other answer tells them apart.
		out, err := c.IAM.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(id)})
		if err != nil {
			if !isAbsent(err, "NoSuchEntity", "NoSuchEntityException") {
				yield(types.AccessKeyMetadata{}, err)
			}
			return
		}
		for k, err := range only(accessKeysOf(ctx, c, aws.ToString(out.UserName)), func(k types.AccessKeyMetadata) bool { return aws.ToString(k.AccessKeyId) == id }) {
			if !yield(k, err) {
				return
			}
		}
	}
}

func askAccessKey(ctx context.Context, c *Clients, k types.AccessKeyMetadata) accessKeyAnswers {
	return accessKeyAnswers{Key: k, Use: askKeyUse(ctx, c, aws.ToString(k.AccessKeyId)), Console: askConsole(ctx, c, aws.ToString(k.UserName))}
}

func askKeyUse(ctx context.Context, c *Clients, id string) collectors.Answer[iam.GetAccessKeyLastUsedOutput] {
	return ask("GetAccessKeyLastUsed", "iam:GetAccessKeyLastUsed", func() (*iam.GetAccessKeyLastUsedOutput, error) {
		return c.IAM.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String(id)})
	})
}

func accessKeyFacts(w collectors.Where, a accessKeyAnswers) *inventory.Resource {
	id := aws.ToString(a.Key.AccessKeyId)
	facts := &inventory.Credential{Kind: "access_key"}
	r := inventory.New(string(w.Scope)+"/credential/"+id, id+" of "+aws.ToString(a.Key.UserName), collectors.Global, facts)
	r.Known("kind")
	r.SetNotApplicable("an access key carries no restriction of its own", "restricted")
	collectors.Know(r, a.Console, func(v *iam.GetLoginProfileOutput) { facts.OwnerKind = ownerOfUser(v) }, "owner_kind")
	missing := inventory.Unknown{Cause: inventory.CauseFailed, Action: "ListAccessKeys", Permission: "iam:ListAccessKeys", Code: "MissingField"}
	if a.Key.Status == "" {
		r.SetUnknown(missing, "enabled")
	} else {
		facts.Enabled = a.Key.Status == types.StatusTypeActive
		r.Known("enabled")
	}
	if a.Key.CreateDate == nil {
		r.SetUnknown(missing, "rotated_at", "last_used_at")
		return r
	}
	facts.RotatedAt = a.Key.CreateDate.UTC()
	r.Known("rotated_at")
	if a.Use.Value != nil && a.Use.Value.AccessKeyLastUsed == nil {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Action: a.Use.Action, Permission: a.Use.Permission, Code: "MissingField"}, "last_used_at")
		return r
	}
	collectors.Know(r, a.Use, func(v *iam.GetAccessKeyLastUsedOutput) {
		used := a.Key.CreateDate
		if v != nil {
			used = lastUse(used, v.AccessKeyLastUsed.LastUsedDate)
		}
		facts.LastUsedAt = inventory.Day(*used)
	}, "last_used_at")
	return r
}
