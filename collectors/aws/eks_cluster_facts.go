package aws

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/kubernetes"
)

func clusterFacts(w collectors.Where, a clusterAnswers) *inventory.Resource {
	facts := &inventory.KubernetesCluster{}
	r := inventory.New(arn(w, "eks", "cluster/"+a.Name), a.Name, w.Region, facts)
	defer leftOut(r, "DescribeCluster", "eks:DescribeCluster")
	r.SetNotApplicable("no service setting; admission is by software in the cluster", "image_policy")
	if why := a.Cluster.Unknown(); why != nil {
		r.SetUnknown(*why, "api_public", "central_identity", "secrets_encrypted", "control_plane_logged", "version_supported",
			"workload_identity", "node_auto_upgrade", "nodes_private", "node_subnets", "addressed_subnets", "labels_read")
	}
	if c := a.Cluster.Value; c != nil {
		if c.ConnectorConfig != nil {
			// Another provider's cluster that is only shown here.
			return nil
		}
		r.Labels = c.Tags
		controlFacts(r, facts, c)
		clusterVersionFact(r, facts, a)
		upgradeFact(r, facts, a)
		workloadIdentityFact(r, facts, a)
		nodeSubnetFacts(w, r, facts, a)
	}
	networkPolicyFact(r, facts, a)
	podSecurityFact(r, facts, a)
	return r
}

// notInside is why what only the cluster itself could tell is not known; nil where it told. Answers from before it was
// asked hold no word of it.
func (a clusterAnswers) notInside() *inventory.Unknown {
	if a.Inside.Value == nil && a.Inside.Failed == nil {
		return &inventory.Unknown{Cause: inventory.CauseNotCollected, Action: "list namespaces",
			Permission: kubernetes.Permission("namespaces")}
	}
	return a.Inside.Unknown()
}

// podSecurityFact states whether pods are held to a standard everywhere, and where they are not.
func podSecurityFact(r *inventory.Resource, facts *inventory.KubernetesCluster, a clusterAnswers) {
	names := []string{"pod_security", "unguarded_namespaces"}
	if why := a.notInside(); why != nil {
		r.SetUnknown(*why, names...)
		return
	}
	open, why := a.Inside.Value.PodSecurity()
	if why != nil {
		r.SetUnknown(*why, names...)
		return
	}
	facts.PodSecurity, facts.UnguardedNamespaces = len(open) == 0, open
	r.Known(names...)
}

// controlFacts states what the description says of the control plane.
func controlFacts(r *inventory.Resource, facts *inventory.KubernetesCluster, c *types.Cluster) {
	if v := c.ResourcesVpcConfig; v != nil {
		// A public endpoint without ranges answers every address.
		facts.APIPublic = v.EndpointPublicAccess && (len(v.PublicAccessCidrs) == 0 || anyWide(v.PublicAccessCidrs))
		r.Known("api_public")
	}
	if m := c.AccessConfig; m != nil && m.AuthenticationMode != "" {
		facts.CentralIdentity = m.AuthenticationMode != types.AuthenticationModeConfigMap
		r.Known("central_identity")
	}
	for _, e := range c.EncryptionConfig {
		wrapped := e.Resources //nolint:staticcheck // what the key wraps is still told
		facts.SecretsEncrypted = facts.SecretsEncrypted || contains(wrapped, "secrets")
	}
	r.Known("secrets_encrypted")
	if c.Logging != nil {
		var kept []string
		for _, l := range c.Logging.ClusterLogging {
			for _, t := range l.Types {
				if aws.ToBool(l.Enabled) {
					kept = append(kept, string(t))
				}
			}
		}
		facts.ControlPlaneLogged = contains(kept, "api") && contains(kept, "audit") && contains(kept, "authenticator")
		r.Known("control_plane_logged")
	}
}

// clusterVersionFact states whether the control plane and every group run versions under standard support. One that
// does not is enough for a no.
func clusterVersionFact(r *inventory.Resource, facts *inventory.KubernetesCluster, a clusterAnswers) {
	collectors.Know(r, a.Versions, func(*map[string]string) {}, "version_supported")
	if a.Versions.Value == nil {
		return
	}
	versions := []string{aws.ToString(a.Cluster.Value.Version)}
	if a.Groups.Value != nil {
		for _, g := range *a.Groups.Value {
			versions = append(versions, g.Version)
		}
	}
	supported, told := true, true
	for _, v := range versions {
		status := (*a.Versions.Value)[v]
		told = told && status != ""
		supported = supported && (status == "" || status == eksStandard)
	}
	switch {
	case !supported:
	case a.Groups.Unknown() != nil:
		r.SetUnknown(*a.Groups.Unknown(), "version_supported")
	case !told:
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "SupportNotTold", Action: a.Versions.Action,
			Permission: "eks:DescribeClusterVersions",
		}, "version_supported")
	default:
		facts.VersionSupported = true
	}
}

// autoMode says whether the provider runs the nodes itself.
func autoMode(c *types.Cluster) bool {
	return c.ComputeConfig != nil && aws.ToBool(c.ComputeConfig.Enabled)
}

// serverless says whether the cluster has no machines but those the provider gives to each pod. Machines that somebody
// joined by hand are records of their own.
func serverless(a clusterAnswers) bool { return a.Groups.Value != nil && len(*a.Groups.Value) == 0 }

const noNodes = "has no groups of nodes; machines joined by hand are judged as machines"

// upgradeFact states whether nodes are kept up to date: by the provider, or by groups that repair themselves and run
// the newest image of their kind.
func upgradeFact(r *inventory.Resource, facts *inventory.KubernetesCluster, a clusterAnswers) {
	const name = "node_auto_upgrade"
	switch {
	case serverless(a) && autoMode(a.Cluster.Value):
		facts.NodeAutoUpgrade = true
		r.Known(name)
		return
	case serverless(a):
		r.SetNotApplicable(noNodes, name)
		return
	case a.Groups.Value == nil:
		collectors.Know(r, a.Groups, func(*[]nodeGroup) {}, name)
		return
	}
	if a.Inside.Value != nil && a.Inside.Value.Reboots() {
		facts.NodeAutoUpgrade = true
		r.Known(name)
		return
	}
	repaired, doubt := a.groupsCurrent()
	switch {
	case !repaired && a.notInside() != nil:
		// A daemon in the cluster may restart what the groups do not.
		r.SetUnknown(*a.notInside(), name)
	case doubt != nil:
		r.SetUnknown(*doubt, name)
	default:
		facts.NodeAutoUpgrade = repaired
		r.Known(name)
	}
}

// groupsCurrent says whether every group repairs its nodes and runs the newest image of its kind, and what of it is not
// known.
func (a clusterAnswers) groupsCurrent() (current bool, doubt *inventory.Unknown) {
	for _, g := range *a.Groups.Value {
		if !g.Repaired {
			return false, nil
		}
		newest := a.Images[g.imagesOf()]
		switch {
		case newest.Value == nil && newest.Unknown() != nil && newest.Failed != nil:
			doubt = newest.Unknown()
		case newest.Value == nil:
			doubt = &inventory.Unknown{Cause: inventory.CauseFailed, Code: "NewestImageNotTold", Action: "DescribeImages",
				Permission: "ec2:DescribeImages"}
		case !strings.HasSuffix(g.Release, *newest.Value):
			return false, nil
		}
	}
	return true, doubt
}

// podIdentityAddon hands out identities to pods.
const podIdentityAddon = "eks-pod-identity-agent"

// workloadIdentityFact states whether pods can have identities of their own while the nodes' own is narrow.
func workloadIdentityFact(r *inventory.Resource, facts *inventory.KubernetesCluster, a clusterAnswers) {
	const name = "workload_identity"
	c := a.Cluster.Value
	agent := autoMode(c) || a.Addons.Value != nil && contains(a.Addons.Value.Names, podIdentityAddon)
	provider := false
	if c.Identity != nil && c.Identity.Oidc != nil && a.Providers.Value != nil {
		issuer := strings.TrimPrefix(aws.ToString(c.Identity.Oidc.Issuer), "https://")
		provider = slices.ContainsFunc(*a.Providers.Value, func(p string) bool { return issuerOf(p) == issuer })
	}
	var doubts []*inventory.Unknown
	if !agent && !provider {
		doubts = []*inventory.Unknown{a.Addons.Unknown(), a.Providers.Unknown()}
		if doubts = unknownOnly(doubts); len(doubts) == 0 {
			r.Known(name)
			return
		}
	}
	doubts = append(doubts, a.Groups.Unknown())
	for _, rights := range a.NodeRights {
		if rights.Value != nil && rights.Value.Holds {
			r.Known(name)
			return
		}
		doubts = append(doubts, rights.Unknown())
	}
	if doubts = unknownOnly(doubts); len(doubts) > 0 {
		r.SetUnknown(*doubts[0], name)
		return
	}
	facts.WorkloadIdentity = true
	r.Known(name)
}

// unknownOnly leaves out what is known, and orders the rest so that equal states read alike.
func unknownOnly(all []*inventory.Unknown) []*inventory.Unknown {
	all = slices.DeleteFunc(all, func(u *inventory.Unknown) bool { return u == nil })
	slices.SortFunc(all, func(a, b *inventory.Unknown) int { return strings.Compare(a.Action+a.Code, b.Action+b.Code) })
	return all
}

// networkPolicyFact states whether policies between pods are enforced: by the network add-on, or by what the cluster
// brings itself, which only the cluster tells.
func networkPolicyFact(r *inventory.Resource, facts *inventory.KubernetesCluster, a clusterAnswers) {
	const name = "network_policy"
	enforces := func(n string) bool {
		return strings.Contains(n, "cilium") || strings.Contains(n, "calico") || strings.Contains(n, "tigera")
	}
	addons := a.Addons.Value
	switch {
	case addons != nil && (addons.PolicyOn || slices.ContainsFunc(addons.Names, enforces)),
		a.Inside.Value != nil && a.Inside.Value.NetworkPolicy():
		facts.NetworkPolicy = true
	case a.Addons.Unknown() != nil:
		r.SetUnknown(*a.Addons.Unknown(), name)
		return
	case a.notInside() != nil:
		r.SetUnknown(*a.notInside(), name)
		return
	}
	r.Known(name)
}

// nodeSubnetFacts states where nodes stand, from which it is derived whether they have public addresses.
func nodeSubnetFacts(w collectors.Where, r *inventory.Resource, facts *inventory.KubernetesCluster, a clusterAnswers) {
	c := a.Cluster.Value
	if why := a.Groups.Unknown(); why != nil {
		r.SetUnknown(*why, "nodes_private", "node_subnets", "addressed_subnets")
		return
	}
	if serverless(a) && !autoMode(c) {
		r.SetNotApplicable(noNodes, "nodes_private")
	}
	if autoMode(c) && c.ResourcesVpcConfig != nil {
		facts.NodeSubnets = ec2ARNs(w, "subnet", c.ResourcesVpcConfig.SubnetIds)
	}
	for _, g := range *a.Groups.Value {
		switch subnets := ec2ARNs(w, "subnet", g.Subnets); {
		case g.Unread != nil:
			r.SetUnknown(*g.Unread.Unknown(), "nodes_private", "node_subnets", "addressed_subnets")
			return
		case g.Address == nil:
			facts.NodeSubnets = append(facts.NodeSubnets, subnets...)
		case *g.Address:
			facts.AddressedSubnets = append(facts.AddressedSubnets, subnets...)
		}
	}
	for _, list := range []*[]string{&facts.NodeSubnets, &facts.AddressedSubnets} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	r.Known("node_subnets", "addressed_subnets")
}
