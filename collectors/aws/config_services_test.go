package aws

import (
	"encoding/json"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// recordedService is an item of a type, and what it comes to.
type recordedService struct {
	typ, id, name, arn, region string
	configuration              string
	// resource is ours by its id, with what is known of it and what is not.
	resource string
	want     stated
	// cures are the rights of facts that stay open.
	cures map[string]string
}

const (
	toKey  = "arn:aws:kms:us-east-1:123456789012:key/1"
	openTo = `{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"es:*\",\"Resource\":\"*\"}]}`
)

// recordedServices are items in the words in which Config tells of each type, by the members that it publishes:
// https://github.com/awslabs/aws-config-resource-schema. Of each type there is one that is well, one that is not, and one
// that leaves out what makes the difference.
var recordedServices = []recordedService{
	{typ: "AWS::EKS::Cluster", id: "good", arn: local("eks", "cluster/good"), configuration: `{"Name":"good","Arn":"` + local("eks", "cluster/good") + `",
		"RoleArn":"arn:aws:iam::123456789012:role/eks","Version":"1.33","Endpoint":"https://127.0.0.1:1","CertificateAuthorityData":"x",
		"ResourcesVpcConfig":{"EndpointPublicAccess":false,"EndpointPrivateAccess":true,"SubnetIds":["subnet-1"],"PublicAccessCidrs":[]},
		"EncryptionConfig":[{"Provider":{"KeyArn":"` + toKey + `"},"Resources":["secrets"]}],
		"Logging":{"ClusterLogging":{"EnabledTypes":[{"Type":"api"},{"Type":"audit"},{"Type":"authenticator"}]}}}`,
		resource: local("eks", "cluster/good"), want: stated{"api_public": false, "secrets_encrypted": true, "control_plane_logged": true,
			"central_identity": nil, "version_supported": nil, "node_auto_upgrade": nil, "labels_read": true},
		cures: map[string]string{"central_identity": "eks:DescribeCluster", "version_supported": "eks:DescribeClusterVersions",
			"node_auto_upgrade": "eks:ListNodegroups"}},
	{typ: "AWS::EKS::Cluster", id: "bad", arn: local("eks", "cluster/bad"), configuration: `{"Name":"bad","Arn":"` + local("eks", "cluster/bad") + `",
		"RoleArn":"arn:aws:iam::123456789012:role/eks","ResourcesVpcConfig":{"EndpointPublicAccess":true,"PublicAccessCidrs":["0.0.0.0/0"]},
		"EncryptionConfig":[],"Logging":{"ClusterLogging":{"EnabledTypes":[{"Type":"api"}]}}}`,
		resource: local("eks", "cluster/bad"), want: stated{"api_public": true, "secrets_encrypted": false, "control_plane_logged": false}},
	{typ: "AWS::EKS::Cluster", id: "quiet", arn: local("eks", "cluster/quiet"), configuration: `{"Name":"quiet","Arn":"` + local("eks", "cluster/quiet") + `",
		"RoleArn":"arn:aws:iam::123456789012:role/eks","ResourcesVpcConfig":{"EndpointPublicAccess":true}}`,
		resource: local("eks", "cluster/quiet"), want: stated{"api_public": nil, "secrets_encrypted": nil, "control_plane_logged": nil},
		cures: map[string]string{"api_public": "eks:ListClusters", "control_plane_logged": "eks:DescribeCluster"}},

	{typ: "AWS::ECS::TaskDefinition", id: local("ecs", "task-definition/shop:12"), name: "shop", arn: local("ecs", "task-definition/shop:12"),
		configuration: `{"TaskDefinitionArn":"` + local("ecs", "task-definition/shop:12") + `","Family":"shop","Status":"ACTIVE","NetworkMode":"awsvpc",
			"ContainerDefinitions":[{"Name":"web","Image":"123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1","User":"1000","Privileged":false,
			"ReadonlyRootFilesystem":true,"LogConfiguration":{"LogDriver":"awslogs"},"Environment":[{"Name":"MODE","Value":"live"}]}]}`,
		resource: local("ecs", "task-definition/shop:12"), want: stated{"privileged": false, "runs_as_root": false, "read_only_filesystem": true,
			"host_namespaces": []string{}, "plaintext_secrets": int64(0), "logs_shipped": true, "labels_read": true}},
	{typ: "AWS::ECS::TaskDefinition", id: local("ecs", "task-definition/shop:9"), name: "shop", arn: local("ecs", "task-definition/shop:9"),
		configuration: `{"TaskDefinitionArn":"` + local("ecs", "task-definition/shop:9") + `","Family":"shop","Status":"ACTIVE",
			"ContainerDefinitions":[{"Name":"web","Image":"shop"}]}`},
	{typ: "AWS::ECS::TaskDefinition", id: local("ecs", "task-definition/shop:8"), name: "shop", arn: local("ecs", "task-definition/shop:8"),
		configuration: `{"TaskDefinitionArn":"` + local("ecs", "task-definition/shop:8") + `","Family":"shop","Status":"ACTIVE","ContainerDefinitions":[{"Name":"web"}]}`},
	{typ: "AWS::ECS::Cluster", id: "main", arn: local("ecs", "cluster/main"), configuration: `{"ClusterName":"main","Arn":"` + local("ecs", "cluster/main") + `"}`},
	{typ: "AWS::ECS::Cluster", id: "empty", arn: local("ecs", "cluster/empty"), configuration: `{"ClusterName":"empty","Arn":"` + local("ecs", "cluster/empty") + `"}`},
	{typ: "AWS::ECS::Service", id: local("ecs", "service/main/web"), arn: local("ecs", "service/main/web"), configuration: `{"ServiceArn":"` +
		local("ecs", "service/main/web") + `","Cluster":"main","TaskDefinition":"` + local("ecs", "task-definition/shop:9") + `"}`,
		resource: local("ecs", "task-definition/shop:9"), want: stated{"runs_as_root": nil, "logs_shipped": false}},
	{typ: "AWS::ECS::TaskDefinition", id: local("ecs", "task-definition/old:3"), name: "old", arn: local("ecs", "task-definition/old:3"),
		configuration: `{"TaskDefinitionArn":"` + local("ecs", "task-definition/old:3") + `","Family":"old","Status":"INACTIVE","ContainerDefinitions":[{"Name":"web"}]}`},
	{typ: "AWS::ECS::TaskDefinition", id: local("ecs", "task-definition/raw:1"), name: "raw", arn: local("ecs", "task-definition/raw:1"),
		configuration: `{"TaskDefinitionArn":"` + local("ecs", "task-definition/raw:1") + `","Family":"raw","Status":"ACTIVE","PidMode":"host",
			"ContainerDefinitions":[{"Name":"web","Image":"shop","Privileged":true,"Environment":[{"Name":"DB_PASSWORD","Value":"hunter2-correct-horse"}]}]}`,
		resource: local("ecs", "task-definition/raw:1"), want: stated{"privileged": true, "runs_as_root": true, "read_only_filesystem": false,
			"host_namespaces": []string{"pid"}, "plaintext_secrets": int64(1), "logs_shipped": false}},
	{typ: "AWS::ECS::TaskDefinition", id: local("ecs", "task-definition/any:1"), name: "any", arn: local("ecs", "task-definition/any:1"),
		configuration: `{"TaskDefinitionArn":"` + local("ecs", "task-definition/any:1") + `","Family":"any","Status":"ACTIVE",
			"ContainerDefinitions":[{"Name":"web","Image":"shop","User":"app"}]}`,
		resource: local("ecs", "task-definition/any:1"), want: stated{"privileged": nil, "runs_as_root": nil, "read_only_filesystem": nil,
			"host_namespaces": nil, "logs_shipped": false},
		cures: map[string]string{"privileged": "ecs:ListTaskDefinitionFamilies"}},

	{typ: "AWS::CloudFront::Distribution", id: "E1", arn: "arn:aws:cloudfront::123456789012:distribution/E1", region: "global",
		configuration: distributionRecorded("E1", true, "https-only", "arn:aws:wafv2:us-east-1:123456789012:global/webacl/front/1", "TLSv1.2_2021", "https-only"),
		resource:      "arn:aws:cloudfront::123456789012:distribution/E1", want: stated{"internet_facing": true, "access_logged": true,
			"tls_min_version": 1.2, "waf_attached": true, "waf_blocking": nil, "origin_tls": true, "security_headers": nil, "labels_read": true,
			"listeners": []inventory.Listener{{Protocol: "https", Port: 443, TLS: true}}},
		cures: map[string]string{"waf_blocking": "wafv2:GetWebACL", "security_headers": "cloudfront:ListDistributions"}},
	{typ: "AWS::CloudFront::Distribution", id: "E2", arn: "arn:aws:cloudfront::123456789012:distribution/E2", region: "global",
		configuration: distributionRecorded("E2", false, "allow-all", "", "TLSv1", "http-only"),
		resource:      "arn:aws:cloudfront::123456789012:distribution/E2", want: stated{"access_logged": nil, "tls_min_version": 1.0,
			"waf_attached": false, "origin_tls": nil},
		cures: map[string]string{"access_logged": "logs:DescribeDeliverySources"}},

	{typ: "AWS::ApiGateway::RestApi", id: "rest1", arn: "arn:aws:apigateway:us-east-1::/restapis/rest1",
		configuration: `{"id":"rest1","name":"orders","endpointConfiguration":{"types":["PRIVATE"]},"createdDate":"2024-01-02T03:04:05.000Z"}`,
		resource:      "arn:aws:apigateway:us-east-1::/restapis/rest1", want: stated{"internet_facing": false, "access_logged": nil,
			"authenticated": nil, "tls_min_version": nil, "labels_read": true},
		cures: map[string]string{"access_logged": "apigateway:GET", "tls_min_version": "apigateway:GET"}},
	{typ: "AWS::ApiGateway::RestApi", id: "rest2", arn: "arn:aws:apigateway:us-east-1::/restapis/rest2",
		configuration: `{"id":"rest2","name":"open","endpointConfiguration":{"types":["EDGE"]}}`,
		resource:      "arn:aws:apigateway:us-east-1::/restapis/rest2", want: stated{"internet_facing": nil}},
	{typ: "AWS::ApiGatewayV2::Api", id: "http1", arn: "arn:aws:apigateway:us-east-1::/apis/http1",
		configuration: `{"apiId":"http1","name":"carts","protocolType":"HTTP","disableExecuteApiEndpoint":false}`,
		resource:      "arn:aws:apigateway:us-east-1::/apis/http1", want: stated{"internet_facing": true, "tls_min_version": 1.2, "access_logged": nil}},
	{typ: "AWS::ApiGatewayV2::Api", id: "http2", arn: "arn:aws:apigateway:us-east-1::/apis/http2",
		configuration: `{"apiId":"http2","name":"carts","protocolType":"HTTP"}`,
		resource:      "arn:aws:apigateway:us-east-1::/apis/http2", want: stated{"internet_facing": nil}},
	{typ: "AWS::AppSync::GraphQLApi", id: "graph1", arn: local("appsync", "apis/graph1"),
		configuration: `{"ApiId":"graph1","Arn":"` + local("appsync", "apis/graph1") + `","Name":"stock","AuthenticationType":"API_KEY",
			"GraphQLUrl":"https://abc.appsync-api.us-east-1.amazonaws.com/graphql","LogConfig":{"FieldLogLevel":"ALL"}}`,
		resource: local("appsync", "apis/graph1"), want: stated{"authenticated": false, "access_logged": true, "internet_facing": nil,
			"waf_attached": nil, "dns_name": "abc.appsync-api.us-east-1.amazonaws.com"},
		cures: map[string]string{"waf_attached": "appsync:ListGraphqlApis"}},
	{typ: "AWS::AppSync::GraphQLApi", id: "graph2", arn: local("appsync", "apis/graph2"),
		configuration: `{"ApiId":"graph2","Arn":"` + local("appsync", "apis/graph2") + `","Name":"stock","AuthenticationType":"AWS_IAM"}`,
		resource:      local("appsync", "apis/graph2"), want: stated{"authenticated": true, "access_logged": false}},

	{typ: "AWS::OpenSearch::Domain", id: "logs", name: "logs", arn: local("es", "domain/logs"), configuration: `{"DomainName":"logs",
		"Arn":"` + local("es", "domain/logs") + `","EngineVersion":"OpenSearch_2.19","ClusterConfig":{"ZoneAwarenessEnabled":true},
		"EncryptionAtRestOptions":{"Enabled":true,"KmsKeyId":"` + toKey + `"},"NodeToNodeEncryptionOptions":{"Enabled":true},
		"DomainEndpointOptions":{"EnforceHTTPS":true,"TLSSecurityPolicy":"Policy-Min-TLS-1-2-2019-07"},
		"AdvancedSecurityOptions":{"Enabled":true,"InternalUserDatabaseEnabled":false,"SamlOptions":{"Enabled":true}},
		"VPCOptions":{"SubnetIds":["subnet-1"],"SecurityGroupIds":["sg-1"]},"AccessPolicies":{"Statement":[]},
		"LogPublishingOptions":{"AUDIT_LOGS":{"CloudWatchLogsLogGroupArn":"arn:aws:logs:us-east-1:123456789012:log-group:a","Enabled":true}}}`,
		resource: local("es", "domain/logs"), want: stated{"encrypted_at_rest": true, "tls_required": true, "tls_min_version": 1.2,
			"auth_required": true, "public_access": false, "audit_logged": true, "central_identity": true, "multi_zone": true,
			"public_endpoint": false, "network": nil, "version_supported": nil, "labels_read": true},
		cures: map[string]string{"version_supported": "es:DescribeDomains", "network": "es:DescribeDomains"}},
	{typ: "AWS::OpenSearch::Domain", id: "open", name: "open", arn: local("es", "domain/open"), configuration: `{"DomainName":"open",
		"Arn":"` + local("es", "domain/open") + `","EngineVersion":"OpenSearch_1.0","ClusterConfig":{"ZoneAwarenessEnabled":false},
		"EncryptionAtRestOptions":{"Enabled":false},"DomainEndpointOptions":{"EnforceHTTPS":false},"AdvancedSecurityOptions":{"Enabled":false},
		"AccessPolicies":"` + openTo + `"}`,
		resource: local("es", "domain/open"), want: stated{"encrypted_at_rest": false, "tls_required": false, "auth_required": false,
			"public_access": true, "audit_logged": false, "multi_zone": nil, "public_endpoint": true, "version_supported": false}},
	{typ: "AWS::Elasticsearch::Domain", id: "123456789012/old", name: "old", arn: local("es", "domain/old"), configuration: `{"domainName":"old",
		"arn":"` + local("es", "domain/old") + `","elasticsearchVersion":"7.10","elasticsearchClusterConfig":{"zoneAwarenessEnabled":true},
		"encryptionAtRestOptions":{"enabled":true},"vpcoptions":{"vpcid":"vpc-1","subnetIds":["subnet-1"],"securityGroupIds":["sg-1"]},
		"domainEndpointOptions":{"enforceHTTPS":true,"tlssecurityPolicy":"Policy-Min-TLS-1-0-2019-07"}}`,
		resource: local("es", "domain/old"), want: stated{"engine": "Elasticsearch_7.10", "encrypted_at_rest": true, "multi_zone": true,
			"tls_min_version": 1.0, "public_access": nil, "auth_required": nil, "network": local("ec2", "vpc/vpc-1"), "labels_read": true}},

	{typ: "AWS::CodeBuild::Project", id: local("codebuild", "project/ship"), name: "ship", arn: local("codebuild", "project/ship"),
		configuration: `{"name":"ship","serviceRole":"arn:aws:iam::123456789012:role/ship","source":{"type":"GITHUB","location":"https://example.com/x"},
			"projectVisibility":"PRIVATE","environment":{"type":"LINUX_CONTAINER","environmentVariables":[{"name":"DB_PASSWORD","type":"PLAINTEXT","value":"hunter2-correct-horse"}]}}`,
		resource: local("codebuild", "project/ship"), want: stated{"plaintext_secrets": int64(1), "untrusted_source": false,
			"identities": []string{"arn:aws:iam::123456789012:role/ship"}}},
	{typ: "AWS::CodeBuild::Project", id: local("codebuild", "project/hook"), name: "hook", arn: local("codebuild", "project/hook"),
		configuration: `{"name":"hook","serviceRole":"arn:aws:iam::123456789012:role/ship","source":{"type":"GITHUB"},"environment":{"type":"LINUX_CONTAINER"},
			"webhook":{"url":"https://api.github.com/x"}}`,
		resource: local("codebuild", "project/hook"), want: stated{"plaintext_secrets": nil, "untrusted_source": nil},
		cures: map[string]string{"untrusted_source": "codebuild:ListProjects"}},

	{typ: "AWS::ECR::Repository", id: "shop", arn: local("ecr", "repository/shop"), configuration: `{"RepositoryName":"shop",
		"Arn":"` + local("ecr", "repository/shop") + `","ImageTagMutability":"IMMUTABLE","ImageScanningConfiguration":{"ScanOnPush":true},
		"RepositoryPolicyText":{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"ecr:*"}]}}`,
		resource: local("ecr", "repository/shop"), want: stated{"immutable_tags": true, "public": false, "principals": []string{"444455556666"},
			"scan_on_push": nil, "labels_read": true},
		cures: map[string]string{"scan_on_push": "ecr:GetRegistryScanningConfiguration"}},
	{typ: "AWS::ECR::Repository", id: "team/web", arn: local("ecr", "repository/team/web"), configuration: `{"RepositoryName":"team/web",
		"Arn":"` + local("ecr", "repository/team/web") + `","ImageTagMutability":"MUTABLE"}`,
		resource: local("ecr", "repository/team/web"), want: stated{"immutable_tags": false, "public": nil},
		cures: map[string]string{"public": "ecr:GetRepositoryPolicy"}},

	{typ: "AWS::Kinesis::Stream", id: "clicks", arn: local("kinesis", "stream/clicks"), configuration: `{"Name":"clicks",
		"Arn":"` + local("kinesis", "stream/clicks") + `","ShardCount":1,"StreamEncryption":{"EncryptionType":"KMS","KeyId":"alias/aws/kinesis"}}`,
		resource: local("kinesis", "stream/clicks"), want: stated{"encrypted_at_rest": true, "public": nil, "labels_read": true}},
	{typ: "AWS::Kinesis::Stream", id: "plain", arn: local("kinesis", "stream/plain"), configuration: `{"Name":"plain",
		"Arn":"` + local("kinesis", "stream/plain") + `","ShardCount":1}`,
		resource: local("kinesis", "stream/plain"), want: stated{"encrypted_at_rest": nil},
		cures: map[string]string{"encrypted_at_rest": "kinesis:DescribeStreamSummary"}},

	{typ: "AWS::MSK::Cluster", id: local("kafka", "cluster/events/1"), name: "events", arn: local("kafka", "cluster/events/1"),
		configuration: `{"ClusterName":"events","Arn":"` + local("kafka", "cluster/events/1") + `","BrokerNodeGroupInfo":{"ClientSubnets":["subnet-1"],
			"ConnectivityInfo":{"PublicAccess":{"Type":"DISABLED"}}},"EncryptionInfo":{"EncryptionInTransit":{"ClientBroker":"TLS"}}}`,
		resource: local("kafka", "cluster/events/1"), want: stated{"tls_required": true, "public": nil, "labels_read": true}},
	{typ: "AWS::MSK::Cluster", id: local("kafka", "cluster/open/1"), name: "open", arn: local("kafka", "cluster/open/1"),
		configuration: `{"ClusterName":"open","Arn":"` + local("kafka", "cluster/open/1") + `","BrokerNodeGroupInfo":{"ClientSubnets":["subnet-1"],
			"ConnectivityInfo":{"PublicAccess":{"Type":"SERVICE_PROVIDED_EIPS"}}},"EncryptionInfo":{"EncryptionInTransit":{"ClientBroker":"TLS_PLAINTEXT"}}}`,
		resource: local("kafka", "cluster/open/1"), want: stated{"tls_required": false, "public": true}},

	{typ: "AWS::Route53::HostedZone", id: "Z1", arn: "arn:aws:route53:::hostedzone/Z1", region: "us-east-1",
		configuration: `{"Id":"Z1","Name":"example.com.","NameServers":["ns-1.awsdns-00.com"]}`,
		resource:      "arn:aws:route53:::hostedzone/Z1", want: stated{"public": true, "signed": nil, "pointers": nil, "labels_read": true},
		cures: map[string]string{"signed": "route53:GetDNSSEC"}},
	{typ: "AWS::Route53::HostedZone", id: "Z2", arn: "arn:aws:route53:::hostedzone/Z2", region: "us-east-1",
		configuration: `{"Id":"Z2","Name":"inside.example.","VPCs":[{"VPCId":"vpc-1","VPCRegion":"us-east-1"}]}`,
		resource:      "arn:aws:route53:::hostedzone/Z2", want: stated{"public": false, "signed": notApplicable}},

	{typ: "AWS::Backup::BackupVault", id: "vault", arn: local("backup", "backup-vault:vault"), configuration: `{"BackupVaultName":"vault",
		"BackupVaultArn":"` + local("backup", "backup-vault:vault") + `","EncryptionKeyArn":"` + toKey + `"}`,
		resource: local("backup", "backup-vault:vault"), want: stated{"immutable": nil, "min_retention_days": nil, "labels_read": true},
		cures: map[string]string{"immutable": "backup:ListBackupVaults", "min_retention_days": "backup:ListBackupPlans"}},
}

// local is an ARN of the account of these tests, in its first region.
func local(service, resource string) string {
	return "arn:aws:" + service + ":us-east-1:" + here.Scope.Account() + ":" + resource
}

// distributionRecorded is a distribution in the words of Config, with one origin that is an address.
func distributionRecorded(id string, logged bool, viewers, firewall, tls, origin string) string {
	type part = map[string]any
	raw, err := json.Marshal(part{
		"id": id, "arn": "arn:aws:cloudfront::123456789012:distribution/" + id, "domainName": "d1.cloudfront.net",
		"distributionConfig": part{
			"enabled": true, "comment": "", "webACLId": firewall, "logging": part{"enabled": logged, "bucket": "logs"},
			"viewerCertificate":    part{"minimumProtocolVersion": tls, "cloudFrontDefaultCertificate": false},
			"defaultCacheBehavior": part{"viewerProtocolPolicy": viewers, "targetOriginId": "o"},
			"cacheBehaviors":       part{"quantity": 0},
			"origins": part{"quantity": 1, "items": []part{{"id": "o", "domainName": "shop.example.com",
				"customOriginConfig": part{"originProtocolPolicy": origin}}}},
		},
	})
	if err != nil {
		panic(err) // words and numbers always marshal
	}
	return string(raw)
}

func (s recordedService) item() map[string]any {
	region := s.region
	if region == "" {
		region = "us-east-1"
	}
	return map[string]any{
		"resourceType": s.typ, "resourceId": s.id, "resourceName": s.name, "arn": s.arn, "accountId": here.Scope.Account(),
		"awsRegion": region, "configurationItemStatus": "OK", "configurationItemCaptureTime": captured, "configuration": s.configuration,
		"supplementaryConfiguration": map[string]any{}, "tags": map[string]any{"owner": "finance"},
	}
}

// TestExportOfServices wants what the items of each service tell, unknown what they do not, and named what would.
func TestExportOfServices(t *testing.T) {
	t.Parallel()
	var items []map[string]any
	want := map[string]bool{}
	for _, s := range recordedServices {
		items = append(items, s.item())
		want[s.resource] = true
	}
	got, out := exportOf(t, items...)
	for _, s := range recordedServices {
		r := got[s.resource]
		if s.resource == "" {
			continue
		}
		if r == nil {
			t.Errorf("%s is not told of", s.resource)
			continue
		}
		s.want.check(t, r)
		if !r.ObservedAt.Equal(captured) {
			t.Errorf("%s was observed at %v", s.resource, r.ObservedAt)
		}
		for fact, right := range s.cures {
			if why := r.Why(fact); why.Cause != inventory.CauseNotCollected || why.Code != "NotInExport" || why.Permission != right {
				t.Errorf("%s of %s is unknown by %+v; want %s named", fact, s.resource, why, right)
			}
		}
		for fact, why := range r.Unknown {
			if why.Cause != inventory.CauseNotCollected {
				t.Errorf("%s of %s is unknown by %+v", fact, s.resource, why)
			}
		}
		if read, _ := r.Value("labels_read"); read == true && r.Labels["owner"] != "finance" {
			t.Errorf("%s has the labels %v", s.resource, r.Labels)
		}
	}
	for id, r := range got {
		if recordedKinds[r.Kind] != nil && !want[id] && r.Kind != "aws.cloudtrail.trail" {
			t.Errorf("%s is told of", id)
		}
	}
	for _, row := range out.rows {
		if recordedKinds[row.Kind] != nil && (row.Complete || row.Unknown.Cause != inventory.CauseNotCollected) {
			t.Errorf("the listing of %s in %s: %+v %+v", row.Kind, row.Region, row, row.Unknown)
		}
	}
}
