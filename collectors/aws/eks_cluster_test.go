package aws

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/kubernetes"
)

var (
	_ = sample("aws.eks.cluster", clusterFacts, clusterAnswers{Name: "main", Cluster: answered(&types.Cluster{Version: aws.String("1.33")}),
		Groups: answered(&[]nodeGroup{{Name: "g", Subnets: []string{"subnet-1"}}}), Addons: answered(&clusterAddons{Names: []string{"vpc-cni"}})},
		clusterAnswers{Name: "bare"}, clusterAnswers{Name: "elsewhere", Cluster: answered(&types.Cluster{ConnectorConfig: &types.ConnectorConfigResponse{}})})
	_ = sweep("eks.DescribeCluster", clusterFacts, func(o *eks.DescribeClusterOutput) []clusterAnswers {
		return []clusterAnswers{{Name: aws.ToString(o.Cluster.Name), Cluster: answered(narrowCluster(o.Cluster))}}
	})
	_ = sweep("eks.DescribeNodegroup", clusterFacts, func(o *eks.DescribeNodegroupOutput) []clusterAnswers {
		return []clusterAnswers{{Name: "c", Cluster: answered(&types.Cluster{}), Groups: answered(&[]nodeGroup{narrowNodeGroup(o.Nodegroup)})}}
	})
)

func TestClusterFacts(t *testing.T) {
	t.Parallel()
	good := func() *types.Cluster {
		return &types.Cluster{
			Version: aws.String("1.33"), AccessConfig: &types.AccessConfigResponse{AuthenticationMode: types.AuthenticationModeApi},
			ResourcesVpcConfig: &types.VpcConfigResponse{EndpointPublicAccess: true, PublicAccessCidrs: []string{"192.0.2.0/24"}, SubnetIds: []string{"subnet-9"}},
			EncryptionConfig:   []types.EncryptionConfig{{Resources: []string{"secrets"}}},
			Logging:            &types.Logging{ClusterLogging: []types.LogSetup{{Enabled: aws.Bool(true), Types: []types.LogType{"api", "audit", "authenticator"}}}},
			Identity:           &types.Identity{Oidc: &types.OIDC{Issuer: aws.String("https://oidc.eks.us-east-1.amazonaws.com/id/ABC")}},
		}
	}
	with := func(change func(*types.Cluster)) clusterAnswers {
		c := good()
		change(c)
		return clusterAnswers{Name: "c", Cluster: answered(c)}
	}
	versions := answered(&map[string]string{"1.33": eksStandard, "1.28": "EXTENDED_SUPPORT"})
	provider := answered(&[]string{"arn:aws:iam::1:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC"})
	group := nodeGroup{Name: "g", Version: "1.33", AMIType: "AL2023_x86_64_STANDARD", Release: "1.33.1-20261101", Role: "r", Repaired: true, Subnets: []string{"subnet-1"}}
	image := map[string]string{"now": "20261101", "newer": "20261109"}
	nodes := func(newest string, change func(*nodeGroup)) clusterAnswers {
		g := group
		change(&g)
		a := clusterAnswers{Name: "c", Cluster: answered(good()), Versions: versions, Groups: answered(&[]nodeGroup{g}), Providers: provider,
			Addons: answered(&clusterAddons{Names: []string{"vpc-cni"}, PolicyOn: true}), NodeRights: map[string]collectors.Answer[roleHolds]{"r": answered(&roleHolds{})}}
		if newest != "" {
			a.Images = map[string]collectors.Answer[string]{g.imagesOf(): answered(aws.String(newest))}
		}
		return a
	}
	same := func(*nodeGroup) {}
	auto := with(func(c *types.Cluster) { c.ComputeConfig = &types.ComputeConfigResponse{Enabled: aws.Bool(true)} })
	auto.Groups = answered(&[]nodeGroup{})
	bare := with(func(*types.Cluster) {})
	bare.Groups = answered(&[]nodeGroup{})
	broad := nodes(image["now"], same)
	broad.NodeRights = map[string]collectors.Answer[roleHolds]{"r": answered(&roleHolds{true})}
	unpaired := nodes(image["now"], same)
	unpaired.Providers, unpaired.Addons = answered(&[]string{}), answered(&clusterAddons{Names: []string{"coredns"}})
	agent := unpaired
	agent.Addons = answered(&clusterAddons{Names: []string{"vpc-cni", podIdentityAddon}})
	refusedGroups := nodes(image["now"], same)
	refusedGroups.Groups, refusedGroups.NodeRights = refused[[]nodeGroup](), nil
	for name, c := range map[string]struct {
		answers clusterAnswers
		want    stated
	}{
		"denied": {clusterAnswers{Name: "c", Cluster: refused[types.Cluster]()}, stated{"api_public": nil, "central_identity": nil, "secrets_encrypted": nil,
			"control_plane_logged": nil, "version_supported": nil, "workload_identity": nil, "node_auto_upgrade": nil, "image_policy": notApplicable}},
		"well kept": {nodes(image["now"], same), stated{"api_public": false, "central_identity": true, "secrets_encrypted": true, "control_plane_logged": true,
			"version_supported": true, "workload_identity": true, "node_auto_upgrade": true, "network_policy": true, "pod_security": nil,
			"node_subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]", "addressed_subnets": "[]"}},
		"open to all":     {with(func(c *types.Cluster) { c.ResourcesVpcConfig = &types.VpcConfigResponse{EndpointPublicAccess: true} }), stated{"api_public": true}},
		"open by ranges":  {with(func(c *types.Cluster) { c.ResourcesVpcConfig.PublicAccessCidrs = []string{"10.0.0.0/8", "0.0.0.0/1"} }), stated{"api_public": true}},
		"old entries":     {with(func(c *types.Cluster) { c.AccessConfig.AuthenticationMode = "CONFIG_MAP" }), stated{"central_identity": false}},
		"entries untold":  {with(func(c *types.Cluster) { c.AccessConfig = nil }), stated{"central_identity": nil}},
		"secrets bare":    {with(func(c *types.Cluster) { c.EncryptionConfig = nil }), stated{"secrets_encrypted": false}},
		"no audit":        {with(func(c *types.Cluster) { c.Logging.ClusterLogging[0].Types = []types.LogType{"api", "authenticator"} }), stated{"control_plane_logged": false}},
		"old version":     {nodes(image["now"], func(g *nodeGroup) { g.Version = "1.28" }), stated{"version_supported": false}},
		"unknown version": {nodes(image["now"], func(g *nodeGroup) { g.Version = "1.99" }), stated{"version_supported": nil}},
		"older image":     {seenInside(nodes(image["newer"], same), `{}`), stated{"node_auto_upgrade": false}},
		"image untold":    {nodes("", same), stated{"node_auto_upgrade": nil}},
		"never repaired":  {seenInside(nodes("", func(g *nodeGroup) { g.Repaired = false }), `{"Namespaces": []}`), stated{"node_auto_upgrade": false}},
		"not looked into": {nodes("", func(g *nodeGroup) { g.Repaired = false }), stated{"node_auto_upgrade": nil, "pod_security": nil, "unguarded_namespaces": nil}},
		"rebooted inside": {seenInside(nodes("", func(g *nodeGroup) { g.Repaired = false }), `{"Software": {"reboot": ["kured"]}}`), stated{"node_auto_upgrade": true}},
		"guarded":         {seenInside(bare, `{"Namespaces": [{"Name": "a", "Enforces": "baseline"}, {"Name": "kube-system"}]}`), stated{"pod_security": true, "unguarded_namespaces": "[]"}},
		"unguarded":       {seenInside(bare, `{"Namespaces": [{"Name": "a"}, {"Name": "b", "Enforces": "restricted"}]}`), stated{"pod_security": false, "unguarded_namespaces": "[a]"}},
		"policed inside":  {seenInside(agent, `{"Software": {"network_policy": ["calico/node"]}}`), stated{"network_policy": true}},
		"not policed":     {seenInside(agent, `{"Namespaces": []}`), stated{"network_policy": false}},
		"run by provider": {auto, stated{"node_auto_upgrade": true, "node_subnets": "[" + ec2ARN(here, "subnet", "subnet-9") + "]"}},
		"no groups":       {bare, stated{"node_auto_upgrade": notApplicable, "nodes_private": notApplicable}},
		"template opens":  {nodes("", func(g *nodeGroup) { g.Address = aws.Bool(true) }), stated{"node_subnets": "[]", "addressed_subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]"}},
		"template closes": {nodes("", func(g *nodeGroup) { g.Address = aws.Bool(false) }), stated{"node_subnets": "[]", "addressed_subnets": "[]"}},
		"template unread": {nodes("", func(g *nodeGroup) { a := refused[bool](); g.Unread = &a }), stated{"node_subnets": nil, "nodes_private": nil}},
		"broad role":      {broad, stated{"workload_identity": false}},
		"no identities":   {unpaired, stated{"workload_identity": false, "network_policy": nil}},
		"agent":           {agent, stated{"workload_identity": true, "network_policy": nil}},
		"groups unread":   {refusedGroups, stated{"workload_identity": nil, "version_supported": nil, "node_auto_upgrade": nil, "node_subnets": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, clusterFacts(here, c.answers))
		})
	}
}

// seenInside are the answers of a cluster that was looked into.
func seenInside(a clusterAnswers, inside string) clusterAnswers {
	in := &kubernetes.Inside{}
	if err := json.Unmarshal([]byte(inside), in); err != nil {
		panic(err)
	}
	a.Inside = answered(in)
	return a
}

func TestRecordedClusters(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]stated{
		"test_eks_associate_encryption_config_key_arn":  {"api_public": false, "secrets_encrypted": true, "control_plane_logged": true},
		"test_eks_delete_with_both":                     {"api_public": true, "secrets_encrypted": false, "control_plane_logged": false},
		"test_eks_upgrade_available_no_upgrades_extant": {"api_public": true, "secrets_encrypted": true, "control_plane_logged": false},
	} {
		out := recorded[eks.DescribeClusterOutput](t, file+"/eks.DescribeCluster_1.json")
		want.check(t, clusterFacts(here, clusterAnswers{Name: *out.Cluster.Name, Cluster: answered(narrowCluster(out.Cluster))}))
	}
}

func TestPolicyOn(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]bool{
		``: false, `{"enableNetworkPolicy":"true"}`: true, `{"enableNetworkPolicy":true}`: true, `{"enableNetworkPolicy":"false"}`: false,
		"env:\n  A: b\nenableNetworkPolicy: \"true\"\n": true, "enableNetworkPolicy: false": false,
	} {
		if policyOn(values) != want {
			t.Errorf("%q is %v", values, !want)
		}
	}
}

func TestAskCluster(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, "us-east-1", script{
		"ListClusters":            say(&eks.ListClustersOutput{Clusters: []string{"a", "b"}}),
		"DescribeCluster":         say(&eks.DescribeClusterOutput{Cluster: &types.Cluster{Version: aws.String("1.33"), Identity: &types.Identity{Oidc: &types.OIDC{Issuer: aws.String("https://x/id/A")}}}}),
		"DescribeClusterVersions": say(&eks.DescribeClusterVersionsOutput{ClusterVersions: []types.ClusterVersionInformation{{ClusterVersion: aws.String("1.33"), Status: types.ClusterVersionStatusStandardSupport}}}),
		"ListNodegroups":          say(&eks.ListNodegroupsOutput{Nodegroups: []string{"g"}}),
		"DescribeNodegroup": say(&eks.DescribeNodegroupOutput{Nodegroup: &types.Nodegroup{Version: aws.String("1.33"), ReleaseVersion: aws.String("1.33.1-20261101"),
			AmiType: types.AMITypesAl2023X8664Standard, NodeRole: aws.String("arn:aws:iam::1:role/node"), NodeRepairConfig: &types.NodeRepairConfig{Enabled: aws.Bool(true)},
			LaunchTemplate: &types.LaunchTemplateSpecification{Id: aws.String("lt-1"), Version: aws.String("1")}, Subnets: []string{"subnet-1"}}}),
		"DescribeLaunchTemplateVersions": say(&ec2.DescribeLaunchTemplateVersionsOutput{LaunchTemplateVersions: []ec2types.LaunchTemplateVersion{
			{LaunchTemplateData: &ec2types.ResponseLaunchTemplateData{NetworkInterfaces: []ec2types.LaunchTemplateInstanceNetworkInterfaceSpecification{{AssociatePublicIpAddress: aws.Bool(true)}}}}}}),
		"DescribeImages": say(&ec2.DescribeImagesOutput{Images: []ec2types.Image{
			{Name: aws.String("amazon-eks-node-al2023-x86_64-standard-1.33-v20261101"), CreationDate: aws.String("2026-11-01")},
			{Name: aws.String("amazon-eks-node-al2023-x86_64-standard-1.33-v20261001"), CreationDate: aws.String("2026-10-01")}}}),
		"ListFargateProfiles":        say(&eks.ListFargateProfilesOutput{}),
		"ListAddons":                 say(&eks.ListAddonsOutput{Addons: []string{"vpc-cni"}}),
		"DescribeAddon":              say(&eks.DescribeAddonOutput{Addon: &types.Addon{ConfigurationValues: aws.String(`{"enableNetworkPolicy":"true"}`)}}),
		"ListOpenIDConnectProviders": say(&iam.ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []iamtypes.OpenIDConnectProviderListEntry{{Arn: aws.String("arn:aws:iam::1:oidc-provider/x/id/A")}}}),
		"ListAttachedRolePolicies": say(&iam.ListAttachedRolePoliciesOutput{AttachedPolicies: []iamtypes.AttachedPolicy{
			{PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy")}}}),
		"ListRolePolicies": say(&iam.ListRolePoliciesOutput{}),
	})
	n := 0
	for i, err := range listClusters(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		stated{"version_supported": true, "node_auto_upgrade": true, "workload_identity": true, "network_policy": true,
			"addressed_subnets": "[" + ec2ARN(here, "subnet", "subnet-1") + "]"}.check(t, clusterFacts(here, askCluster(context.Background(), c, i)))
	}
	if n != 2 || calls("DescribeClusterVersions") != 1 || calls("DescribeImages") != 1 || calls("ListOpenIDConnectProviders") != 1 || calls("ListRolePolicies") != 1 {
		t.Errorf("%d clusters; what they share was not asked once each", n)
	}
}
