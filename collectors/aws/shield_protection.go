package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/shield"
	"github.com/aws/aws-sdk-go-v2/service/shield/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Protection, types.Protection]{
	Kind:        "aws.shield.protection",
	Class:       inventory.ClassFloodShield,
	Permissions: []string{"shield:ListProtections"},
	ListAction:  "ListProtections", ListPermission: "shield:ListProtections",
	Global: true, NoLabels: true,
	List: listProtections,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.Protection, error] {
		return only(listProtections(ctx, c), func(p types.Protection) bool { return aws.ToString(p.ProtectionArn) == id })
	},
	Facts: protectionFacts,
})

// listProtections lists nothing in an account without the subscription: then no resource has the protection.
func listProtections(ctx context.Context, c *Clients) iter.Seq2[types.Protection, error] {
	p := shield.NewListProtectionsPaginator(c.Shield, &shield.ListProtectionsInput{})
	next := func(ctx context.Context) (*shield.ListProtectionsOutput, error) { return p.NextPage(ctx) }
	return gone(paged(ctx, p.HasMorePages, next, func(o *shield.ListProtectionsOutput) []types.Protection { return o.Protections }),
		"ResourceNotFoundException")
}

func protectionFacts(_ collectors.Where, p types.Protection) *inventory.Resource {
	facts := &inventory.FloodShield{Resource: aws.ToString(p.ResourceArn)}
	r := inventory.New(aws.ToString(p.ProtectionArn), aws.ToString(p.Name), collectors.Global, facts)
	r.Known("resource")
	return r
}
