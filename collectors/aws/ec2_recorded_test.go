package aws

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// recordedFacts are the facts of a resource of a recorded answer, by the short id of the resource.
type recordedFacts map[string]stated

// sweptFile states the facts of one recorded answer by the row of its operation.
func sweptFile(t *testing.T, file string) []*inventory.Resource {
	t.Helper()
	base := filepath.Base(file)
	run := sweeps[base[:strings.LastIndex(base, "_")]]
	if run == nil {
		t.Fatalf("%s: no row sends the operation to a normaliser", file)
	}
	return run(t, *recorded[json.RawMessage](t, file))
}

// checkRecorded wants the facts of each named resource of a recorded answer.
func checkRecorded(t *testing.T, file string, want recordedFacts) {
	t.Helper()
	left := map[string]bool{}
	for id := range want {
		left[id] = true
	}
	for _, r := range sweptFile(t, file) {
		id := shortID(r.ID)
		if left[id] {
			delete(left, id)
			want[id].check(t, r)
		}
	}
	for id := range left {
		t.Errorf("%s: nothing is stated of %s", file, id)
	}
}

func TestRecordedFacts(t *testing.T) {
	t.Parallel()
	local := func(cidr string) inventory.Route { return inventory.Route{Destination: cidr, To: "local"} }
	internet := func(igw string) inventory.Route {
		return inventory.Route{Destination: "0.0.0.0/0", To: "internet", Target: own("internet-gateway", igw)}
	}
	for file, want := range map[string]recordedFacts{
		"test_vpc_attributes/ec2.DescribeVpcs_1.json": {
			"vpc-f1516b97": {"default": false, "legacy": false, "ranges": []string{"10.0.42.0/24"}},
			"vpc-d2d616b5": {"default": true, "ranges": []string{"172.31.0.0/16"}}},
		"test_vpc_empty_vpc_filter/ec2.DescribeVpcs_1.json":  {"vpc-dc0452b8": {"default": false}, "vpc-4a9ff72e": {"default": true}},
		"test_vpc_endpoint_filter/ec2.DescribeVpcs_1.json":   {"vpc-03005fb9b8740263d": {"ranges": []string{"10.205.0.0/18"}}, "vpc-d2d616b5": {"default": true}},
		"test_vpc_dhcp_options/ec2.DescribeVpcs_1.json":      {"vpc-7af45101": {"ranges": []string{"10.0.16.0/24"}, "default": false}},
		"test_vpc_usage_detect_set/ec2.DescribeVpcs_1.json":  {"vpc-6d20940b": {"default": true}},
		"test_vpc_scenario_2/ec2.DescribeVpcs_1.json":        {"vpc-0c1be6284618ac4c1": {"default": false, "ranges": []string{"10.0.0.0/16"}}},
		"ec2_igw_subnet/ec2.DescribeSubnets_1.json":          {"subnet-02e1a5b426e2b16a9": {"auto_public_address": false, "zone": "us-east-1a", "network": own("vpc", "vpc-06a22444b7946ea01")}},
		"test_rt_subnet_filter/ec2.DescribeSubnets_1.json":   {"subnet-3f9e3d54": {"auto_public_address": true, "ranges": []string{"172.31.16.0/20"}}, "subnet-3766a96e": {"auto_public_address": false}},
		"test_glue_subnet_filter/ec2.DescribeSubnets_1.json": {"subnet-3a334610": {"auto_public_address": true}},
		"test_mq_query/ec2.DescribeSubnets_1.json":           {"subnet-b77a4ffd": {"auto_public_address": true, "zone": "us-east-2c"}},
		"test_subnet_delete/ec2.DescribeSubnets_1.json":      {"subnet-056d542a687f866ee": {"auto_public_address": false, "ranges": []string{"10.4.1.0/24"}}},
		"ec2_igw_subnet/ec2.DescribeRouteTables_1.json": {
			"rtb-75bad00b":          {"main": true, "routes": []inventory.Route{local("172.31.0.0/16"), internet("igw-b394c6c8")}},
			"rtb-0ce1e28a01f647d5a": {"main": false, "subnets": []string{own("subnet", "subnet-00a7ff0f29a2f7dd7")}, "routes": []inventory.Route{local("10.0.0.0/16")}},
			"rtb-093c0ae5ab7524554": {"subnets": []string{own("subnet", "subnet-02e1a5b426e2b16a9")}, "routes": []inventory.Route{local("10.0.0.0/16"), internet("igw-0186e33a1d5903db5")}}},
		"test_eni_public_subnet/ec2.DescribeRouteTables_1.json": {
			"rtb-5bc59b3e": {"subnets": []string{own("subnet", "subnet-381d864f"), own("subnet", "subnet-b2cb8788")}, "network": own("vpc", "vpc-65db9700")}},
		"test_rt_subnet_filter/ec2.DescribeRouteTables_1.json": {
			"rtb-309e3d5b": {"main": true, "subnets": []string{}},
			"rtb-e888328d": {"main": true, "subnets": []string{own("subnet", "subnet-3766a96e")}}},
		"test_network_acl_s3_missing/ec2.DescribeNetworkAcls_2.json": {"acl-6c9db915": {"default": true, "rules": []inventory.Rule{
			{ID: "100", Priority: 100, Protocol: "any", To: 65535, Ranges: []string{"0.0.0.0/0"}},
			{ID: "32767", Deny: true, Priority: 32767, Protocol: "any", To: 65535, Ranges: []string{"0.0.0.0/0"}},
			{ID: "32767", Egress: true, Deny: true, Priority: 32767, Protocol: "any", To: 65535, Ranges: []string{"0.0.0.0/0"}}}}},
		"test_internet_gateway_delete_with_dependencies/ec2.DescribeInternetGateways_1.json": {
			"igw-06504e6dde1dff527": {"type": "internet", "networks": []string{own("vpc", "vpc-06fbfb0683669c546")}}},
		"test_vpc_scenario_2/ec2.DescribeInternetGateways_1.json": {"igw-0978760ab0696f757": {"networks": []string{own("vpc", "vpc-0c1be6284618ac4c1")}}},
		"test_vpc_scenario_2/ec2.DescribeNatGateways_1.json": {
			"nat-0bdb87de14bdf340a": {"type": "nat", "public_addresses": []string{"1.2.3.4"}, "networks": []string{own("vpc", "vpc-0c1be6284618ac4c1")}}},
		"test_cross_az_nat_gateway_route_filter/ec2.DescribeNatGateways_1.json": {"nat-06e9acaa9c0ab8799": {"type": "nat", "public_addresses": []string{"2.2.2.2"}}},
		"test_peer_cross_account/ec2.DescribeVpcPeeringConnections_1.json": {"pcx-f368979b": {"kind": "peering", "active": true, "peer_owners": []string{"185106417252"},
			"peer_ranges": []string{"172.31.0.0/16"}, "networks": []string{"arn:aws:ec2:us-east-1:185106417252:vpc/vpc-0202e27b", own("vpc", "vpc-7af45101")}}},
		"test_peer_miss_route_filter/ec2.DescribeVpcPeeringConnections_1.json": {"pcx-36096b5f": {"active": true, "peer_owners": []string{"619193117841"}}},
		"test_transit_gateway_attachment_query/ec2.DescribeTransitGatewayAttachments_1.json": {
			"tgw-attach-0aca50c09e4248a85": {"kind": "transit", "active": true, "networks": []string{own("vpc", "vpc-f1516b97")}, "peer_owners": []string{}, "accepted_by_hand": nil}},
		"test_tgw_attachment_metrics_filter/ec2.DescribeTransitGatewayAttachments_1.json": {"tgw-attach-03dd54sdfe": {"peer_owners": []string{"123456789012"}}},
		"test_vpc_endpoint_service_configuration_query/ec2.DescribeVpcEndpointServiceConfigurations_1.json": {
			"vpce-svc-042193297e333714e": {"kind": "private_service", "active": true, "accepted_by_hand": true, "peer_owners": nil}},
		"test_vpc_flow_filter_destination/ec2.DescribeFlowLogs_1.json":  {"fl-0873b1d6eacd0a14d": {"active": true, "traffic": "all", "resource": own("vpc", "vpc-d2d616b5")}},
		"test_vpc_flow_logs/ec2.DescribeFlowLogs_1.json":                {"fl-069df76b301f1327d": {"active": true, "traffic": "all", "resource": own("vpc", "vpc-065087ed31e016b80")}},
		"test_vpc_flow_logs_misconfigured/ec2.DescribeFlowLogs_1.json":  {"fl-84d63aed": {"active": true, "traffic": "rejected", "resource": own("vpc", "vpc-4a9ff72e")}},
		"test_prefix_list_entry/ec2.GetManagedPrefixListEntries_1.json": {"pl-1": {"ranges": []string{"172.31.0.0/16"}}},
		"test_prefix_list_entry/ec2.DescribeManagedPrefixLists_1.json":  {"pl-63a5400a": {"ranges": nil}},
		"test_eip_used_by/ec2.DescribeNetworkInterfaces_1.json": {
			"eni-0d4abd825d8d1a18a": {"wearer_type": "gateway", "wearer": own("natgateway", "nat-03362ee41477cbc96"), "public_addresses": []string{"100.20.250.96"}},
			"eni-0c460249c6f383b28": {"wearer_type": "machine", "wearer": own("instance", "i-02bdb80e43cda8576"), "public_addresses": []string{"52.27.14.199"}, "private_addresses": []string{"10.0.7.84"}}},
		"test_eni_private_subnet/ec2.DescribeNetworkInterfaces_1.json":       {"eni-054de8d628e757d05": {"wearer_type": "other"}, "eni-02f9c1d34f40af967": {"wearer_type": "gateway"}},
		"test_network_interface_delete/ec2.DescribeNetworkInterfaces_1.json": {"eni-d834cdcf": {"wearer_type": "", "wearer": ""}},
		"test_network_location_match_in_mismatch/ec2.DescribeNetworkInterfaces_1.json": {
			"eni-0f028fdc238330d73": {"wearer_type": "other"}, "eni-0d7371899c021c60f": {"wearer_type": "database"}, "eni-07bd77049a9923a64": {"wearer_type": "function"}},
		"test_security_group_unused/ec2.DescribeNetworkInterfaces_1.json": {"eni-794e5a04": {"wearer_type": "database"},
			"eni-042ea05b": {"wearer_type": "balancer", "wearer": "arn:aws:elasticloadbalancing:us-east-1:644160558196:loadbalancer/test-load-balancer"}},
		"ec2_igw_subnet/ec2.DescribeInstances_1.json":                      {"i-05799f38ad9df4c34": {"running": true, "public_address": true, "metadata_hardened": false, "in_virtual_network": true, "plaintext_secrets": nil}},
		"test_asg_tag/ec2.DescribeInstances_1.json":                        {"i-242dd4f9": {"metadata_hardened": nil, "public_address": true, "identity": "arn:aws:iam::619193117841:instance-profile/BaseIAMRole"}},
		"test_ec2_costhub_resize/ec2.DescribeInstances_1.json":             {"i-000ce83ee0c70e572": {"running": false, "public_address": false, "metadata_hardened": false, "os_family": "linux"}},
		"test_ec2_attached_ebs_filter/ec2.DescribeInstances_1.json":        {"i-1aebf7c0": {"running": false, "metadata_hardened": nil}},
		"test_ec2_userdata/ec2.DescribeInstanceAttribute_1.json":           {"i-031bb33b21ba172a5": {"plaintext_secrets": 11}},
		"test_ec2_instance_attribute/ec2.DescribeInstanceAttribute_1.json": {"i-0185ca3d74288165e": {"plaintext_secrets": 0}},
		"test_ami_cross_accounts/ec2.DescribeImageAttribute_1.json": {"ami-a63ae2db": {"public": false, "principals": []string{"185106417252",
			"arn:aws:organizations::112233445566:organization/o-xyzabc123w", "arn:aws:organizations::112233445566:ou/o-xyzabc123w/ou-1xyz-abc123yz"}}},
		"test_ami_set_perms/ec2.DescribeImageAttribute_1.json":                  {"ami-03f9a84f3963d5028": {"public": true}},
		"test_ami_remove_perms/ec2.DescribeImageAttribute_2.json":               {"ami-03f9a84f3963d5028": {"public": false, "principals": []string{}}},
		"test_ami_with_no_last_launched_time/ec2.DescribeImageAttribute_1.json": {"ami-02a11ce792e2bc296": {"public": nil, "principals": nil}},
		"test_unused_ami_false/ec2.DescribeImages_1.json":                       {"ami-04e2b113": {"kind": "machine", "public": false, "principals": nil}},
		"test_ami_sse/ec2.DescribeImages_1.json":                                {"ami-b04847cf": {"public": true}},
		"test_ebs_detach/ec2.DescribeVolumes_1.json": {"vol-0850cf7c8e949c318": {"attached": true, "encrypted_at_rest": false, "source": ""},
			"vol-0789fae26c4ea0459": {"source": "arn:aws:ec2:us-east-1::snapshot/snap-086b6d892c1edbbb2"}},
		"test_ebs_volume_query/ec2.DescribeVolumes_1.json": {"vol-encrypted-gp3-001": {"attached": false, "encrypted_at_rest": true, "encryption_key": nil, "customer_key": nil}},
		"test_ebs_snapshot_default_description/ec2.DescribeVolumes_1.json": {"vol-0cc137cb158adbc32": {"encrypted_at_rest": true,
			"encryption_key": "arn:aws:kms:us-east-1:644160558196:key/f6d98445-ca15-466d-8552-95397d4ab83d"}},
		"test_ebs_cross_account/ec2.DescribeSnapshots_1.json": {"snap-07459fee": {"encrypted_at_rest": false, "public": nil,
			"source": own("volume", "vol-48e2119c"), "taken_at": time.Date(2016, 10, 21, 15, 38, 24, 0, time.UTC)}},
		"test_ebs_cross_account/ec2.DescribeSnapshotAttribute_1.json": {"snap-07459fee": {"public": false, "principals": []string{}}},
		"test_ebs_cross_account/ec2.DescribeSnapshotAttribute_2.json": {"snap-7f9496cf": {"public": false, "principals": []string{"619193117841"}}},
		"test_ebs_cross_account/ec2.DescribeSnapshotAttribute_3.json": {"snap-af0eb71b": {"public": true, "principals": []string{}}},
		"test_ebs_snapshot_description/ec2.DescribeSnapshots_1.json": {"snap-00551541dada3dacd": {"encrypted_at_rest": true,
			"encryption_key": "arn:aws:kms:us-east-1:644160558196:key/f6d98445-ca15-466d-8552-95397d4ab83d"}},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			checkRecorded(t, file, want)
		})
	}
}

// TestRecordedEnded wants nothing of what is listed for a while after it ended.
func TestRecordedEnded(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]int{
		"test_transit_gateway_attachment_query_cwe/ec2.DescribeTransitGatewayAttachments_2.json": 1,
		"test_action_filter_call/ec2.DescribeInstances_1.json":                                   4,
		"test_ec2_attached_ebs_filter/ec2.DescribeInstances_1.json":                              1,
	} {
		if got := len(sweptFile(t, file)); got != want {
			t.Errorf("%s: %d resources are described, want %d", file, got, want)
		}
	}
}
