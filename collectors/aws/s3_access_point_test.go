package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	control "github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

const (
	handingOver = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"StringEquals":{"s3:DataAccessPointAccount":"644160558196"}}}}`
	openDoor    = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}}`
	strangeDoor = `{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"s3:GetObject","Resource":"*"}}`
)

func TestAccessPointFacts(t *testing.T) {
	t.Parallel()
	points := func(all ...accessPoint) collectors.Answer[[]accessPoint] { return answered(kept(all)) }
	for name, c := range map[string]struct {
		policy string
		points collectors.Answer[[]accessPoint]
		want   stated
	}{
		"no door":               {handingOver, points(), stated{"policy_public": false, "principals": "[]"}},
		"a door without policy": {handingOver, points(accessPoint{Name: "d"}), stated{"policy_public": false, "principals": "[]"}},
		"an open door":          {handingOver, points(accessPoint{Name: "d", Policy: openDoor}), stated{"policy_public": true}},
		"open inside":           {handingOver, points(accessPoint{Name: "d", Policy: openDoor, Inside: true}), stated{"policy_public": false}},
		"open and closed":       {handingOver, points(accessPoint{Name: "d", Policy: openDoor, Closed: true}), stated{"policy_public": false}},
		"a stranger's door":     {handingOver, points(accessPoint{Name: "d", Policy: strangeDoor, Inside: true}), stated{"policy_public": false, "principals": "[]"}},
		"doors denied":          {handingOver, refused[[]accessPoint](), stated{"policy_public": nil, "principals": "[]"}},
		"a policy nobody reads": {handingOver, points(accessPoint{Name: "d", Policy: "{"}), stated{"policy_public": nil, "principals": "[]"}},
		"one unread, one open":  {handingOver, points(accessPoint{Name: "e", Policy: "{"}, accessPoint{Name: "d", Policy: openDoor}), stated{"policy_public": true}},
		"one open, one unread":  {handingOver, points(accessPoint{Name: "d", Policy: openDoor}, accessPoint{Name: "e", Policy: "{"}), stated{"policy_public": true, "principals": "[]"}},
		"not handed over":       {strangeDoor, refused[[]accessPoint](), stated{"policy_public": false, "principals": "[999999999999]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := bucketAnswers{Bucket: types.Bucket{Name: aws.String("b")}, Policy: policyAnswer(c.policy), ACL: aclAnswer(), Points: c.points,
				Status: answered(&s3.GetBucketPolicyStatusOutput{PolicyStatus: &types.PolicyStatus{IsPublic: aws.Bool(false)}})}
			roundTrip(t, a)
			c.want.check(t, bucketFacts(here, a))
		})
	}
}

func TestAskAccessPoints(t *testing.T) {
	t.Parallel()
	lines := func() script {
		return script{
			"GetBucketPolicy": say(&s3.GetBucketPolicyOutput{Policy: aws.String(handingOver)}),
			"ListAccessPoints": func(in any) (any, error) {
				if aws.ToString(in.(*s3control.ListAccessPointsInput).NextToken) == "" {
					return &s3control.ListAccessPointsOutput{NextToken: aws.String("n"), AccessPointList: []control.AccessPoint{
						{Name: aws.String("bare"), NetworkOrigin: control.NetworkOriginInternet}, {Name: aws.String("inside"), NetworkOrigin: control.NetworkOriginVpc}}}, nil
				}
				return &s3control.ListAccessPointsOutput{AccessPointList: []control.AccessPoint{{Name: aws.String("closed"), NetworkOrigin: control.NetworkOriginInternet}}}, nil
			},
			"GetAccessPointPolicy": func(in any) (any, error) {
				if aws.ToString(in.(*s3control.GetAccessPointPolicyInput).Name) == "bare" {
					return refuse("NoSuchAccessPointPolicy")(in)
				}
				return &s3control.GetAccessPointPolicyOutput{Policy: aws.String(openDoor)}, nil
			},
			"GetAccessPoint": say(&s3control.GetAccessPointOutput{PublicAccessBlockConfiguration: &control.PublicAccessBlockConfiguration{RestrictPublicBuckets: aws.Bool(true)}}),
		}
	}
	c, calls := scripted(t, here.Region, lines())
	a := askBucket(context.Background(), c, types.Bucket{Name: aws.String("b"), BucketRegion: aws.String("eu-west-1")})
	if a.Points.Value == nil || len(*a.Points.Value) != 3 || !(*a.Points.Value)[2].Closed || !(*a.Points.Value)[1].Inside || calls("GetAccessPoint") != 1 {
		t.Errorf("%+v, described %d times", a.Points, calls("GetAccessPoint"))
	}
	for _, right := range []string{"ListAccessPoints", "GetAccessPoint", "GetAccessPointPolicy"} {
		some := lines()
		delete(some, right)
		c, _ := scripted(t, here.Region, some)
		if why := askBucket(context.Background(), c, types.Bucket{Name: aws.String("b")}).Points.Unknown(); why == nil || why.Permission != "s3:"+right || why.Action != right {
			t.Errorf("without %s: %+v", right, why)
		}
	}
	some := lines()
	some["GetBucketPolicy"] = say(&s3.GetBucketPolicyOutput{Policy: aws.String(strangeDoor)})
	c, calls = scripted(t, here.Region, some)
	askBucket(context.Background(), c, types.Bucket{Name: aws.String("b")})
	if calls("ListAccessPoints") != 0 {
		t.Error("a bucket that hands over to no access point is asked for them")
	}
}
