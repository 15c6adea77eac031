variable "collector_arn" {
  type        = string
  description = "ARN of the identity Plumbline runs as"
}

variable "external_id" {
  type        = string
  description = "The external id of the connection"
}

variable "role_name" {
  type    = string
  default = "plumbline-collector"
}

resource "aws_iam_role" "plumbline" {
  name        = var.role_name
  description = "Lets Plumbline read the settings of this account"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.collector_arn }
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}

resource "aws_iam_policy" "read_1" {
  name   = "${var.role_name}-read-1"
  policy = jsonencode({
    "Version": "2012-10-17",
    "Statement": [
      {
        "Sid": "ReadAccessAnalyzer",
        "Effect": "Allow",
        "Action": [
          "access-analyzer:ListAnalyzers"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadAccount",
        "Effect": "Allow",
        "Action": [
          "account:GetAlternateContact"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadAcm",
        "Effect": "Allow",
        "Action": [
          "acm:DescribeCertificate",
          "acm:ListCertificates",
          "acm:ListTagsForCertificate"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadAoss",
        "Effect": "Allow",
        "Action": [
          "aoss:BatchGetCollection",
          "aoss:BatchGetVpcEndpoint",
          "aoss:GetSecurityPolicy",
          "aoss:ListCollections",
          "aoss:ListSecurityPolicies",
          "aoss:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadApigateway",
        "Effect": "Allow",
        "Action": [
          "apigateway:GET"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadApplicationAutoscaling",
        "Effect": "Allow",
        "Action": [
          "application-autoscaling:DescribeScalableTargets"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadApprunner",
        "Effect": "Allow",
        "Action": [
          "apprunner:DescribeService",
          "apprunner:ListServices",
          "apprunner:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadAppsync",
        "Effect": "Allow",
        "Action": [
          "appsync:GetApiAssociation",
          "appsync:ListDataSources",
          "appsync:ListDomainNames",
          "appsync:ListGraphqlApis"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadAutoscaling",
        "Effect": "Allow",
        "Action": [
          "autoscaling:DescribeAutoScalingGroups",
          "autoscaling:DescribePolicies"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadBackup",
        "Effect": "Allow",
        "Action": [
          "backup:GetBackupPlan",
          "backup:GetRestoreTestingPlan",
          "backup:ListBackupPlans",
          "backup:ListBackupSelections",
          "backup:ListBackupVaults",
          "backup:ListProtectedResources",
          "backup:ListRestoreJobs",
          "backup:ListRestoreTestingPlans",
          "backup:ListTags"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadBudgets",
        "Effect": "Allow",
        "Action": [
          "budgets:ViewBudget"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadCe",
        "Effect": "Allow",
        "Action": [
          "ce:GetAnomalySubscriptions"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadCloudfront",
        "Effect": "Allow",
        "Action": [
          "cloudfront:GetDistributionConfig",
          "cloudfront:GetResponseHeadersPolicy",
          "cloudfront:GetVpcOrigin",
          "cloudfront:ListDistributions",
          "cloudfront:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadCloudtrail",
        "Effect": "Allow",
        "Action": [
          "cloudtrail:DescribeTrails",
          "cloudtrail:GetEventDataStore",
          "cloudtrail:GetEventSelectors",
          "cloudtrail:GetResourcePolicy",
          "cloudtrail:GetTrailStatus",
          "cloudtrail:ListEventDataStores",
          "cloudtrail:ListTags",
          "cloudtrail:ListTrails"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadCloudwatch",
        "Effect": "Allow",
        "Action": [
          "cloudwatch:DescribeAlarmsForMetric",
          "cloudwatch:GetMetricData"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadCodeartifact",
        "Effect": "Allow",
        "Action": [
          "codeartifact:GetRepositoryPermissionsPolicy",
          "codeartifact:ListRepositories",
          "codeartifact:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadCodebuild",
        "Effect": "Allow",
        "Action": [
          "codebuild:BatchGetProjects",
          "codebuild:ListProjects"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadCodepipeline",
        "Effect": "Allow",
        "Action": [
          "codepipeline:GetPipeline",
          "codepipeline:ListPipelines",
          "codepipeline:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadCognitoIdp",
        "Effect": "Allow",
        "Action": [
          "cognito-idp:DescribeUserPool",
          "cognito-idp:ListUserPools"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadConfig",
        "Effect": "Allow",
        "Action": [
          "config:DescribeConfigurationAggregatorSourcesStatus",
          "config:DescribeConfigurationAggregators",
          "config:DescribeConfigurationRecorderStatus",
          "config:DescribeConfigurationRecorders",
          "config:SelectAggregateResourceConfig"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadDax",
        "Effect": "Allow",
        "Action": [
          "dax:DescribeClusters",
          "dax:DescribeSubnetGroups",
          "dax:ListTags"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadDlm",
        "Effect": "Allow",
        "Action": [
          "dlm:GetLifecyclePolicies",
          "dlm:GetLifecyclePolicy"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadDynamodb",
        "Effect": "Allow",
        "Action": [
          "dynamodb:DescribeContinuousBackups",
          "dynamodb:DescribeTable",
          "dynamodb:GetResourcePolicy",
          "dynamodb:ListTables",
          "dynamodb:ListTagsOfResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadEc2",
        "Effect": "Allow",
        "Action": [
          "ec2:DescribeAccountAttributes",
          "ec2:DescribeDhcpOptions",
          "ec2:DescribeEgressOnlyInternetGateways",
          "ec2:DescribeFlowLogs",
          "ec2:DescribeImageAttribute",
          "ec2:DescribeImages",
          "ec2:DescribeInstanceAttribute",
          "ec2:DescribeInstances",
          "ec2:DescribeInternetGateways",
          "ec2:DescribeLaunchTemplateVersions",
          "ec2:DescribeManagedPrefixLists",
          "ec2:DescribeNatGateways",
          "ec2:DescribeNetworkAcls",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeRegions",
          "ec2:DescribeRouteTables",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSnapshotAttribute",
          "ec2:DescribeSnapshots",
          "ec2:DescribeSubnets",
          "ec2:DescribeTransitGatewayAttachments",
          "ec2:DescribeTransitGateways",
          "ec2:DescribeVolumes",
          "ec2:DescribeVpcEndpointServiceConfigurations",
          "ec2:DescribeVpcEndpointServicePermissions",
          "ec2:DescribeVpcPeeringConnections",
          "ec2:DescribeVpcs",
          "ec2:DescribeVpnConnections",
          "ec2:DescribeVpnGateways",
          "ec2:GetImageBlockPublicAccessState",
          "ec2:GetManagedPrefixListEntries",
          "ec2:GetSerialConsoleAccessStatus",
          "ec2:GetSnapshotBlockPublicAccessState"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadEcr",
        "Effect": "Allow",
        "Action": [
          "ecr:DescribeImageScanFindings",
          "ecr:DescribeImages",
          "ecr:DescribeRepositories",
          "ecr:GetRegistryScanningConfiguration",
          "ecr:GetRepositoryPolicy",
          "ecr:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadEcs",
        "Effect": "Allow",
        "Action": [
          "ecs:DescribeServices",
          "ecs:DescribeTaskDefinition",
          "ecs:ListClusters",
          "ecs:ListServices",
          "ecs:ListTaskDefinitionFamilies",
          "ecs:ListTaskDefinitions"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadEks",
        "Effect": "Allow",
        "Action": [
          "eks:DescribeAddon",
          "eks:DescribeCluster",
          "eks:DescribeClusterVersions",
          "eks:DescribeNodegroup",
          "eks:ListAddons",
          "eks:ListClusters",
          "eks:ListFargateProfiles",
          "eks:ListNodegroups"
        ],
        "Resource": "*"
      }
    ]
  })
}

resource "aws_iam_role_policy_attachment" "read_1" {
  role       = aws_iam_role.plumbline.name
  policy_arn = aws_iam_policy.read_1.arn
}

resource "aws_iam_policy" "read_2" {
  name   = "${var.role_name}-read-2"
  policy = jsonencode({
    "Version": "2012-10-17",
    "Statement": [
      {
        "Sid": "ReadElasticache",
        "Effect": "Allow",
        "Action": [
          "elasticache:DescribeCacheClusters",
          "elasticache:DescribeCacheSubnetGroups",
          "elasticache:DescribeGlobalReplicationGroups",
          "elasticache:DescribeReplicationGroups",
          "elasticache:DescribeServerlessCaches",
          "elasticache:DescribeUsers",
          "elasticache:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadElasticbeanstalk",
        "Effect": "Allow",
        "Action": [
          "elasticbeanstalk:DescribeConfigurationSettings",
          "elasticbeanstalk:DescribeEnvironmentResources",
          "elasticbeanstalk:DescribeEnvironments",
          "elasticbeanstalk:DescribePlatformVersion",
          "elasticbeanstalk:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadElasticfilesystem",
        "Effect": "Allow",
        "Action": [
          "elasticfilesystem:DescribeBackupPolicy",
          "elasticfilesystem:DescribeFileSystemPolicy",
          "elasticfilesystem:DescribeFileSystems",
          "elasticfilesystem:DescribeMountTargets"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadElasticloadbalancing",
        "Effect": "Allow",
        "Action": [
          "elasticloadbalancing:DescribeListenerAttributes",
          "elasticloadbalancing:DescribeListeners",
          "elasticloadbalancing:DescribeLoadBalancerAttributes",
          "elasticloadbalancing:DescribeLoadBalancerPolicies",
          "elasticloadbalancing:DescribeLoadBalancers",
          "elasticloadbalancing:DescribeRules",
          "elasticloadbalancing:DescribeSSLPolicies",
          "elasticloadbalancing:DescribeTags",
          "elasticloadbalancing:DescribeTargetGroupAttributes",
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeTargetHealth"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadEs",
        "Effect": "Allow",
        "Action": [
          "es:DescribeDomains",
          "es:ListDomainNames",
          "es:ListTags"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadEvents",
        "Effect": "Allow",
        "Action": [
          "events:ListEventBuses",
          "events:ListRules",
          "events:ListTagsForResource",
          "events:ListTargetsByRule"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadFsx",
        "Effect": "Allow",
        "Action": [
          "fsx:DescribeFileSystems"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadGuardduty",
        "Effect": "Allow",
        "Action": [
          "guardduty:GetDetector",
          "guardduty:GetFindings",
          "guardduty:ListCoverage",
          "guardduty:ListDetectors",
          "guardduty:ListFindings"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadIam",
        "Effect": "Allow",
        "Action": [
          "iam:GenerateCredentialReport",
          "iam:GetAccessKeyLastUsed",
          "iam:GetAccountAuthorizationDetails",
          "iam:GetAccountPasswordPolicy",
          "iam:GetAccountSummary",
          "iam:GetCredentialReport",
          "iam:GetInstanceProfile",
          "iam:GetLoginProfile",
          "iam:GetPolicy",
          "iam:GetPolicyVersion",
          "iam:GetRolePolicy",
          "iam:GetServerCertificate",
          "iam:GetUser",
          "iam:ListAccessKeys",
          "iam:ListAccountAliases",
          "iam:ListAttachedRolePolicies",
          "iam:ListInstanceProfiles",
          "iam:ListMFADevices",
          "iam:ListOpenIDConnectProviders",
          "iam:ListRolePolicies",
          "iam:ListServerCertificates",
          "iam:ListUsers",
          "iam:ListVirtualMFADevices"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadIdentitystore",
        "Effect": "Allow",
        "Action": [
          "identitystore:DescribeGroup",
          "identitystore:DescribeUser",
          "identitystore:ListGroupMemberships",
          "identitystore:ListUsers"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadInspector2",
        "Effect": "Allow",
        "Action": [
          "inspector2:BatchGetAccountStatus",
          "inspector2:ListFindings"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadKafka",
        "Effect": "Allow",
        "Action": [
          "kafka:GetClusterPolicy",
          "kafka:ListClustersV2"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadKinesis",
        "Effect": "Allow",
        "Action": [
          "kinesis:DescribeStreamSummary",
          "kinesis:GetResourcePolicy",
          "kinesis:ListStreams",
          "kinesis:ListTagsForStream"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadKms",
        "Effect": "Allow",
        "Action": [
          "kms:DescribeKey",
          "kms:GetKeyPolicy",
          "kms:GetKeyRotationStatus",
          "kms:ListAliases",
          "kms:ListGrants",
          "kms:ListKeys",
          "kms:ListResourceTags"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadLambda",
        "Effect": "Allow",
        "Action": [
          "lambda:GetFunctionConfiguration",
          "lambda:GetPolicy",
          "lambda:ListFunctionUrlConfigs",
          "lambda:ListFunctions",
          "lambda:ListTags"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadLogs",
        "Effect": "Allow",
        "Action": [
          "logs:DescribeAccountPolicies",
          "logs:DescribeDeliverySources",
          "logs:DescribeLogGroups",
          "logs:DescribeMetricFilters",
          "logs:DescribeResourcePolicies",
          "logs:GetDataProtectionPolicy",
          "logs:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadMacie2",
        "Effect": "Allow",
        "Action": [
          "macie2:GetMacieSession"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadMemorydb",
        "Effect": "Allow",
        "Action": [
          "memorydb:DescribeACLs",
          "memorydb:DescribeClusters",
          "memorydb:DescribeSubnetGroups",
          "memorydb:ListTags"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadMq",
        "Effect": "Allow",
        "Action": [
          "mq:DescribeBroker",
          "mq:ListBrokers"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadNetworkFirewall",
        "Effect": "Allow",
        "Action": [
          "network-firewall:DescribeFirewall",
          "network-firewall:DescribeFirewallPolicy",
          "network-firewall:DescribeRuleGroup",
          "network-firewall:ListFirewalls"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadOrganizations",
        "Effect": "Allow",
        "Action": [
          "organizations:DescribeOrganization",
          "organizations:DescribePolicy",
          "organizations:ListAccounts",
          "organizations:ListDelegatedAdministrators",
          "organizations:ListDelegatedServicesForAccount",
          "organizations:ListParents",
          "organizations:ListPoliciesForTarget"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadRds",
        "Effect": "Allow",
        "Action": [
          "rds:DescribeCertificates",
          "rds:DescribeDBClusterParameters",
          "rds:DescribeDBClusterSnapshotAttributes",
          "rds:DescribeDBClusterSnapshots",
          "rds:DescribeDBClusters",
          "rds:DescribeDBEngineVersions",
          "rds:DescribeDBInstances",
          "rds:DescribeDBMajorEngineVersions",
          "rds:DescribeDBParameters",
          "rds:DescribeDBSnapshotAttributes",
          "rds:DescribeDBSnapshots",
          "rds:DescribeGlobalClusters",
          "rds:DescribeOptionGroups"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadRedshift",
        "Effect": "Allow",
        "Action": [
          "redshift:DescribeClusterParameters",
          "redshift:DescribeClusterSnapshots",
          "redshift:DescribeClusterSubnetGroups",
          "redshift:DescribeClusters",
          "redshift:DescribeLoggingStatus"
        ],
        "Resource": "*"
      }
    ]
  })
}

resource "aws_iam_role_policy_attachment" "read_2" {
  role       = aws_iam_role.plumbline.name
  policy_arn = aws_iam_policy.read_2.arn
}

resource "aws_iam_policy" "read_3" {
  name   = "${var.role_name}-read-3"
  policy = jsonencode({
    "Version": "2012-10-17",
    "Statement": [
      {
        "Sid": "ReadRedshiftServerless",
        "Effect": "Allow",
        "Action": [
          "redshift-serverless:GetNamespace",
          "redshift-serverless:GetScheduledAction",
          "redshift-serverless:ListScheduledActions",
          "redshift-serverless:ListSnapshotCopyConfigurations",
          "redshift-serverless:ListTagsForResource",
          "redshift-serverless:ListWorkgroups"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadRoute53",
        "Effect": "Allow",
        "Action": [
          "route53:GetDNSSEC",
          "route53:ListHostedZones",
          "route53:ListResourceRecordSets",
          "route53:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadRoute53resolver",
        "Effect": "Allow",
        "Action": [
          "route53resolver:ListFirewallRuleGroupAssociations",
          "route53resolver:ListResolverQueryLogConfigAssociations"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadS3",
        "Effect": "Allow",
        "Action": [
          "s3:GetAccessPoint",
          "s3:GetAccessPointPolicy",
          "s3:GetAccountPublicAccessBlock",
          "s3:GetBucketAcl",
          "s3:GetBucketLocation",
          "s3:GetBucketLogging",
          "s3:GetBucketObjectLockConfiguration",
          "s3:GetBucketOwnershipControls",
          "s3:GetBucketPolicy",
          "s3:GetBucketPolicyStatus",
          "s3:GetBucketPublicAccessBlock",
          "s3:GetBucketTagging",
          "s3:GetBucketVersioning",
          "s3:GetEncryptionConfiguration",
          "s3:GetLifecycleConfiguration",
          "s3:GetReplicationConfiguration",
          "s3:ListAccessPoints",
          "s3:ListAllMyBuckets"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadSecretsmanager",
        "Effect": "Allow",
        "Action": [
          "secretsmanager:GetResourcePolicy",
          "secretsmanager:ListSecrets"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadSecurityhub",
        "Effect": "Allow",
        "Action": [
          "securityhub:DescribeHub",
          "securityhub:GetFindings"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadServicequotas",
        "Effect": "Allow",
        "Action": [
          "servicequotas:ListServiceQuotas"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadShield",
        "Effect": "Allow",
        "Action": [
          "shield:ListProtections"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadSns",
        "Effect": "Allow",
        "Action": [
          "sns:GetTopicAttributes",
          "sns:ListSubscriptions",
          "sns:ListSubscriptionsByTopic",
          "sns:ListTagsForResource",
          "sns:ListTopics"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadSqs",
        "Effect": "Allow",
        "Action": [
          "sqs:GetQueueAttributes",
          "sqs:ListQueueTags",
          "sqs:ListQueues"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadSsm",
        "Effect": "Allow",
        "Action": [
          "ssm:DescribeInstanceInformation",
          "ssm:DescribeInstancePatchStates",
          "ssm:DescribeParameters",
          "ssm:GetInventory",
          "ssm:GetResourcePolicies",
          "ssm:GetServiceSetting",
          "ssm:ListInventoryEntries",
          "ssm:ListTagsForResource"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadSso",
        "Effect": "Allow",
        "Action": [
          "sso:DescribePermissionSet",
          "sso:GetInlinePolicyForPermissionSet",
          "sso:GetPermissionsBoundaryForPermissionSet",
          "sso:ListAccountAssignments",
          "sso:ListAccountsForProvisionedPermissionSet",
          "sso:ListCustomerManagedPolicyReferencesInPermissionSet",
          "sso:ListInstances",
          "sso:ListManagedPoliciesInPermissionSet",
          "sso:ListPermissionSets"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadSts",
        "Effect": "Allow",
        "Action": [
          "sts:GetCallerIdentity"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadWafv2",
        "Effect": "Allow",
        "Action": [
          "wafv2:GetLoggingConfiguration",
          "wafv2:GetWebACL",
          "wafv2:GetWebACLForResource",
          "wafv2:ListResourcesForWebACL",
          "wafv2:ListWebACLs"
        ],
        "Resource": "*"
      },
      {
        "Sid": "ReadWellarchitected",
        "Effect": "Allow",
        "Action": [
          "wellarchitected:ListWorkloads"
        ],
        "Resource": "*"
      }
    ]
  })
}

resource "aws_iam_role_policy_attachment" "read_3" {
  role       = aws_iam_role.plumbline.name
  policy_arn = aws_iam_policy.read_3.arn
}

output "role_arn" {
  value = aws_iam_role.plumbline.arn
}
