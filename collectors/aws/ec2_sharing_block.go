package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// sharingBlock says how a region's switch against sharing with everyone stands.
type sharingBlock struct {
	State string `json:"state"`
}

// askSnapshotBlocks asks each region whether snapshots of disks may be shared with everyone.
func askSnapshotBlocks(ctx context.Context, c *Clients) []regionAnswer[sharingBlock] {
	return everyRegion(ctx, c, "GetSnapshotBlockPublicAccessState", "ec2:GetSnapshotBlockPublicAccessState",
		func(ctx context.Context, region string) (*sharingBlock, error) {
			out, err := c.EC2.GetSnapshotBlockPublicAccessState(ctx, &ec2.GetSnapshotBlockPublicAccessStateInput{},
				inEC2Region(region))
			if err != nil {
				return nil, err
			}
			return saidState(string(out.State))
		})
}

// askImageBlocks asks each region whether images of machines may be shared with everyone.
func askImageBlocks(ctx context.Context, c *Clients) []regionAnswer[sharingBlock] {
	return everyRegion(ctx, c, "GetImageBlockPublicAccessState", "ec2:GetImageBlockPublicAccessState",
		func(ctx context.Context, region string) (*sharingBlock, error) {
			out, err := c.EC2.GetImageBlockPublicAccessState(ctx, &ec2.GetImageBlockPublicAccessStateInput{},
				inEC2Region(region))
			if err != nil {
				return nil, err
			}
			return saidState(aws.ToString(out.ImageBlockPublicAccessState))
		})
}

// inEC2Region sends a call to one region.
func inEC2Region(region string) func(*ec2.Options) {
	return func(o *ec2.Options) { o.Region = region }
}

func saidState(state string) (*sharingBlock, error) {
	if state == "" {
		return nil, errUnsaid
	}
	return &sharingBlock{state}, nil
}

// sharingSwitches tells of each region whether neither snapshots nor images can be newly shared with everyone. The two
// make one guardrail: images alone are blocked by default in young accounts, which nobody decided, and what is on the
// disk of an image goes out by its snapshot just as well.
func sharingSwitches(a accountAnswers) []inventory.ServiceState {
	var out []inventory.ServiceState
	place := map[string]int{}
	for _, answers := range [][]regionAnswer[sharingBlock]{a.Snapshots, a.Images} {
		for _, in := range answers {
			i, there := place[in.Region]
			if !there {
				i, place[in.Region] = len(out), len(out)
				out = append(out, inventory.ServiceState{Region: in.Region, On: true})
			}
			out[i] = bothBlocked(out[i], in.Answer)
		}
	}
	return out
}

// bothBlocked adds one switch to another. One that is off decides, whatever the other says.
func bothBlocked(so inventory.ServiceState, a collectors.Answer[sharingBlock]) inventory.ServiceState {
	open := inventory.ServiceState{Region: so.Region}
	switch why := a.Unknown(); {
	case !so.On && so.Unread == nil:
		return open
	case why != nil:
		return inventory.ServiceState{Region: so.Region, Unread: why}
	case a.Value == nil || a.Value.State == "unblocked":
		return open
	}
	return so
}
