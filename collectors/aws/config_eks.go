package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// Config tells of clusters in the words of CloudFormation. Who may sign in by which way, it does not record; what it
// records of groups, add-ons and profiles are items of their own, which never tell that there is no more of them.
var configCluster = configType(recordedType{
	name: "AWS::EKS::Cluster", kind: "aws.eks.cluster",
	needs:  []string{"Name", "Arn", "RoleArn", "ResourcesVpcConfig"},
	shape:  shapeCluster,
	silent: map[string][]string{"EncryptionConfig": {"secrets_encrypted"}},
	doubt: func(configuration map[string]any) []string {
		at, _ := foldedMember(configuration, []string{"ResourcesVpcConfig"})
		network, _ := at.(map[string]any)
		public, told := foldedMember(network, []string{"EndpointPublicAccess"})
		_, ranges := foldedMember(network, []string{"PublicAccessCidrs"})
		if !told || textOf(public) == "true" && !ranges {
			return []string{"api_public"}
		}
		return nil
	},
})

// shapeCluster puts the kinds of logs that are on where the API has them, and leaves out where the cluster answers: an
// export calls nobody.
func shapeCluster(configuration map[string]any) {
	delete(configuration, "Endpoint")
	delete(configuration, "CertificateAuthorityData")
	logging, _ := configuration["Logging"].(map[string]any)
	kept, _ := logging["ClusterLogging"].(map[string]any)
	if kept == nil {
		return
	}
	enabled, _ := kept["EnabledTypes"].([]any)
	words := make([]any, 0, len(enabled))
	for _, e := range enabled {
		one, _ := e.(map[string]any)
		words = append(words, one["Type"])
	}
	logging["ClusterLogging"] = []any{map[string]any{"Enabled": true, "Types": words}}
}

var _ = answersListing("EKS.ListClusters", listing(configCluster, func(i *recordedItem) (string, error) {
	var c types.Cluster
	err := i.into(configCluster, &c)
	return textOf(i.Configuration["Name"]), err
}, func(o *eks.ListClustersOutput, names []string) { o.Clusters = names }))

// Where AWS can be asked it is: what the item lacks is how a cluster is entered.
var _ = tellsExport("EKS.DescribeCluster", configCluster,
	func(in *eks.DescribeClusterInput) *string { return in.Name },
	func(i *recordedItem) (*eks.DescribeClusterOutput, error) {
		out := &types.Cluster{}
		return &eks.DescribeClusterOutput{Cluster: out}, i.into(configCluster, out)
	})
