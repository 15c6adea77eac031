package aws

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	redshifttypes "github.com/aws/aws-sdk-go-v2/service/redshift/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// captured is when the items of these tests were captured.
var captured = time.Date(2025, 11, 30, 8, 15, 0, 0, time.UTC)

// asConfig writes a value of the SDK as AWS Config does: names begin in lower case, what is not set is left out, and
// moments are text or counts of milliseconds.
func asConfig(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return asConfig(v.Elem())
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			if at.Second()%2 == 0 {
				return at.UTC().Format("2006-01-02T15:04:05.000Z")
			}
			return at.UnixMilli()
		}
		out := map[string]any{}
		for n := range v.NumField() {
			f := v.Type().Field(n)
			if !f.IsExported() || f.Name == "ResultMetadata" || v.Field(n).Kind() == reflect.Pointer && v.Field(n).IsNil() ||
				v.Field(n).Kind() == reflect.String && v.Field(n).Len() == 0 {
				continue
			}
			out[string(unicode.ToLower(rune(f.Name[0])))+f.Name[1:]] = asConfig(v.Field(n))
		}
		return out
	case reflect.Slice:
		out := []any{}
		for n := range v.Len() {
			out = append(out, asConfig(v.Index(n)))
		}
		return out
	default:
		return v.Interface()
	}
}

// itemOf is a configuration item of a resource. Its tags stand beside the configuration.
func itemOf(typ, id string, resource any) map[string]any {
	configuration := asConfig(reflect.ValueOf(resource)).(map[string]any)
	tags := map[string]any{}
	for _, name := range []string{"tags", "tagList", "tagSet"} {
		pairs, _ := configuration[name].([]any)
		for _, p := range pairs {
			pair := p.(map[string]any)
			tags[pair["key"].(string)] = pair["value"]
		}
		delete(configuration, name)
	}
	if typ == configSecurityGroup.name {
		for _, member := range []string{"ipPermissions", "ipPermissionsEgress"} {
			for _, p := range configuration[member].([]any) {
				permission := p.(map[string]any)
				permission["ipv4Ranges"], permission["ipRanges"] = permission["ipRanges"], []string{"0.0.0.0/0"}
			}
		}
	}
	return map[string]any{
		"resourceType": typ, "resourceId": id, "accountId": here.Scope.Account(), "awsRegion": here.Region,
		"configurationItemStatus": "OK", "configurationItemCaptureTime": captured.Format(time.RFC3339),
		"configuration": configuration, "supplementaryConfiguration": map[string]any{}, "tags": tags,
	}
}

// exportOf reads items as a snapshot and collects them.
func exportOf(t *testing.T, items ...map[string]any) (map[string]*inventory.Resource, *ec2Gathered) {
	t.Helper()
	snapshot, err := json.Marshal(map[string]any{"fileVersion": "1.0", "configSnapshotId": "x", "configurationItems": items})
	if err != nil {
		t.Fatal(err)
	}
	exports, err := ReadExport(bytes.NewReader(snapshot))
	if err != nil || len(exports) != 1 {
		t.Fatalf("%d exports: %v", len(exports), err)
	}
	return collectedExport(t, exports[0])
}

func collectedExport(t *testing.T, e *Export) (map[string]*inventory.Resource, *ec2Gathered) {
	t.Helper()
	a, err := FromExport(e)
	if err != nil {
		t.Fatal(err)
	}
	out := &ec2Gathered{}
	if err := a.Collect(t.Context(), time.Now, out); err != nil {
		t.Fatal(err)
	}
	return byID(out), out
}

func byID(g *ec2Gathered) map[string]*inventory.Resource {
	out := map[string]*inventory.Resource{}
	for _, o := range g.seen {
		out[o.Resource.ID] = o.Resource
	}
	return out
}

// alike fails for every fact that the export states otherwise than the cloud, or that the cloud does not state.
func alike(t *testing.T, exported, direct *inventory.Resource) {
	t.Helper()
	for _, a := range exported.Schema().Attributes {
		got, known := exported.Value(a.Name)
		if !known {
			continue
		}
		want, there := direct.Value(a.Name)
		if a, err := json.Marshal(got); err == nil && there {
			b, err := json.Marshal(want)
			if err == nil && string(a) == string(b) {
				continue
			}
		}
		t.Errorf("%s: %s is %v by the export, by the cloud %v (known: %v)", exported.ID, a.Name, got, want, there)
	}
	if exported.Name != direct.Name || exported.Region != direct.Region || len(exported.Labels) != len(direct.Labels) {
		t.Errorf("%s is %q in %s with the labels %v; by the cloud %q in %s with %v", exported.ID, exported.Name, exported.Region,
			exported.Labels, direct.Name, direct.Region, direct.Labels)
	}
	for k, v := range direct.Labels {
		if exported.Labels[k] != v {
			t.Errorf("%s: the label %s is %q; want %q", exported.ID, k, exported.Labels[k], v)
		}
	}
}

// recordedListing is a listing of which real answers are recorded, and the type that Config tells the same by.
type recordedListing struct {
	typ *recordedType
	// file is the recorded operation, operation the call.
	file, operation string
	// read takes the resources out of an answer, with an id for each.
	read func(t *testing.T, raw []byte) (ids []string, resources []any)
	// answer makes one answer of all resources.
	answer func(resources []any) any
}

func listingOf[O, T any](typ *recordedType, file, operation string, list func(*O) *[]T, id func(T) *string) recordedListing {
	return recordedListing{typ: typ, file: file, operation: operation,
		read: func(t *testing.T, raw []byte) (ids []string, resources []any) {
			t.Helper()
			out := new(O)
			if err := json.Unmarshal(raw, out); err != nil {
				t.Fatal(err)
			}
			for _, r := range *list(out) {
				ids, resources = append(ids, aws.ToString(id(r))), append(resources, r)
			}
			return ids, resources
		},
		answer: func(resources []any) any {
			out := new(O)
			for _, r := range resources {
				*list(out) = append(*list(out), r.(T))
			}
			return out
		}}
}

// flatInstances stands for the instances of all reservations.
type flatInstances struct {
	Reservations []ec2types.Reservation
	all          []ec2types.Instance
}

func recordedListings() []recordedListing {
	return []recordedListing{
		listingOf(configInterface, "ec2.DescribeNetworkInterfaces", "EC2.DescribeNetworkInterfaces",
			func(o *ec2.DescribeNetworkInterfacesOutput) *[]ec2types.NetworkInterface { return &o.NetworkInterfaces },
			func(r ec2types.NetworkInterface) *string { return r.NetworkInterfaceId }),
		listingOf(configSecurityGroup, "ec2.DescribeSecurityGroups", "EC2.DescribeSecurityGroups",
			func(o *ec2.DescribeSecurityGroupsOutput) *[]ec2types.SecurityGroup { return &o.SecurityGroups },
			func(r ec2types.SecurityGroup) *string { return r.GroupId }),
		listingOf(configSubnet, "ec2.DescribeSubnets", "EC2.DescribeSubnets",
			func(o *ec2.DescribeSubnetsOutput) *[]ec2types.Subnet { return &o.Subnets },
			func(r ec2types.Subnet) *string { return r.SubnetId }),
		listingOf(configVPC, "ec2.DescribeVpcs", "EC2.DescribeVpcs",
			func(o *ec2.DescribeVpcsOutput) *[]ec2types.Vpc { return &o.Vpcs }, func(r ec2types.Vpc) *string { return r.VpcId }),
		listingOf(configRouteTable, "ec2.DescribeRouteTables", "EC2.DescribeRouteTables",
			func(o *ec2.DescribeRouteTablesOutput) *[]ec2types.RouteTable { return &o.RouteTables },
			func(r ec2types.RouteTable) *string { return r.RouteTableId }),
		listingOf(configInternetGateway, "ec2.DescribeInternetGateways", "EC2.DescribeInternetGateways",
			func(o *ec2.DescribeInternetGatewaysOutput) *[]ec2types.InternetGateway { return &o.InternetGateways },
			func(r ec2types.InternetGateway) *string { return r.InternetGatewayId }),
		listingOf(configNATGateway, "ec2.DescribeNatGateways", "EC2.DescribeNatGateways",
			func(o *ec2.DescribeNatGatewaysOutput) *[]ec2types.NatGateway { return &o.NatGateways },
			func(r ec2types.NatGateway) *string { return r.NatGatewayId }),
		listingOf(configVolume, "ec2.DescribeVolumes", "EC2.DescribeVolumes",
			func(o *ec2.DescribeVolumesOutput) *[]ec2types.Volume { return &o.Volumes },
			func(r ec2types.Volume) *string { return r.VolumeId }),
		listingOf(configPeering, "ec2.DescribeVpcPeeringConnections", "EC2.DescribeVpcPeeringConnections",
			func(o *ec2.DescribeVpcPeeringConnectionsOutput) *[]ec2types.VpcPeeringConnection {
				return &o.VpcPeeringConnections
			},
			func(r ec2types.VpcPeeringConnection) *string { return r.VpcPeeringConnectionId }),
		listingOf(configFlowLog, "ec2.DescribeFlowLogs", "EC2.DescribeFlowLogs",
			func(o *ec2.DescribeFlowLogsOutput) *[]ec2types.FlowLog { return &o.FlowLogs },
			func(r ec2types.FlowLog) *string { return r.FlowLogId }),
		listingOf(configDBInstance, "rds.DescribeDBInstances", "RDS.DescribeDBInstances",
			func(o *rds.DescribeDBInstancesOutput) *[]rdstypes.DBInstance { return &o.DBInstances },
			func(r rdstypes.DBInstance) *string { return r.DBInstanceArn }),
		listingOf(configDBCluster, "rds.DescribeDBClusters", "RDS.DescribeDBClusters",
			func(o *rds.DescribeDBClustersOutput) *[]rdstypes.DBCluster { return &o.DBClusters },
			func(r rdstypes.DBCluster) *string { return r.DBClusterArn }),
		listingOf(configDBSnapshot, "rds.DescribeDBSnapshots", "RDS.DescribeDBSnapshots",
			func(o *rds.DescribeDBSnapshotsOutput) *[]rdstypes.DBSnapshot { return &o.DBSnapshots },
			func(r rdstypes.DBSnapshot) *string { return r.DBSnapshotArn }),
		listingOf(configDBClusterSnapshot, "rds.DescribeDBClusterSnapshots", "RDS.DescribeDBClusterSnapshots",
			func(o *rds.DescribeDBClusterSnapshotsOutput) *[]rdstypes.DBClusterSnapshot {
				return &o.DBClusterSnapshots
			},
			func(r rdstypes.DBClusterSnapshot) *string { return r.DBClusterSnapshotArn }),
		listingOf(configScalingGroup, "autoscaling.DescribeAutoScalingGroups", "Auto Scaling.DescribeAutoScalingGroups",
			func(o *autoscaling.DescribeAutoScalingGroupsOutput) *[]autoscalingtypes.AutoScalingGroup {
				return &o.AutoScalingGroups
			},
			func(r autoscalingtypes.AutoScalingGroup) *string { return r.AutoScalingGroupARN }),
		listingOf(configBalancer, "elasticloadbalancingv2.DescribeLoadBalancers", "Elastic Load Balancing v2.DescribeLoadBalancers",
			func(o *elasticloadbalancingv2.DescribeLoadBalancersOutput) *[]elbtypes.LoadBalancer {
				return &o.LoadBalancers
			},
			func(r elbtypes.LoadBalancer) *string { return r.LoadBalancerArn }),
		listingOf(configClassicBalancer, "elasticloadbalancing.DescribeLoadBalancers", "Elastic Load Balancing.DescribeLoadBalancers",
			func(o *elb.DescribeLoadBalancersOutput) *[]classictypes.LoadBalancerDescription {
				return &o.LoadBalancerDescriptions
			},
			func(r classictypes.LoadBalancerDescription) *string { return r.LoadBalancerName }),
		listingOf(configWarehouse, "redshift.DescribeClusters", "Redshift.DescribeClusters",
			func(o *redshift.DescribeClustersOutput) *[]redshifttypes.Cluster { return &o.Clusters },
			func(r redshifttypes.Cluster) *string { return r.ClusterIdentifier }),
		instancesListing(),
	}
}

func instancesListing() recordedListing {
	l := listingOf(configInstance, "ec2.DescribeInstances", "EC2.DescribeInstances",
		func(o *flatInstances) *[]ec2types.Instance {
			for _, r := range o.Reservations {
				o.all = append(o.all, r.Instances...)
			}
			o.Reservations = nil
			return &o.all
		}, func(r ec2types.Instance) *string { return r.InstanceId })
	flat := l.answer
	l.answer = func(resources []any) any {
		all := flat(resources).(*flatInstances).all
		return &ec2.DescribeInstancesOutput{Reservations: []ec2types.Reservation{{Instances: all}}}
	}
	return l
}

// TestExportTellsAsTheCloud writes real answers as items of AWS Config, and wants the facts of either way alike: what the
// export states the cloud states, and nothing is known by the export alone.
func TestExportTellsAsTheCloud(t *testing.T) {
	t.Parallel()
	for _, l := range recordedListings() {
		t.Run(l.typ.name, func(t *testing.T) {
			t.Parallel()
			var resources []any
			var items []map[string]any
			seen := map[string]bool{}
			for _, file := range recordedFiles(t, l.file) {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var call struct{ Response json.RawMessage }
				if err := json.Unmarshal(raw, &call); err != nil || len(call.Response) == 0 {
					continue // A recorded refusal has no response.
				}
				ids, found := l.read(t, call.Response)
				for n, id := range ids {
					if id != "" && !seen[id] {
						seen[id] = true
						resources, items = append(resources, found[n]), append(items, itemOf(l.typ.name, id, found[n]))
					}
				}
			}
			if len(items) < 2 {
				t.Fatalf("%d resources are recorded", len(items))
			}
			clients, _ := scripted(t, here.Region, script{
				l.operation: say(l.answer(resources)), "Elastic Load Balancing v2.DescribeTags": say(&elasticloadbalancingv2.DescribeTagsOutput{}),
				"Elastic Load Balancing.DescribeTags": say(&elb.DescribeTagsOutput{}),
			})
			direct := &ec2Gathered{}
			if err := collectionOf(clients).Collect(t.Context(), direct); err != nil {
				t.Fatal(err)
			}
			exported, out := exportOf(t, items...)
			compared := 0
			for id, r := range byID(direct) {
				if r.Kind != l.typ.kind || exported[id] == nil {
					continue
				}
				compared++
				alike(t, exported[id], r)
				if !exported[id].ObservedAt.Equal(captured) {
					t.Errorf("%s was observed at %v; want when it was captured", id, exported[id].ObservedAt)
				}
			}
			t.Logf("%d of %d compared", compared, len(items))
			if compared*2 < len(items) {
				t.Errorf("only %d of %d could be compared", compared, len(items))
			}
			for _, row := range out.rows {
				if row.Kind == l.typ.kind && (row.Complete || row.Unknown == nil) {
					t.Errorf("the listing of %s in %s is complete", row.Kind, row.Region)
				}
			}
		})
	}
}

// TestExportRefusesWhatIsNone wants of every file that is no export what was expected instead.
func TestExportRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	item := func(drop string) string {
		i := itemOf("AWS::EC2::Volume", "vol-1", ec2types.Volume{VolumeId: aws.String("vol-1")})
		delete(i, drop)
		raw, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for text, says := range map[string]string{
		"":                                   "there is none",
		"[]":                                 "there is none",
		"{}":                                 "no resourceType; want a configuration snapshot",
		"not json":                           "want a configuration snapshot",
		"17":                                 "want a configuration snapshot",
		`{"configurationItems":{}}`:          "configurationItems is no array",
		`{"configurationItems":[1]}`:         "want a configuration snapshot",
		`{"Results":["{"]}`:                  "want a configuration snapshot",
		`{"configurationItems":[{}`:          "after item 0",
		item("resourceType"):                 "no resourceType",
		item("awsRegion"):                    "no awsRegion",
		item("accountId"):                    "no accountId",
		item("") + "\n" + item("resourceId"): "after item 1",
		item("configurationItemCaptureTime"): "no configurationItemCaptureTime",
		strings.Replace(item(""), captured.Format(time.RFC3339), "soon", 1): "no moment",
		strings.Replace(item(""), here.Scope.Account(), "123", 1):           "twelve digits",
		"\x1f\x8bnot gzip": "gzip",
	} {
		if _, err := ReadExport(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60q: %v; want %q in it", text, err, says)
		}
	}
}
