package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"
)

// Domains of OpenSearch Config tells of in the words of CloudFormation, those of Elasticsearch in those of its own API;
// the collectors ask of both by one. Whom the policy lets in may be left out of an item, and then nobody knows.
var (
	configSearchDomain = configType(recordedType{
		name: "AWS::OpenSearch::Domain", kind: "aws.opensearch.domain",
		needs:  []string{"DomainName", "Arn", "EngineVersion", "ClusterConfig"},
		silent: map[string][]string{"ClusterConfig.MultiAZWithStandbyEnabled": {"multi_zone"}},
		partial: everyMember([]string{"auth_required", "public_access", "rules"},
			"AccessPolicies", "AdvancedSecurityOptions"),
	})
	configElasticDomain = configType(recordedType{
		name: "AWS::Elasticsearch::Domain", kind: "aws.opensearch.domain",
		needs: []string{"domainName", "arn", "elasticsearchVersion", "elasticsearchClusterConfig"},
		shape: func(configuration map[string]any) {
			configuration["engineVersion"] = "Elasticsearch_" + textOf(configuration["elasticsearchVersion"])
			configuration["clusterConfig"] = configuration["elasticsearchClusterConfig"]
		},
		partial: everyMember([]string{"auth_required", "public_access", "rules"},
			"accessPolicies", "advancedSecurityOptions"),
	})
	configDomains = []*recordedType{configSearchDomain, configElasticDomain}
)

// Names are listed in one page.
var _ = answersListing("OpenSearch.ListDomainNames", func(e *Export, region string, _ any) (any, error) {
	out := &opensearch.ListDomainNamesOutput{}
	for _, t := range configDomains {
		for _, d := range readAll(e, t, e.byPlace[t.place(region)], domainAs(t)) {
			if !slices.ContainsFunc(out.DomainNames,
				func(n types.DomainInfo) bool { return *n.DomainName == aws.ToString(d.DomainName) }) {
				out.DomainNames = append(out.DomainNames, types.DomainInfo{DomainName: d.DomainName})
			}
		}
	}
	if len(out.DomainNames) == 0 {
		return nil, errNotExported
	}
	return out, nil
})

func domainAs(t *recordedType) func(*recordedItem) (types.DomainStatus, error) {
	return func(i *recordedItem) (d types.DomainStatus, err error) {
		err = i.into(t, &d)
		return d, err
	}
}

var _ = answersListing("OpenSearch.DescribeDomains", func(e *Export, region string, in any) (any, error) {
	question, ok := in.(*opensearch.DescribeDomainsInput)
	if !ok {
		return nil, errNotExported
	}
	out := &opensearch.DescribeDomainsOutput{}
	for _, name := range question.DomainNames {
		for _, t := range configDomains {
			k := e.named(t, region, name)
			if k == nil {
				continue
			}
			d, err := readAs(e, k, domainAs(t))
			if err != nil {
				return nil, misread(t, k, err)
			}
			out.DomainStatusList = append(out.DomainStatusList, d)
			break
		}
	}
	return out, nil
})

var _ = tells("OpenSearch.ListTags", configSearchDomain, domainAsked, domainTags)

var _ = alsoTells("OpenSearch.ListTags", configElasticDomain, domainAsked, domainTags)

func domainAsked(in *opensearch.ListTagsInput) *string { return in.ARN }

func domainTags(i *recordedItem) (*opensearch.ListTagsOutput, error) {
	out := &opensearch.ListTagsOutput{}
	for key, value := range i.Tags {
		out.TagList = append(out.TagList, types.Tag{Key: &key, Value: &value})
	}
	return out, nil
}
