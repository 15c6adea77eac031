package aws

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestSharingBlocks(t *testing.T) {
	t.Parallel()
	snapshots := func(state types.SnapshotBlockPublicAccessState) func(any) (any, error) {
		return say(&ec2.GetSnapshotBlockPublicAccessStateOutput{State: state})
	}
	images := func(state string) func(any) (any, error) {
		return say(&ec2.GetImageBlockPublicAccessStateOutput{ImageBlockPublicAccessState: aws.String(state)})
	}
	const all, fresh, open = types.SnapshotBlockPublicAccessStateBlockAllSharing,
		types.SnapshotBlockPublicAccessStateBlockNewSharing, types.SnapshotBlockPublicAccessStateUnblocked
	for name, c := range map[string]struct {
		snapshots, images func(any) (any, error)
		on                bool
		unread            string
	}{
		"both closed":       {snapshots(all), images("block-new-sharing"), true, ""},
		"closed to new":     {snapshots(fresh), images("block-new-sharing"), true, ""},
		"snapshots open":    {snapshots(open), images("block-new-sharing"), false, ""},
		"images open":       {snapshots(all), images("unblocked"), false, ""},
		"open and refused":  {snapshots(open), refuse("UnauthorizedOperation"), false, ""},
		"refused and open":  {refuse("UnauthorizedOperation"), images("unblocked"), false, ""},
		"images refused":    {snapshots(all), refuse("UnauthorizedOperation"), false, "ec2:GetImageBlockPublicAccessState"},
		"snapshots refused": {refuse("UnauthorizedOperation"), images("block-new-sharing"), false, "ec2:GetSnapshotBlockPublicAccessState"},
		"not said":          {snapshots(""), images("block-new-sharing"), false, "ec2:GetSnapshotBlockPublicAccessState"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := askedAccount(t, script{"DescribeOrganization": refuse("AWSOrganizationsNotInUseException"), "GetPublicAccessBlock": noBlock,
				"GetSnapshotBlockPublicAccessState": c.snapshots, "GetImageBlockPublicAccessState": c.images})
			stated{"guards": []string{}, "guardrails": nil}.check(t, r)
			for _, s := range r.Facts.(*inventory.CloudAccount).SharingSwitches {
				unread := ""
				if s.Unread != nil {
					unread = s.Unread.Permission
				}
				if s.On != c.on || unread != c.unread {
					t.Errorf("%s: on %v, unread for want of %q; want %v, %q", s.Region, s.On, unread, c.on, c.unread)
				}
			}
		})
	}
}

// TestSharingBlocksByRegion asks each region by itself: what one says must not be taken for another's.
func TestSharingBlocksByRegion(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, "us-east-1", script{
		"DescribeRegions":                   twoRegions,
		"GetSnapshotBlockPublicAccessState": say(&ec2.GetSnapshotBlockPublicAccessStateOutput{State: "unblocked"}),
	})
	a := accountAnswers{Snapshots: askSnapshotBlocks(context.Background(), c), Images: []regionAnswer[sharingBlock]{unreadRegion[sharingBlock]("*")}}
	if n := calls("GetSnapshotBlockPublicAccessState"); n != 2 {
		t.Errorf("asked %d times; want once for each of two regions", n)
	}
	var got []string
	for _, s := range sharingSwitches(a) {
		got = append(got, fmt.Sprintf("%s %v %v", s.Region, s.On, s.Unread != nil))
	}
	if want := "[eu-west-1 false false us-east-1 false false * false true]"; fmt.Sprint(got) != want {
		t.Errorf("%v; want %s", got, want)
	}
}
