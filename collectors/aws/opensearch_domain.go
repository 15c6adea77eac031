package aws

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// The API describes the domains of Elasticsearch as well.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, domainItem, domainAnswers]{
	Kind:        "aws.opensearch.domain",
	Class:       inventory.ClassDatabase,
	Permissions: []string{"es:ListDomainNames", "es:DescribeDomains", "es:ListTags", "kms:DescribeKey"},
	ListAction:  "ListDomainNames", ListPermission: "es:ListDomainNames",
	List: func(ctx context.Context, c *Clients) iter.Seq2[domainItem, error] {
		return offered(c, domains(ctx, c, ""))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[domainItem, error] {
		return domains(ctx, c, shortID(id))
	},
	Ask:   askDomain,
	Facts: domainFacts,
})

// domainItem is a domain with its description, which is asked for a few domains at a time.
type domainItem struct {
	name     string
	describe collectors.Answer[types.DomainStatus]
	keys     *once[keyHolder]
}

// domainAnswers is all that is said about one domain.
type domainAnswers struct {
	Name     string
	Describe collectors.Answer[types.DomainStatus]
	Key      collectors.Answer[keyHolder]
	Tags     collectors.Answer[map[string]string]
	Support  standardSupport
}

// domainsAtOnce is how many domains one call describes at most.
const domainsAtOnce = 5

func domains(ctx context.Context, c *Clients, only string) iter.Seq2[domainItem, error] {
	return func(yield func(domainItem, error) bool) {
		out, err := c.OpenSearch.ListDomainNames(ctx, &opensearch.ListDomainNamesInput{})
		if err != nil {
			yield(domainItem{}, err)
			return
		}
		var names []string
		for _, d := range out.DomainNames {
			if name := aws.ToString(d.DomainName); only == "" || name == only {
				names = append(names, name)
			}
		}
		keys := &once[keyHolder]{}
		for len(names) > 0 {
			n := min(len(names), domainsAtOnce)
			for _, item := range describeDomains(ctx, c, names[:n]) {
				item.keys = keys
				if !yield(item, nil) {
					return
				}
			}
			names = names[n:]
		}
	}
}

// describeDomains gives an item for each name; one that the answer leaves out is gone by now.
func describeDomains(ctx context.Context, c *Clients, names []string) []domainItem {
	all := ask("DescribeDomains", "es:DescribeDomains", func() (*[]types.DomainStatus, error) {
		out, err := c.OpenSearch.DescribeDomains(ctx, &opensearch.DescribeDomainsInput{DomainNames: names})
		if err != nil {
			return nil, err
		}
		return &out.DomainStatusList, nil
	})
	var items []domainItem
	if all.Value == nil {
		for _, name := range names {
			items = append(items, domainItem{name: name, describe: collectors.Answer[types.DomainStatus]{
				Action: all.Action, Permission: all.Permission, Failed: all.Failed,
			}})
		}
		return items
	}
	for _, d := range *all.Value {
		d.ChangeProgressDetails, d.Processing = nil, nil
		items = append(items, domainItem{name: aws.ToString(d.DomainName), describe: collectors.Answer[types.DomainStatus]{
			Action: all.Action, Permission: all.Permission, Value: &d,
		}})
	}
	return items
}

func askDomain(ctx context.Context, c *Clients, i domainItem) domainAnswers {
	a := domainAnswers{Name: i.name, Describe: i.describe}
	if d := i.describe.Value; d != nil {
		a.Support = supportOf(searchSupport, aws.ToString(d.EngineVersion), time.Now())
		if e := d.EncryptionAtRestOptions; e != nil {
			a.Key = heldBy(i.keys, e.KmsKeyId, func(key string) collectors.Answer[keyHolder] { return askKeyHolder(ctx, c, key) })
		}
	}
	a.Tags = ask("ListTags", "es:ListTags", func() (*map[string]string, error) {
		out, err := c.OpenSearch.ListTags(ctx, &opensearch.ListTagsInput{ARN: aws.String(arn(c.where(), "es", "domain/"+i.name))})
		if err != nil {
			return nil, err
		}
		return keptTags(labels(out.TagList, func(t types.Tag) (*string, *string) { return t.Key, t.Value })), nil
	})
	return a
}

// searchSupport is when standard support of a version ended: on one day for all that are listed. What comes after is
// paid for and does not count.
var searchSupport = func() map[string]time.Time {
	ends := map[string]time.Time{}
	for _, v := range []string{
		"Elasticsearch_1", "Elasticsearch_2", "Elasticsearch_5", "Elasticsearch_6.0", "Elasticsearch_6.2", "Elasticsearch_6.3",
		"Elasticsearch_6.4", "Elasticsearch_6.5", "Elasticsearch_6.7", "Elasticsearch_7.1", "Elasticsearch_7.4",
		"Elasticsearch_7.7", "Elasticsearch_7.8", "OpenSearch_1.0", "OpenSearch_1.1", "OpenSearch_1.2", "OpenSearch_2.3",
		"OpenSearch_2.5", "OpenSearch_2.7", "OpenSearch_2.9",
	} {
		ends[v] = day(2025, time.November, 7)
	}
	return ends
}()

func domainFacts(w collectors.Where, a domainAnswers) *inventory.Resource {
	facts := &inventory.Database{}
	r := inventory.New(arn(w, "es", "domain/"+a.Name), a.Name, w.Region, facts)
	defer leftOut(r, "DescribeDomains", "es:DescribeDomains")
	managedStoreFacts(r, facts, "search", "network")
	tagFacts(r, a.Tags)
	r.SetNotApplicable("the service has no such switch", "deletion_protected")
	// Domains are reached through HTTPS alone, copied every hour and kept for two weeks; none is made of another.
	facts.Port, facts.BackupRetentionDays = 443, 14
	r.SetInherent("backup_retention_days")
	r.Known("port", "source", "point_in_time", "other_region_copy")
	d := a.Describe.Value
	if d == nil {
		why := *orMissing(a.Describe.Unknown(), "DescribeDomains", "es:DescribeDomains")
		r.SetUnknown(why, "public_access", "audit_logged")
		unspokenRest(r, why)
		return r
	}
	if d.EngineVersion != nil {
		facts.Engine = *d.EngineVersion
		r.Known("engine")
	}
	domainNetworkFacts(w, r, facts, a)
	domainTransportFacts(r, facts, d)
	domainKeepFacts(r, facts, a)
	return r
}

// domainNetworkFacts states where the domain answers and whom its policy lets in: inside subnets behind security
// groups, or at the provider's edge, where the policy is the only filter.
func domainNetworkFacts(w collectors.Where, r *inventory.Resource, facts *inventory.Database, a domainAnswers) {
	d := a.Describe.Value
	inside := d.VPCOptions != nil && (aws.ToString(d.VPCOptions.VPCId) != "" || len(d.VPCOptions.SubnetIds) > 0)
	doc, read := readPolicy(r, a.Describe, func(d *types.DomainStatus) string { return aws.ToString(d.AccessPolicies) },
		"auth_required", "public_access", "rules")
	own := d.AdvancedSecurityOptions != nil && aws.ToBool(d.AdvancedSecurityOptions.Enabled) &&
		!aws.ToBool(d.AdvancedSecurityOptions.AnonymousAuthEnabled)
	facts.AuthRequired = own || read && !doc.asksNobody()
	if own || read {
		r.Known("auth_required")
	}
	if inside {
		groupedStoreFacts(w, r, facts, d.VPCOptions.SecurityGroupIds, collectors.Answer[storePlace]{
			Value: &storePlace{Network: aws.ToString(d.VPCOptions.VPCId), Subnets: d.VPCOptions.SubnetIds},
		})
		r.SetInherent("public_endpoint")
		r.Known("public_access")
		return
	}
	facts.PublicAddress = true
	r.Known("public_endpoint", "network", "subnets", "firewalls")
	if !read {
		return
	}
	facts.PublicAccess = doc.public()
	facts.Rules = doc.edgeRules()
	r.Known("public_access", "rules")
}

// edgeRules are what a policy admits by address alone: everyone, or everyone from named ranges. Callers who are named
// show who they are, wherever they come from.
func (d policyDocument) edgeRules() []inventory.Rule {
	var rules []inventory.Rule
	for _, s := range d.Statement {
		if s.Effect != "Allow" || !s.anyone() || len(s.conditionAccounts()) > 0 || s.namesOrganisation() {
			continue
		}
		rule := inventory.Rule{ID: s.Sid, Protocol: "tcp", From: 443, To: 443, Ranges: s.sourceRanges()}
		if len(rule.Ranges) == 0 {
			rule.Ranges = []string{"0.0.0.0/0", "::/0"}
		}
		rules = append(rules, rule)
	}
	return rules
}

// sourceRanges are the addresses that conditions of the statement demand; a bare address is a range of one.
func (s policyStatement) sourceRanges() []string {
	var ranges []string
	for op, keys := range s.Condition {
		if !strings.HasPrefix(strings.ToLower(op), "ipaddress") {
			continue
		}
		for _, v := range keys["aws:sourceip"] {
			switch {
			case strings.Contains(v, "/"):
			case v == "*":
				v = "0.0.0.0/0"
			case strings.Contains(v, ":"):
				v += "/128"
			default:
				v += "/32"
			}
			ranges = append(ranges, v)
		}
	}
	return ranges
}

// searchTLS are the oldest versions of the policies a domain can be given.
var searchTLS = map[types.TLSSecurityPolicy]float64{
	types.TLSSecurityPolicyPolicyMinTls10201907: 1.0, types.TLSSecurityPolicyPolicyMinTls12201907: 1.2,
	types.TLSSecurityPolicyPolicyMinTls12Pfs202310: 1.2, types.TLSSecurityPolicyPolicyMinTls12Rfc9151Fips202408: 1.2,
}

// domainTransportFacts states whether clear text is refused, by clients and between the nodes, and how old TLS may be.
func domainTransportFacts(r *inventory.Resource, facts *inventory.Database, d *types.DomainStatus) {
	if e := d.DomainEndpointOptions; e != nil && e.EnforceHTTPS != nil {
		between := d.NodeToNodeEncryptionOptions != nil && aws.ToBool(d.NodeToNodeEncryptionOptions.Enabled)
		facts.TLSRequired = *e.EnforceHTTPS && between
		r.Known("tls_required")
	}
	if e := d.DomainEndpointOptions; e != nil {
		if v, ok := searchTLS[e.TLSSecurityPolicy]; ok {
			facts.TLSMinVersion = v
			r.Known("tls_min_version")
		}
	}
	// A domain has identities of a directory where its own users are the provider's or a federation's.
	if o := d.AdvancedSecurityOptions; o != nil {
		federated := o.SAMLOptions != nil && aws.ToBool(o.SAMLOptions.Enabled)
		facts.CentralIdentity = aws.ToBool(o.Enabled) && (!aws.ToBool(o.InternalUserDatabaseEnabled) || federated)
		r.Known("central_identity")
	}
}

// domainKeepFacts states how the content is kept.
func domainKeepFacts(r *inventory.Resource, facts *inventory.Database, a domainAnswers) {
	d := a.Describe.Value
	if e := d.EncryptionAtRestOptions; e != nil && e.Enabled != nil {
		facts.EncryptedAtRest = *e.Enabled
		r.Known("encrypted_at_rest")
		ownKeyFact(r, &facts.CustomerKey, e.KmsKeyId, a.Key)
	}
	if k := d.ClusterConfig; k != nil && k.ZoneAwarenessEnabled != nil {
		facts.MultiZone = *k.ZoneAwarenessEnabled || aws.ToBool(k.MultiAZWithStandbyEnabled)
		r.Known("multi_zone")
	}
	audit := d.LogPublishingOptions["AUDIT_LOGS"]
	facts.AuditLogged = aws.ToBool(audit.Enabled) && aws.ToString(audit.CloudWatchLogsLogGroupArn) != ""
	// The number and the disks of nodes stay as they were set.
	r.Known("audit_logged", "autoscaled")
	var minor *bool
	if o := d.SoftwareUpdateOptions; o != nil {
		minor = o.AutoSoftwareUpdateEnabled
	}
	storeVersionFact(r, facts, aws.ToString(d.EngineVersion), minor, a.Support)
}
