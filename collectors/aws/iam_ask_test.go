package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// twoPages answers the account's listing in two pages, so that a reader of the first alone is found out.
func twoPages(in any) (any, error) {
	ask := in.(*iam.GetAccountAuthorizationDetailsInput)
	if ask.Marker == nil {
		return &iam.GetAccountAuthorizationDetailsOutput{IsTruncated: true, Marker: aws.String("2")}, nil
	}
	out := &iam.GetAccountAuthorizationDetailsOutput{}
	switch ask.Filter[0] {
	case types.EntityTypeUser:
		out.UserDetailList = []types.UserDetail{{Arn: aws.String("arn:aws:iam::644160558196:user/a"), UserName: aws.String("a"),
			AttachedManagedPolicies: []types.AttachedPolicy{{PolicyArn: aws.String("arn:own"), PolicyName: aws.String("own")}}}}
	case types.EntityTypeLocalManagedPolicy:
		out.Policies = []types.ManagedPolicyDetail{{Arn: aws.String("arn:own"),
			PolicyVersionList: []types.PolicyVersion{{Document: aws.String("{"), VersionId: aws.String("v1")}, {Document: &adminRights, IsDefaultVersion: true}}}}
	}
	return out, nil
}

func TestListingPagesThrough(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, "us-east-1", script{detailsAction: twoPages, "GetLoginProfile": refuse("NoSuchEntity")})
	found := 0
	for a, err := range listAttachments(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		found++
		states(t, attachmentFacts(here, askAttachment(context.Background(), c, a)), map[string]any{"admin": true, "principal_kind": "workload"})
	}
	if found != 1 {
		t.Errorf("%d attachments; want 1", found)
	}
	none, _ := scripted(t, "us-east-1", script{})
	for _, err := range listEffective(context.Background(), none) {
		if err == nil {
			t.Error("a refused listing yields a holder")
		}
	}
}

func TestTrailListing(t *testing.T) {
	t.Parallel()
	list := func(c *Clients) (items []trailItem, failed error) {
		for i, err := range listTrails(context.Background(), c) {
			if err != nil {
				return items, err
			}
			items = append(items, i)
		}
		return items, nil
	}
	empty := script{"DescribeTrails": say(&cloudtrail.DescribeTrailsOutput{}), "ListTrails": say(&cloudtrail.ListTrailsOutput{})}
	c, _ := scripted(t, "us-east-1", empty)
	if items, err := list(c); err != nil || len(items) != 1 || items[0].Trail != nil {
		t.Errorf("an account without trails gives %v, %v; want the record of none", items, err)
	}
	c, _ = scripted(t, "us-east-1", script{"DescribeTrails": say(&cloudtrail.DescribeTrailsOutput{})})
	if items, err := list(c); err == nil {
		t.Errorf("a refused listing gives %v; want no record of none", items)
	}
	c, calls := scripted(t, "us-east-1", script{
		"DescribeTrails": func(in any) (any, error) {
			out := &cloudtrail.DescribeTrailsOutput{TrailList: []cttypes.Trail{{TrailARN: aws.String("arn:shadow")}, {TrailARN: aws.String("arn:shadow")}}}
			if !aws.ToBool(in.(*cloudtrail.DescribeTrailsInput).IncludeShadowTrails) {
				out.TrailList = []cttypes.Trail{{TrailARN: aws.String("arn:elsewhere")}}
			}
			return out, nil
		},
		"ListTrails": say(&cloudtrail.ListTrailsOutput{Trails: []cttypes.TrailInfo{{TrailARN: aws.String("arn:elsewhere"), HomeRegion: aws.String("eu-west-1")}}}),
	})
	if items, err := list(c); err != nil || len(items) != 2 || calls("DescribeTrails") != 2 {
		t.Errorf("%d trails by %d calls, %v; want 2 by 2", len(items), calls("DescribeTrails"), err)
	}
}

func TestKeyIsAskedOnlyWhatItHas(t *testing.T) {
	t.Parallel()
	describe := func(by kmstypes.KeyManagerType) func(any) (any, error) {
		return say(&kms.DescribeKeyOutput{KeyMetadata: &kmstypes.KeyMetadata{KeyManager: by, KeyState: kmstypes.KeyStatePendingDeletion, Origin: kmstypes.OriginTypeAwsKms}})
	}
	key := keyItem{ID: "k", ARN: "arn:aws:kms:us-east-1:644160558196:key/k"}
	c, calls := scripted(t, "us-east-1", script{"DescribeKey": describe(kmstypes.KeyManagerTypeAws)})
	states(t, keyFacts(here, askKey(context.Background(), c, key)), map[string]any{"manager": "provider", "aliases": nil, "public": "n/a"})
	if calls("GetKeyPolicy") != 0 {
		t.Error("the policy of a key of AWS was asked for")
	}
	c, _ = scripted(t, "us-east-1", script{"DescribeKey": describe(kmstypes.KeyManagerTypeCustomer), "GetKeyRotationStatus": refuse("UnsupportedOperationException")})
	r := keyFacts(here, askKey(context.Background(), c, key))
	states(t, r, map[string]any{"deletion_guarded": false, "rotatable": false, "rotation_days": 0, "public": nil, "principals": nil, "labels_read": nil})
	if why := r.Why("public"); why.Cause != inventory.CauseDenied || why.Permission != "kms:GetKeyPolicy" {
		t.Errorf("public is unknown for %+v", why)
	}
	c, _ = scripted(t, "us-east-1", script{"DescribeKey": refuse("NotFoundException")})
	for k, err := range findKey(context.Background(), c, key.ARN) {
		t.Errorf("a key that is gone was found: %v, %v", k, err)
	}
}

func TestReportRefused(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, "us-east-1", script{"GetCredentialReport": refuse("ReportNotPresent")})
	if got := askRootUse(context.Background(), c); got.Permission != "iam:GenerateCredentialReport" || got.Failed.Cause != inventory.CauseDenied {
		t.Errorf("%+v; want the right to have a report written", got)
	}
}

func TestPasswordPolicyListing(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{"NoSuchEntity": 1, "AccessDenied": 0} {
		c, _ := scripted(t, "us-east-1", script{"GetAccountPasswordPolicy": refuse(code)})
		found := 0
		for _, err := range listPasswordPolicy(context.Background(), c) {
			if err == nil {
				found++
			}
		}
		if found != want {
			t.Errorf("%s gives %d records; want %d", code, found, want)
		}
	}
}

func TestSerialConsole(t *testing.T) {
	t.Parallel()
	regions := say(&ec2.DescribeRegionsOutput{Regions: []ec2types.Region{{RegionName: aws.String("eu-west-1")}, {RegionName: aws.String("us-east-1")}}})
	status := func(open *bool) func(any) (any, error) {
		return say(&ec2.GetSerialConsoleAccessStatusOutput{SerialConsoleAccessEnabled: open})
	}
	for name, c := range map[string]struct {
		lines script
		want  any
	}{
		"open":    {script{"DescribeRegions": regions, "GetSerialConsoleAccessStatus": status(aws.Bool(true))}, true},
		"closed":  {script{"DescribeRegions": regions, "GetSerialConsoleAccessStatus": status(aws.Bool(false))}, false},
		"unsaid":  {script{"DescribeRegions": regions, "GetSerialConsoleAccessStatus": status(nil)}, nil},
		"refused": {script{"DescribeRegions": regions}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clients, _ := scripted(t, "us-east-1", c.lines)
			r := accountFacts(here, askAccount(context.Background(), clients, "644160558196"))
			states(t, r, map[string]any{"serial_console_allowed": c.want, "provider_access_gated": "n/a", "in_organization": nil})
		})
	}
}
