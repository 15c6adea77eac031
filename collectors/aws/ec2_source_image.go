package aws

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Images that machines were started from are asked about whoever owns them; those of the account are collected as
// images besides, for whom they are open to.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, sourceImage, sourceImage]{
	Kind:        "aws.ec2.source_image",
	Class:       inventory.ClassSourceImage,
	Permissions: []string{"ec2:DescribeInstances", "ec2:DescribeImages"},
	ListAction:  "DescribeImages", ListPermission: "ec2:DescribeImages",
	NoLabels: true,
	List:     listSourceImages,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[sourceImage, error] {
		p := ec2.NewDescribeImagesPaginator(c.EC2, &ec2.DescribeImagesInput{
			ImageIds: []string{shortID(id)}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
		})
		return gone(listed(ctx, p, func(o *ec2.DescribeImagesOutput) []sourceImage {
			found := make([]sourceImage, 0, len(o.Images))
			for _, i := range o.Images {
				found = append(found, narrowSource(i, inventory.Week(time.Now())))
			}
			return found
		}), "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")
	},
	Facts: sourceImageFacts,
})

// sourceImage is what is kept of an image.
type sourceImage struct {
	ID string
	// Hidden says that nothing is told of it: it is gone, or no longer shared.
	Hidden        bool   `json:",omitempty"`
	Name          string `json:",omitempty"`
	Owner, Alias  string
	Public        *bool      `json:",omitempty"`
	Made, Renewed *time.Time `json:",omitempty"`
	SeenAt        time.Time
}

// imagesAtOnce is how many values a filter takes.
const imagesAtOnce = 200

func listSourceImages(ctx context.Context, c *Clients) iter.Seq2[sourceImage, error] {
	return func(yield func(sourceImage, error) bool) {
		var used []string
		for i, err := range instances(ctx, c) {
			if err != nil {
				yield(sourceImage{}, during("DescribeInstances", "ec2:DescribeInstances", err))
				return
			}
			if id := aws.ToString(i.ImageId); id != "" && !ended(i) {
				used = append(used, id)
			}
		}
		slices.Sort(used)
		for chunk := range slices.Chunk(slices.Compact(used), imagesAtOnce) {
			if !describeSources(ctx, c, chunk, yield) {
				return
			}
		}
	}
}

// describeSources asks by a filter: a call that names an image which is gone would fail for all.
func describeSources(ctx context.Context, c *Clients, ids []string, yield func(sourceImage, error) bool) bool {
	p := ec2.NewDescribeImagesPaginator(c.EC2, &ec2.DescribeImagesInput{
		Filters:           []types.Filter{{Name: aws.String("image-id"), Values: ids}},
		IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
	seen, at := map[string]bool{}, inventory.Week(time.Now())
	for i, err := range listed(ctx, p, func(o *ec2.DescribeImagesOutput) []types.Image { return o.Images }) {
		if err != nil {
			yield(sourceImage{}, err)
			return false
		}
		seen[aws.ToString(i.ImageId)] = true
		if !yield(narrowSource(i, at), nil) {
			return false
		}
	}
	for _, id := range ids {
		if !seen[id] && !yield(sourceImage{ID: id, Hidden: true, SeenAt: at}, nil) {
			return false
		}
	}
	return true
}

func narrowSource(i types.Image, at time.Time) sourceImage {
	return sourceImage{
		ID: aws.ToString(i.ImageId), Name: aws.ToString(i.Name), Owner: aws.ToString(i.OwnerId), Alias: aws.ToString(i.ImageOwnerAlias), Public: i.Public,
		Made: parsedTime(i.CreationDate), Renewed: parsedTime(i.DeprecationTime), SeenAt: at,
	}
}

// parsedTime reads a time; nil where there is none or it cannot be read.
func parsedTime(text *string) *time.Time {
	t, err := time.Parse(time.RFC3339, aws.ToString(text))
	if err != nil {
		return nil
	}
	return &t
}

func sourceImageFacts(w collectors.Where, i sourceImage) *inventory.Resource {
	facts := &inventory.SourceImage{Image: i.ID, Owner: i.Owner, SeenAt: i.SeenAt}
	r := inventory.New(string(w.Scope)+"/"+string(inventory.ClassSourceImage)+"/"+w.Region+"/"+i.ID, i.ID, w.Region, facts)
	r.Known("image", "seen_at")
	if i.Hidden {
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "ImageNotVisible", Action: "DescribeImages", Permission: "ec2:DescribeImages",
		}, "owner", "provider", "public", "made_at", "withdrawn_at")
		return r
	}
	defer leftOut(r, "DescribeImages", "ec2:DescribeImages")
	facts.Title = i.Name
	r.Known("title")
	if i.Owner != "" {
		// Only the provider, its partners' market and the caller have an alias.
		facts.Provider = i.Alias == "amazon"
		r.Known("owner", "provider")
	}
	stateFlag(r, "public", i.Public, &facts.Public)
	if i.Made != nil {
		facts.MadeAt = *i.Made
		r.Known("made_at")
	}
	if i.Renewed != nil {
		facts.WithdrawnAt = *i.Renewed
	}
	r.Known("withdrawn_at")
	return r
}
