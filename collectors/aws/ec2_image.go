package aws

import (
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Image, imageAnswers]{
	Kind:        "aws.ec2.image",
	Class:       inventory.ClassImage,
	Permissions: []string{"ec2:DescribeImages", "ec2:DescribeImageAttribute"},
	ListAction:  "DescribeImages", ListPermission: "ec2:DescribeImages",
	List:  lister[types.Image](images).all,
	Find:  lister[types.Image](images).one,
	Ask:   askImage,
	Facts: imageFacts,
})

// imageAnswers is all that EC2 says about one image of the account.
type imageAnswers struct {
	Image  types.Image
	Launch collectors.Answer[ec2.DescribeImageAttributeOutput]
}

// images lists the account's own images, those it set aside included: they can be shared all the same.
func images(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.Image, error] {
	p := ec2.NewDescribeImagesPaginator(c.EC2, &ec2.DescribeImagesInput{
		ImageIds: ids, Owners: []string{"self"}, MaxResults: pageSize(1000, ids),
		IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	return described(ctx, p, func(o *ec2.DescribeImagesOutput) []types.Image {
		for i := range o.Images {
			o.Images[i].LastLaunchedTime = dayOf(o.Images[i].LastLaunchedTime)
		}
		return o.Images
	}, "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")
}

// dayOf rounds a moment that moves all the time to its day; what cannot be read is dropped, as no fact rests on it.
func dayOf(moment *string) *string {
	t, err := time.Parse(time.RFC3339, aws.ToString(moment))
	if err != nil {
		return nil
	}
	return aws.String(inventory.Day(t).Format(time.RFC3339))
}

func askImage(ctx context.Context, c *Clients, i types.Image) imageAnswers {
	return imageAnswers{Image: i, Launch: ask("DescribeImageAttribute", "ec2:DescribeImageAttribute",
		func() (*ec2.DescribeImageAttributeOutput, error) {
			return c.EC2.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
				ImageId: i.ImageId, Attribute: types.ImageAttributeNameLaunchPermission,
			})
		})}
}

func imageFacts(w collectors.Where, a imageAnswers) *inventory.Resource {
	i := a.Image
	if i.State == types.ImageStateDeregistered {
		return nil
	}
	facts := &inventory.Image{Kind: "machine"}
	tags := ec2Labels(i.Tags)
	id := aws.ToString(i.ImageId)
	name := aws.ToString(i.Name)
	if name == "" {
		name = id
	}
	r := inventory.New(sharedARN(w.Region, "image", id), nameOr(tags, name), w.Region, facts)
	r.Labels = tags
	r.Known("kind")
	collectors.Know(r, a.Launch, func(o *ec2.DescribeImageAttributeOutput) {
		if o == nil {
			return
		}
		var accounts []string
		for _, p := range o.LaunchPermissions {
			facts.Public = facts.Public || p.Group == types.PermissionGroupAll
			for _, who := range []*string{p.UserId, p.OrganizationArn, p.OrganizationalUnitArn} {
				accounts = append(accounts, aws.ToString(who))
			}
		}
		facts.Principals = foreign(w.Scope.Account(), accounts...)
	}, "public", "principals")
	if o := a.Launch.Value; o != nil && o.LaunchPermissions == nil {
		unsaid(r, "DescribeImageAttribute", "public", "principals")
	}
	// The listing says itself whether an image is public; the permissions add with whom else it is shared.
	if i.Public != nil && (*i.Public || !r.IsKnown("public")) {
		facts.Public = *i.Public
		r.Known("public")
	}
	return r
}
