package aws

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

// nodeGroup is what is kept of a group of machines of a cluster.
type nodeGroup struct {
	Name, Version, Release, AMIType, Role string
	Repaired                              bool `json:",omitempty"`
	Subnets                               []string
	// Address says whether its template asks for a public address; nil where the subnet decides.
	Address *bool `json:",omitempty"`
	// Unread is why the template could not be read.
	Unread *collectors.Answer[bool] `json:",omitempty"`
}

// clusterAddons are the add-ons of a cluster by name, with what two of them are set to.
type clusterAddons struct {
	Names []string
	// PolicyOn says that the network add-on enforces network policies.
	PolicyOn bool `json:",omitempty"`
}

func askNodeGroups(ctx context.Context, c *Clients, cluster *string) collectors.Answer[[]nodeGroup] {
	names := ask("ListNodegroups", "eks:ListNodegroups", func() (*[]string, error) {
		p := eks.NewListNodegroupsPaginator(c.EKS, &eks.ListNodegroupsInput{ClusterName: cluster})
		return gathered(listed(ctx, p, func(o *eks.ListNodegroupsOutput) []string { return o.Nodegroups }))
	})
	if names.Value == nil {
		return passedOn[[]nodeGroup](names)
	}
	return ask("DescribeNodegroup", "eks:DescribeNodegroup", func() (*[]nodeGroup, error) {
		groups := []nodeGroup{}
		for _, name := range *names.Value {
			out, err := c.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: cluster,
				NodegroupName: aws.String(name)})
			if err != nil {
				return nil, err
			}
			if out.Nodegroup == nil {
				continue
			}
			group := narrowNodeGroup(out.Nodegroup)
			if t := out.Nodegroup.LaunchTemplate; t != nil {
				group.template(ctx, c, t)
			}
			groups = append(groups, group)
		}
		return &groups, nil
	})
}

func narrowNodeGroup(g *types.Nodegroup) nodeGroup {
	return nodeGroup{
		Name: aws.ToString(g.NodegroupName), Version: aws.ToString(g.Version), Release: aws.ToString(g.ReleaseVersion),
		AMIType: string(g.AmiType), Role: aws.ToString(g.NodeRole), Subnets: g.Subnets,
		Repaired: g.NodeRepairConfig != nil && aws.ToBool(g.NodeRepairConfig.Enabled),
	}
}

// template reads whether the template of a group gives its machines a public address.
func (g *nodeGroup) template(ctx context.Context, c *Clients, t *types.LaunchTemplateSpecification) {
	a := ask("DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplateVersions", func() (*bool, error) {
		out, err := c.EC2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
			LaunchTemplateId: t.Id, Versions: []string{aws.ToString(t.Version)},
		})
		if err != nil {
			return nil, err
		}
		for _, v := range out.LaunchTemplateVersions {
			if v.LaunchTemplateData == nil {
				continue
			}
			for _, n := range v.LaunchTemplateData.NetworkInterfaces {
				if n.AssociatePublicIpAddress != nil {
					return n.AssociatePublicIpAddress, nil
				}
			}
		}
		return nil, collectors.ErrAbsent
	})
	if a.Failed != nil {
		g.Unread = &a
		return
	}
	g.Address = a.Value
}

func askAddons(ctx context.Context, c *Clients, cluster *string) collectors.Answer[clusterAddons] {
	names := ask("ListAddons", "eks:ListAddons", func() (*[]string, error) {
		p := eks.NewListAddonsPaginator(c.EKS, &eks.ListAddonsInput{ClusterName: cluster})
		return gathered(listed(ctx, p, func(o *eks.ListAddonsOutput) []string { return o.Addons }))
	})
	if names.Value == nil {
		return passedOn[clusterAddons](names)
	}
	out := clusterAddons{Names: *names.Value}
	if !slices.Contains(out.Names, networkAddon) {
		return collectors.Answer[clusterAddons]{Action: names.Action, Permission: names.Permission, Value: &out}
	}
	return ask("DescribeAddon", "eks:DescribeAddon", func() (*clusterAddons, error) {
		got, err := c.EKS.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: cluster,
			AddonName: aws.String(networkAddon)})
		if err != nil {
			return nil, err
		}
		if got.Addon != nil {
			out.PolicyOn = policyOn(aws.ToString(got.Addon.ConfigurationValues))
		}
		return &out, nil
	})
}

// networkAddon is the add-on of the provider that gives pods their addresses.
const networkAddon = "vpc-cni"

// policyOn reads the values of the network add-on, which people write as JSON or as YAML.
func policyOn(values string) bool {
	var set struct {
		EnableNetworkPolicy any `json:"enableNetworkPolicy"`
	}
	if json.Unmarshal([]byte(values), &set) == nil {
		return set.EnableNetworkPolicy == true || set.EnableNetworkPolicy == "true"
	}
	for line := range strings.Lines(values) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "enableNetworkPolicy" {
			return strings.Trim(strings.TrimSpace(value), `"'`) == "true"
		}
	}
	return false
}

// imageNames are the names of the machine images that the provider builds for each kind of node, up to the version.
var imageNames = map[string]string{
	"AL2_x86_64":                 "amazon-eks-node-%s-v",
	"AL2_ARM_64":                 "amazon-eks-arm64-node-%s-v",
	"AL2_x86_64_GPU":             "amazon-eks-gpu-node-%s-v",
	"AL2023_x86_64_STANDARD":     "amazon-eks-node-al2023-x86_64-standard-%s-v",
	"AL2023_ARM_64_STANDARD":     "amazon-eks-node-al2023-arm64-standard-%s-v",
	"AL2023_x86_64_NVIDIA":       "amazon-eks-node-al2023-x86_64-nvidia-%s-v",
	"AL2023_x86_64_NEURON":       "amazon-eks-node-al2023-x86_64-neuron-%s-v",
	"BOTTLEROCKET_x86_64":        "bottlerocket-aws-k8s-%s-x86_64-v",
	"BOTTLEROCKET_ARM_64":        "bottlerocket-aws-k8s-%s-aarch64-v",
	"BOTTLEROCKET_x86_64_NVIDIA": "bottlerocket-aws-k8s-%s-nvidia-x86_64-v",
	"BOTTLEROCKET_ARM_64_NVIDIA": "bottlerocket-aws-k8s-%s-nvidia-aarch64-v",
}

// imagesOf is the start of the names of a group's images; empty for kinds that are not known here.
func (g nodeGroup) imagesOf() string {
	name := imageNames[g.AMIType]
	if name == "" || g.Version == "" {
		return ""
	}
	return strings.Replace(name, "%s", g.Version, 1)
}

// askAboutNodes asks for the newest image of each group that repairs itself, and what the roles of the groups may do.
// Where a group does not repair itself the image decides nothing.
func (l *clusterListing) askAboutNodes(ctx context.Context, c *Clients, a *clusterAnswers) {
	if a.Groups.Value == nil {
		return
	}
	a.Images, a.NodeRights = map[string]collectors.Answer[string]{}, map[string]collectors.Answer[roleHolds]{}
	for _, g := range *a.Groups.Value {
		if name := g.imagesOf(); g.Repaired && name != "" {
			a.Images[name] = l.images.ask(name, func() collectors.Answer[string] { return askNewestImage(ctx, c, name) })
		}
		if g.Role != "" {
			a.NodeRights[g.Role] = l.roles.ask(g.Role,
				func() collectors.Answer[roleHolds] { return askBroadRights(ctx, c, g.Role) })
		}
	}
}

// askNewestImage finds the newest of the provider's images whose names begin so, by what follows.
func askNewestImage(ctx context.Context, c *Clients, name string) collectors.Answer[string] {
	return ask("DescribeImages", "ec2:DescribeImages", func() (*string, error) {
		p := ec2.NewDescribeImagesPaginator(c.EC2, &ec2.DescribeImagesInput{
			Owners: []string{"amazon"}, Filters: []ec2types.Filter{{Name: aws.String("name"), Values: []string{name + "*"}}},
		})
		newest, made := "", ""
		for image, err := range listed(ctx, p, func(o *ec2.DescribeImagesOutput) []ec2types.Image { return o.Images }) {
			if err != nil {
				return nil, err
			}
			if day := aws.ToString(image.CreationDate); day > made {
				newest, made = strings.TrimPrefix(aws.ToString(image.Name), name), day
			}
		}
		if newest == "" {
			return nil, collectors.ErrAbsent
		}
		return &newest, nil
	})
}
