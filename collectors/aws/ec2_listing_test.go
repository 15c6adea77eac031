package aws

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// ec2Gathered keeps what a collection hands on.
type ec2Gathered struct {
	mu   sync.Mutex
	seen []collectors.Observation
	rows []inventory.LedgerRow
}

func (g *ec2Gathered) Observe(_ context.Context, batch []collectors.Observation) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, batch...)
	return nil
}

func (g *ec2Gathered) Listed(_ context.Context, row inventory.LedgerRow) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rows = append(g.rows, row)
	return nil
}

// collectionOf collects with scripted clients, at a fixed moment.
func collectionOf(clients *Clients) collectors.Collection[*Clients] {
	return collectors.Collection[*Clients]{
		Scope: here.Scope, Registry: &Sources, Regions: []string{here.Region}, Classify: Classify, Listings: 4, Asks: 4,
		Clients: func(string) *Clients { return clients },
		Now:     func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}
}

// drained drains a listing.
func drained[I any](seq func(func(I, error) bool)) (all []I, err error) {
	for i, e := range seq {
		if e != nil {
			return all, e
		}
		all = append(all, i)
	}
	return all, nil
}

func TestListingPages(t *testing.T) {
	t.Parallel()
	clients, calls := scripted(t, here.Region, script{"DescribeSubnets": func(in any) (any, error) {
		q := in.(*ec2.DescribeSubnetsInput)
		if aws.ToInt32(q.MaxResults) != 1000 {
			t.Errorf("a page of %d was asked for, want 1000", aws.ToInt32(q.MaxResults))
		}
		if q.NextToken == nil {
			return &ec2.DescribeSubnetsOutput{NextToken: aws.String("2"), Subnets: []types.Subnet{{SubnetId: aws.String("subnet-1"), AvailableIpAddressCount: aws.Int32(7)}}}, nil
		}
		return &ec2.DescribeSubnetsOutput{Subnets: []types.Subnet{{SubnetId: aws.String("subnet-2")}}}, nil
	}})
	all, err := drained(subnets(context.Background(), clients))
	if err != nil || len(all) != 2 || calls("DescribeSubnets") != 2 {
		t.Errorf("%d subnets by %d calls, %v; want 2 by 2", len(all), calls("DescribeSubnets"), err)
	}
	if all[0].AvailableIpAddressCount != nil {
		t.Error("the count of free addresses is kept, and changes the evidence with every machine")
	}
}

func TestEndpointServicePermissionsPage(t *testing.T) {
	t.Parallel()
	clients, _ := scripted(t, here.Region, script{"DescribeVpcEndpointServicePermissions": func(in any) (any, error) {
		next := in.(*ec2.DescribeVpcEndpointServicePermissionsInput).NextToken
		principal, token := "arn:aws:iam::111122223333:root", aws.String("2")
		if next != nil {
			principal, token = "*", nil
		}
		return &ec2.DescribeVpcEndpointServicePermissionsOutput{NextToken: token, AllowedPrincipals: []types.AllowedPrincipal{{Principal: &principal}}}, nil
	}})
	a := askEndpointService(context.Background(), clients, types.ServiceConfiguration{ServiceId: aws.String("vpce-svc-1")})
	stated{"peer_owners": []string{"*", "111122223333"}}.check(t, endpointServiceFacts(here, a))
}

func TestPrefixListEntriesPage(t *testing.T) {
	t.Parallel()
	clients, _ := scripted(t, here.Region, script{"GetManagedPrefixListEntries": func(in any) (any, error) {
		if in.(*ec2.GetManagedPrefixListEntriesInput).NextToken == nil {
			return &ec2.GetManagedPrefixListEntriesOutput{NextToken: aws.String("2"), Entries: []types.PrefixListEntry{{Cidr: aws.String("192.0.2.0/24")}}}, nil
		}
		return nil, refusal("RequestLimitExceeded")
	}})
	a := askPrefixList(context.Background(), clients, types.ManagedPrefixList{PrefixListId: aws.String("pl-1")})
	// Half a list would admit less than the rule does.
	r := prefixListFacts(here, a)
	stated{"ranges": nil}.check(t, r)
	if r.Why("ranges").Cause != inventory.CauseThrottled {
		t.Errorf("why is %+v, want throttled", r.Why("ranges"))
	}
}

// refusal is an error with a code, as the SDK gives it.
func refusal(code string) error {
	_, err := refuse(code)(nil)
	return err
}

// TestFindOfWhatIsGone asks each source of EC2 for one resource that is not there: no error, and nothing found.
func TestFindOfWhatIsGone(t *testing.T) {
	t.Parallel()
	codes := map[inventory.Kind]string{
		"aws.ec2.vpc": "InvalidVpcID.NotFound", "aws.ec2.subnet": "InvalidSubnetID.NotFound", "aws.ec2.route_table": "InvalidRouteTableID.NotFound",
		"aws.ec2.network_acl": "InvalidNetworkAclID.NotFound", "aws.ec2.internet_gateway": "InvalidInternetGatewayID.NotFound",
		"aws.ec2.nat_gateway": "NatGatewayNotFound", "aws.ec2.egress_only_internet_gateway": "InvalidGatewayID.NotFound",
		"aws.ec2.vpc_peering_connection": "InvalidVpcPeeringConnectionID.NotFound", "aws.ec2.vpn_connection": "InvalidVpnConnectionID.NotFound",
		"aws.ec2.transit_gateway_attachment": "InvalidTransitGatewayAttachmentID.NotFound", "aws.ec2.vpc_endpoint_service": "InvalidVpcEndpointServiceId.NotFound",
		"aws.ec2.flow_log": "InvalidFlowLogId.NotFound", "aws.ec2.prefix_list": "InvalidPrefixListID.NotFound", "aws.ec2.network_interface": "InvalidNetworkInterfaceID.NotFound",
		"aws.ec2.instance": "InvalidInstanceID.NotFound", "aws.ec2.image": "InvalidAMIID.NotFound", "aws.ec2.volume": "InvalidVolume.NotFound",
		"aws.ec2.snapshot": "InvalidSnapshot.NotFound", "aws.ec2.security_group": "InvalidGroup.NotFound", "aws.ec2.source_image": "InvalidAMIID.NotFound",
	}
	for _, e := range Sources.Entries() {
		d := e.Definition()
		if !strings.HasPrefix(string(d.Kind), "aws.ec2.") {
			continue
		}
		t.Run(string(d.Kind), func(t *testing.T) {
			t.Parallel()
			gone, _ := scripted(t, here.Region, script{d.ListAction: func(in any) (any, error) {
				raw, err := json.Marshal(in)
				if err != nil || !strings.Contains(string(raw), `["x-1"]`) || !strings.Contains(string(raw), `"MaxResults":null`) && strings.Contains(string(raw), `"MaxResults"`) {
					t.Errorf("asked %s, %v; want the one id and no page size", raw, err)
				}
				return nil, refusal(codes[d.Kind])
			}})
			found, err := collectionOf(gone).One(context.Background(), d.Kind, here.Region, own("thing", "x-1"), &ec2Gathered{})
			if found || err != nil {
				t.Errorf("found %v, %v; want it gone", found, err)
			}
			denied, _ := scripted(t, here.Region, script{})
			if _, err := collectionOf(denied).One(context.Background(), d.Kind, here.Region, own("thing", "x-1"), &ec2Gathered{}); err == nil {
				t.Error("a refusal passes for a resource that is gone")
			}
		})
	}
}

// TestAskNeedsItsPermissions runs each source of EC2 with its listing only: the further calls are refused, each names a
// right that the source declares, and what they would have told is unknown.
func TestAskNeedsItsPermissions(t *testing.T) {
	t.Parallel()
	listings := script{
		"DescribeVpcs":                             say(&ec2.DescribeVpcsOutput{Vpcs: []types.Vpc{{VpcId: aws.String("vpc-1")}}}),
		"DescribeVpnConnections":                   say(&ec2.DescribeVpnConnectionsOutput{VpnConnections: []types.VpnConnection{{VpnConnectionId: aws.String("vpn-1"), VpnGatewayId: aws.String("vgw-1")}}}),
		"DescribeTransitGatewayAttachments":        say(&ec2.DescribeTransitGatewayAttachmentsOutput{TransitGatewayAttachments: []types.TransitGatewayAttachment{{TransitGatewayAttachmentId: aws.String("tgw-attach-1"), TransitGatewayId: aws.String("tgw-1")}}}),
		"DescribeVpcEndpointServiceConfigurations": say(&ec2.DescribeVpcEndpointServiceConfigurationsOutput{ServiceConfigurations: []types.ServiceConfiguration{{ServiceId: aws.String("vpce-svc-1")}}}),
		"DescribeManagedPrefixLists":               say(&ec2.DescribeManagedPrefixListsOutput{PrefixLists: []types.ManagedPrefixList{{PrefixListId: aws.String("pl-1")}}}),
		"DescribeInstances":                        say(&ec2.DescribeInstancesOutput{Reservations: []types.Reservation{{Instances: []types.Instance{{InstanceId: aws.String("i-1")}}}}}),
		"DescribeImages":                           say(&ec2.DescribeImagesOutput{Images: []types.Image{{ImageId: aws.String("ami-1")}}}),
		"DescribeSnapshots":                        say(&ec2.DescribeSnapshotsOutput{Snapshots: []types.Snapshot{{SnapshotId: aws.String("snap-1")}}}),
	}
	lost := map[inventory.Kind][]string{
		"aws.ec2.vpc": {"legacy"}, "aws.ec2.vpn_connection": {"networks"}, "aws.ec2.transit_gateway_attachment": {"accepted_by_hand"},
		"aws.ec2.vpc_endpoint_service": {"peer_owners"}, "aws.ec2.prefix_list": {"ranges"}, "aws.ec2.instance": {"plaintext_secrets"},
		"aws.ec2.image": {"public", "principals"}, "aws.ec2.snapshot": {"public", "principals"},
	}
	clients, _ := scripted(t, here.Region, listings)
	out := &ec2Gathered{}
	if err := collectionOf(clients).Collect(context.Background(), out); err != nil {
		t.Fatal(err)
	}
	refusedFacts := map[inventory.Kind][]string{}
	for _, o := range out.seen {
		declared := Sources.Entry(o.Resource.Kind).Definition().Permissions
		for fact, why := range o.Resource.Unknown {
			if why.Cause != inventory.CauseDenied {
				continue
			}
			refusedFacts[o.Resource.Kind] = append(refusedFacts[o.Resource.Kind], fact)
			if !slices.Contains(declared, why.Permission) {
				t.Errorf("%s: %s needs %q, which the source does not declare", o.Resource.Kind, fact, why.Permission)
			}
		}
	}
	for kind, facts := range lost {
		for _, fact := range facts {
			if !slices.Contains(refusedFacts[kind], fact) {
				t.Errorf("%s: %s is not unknown, though its call was refused", kind, fact)
			}
		}
	}
	for _, row := range out.rows {
		if row.Complete && row.Region != collectors.Everywhere && strings.HasPrefix(string(row.Kind), "aws.ec2.") && listings[Sources.Entry(row.Kind).Definition().ListAction] == nil {
			t.Errorf("%s: a refused listing passes for a complete one", row.Kind)
		}
	}
}
