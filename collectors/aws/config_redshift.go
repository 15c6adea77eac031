package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshift/types"
)

var configWarehouse = configType(recordedType{
	name: "AWS::Redshift::Cluster", kind: "aws.redshift.cluster",
	needs: []string{"clusterIdentifier", "clusterStatus", "nodeType", "encrypted", "publiclyAccessible",
		"vpcSecurityGroups", "clusterParameterGroups"},
	silent: map[string][]string{"multiAZ": {"multi_zone"}},
})

var _ = lists("Redshift.DescribeClusters", configWarehouse,
	func(o *redshift.DescribeClustersOutput, items []types.Cluster) { o.Clusters = items })

// When logs were last shipped moves too fast to be recorded.
var _ = tellsExport("Redshift.DescribeLoggingStatus", configWarehouse,
	func(in *redshift.DescribeLoggingStatusInput) *string { return in.ClusterIdentifier },
	func(i *recordedItem) (*redshift.DescribeLoggingStatusOutput, error) {
		out := &redshift.DescribeLoggingStatusOutput{}
		if err := i.foldPart("LoggingStatus", out); err != nil {
			return nil, err
		}
		if out.LoggingEnabled == nil {
			return nil, errNotExported
		}
		return out, nil
	})
