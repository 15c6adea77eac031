package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Every account has the switch, whether or not it was ever set, so there is always one record of it.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, accountBlockAnswers]{
	Kind:        "aws.s3.account_public_access_block",
	Class:       inventory.ClassPublicAccessGuard,
	Permissions: []string{"s3:GetAccountPublicAccessBlock"},
	ListAction:  "GetPublicAccessBlock", ListPermission: "s3:GetAccountPublicAccessBlock",
	Global:   true,
	NoLabels: true,
	List:     ownAccount,
	Find:     func(ctx context.Context, c *Clients, _ string) iter.Seq2[string, error] { return ownAccount(ctx, c) },
	Ask:      askAccountBlock,
	Facts:    accountBlockFacts,
})

// accountBlockAnswers is what S3 says of the whole account.
type accountBlockAnswers struct {
	Account string
	Block   collectors.Answer[s3control.GetPublicAccessBlockOutput]
}

func ownAccount(_ context.Context, c *Clients) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield(c.Account, nil) }
}

func askAccountBlock(ctx context.Context, c *Clients, account string) accountBlockAnswers {
	return accountBlockAnswers{
		Account: account,
		Block: ask("GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock",
			func() (*s3control.GetPublicAccessBlockOutput, error) {
				out, err := c.S3Control.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{
					AccountId: aws.String(account),
				})
				return out, absent(err, "NoSuchPublicAccessBlockConfiguration")
			}),
	}
}

func accountBlockFacts(w collectors.Where, a accountBlockAnswers) *inventory.Resource {
	facts := &inventory.PublicAccessGuard{}
	id := string(w.Scope) + "/" + string(inventory.ClassPublicAccessGuard) + "/" + a.Account
	r := inventory.New(id, "S3 of account "+a.Account, "", facts)
	collectors.Know(r, a.Block, func(v *s3control.GetPublicAccessBlockOutput) {
		if v == nil || v.PublicAccessBlockConfiguration == nil {
			return
		}
		b := v.PublicAccessBlockConfiguration
		facts.Block = inventory.PublicAccessBlock{
			IgnoreACLs: aws.ToBool(b.IgnorePublicAcls), RestrictPolicy: aws.ToBool(b.RestrictPublicBuckets),
			BlockACLs: aws.ToBool(b.BlockPublicAcls), BlockPolicy: aws.ToBool(b.BlockPublicPolicy),
		}
	}, "block")
	return r
}
