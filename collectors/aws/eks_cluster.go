package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/kubernetes"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, clusterItem, clusterAnswers]{
	Kind:  "aws.eks.cluster",
	Class: inventory.ClassKubernetesCluster,
	Permissions: append([]string{
		"eks:ListClusters", "eks:DescribeCluster", "eks:DescribeClusterVersions", "eks:ListNodegroups",
		"eks:DescribeNodegroup",
		"eks:ListFargateProfiles", "eks:ListAddons", "eks:DescribeAddon", "iam:ListOpenIDConnectProviders",
		"ec2:DescribeImages", "ec2:DescribeLaunchTemplateVersions",
	}, rolePermissions...),
	ListAction: "ListClusters", ListPermission: "eks:ListClusters",
	List: listClusters,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[clusterItem, error] {
		return single(func() (clusterItem, error) {
			name := shortID(id)
			_, err := c.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String(name)})
			if isAbsent(err, "ResourceNotFoundException") {
				return clusterItem{}, err
			}
			// A cluster that may not be described is still there.
			return clusterItem{name, &clusterListing{}}, nil
		}, "ResourceNotFoundException")
	},
	Ask:   askCluster,
	Facts: clusterFacts,
})

// clusterItem is a cluster with what its listing remembers.
type clusterItem struct {
	name    string
	listing *clusterListing
}

// clusterListing is asked once for all clusters of a region.
type clusterListing struct {
	versions  once[map[string]string]
	providers once[[]string]
	images    once[string]
	roles     once[roleHolds]
}

// clusterAnswers is all that is said about one cluster.
type clusterAnswers struct {
	Name     string
	Cluster  collectors.Answer[types.Cluster]
	Versions collectors.Answer[map[string]string]
	Groups   collectors.Answer[[]nodeGroup]
	// Images are the newest images of the groups' kinds, NodeRights what the groups' roles may do; by kind and by role.
	Images     map[string]collectors.Answer[string]    `json:",omitempty"`
	NodeRights map[string]collectors.Answer[roleHolds] `json:",omitempty"`
	Fargate    collectors.Answer[int]
	Addons     collectors.Answer[clusterAddons]
	Providers  collectors.Answer[[]string]
	// Inside is what only the cluster itself tells.
	Inside collectors.Answer[kubernetes.Inside]
}

func listClusters(ctx context.Context, c *Clients) iter.Seq2[clusterItem, error] {
	l := &clusterListing{}
	p := eks.NewListClustersPaginator(c.EKS, &eks.ListClustersInput{MaxResults: aws.Int32(100)})
	return listed(ctx, p, func(o *eks.ListClustersOutput) []clusterItem {
		items := make([]clusterItem, 0, len(o.Clusters))
		for _, name := range o.Clusters {
			items = append(items, clusterItem{name, l})
		}
		return items
	})
}

func askCluster(ctx context.Context, c *Clients, i clusterItem) clusterAnswers {
	name, l := aws.String(i.name), i.listing
	a := clusterAnswers{Name: i.name}
	var described *types.Cluster
	a.Cluster = ask("DescribeCluster", "eks:DescribeCluster", func() (*types.Cluster, error) {
		out, err := c.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: name})
		if err != nil {
			return nil, err
		}
		described = out.Cluster
		return narrowCluster(out.Cluster), nil
	})
	a.Inside = askInside(ctx, c, described, a.Cluster)
	a.Versions = l.versions.ask("", func() collectors.Answer[map[string]string] { return askClusterVersions(ctx, c) })
	a.Groups = askNodeGroups(ctx, c, name)
	a.Fargate = ask("ListFargateProfiles", "eks:ListFargateProfiles", func() (*int, error) {
		p := eks.NewListFargateProfilesPaginator(c.EKS, &eks.ListFargateProfilesInput{ClusterName: name})
		profiles, err := gathered(listed(ctx, p,
			func(o *eks.ListFargateProfilesOutput) []string { return o.FargateProfileNames }))
		if err != nil {
			return nil, err
		}
		return aws.Int(len(*profiles)), nil
	})
	a.Addons = askAddons(ctx, c, name)
	a.Providers = l.providers.ask("", func() collectors.Answer[[]string] { return askProviders(ctx, c) })
	l.askAboutNodes(ctx, c, &a)
	return a
}

// askInside asks the cluster itself. What another provider runs is asked there.
func askInside(ctx context.Context, c *Clients, cluster *types.Cluster, described collectors.Answer[types.Cluster]) collectors.Answer[kubernetes.Inside] {
	if cluster == nil || cluster.ConnectorConfig != nil {
		return passedOn[kubernetes.Inside](described)
	}
	return ask("list namespaces", kubernetes.Permission("namespaces"), func() (*kubernetes.Inside, error) {
		inside, err := c.into(ctx, cluster)
		if err != nil {
			return nil, err
		}
		return inside.Inside(ctx, Classify)
	})
}

// narrowCluster leaves out what changes without anybody having changed the cluster.
func narrowCluster(c *types.Cluster) *types.Cluster {
	if c == nil {
		return &types.Cluster{}
	}
	return &types.Cluster{
		Arn: c.Arn, Name: c.Name, Version: c.Version, Tags: c.Tags, ResourcesVpcConfig: c.ResourcesVpcConfig,
		AccessConfig: c.AccessConfig, EncryptionConfig: c.EncryptionConfig, Logging: c.Logging, Identity: c.Identity,
		ComputeConfig: c.ComputeConfig, ConnectorConfig: c.ConnectorConfig,
	}
}

// askClusterVersions lists the versions of Kubernetes with the kind of support each has now.
func askClusterVersions(ctx context.Context, c *Clients) collectors.Answer[map[string]string] {
	return ask("DescribeClusterVersions", "eks:DescribeClusterVersions", func() (*map[string]string, error) {
		out := map[string]string{}
		p := eks.NewDescribeClusterVersionsPaginator(c.EKS, &eks.DescribeClusterVersionsInput{IncludeAll: aws.Bool(true)})
		versions := listed(ctx, p,
			func(o *eks.DescribeClusterVersionsOutput) []types.ClusterVersionInformation { return o.ClusterVersions })
		for v, err := range versions {
			if err != nil {
				return nil, err
			}
			status := string(v.VersionStatus)
			if status == "" {
				// The older field words the same in lower case and with dashes.
				status = map[types.ClusterVersionStatus]string{
					types.ClusterVersionStatusStandardSupport: eksStandard,
					types.ClusterVersionStatusExtendedSupport: "EXTENDED_SUPPORT",
					types.ClusterVersionStatusUnsupported:     "UNSUPPORTED",
				}[v.Status]
			}
			out[aws.ToString(v.ClusterVersion)] = status
		}
		return &out, nil
	})
}

// eksStandard is the support that a version has without being paid for.
const eksStandard = string(types.VersionStatusStandardSupport)

// askProviders lists the identity providers that roles of the account trust: a cluster's own among them lets its pods
// take on roles.
func askProviders(ctx context.Context, c *Clients) collectors.Answer[[]string] {
	return ask("ListOpenIDConnectProviders", "iam:ListOpenIDConnectProviders", func() (*[]string, error) {
		out, err := c.IAM.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
		if err != nil {
			return nil, err
		}
		arns := []string{}
		for _, p := range out.OpenIDConnectProviderList {
			arns = append(arns, aws.ToString(p.Arn))
		}
		return &arns, nil
	})
}
