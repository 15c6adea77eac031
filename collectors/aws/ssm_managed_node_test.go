package aws

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

	_ = sample("aws.ssm.managed_node", managedNodeFacts, managedNode{ID: "i-1", Online: aws.Bool(true), Patch: answered(&patchState{ScannedAt: &monday}), SeenAt: monday}, managedNode{ID: "i-2"})
	_ = sample("aws.ec2.source_image", sourceImageFacts, sourceImage{ID: "ami-1", Owner: "1", Public: aws.Bool(true), Made: &monday, SeenAt: monday}, sourceImage{ID: "ami-2", Hidden: true})
	_ = sweep("ssm.DescribeInstancePatchStates", managedNodeFacts, func(o *ssm.DescribeInstancePatchStatesOutput) []managedNode {
		return mapped(o.InstancePatchStates, func(s types.InstancePatchState) managedNode {
			state := narrowPatchState(s)
			return managedNode{ID: *s.InstanceId, Patch: answered(&state)}
		})
	})
)

func TestManagedNodeFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		node managedNode
		want stated
	}{
		"bare answer":   {managedNode{ID: "i-1"}, stated{"online": nil, "missing_patches": nil, "scanned_at": nil, "central_sessions": nil, "machine": ec2ARN(here, "instance", "i-1")}},
		"never scanned": {managedNode{ID: "i-1", Online: aws.Bool(false), Patch: collectors.Answer[patchState]{Absent: true}}, stated{"online": false, "missing_patches": nil, "pending_restart": nil}},
		"important only": {managedNode{ID: "i-1", Patch: answered(&patchState{Important: aws.Int64(0), Missing: 9, PendingReboot: 1, ScannedAt: &monday})},
			stated{"missing_patches": 0, "pending_restart": 1, "scanned_at": monday}},
		"old agent":  {managedNode{ID: "i-1", Patch: answered(&patchState{Missing: 9})}, stated{"missing_patches": 9, "scanned_at": nil}},
		"denied":     {managedNode{ID: "i-1", Patch: refused[patchState](), Sessions: refused[bool]()}, stated{"missing_patches": nil, "central_sessions": nil}},
		"a database": {managedNode{ID: "i-1", Engines: answered(&[]string{"postgresql"})}, stated{"engines": "[postgresql]"}},
		"none seen":  {managedNode{ID: "i-1", Engines: answered(&[]string{})}, stated{"engines": "[]"}},
		"unread":     {managedNode{ID: "i-1", Engines: refused[[]string]()}, stated{"engines": nil}},
		"brokered":   {managedNode{ID: "i-1", Sessions: answered(aws.Bool(true))}, stated{"central_sessions": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.node)
			c.want.check(t, managedNodeFacts(here, c.node))
		})
	}
	out := recorded[ssm.DescribeInstancePatchStatesOutput](t, "docs-awscli-ssm/ssm.DescribeInstancePatchStates_1.json")
	state := narrowPatchState(out.InstancePatchStates[0])
	stated{"missing_patches": 4, "pending_restart": 0}.check(t, managedNodeFacts(here, managedNode{ID: "i-1", Patch: answered(&state)}))
}

func TestListManagedNodes(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, "us-east-1", script{
		"DescribeInstanceInformation": say(&ssm.DescribeInstanceInformationOutput{InstanceInformationList: []types.InstanceInformation{
			{InstanceId: aws.String("i-1"), PingStatus: types.PingStatusOnline}, {InstanceId: aws.String("i-2"), PingStatus: types.PingStatusConnectionLost}, {InstanceId: aws.String("mi-3"), PingStatus: types.PingStatusOnline}}}),
		"DescribeInstancePatchStates": say(&ssm.DescribeInstancePatchStatesOutput{InstancePatchStates: []types.InstancePatchState{{InstanceId: aws.String("i-1"), MissingCount: 1}}}),
		"GetServiceSetting":           say(&ssm.GetServiceSettingOutput{ServiceSetting: &types.ServiceSetting{SettingValue: aws.String("$None")}}),
	})
	var got []managedNode
	for n, err := range managedNodes(context.Background(), c, &ssm.DescribeInstanceInformationInput{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	if len(got) != 2 || calls("DescribeInstancePatchStates") != 1 || calls("GetServiceSetting") != 1 {
		t.Fatalf("%d nodes; one call each wanted for their updates and their setting", len(got))
	}
	stated{"online": true, "missing_patches": 1, "central_sessions": false}.check(t, managedNodeFacts(here, got[0]))
	stated{"online": false, "missing_patches": nil}.check(t, managedNodeFacts(here, got[1]))
	if why := managedNodeFacts(here, got[1]).Why("missing_patches"); why.Cause != inventory.CauseNotEnabled {
		t.Errorf("a node that was never scanned is unknown for %+v", why)
	}
}

func TestRecordedManagedNodes(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]int{"test_ssm_send_command": 1, "test_ssm_get_managed_instances": 0} {
		out := recorded[ssm.DescribeInstanceInformationOutput](t, file+"/ssm.DescribeInstanceInformation_1.json")
		out.NextToken = nil
		c, _ := scripted(t, "us-east-1", script{"DescribeInstanceInformation": say(out)})
		n := 0
		for node, err := range managedNodes(context.Background(), c, &ssm.DescribeInstanceInformationInput{}) {
			if err != nil {
				t.Fatal(err)
			}
			stated{"online": true, "missing_patches": nil}.check(t, managedNodeFacts(here, node))
			n++
		}
		if n != want {
			t.Errorf("%s: %d machines; want %d", file, n, want)
		}
	}
}

func TestListSourceImages(t *testing.T) {
	t.Parallel()
	instance := func(id, image string, state ec2types.InstanceStateName) ec2types.Instance {
		return ec2types.Instance{InstanceId: aws.String(id), ImageId: aws.String(image), State: &ec2types.InstanceState{Name: state}}
	}
	c, _ := scripted(t, "us-east-1", script{
		"DescribeInstances": say(&ec2.DescribeInstancesOutput{Reservations: []ec2types.Reservation{{Instances: []ec2types.Instance{
			instance("i-1", "ami-1", "running"), instance("i-2", "ami-1", "stopped"), instance("i-3", "ami-gone", "running"), instance("i-4", "ami-old", "terminated")}}}}),
		"DescribeImages": func(in any) (any, error) {
			if ids := in.(*ec2.DescribeImagesInput).Filters[0].Values; len(ids) != 2 {
				t.Errorf("asked about %v", ids)
			}
			return &ec2.DescribeImagesOutput{Images: []ec2types.Image{{ImageId: aws.String("ami-1"), Name: aws.String("al2023"), OwnerId: aws.String("137112412989"), ImageOwnerAlias: aws.String("amazon"),
				Public: aws.Bool(true), CreationDate: aws.String("2026-01-02T03:04:05.000Z"), DeprecationTime: aws.String("2028-01-02T03:04:05.000Z")}}}, nil
		},
	})
	got, err := gathered(listSourceImages(context.Background(), c))
	if err != nil || len(*got) != 2 {
		t.Fatal(got, err)
	}
	stated{"title": "al2023", "owner": "137112412989", "provider": true, "public": true, "made_at": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "withdrawn_at": time.Date(2028, 1, 2, 3, 4, 5, 0, time.UTC)}.check(t, sourceImageFacts(here, (*got)[0]))
	stated{"owner": nil, "provider": nil, "made_at": nil, "image": "ami-gone"}.check(t, sourceImageFacts(here, (*got)[1]))
}

func TestRecordedSourceImages(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]stated{
		"test_ami_sse":              {"public": true, "withdrawn_at": time.Time{}},
		"test_unused_ami_false":     {"public": false},
		"test_asg_image_age_filter": {"public": true, "owner": "099720109477"},
		"test_ec2_image_filter":     {"provider": false},
	} {
		out := recorded[ec2.DescribeImagesOutput](t, file+"/ec2.DescribeImages_1.json")
		i := narrowSource(out.Images[0], monday)
		roundTrip(t, i)
		want.check(t, sourceImageFacts(here, i))
	}
}

func TestDatabasesOfNodes(t *testing.T) {
	t.Parallel()
	nodes := func(lines script) (map[string]managedNode, func(string) int) {
		t.Helper()
		lines["DescribeInstanceInformation"] = say(&ssm.DescribeInstanceInformationOutput{InstanceInformationList: []types.InstanceInformation{
			{InstanceId: aws.String("i-1")}, {InstanceId: aws.String("i-2")}}})
		c, calls := scripted(t, "us-east-1", lines)
		got := map[string]managedNode{}
		for n, err := range managedNodes(context.Background(), c, &ssm.DescribeInstanceInformationInput{}) {
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, n)
			got[n.ID] = n
		}
		return got, calls
	}
	hosts := say(&ssm.GetInventoryOutput{Entities: []types.InventoryResultEntity{{Id: aws.String("i-2")}}})
	entries := func(in any) (any, error) {
		if aws.ToString(in.(*ssm.ListInventoryEntriesInput).NextToken) == "" {
			return &ssm.ListInventoryEntriesOutput{NextToken: aws.String("more"), Entries: []map[string]string{{"Name": "postgresql-client-16"}, {"Name": "postgresql-16"}}}, nil
		}
		return &ssm.ListInventoryEntriesOutput{Entries: []map[string]string{{"Name": "mariadb105-server"}, {"Name": "postgresql-16"}}}, nil
	}
	got, calls := nodes(script{"GetInventory": hosts, "ListInventoryEntries": entries})
	stated{"engines": "[]"}.check(t, managedNodeFacts(here, got["i-1"]))
	stated{"engines": "[mysql postgresql]"}.check(t, managedNodeFacts(here, got["i-2"]))
	if calls("GetInventory") != 1 || calls("ListInventoryEntries") != 2 {
		t.Errorf("asked %d times for machines and %d times for what they hold; want 1 and two pages of one", calls("GetInventory"), calls("ListInventoryEntries"))
	}
	got, _ = nodes(script{"ListInventoryEntries": entries})
	if why := managedNodeFacts(here, got["i-1"]).Why("engines"); why.Cause != inventory.CauseDenied || why.Permission != "ssm:GetInventory" {
		t.Errorf("unknown for %+v", why)
	}
	got, _ = nodes(script{"GetInventory": hosts})
	stated{"engines": "[]"}.check(t, managedNodeFacts(here, got["i-1"]))
	if why := managedNodeFacts(here, got["i-2"]).Why("engines"); why.Permission != "ssm:ListInventoryEntries" {
		t.Errorf("unknown for %+v", why)
	}
	for file, want := range map[string]string{"test_ec2_ssm_inventory_filter/ssm.ListInventoryEntries_1.json": "[]", "docs-awscli-ssm/ssm.ListInventoryEntries_1.json": "[]"} {
		got, _ = nodes(script{"GetInventory": hosts, "ListInventoryEntries": say(recorded[ssm.ListInventoryEntriesOutput](t, file))})
		stated{"engines": want}.check(t, managedNodeFacts(here, got["i-2"]))
	}
}
