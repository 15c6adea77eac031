package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/kubernetes"
)

// What a cluster may be asked is granted inside it, not by IAM: an access entry, as docs/aws.md says.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, clusterWorkload, clusterWorkload]{
	Kind:        "aws.eks.workload",
	Class:       inventory.ClassContainerWorkload,
	Permissions: []string{"eks:ListClusters", "eks:DescribeCluster"},
	ListAction:  "ListClusters", ListPermission: "eks:ListClusters",
	List:  listClusterWorkloads,
	Facts: clusterWorkloadFacts,
})

// clusterWorkload is a workload with the cluster it runs in.
type clusterWorkload struct {
	Cluster string
	kubernetes.Workload
}

// listClusterWorkloads lists what runs in the clusters of a region. A cluster that does not answer leaves the listing
// incomplete, not the others unread.
func listClusterWorkloads(ctx context.Context, c *Clients) iter.Seq2[clusterWorkload, error] {
	return func(yield func(clusterWorkload, error) bool) {
		p := eks.NewListClustersPaginator(c.EKS, &eks.ListClustersInput{MaxResults: aws.Int32(100)})
		var failed error
		for name, err := range listed(ctx, p, func(o *eks.ListClustersOutput) []string { return o.Clusters }) {
			if err != nil {
				failed = err
				break
			}
			found, err := workloadsOf(ctx, c, name)
			if err != nil && failed == nil {
				failed = err
			}
			for _, w := range found {
				if !yield(clusterWorkload{name, w}, nil) {
					return
				}
			}
		}
		if failed != nil {
			yield(clusterWorkload{}, failed)
		}
	}
}

// workloadsOf lists what runs in one cluster. In one that is not there yet, or no longer, nothing does; what another
// provider runs is shown there.
func workloadsOf(ctx context.Context, c *Clients, name string) ([]kubernetes.Workload, error) {
	out, err := c.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String(name)})
	if isAbsent(err, "ResourceNotFoundException") {
		return nil, nil
	}
	if err != nil {
		return nil, during("DescribeCluster", "eks:DescribeCluster", err)
	}
	if out.Cluster == nil || out.Cluster.ConnectorConfig != nil || out.Cluster.Status == types.ClusterStatusDeleting ||
		out.Cluster.Status == types.ClusterStatusCreating {
		return nil, nil
	}
	inside, err := c.into(ctx, out.Cluster)
	if err != nil {
		return nil, err
	}
	return inside.Workloads(ctx)
}

func clusterWorkloadFacts(w collectors.Where, a clusterWorkload) *inventory.Resource {
	if a.ofProvider(w.Scope.Account()) {
		return nil
	}
	facts := &inventory.ContainerWorkload{}
	path := a.Cluster + "/" + a.Path()
	id := string(w.Scope) + "/" + string(inventory.ClassContainerWorkload) + "/" + w.Region + "/" + path
	r := inventory.New(id, path, w.Region, facts)
	a.State(r, facts, containerImage)
	facts.Cluster = arn(w, "eks", "cluster/"+a.Cluster)
	r.Known("cluster")
	return r
}

// ofProvider says whether a workload is one of the provider's own parts of a cluster: it stands among them, and all it is
// made of comes from the provider's registry. Whoever runs the cluster can neither change nor answer for it.
func (a clusterWorkload) ofProvider(account string) bool {
	if !a.System() {
		return false
	}
	for _, c := range a.Containers {
		owner := containerImage(c.Image).Owner
		if owner == account || !eksRegistries[owner] {
			return false
		}
	}
	return len(a.Containers) > 0
}

// eksRegistries are the accounts from which clusters get the provider's own parts.
// https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html
var eksRegistries = map[string]bool{
	"602401143452": true, "877085696533": true, "800184023465": true, "533267051163": true, "296578399912": true,
	"900889452093": true, "491585149902": true, "151610086707": true, "333609536671": true, "121268973566": true,
	"761377655185": true, "918309763551": true, "961992271922": true, "900612956339": true, "590381155156": true,
	"455263428931": true, "066635153087": true, "558608220178": true, "759879836304": true, "730335286997": true,
	"151742754352": true, "013241004608": true,
}
