package aws

import (
	"context"
	"errors"
	"slices"

	"github.com/plumbline-posture/plumbline/collectors"
)

// errVariables stands for the variables of a workload that the provider could not decrypt for us.
var errVariables = errors.New("the variables could not be read")

// logWriters are policies of AWS that let their holder write logs, so that they need not be read one by one.
var logWriters = []string{
	"AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSLambdaKinesisExecutionRole",
	"AWSLambdaDynamoDBExecutionRole", "AWSLambdaSQSQueueExecutionRole", "AWSLambdaMSKExecutionRole", "AWSLambda_FullAccess",
	"AdministratorAccess", "PowerUserAccess", "CloudWatchFullAccess", "CloudWatchFullAccessV2", "CloudWatchLogsFullAccess",
	"CloudWatchAgentServerPolicy", "CloudWatchLambdaInsightsExecutionRolePolicy", "AmazonECSTaskExecutionRolePolicy",
}

// askLogRights asks whether a role may write records into a log.
func askLogRights(ctx context.Context, c *Clients, role string) collectors.Answer[roleHolds] {
	return askRolePolicies(ctx, c, role, policyTest{
		attached: func(arn string) (holds, known bool) {
			writes := slices.Contains(logWriters, shortID(arn)) && principalAccount(arn) == "aws"
			return writes, writes
		},
		document: func(doc policyDocument) bool {
			for _, s := range doc.Statement {
				if s.Effect == "Allow" && s.speaksOf("logs:PutLogEvents") {
					return true
				}
			}
			return false
		},
	})
}

// nodePolicies are policies of AWS that are made for machines of a cluster, and narrow.
var nodePolicies = []string{
	"AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy", "AmazonEKS_CNI_IPv6_Policy",
	"AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore",
	"AmazonEBSCSIDriverPolicy", "CloudWatchAgentServerPolicy", "AWSXRayDaemonWriteAccess",
}

// askBroadRights asks whether a role that machines of a cluster wear may do more than machines need: everything a
// service offers, on every resource.
func askBroadRights(ctx context.Context, c *Clients, role string) collectors.Answer[roleHolds] {
	return askRolePolicies(ctx, c, role, policyTest{
		attached: func(arn string) (holds, known bool) {
			return false, slices.Contains(nodePolicies, shortID(arn)) && principalAccount(arn) == "aws"
		},
		document: func(doc policyDocument) bool { return slices.ContainsFunc(doc.Statement, policyStatement.broad) },
	})
}
