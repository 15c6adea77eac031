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

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.InstanceProfile, types.InstanceProfile]{
	Kind:        "aws.iam.instance_profile",
	Class:       inventory.ClassInstanceProfile,
	Permissions: []string{"iam:ListInstanceProfiles", "iam:GetInstanceProfile"},
	ListAction:  "ListInstanceProfiles", ListPermission: "iam:ListInstanceProfiles",
	Global: true, NoLabels: true,
	List:  listInstanceProfiles,
	Find:  findInstanceProfile,
	Facts: instanceProfileFacts,
})

func listInstanceProfiles(ctx context.Context, c *Clients) iter.Seq2[types.InstanceProfile, error] {
	p := iam.NewListInstanceProfilesPaginator(c.IAM, &iam.ListInstanceProfilesInput{})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*iam.ListInstanceProfilesOutput, error) { return p.NextPage(ctx) },
		func(o *iam.ListInstanceProfilesOutput) []types.InstanceProfile { return o.InstanceProfiles })
}

func findInstanceProfile(ctx context.Context, c *Clients, id string) iter.Seq2[types.InstanceProfile, error] {
	return gone(func(yield func(types.InstanceProfile, error) bool) {
		out, err := c.IAM.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(shortID(id))})
		switch {
		case err != nil:
			yield(types.InstanceProfile{}, err)
		case out.InstanceProfile != nil:
			yield(*out.InstanceProfile, nil)
		}
	}, "NoSuchEntity", "NoSuchEntityException")
}

func instanceProfileFacts(_ collectors.Where, p types.InstanceProfile) *inventory.Resource {
	facts := &inventory.InstanceProfile{}
	r := inventory.New(aws.ToString(p.Arn), aws.ToString(p.InstanceProfileName), collectors.Global, facts)
	// A profile holds one role at most; without one, a machine that wears it may do nothing.
	for _, role := range p.Roles {
		facts.Role = aws.ToString(role.Arn)
	}
	r.Known("role")
	return r
}
