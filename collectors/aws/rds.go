package aws

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// rdsListing remembers what the databases of one listing share, so that each parameter group, option group, engine
// version and key is asked about once. It lives as long as the listing: the next one sees what changed.
type rdsListing struct {
	parameters, clusterParameters once[dbParameters]
	options                       once[dbOptions]
	versions                      once[engineVersion]
	support                       once[engineSupport]
	keys                          once[keyHolder]
	globals                       once[[]types.GlobalCluster]
}

// once keeps the first answer to each question.
type once[T any] struct {
	mu      sync.Mutex
	answers map[string]func() collectors.Answer[T]
}

func (o *once[T]) ask(about string, call func() collectors.Answer[T]) collectors.Answer[T] {
	o.mu.Lock()
	if o.answers == nil {
		o.answers = map[string]func() collectors.Answer[T]{}
	}
	answer := o.answers[about]
	if answer == nil {
		answer = sync.OnceValue(call)
		o.answers[about] = answer
	}
	o.mu.Unlock()
	return answer()
}

// engineVersion is what the provider says of one version of an engine.
type engineVersion struct {
	Status string
	Major  string
}

// engineSupport is how long the maker's standard support of a major version lasts. Whether its end had passed is kept as
// it stood when it was asked: facts read no clock, and the answer changes on the day the support ends and on no other.
type engineSupport struct {
	StandardEnds *time.Time
	Ended        bool
}

func (l *rdsListing) version(ctx context.Context, c *Clients, engine, version string) collectors.Answer[engineVersion] {
	return l.versions.ask(engine+" "+version, func() collectors.Answer[engineVersion] {
		return ask("DescribeDBEngineVersions", "rds:DescribeDBEngineVersions", func() (*engineVersion, error) {
			p := rds.NewDescribeDBEngineVersionsPaginator(c.RDS, &rds.DescribeDBEngineVersionsInput{
				Engine: aws.String(engine), EngineVersion: aws.String(version), IncludeAll: aws.Bool(true),
			})
			found := &engineVersion{}
			for p.HasMorePages() {
				out, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				for _, v := range out.DBEngineVersions {
					if aws.ToString(v.EngineVersion) == version {
						found = &engineVersion{Status: aws.ToString(v.Status), Major: aws.ToString(v.MajorEngineVersion)}
					}
				}
			}
			return found, nil
		})
	})
}

func (l *rdsListing) lifecycle(ctx context.Context, c *Clients, engine, major string) collectors.Answer[engineSupport] {
	return l.support.ask(engine+" "+major, func() collectors.Answer[engineSupport] {
		return ask("DescribeDBMajorEngineVersions", "rds:DescribeDBMajorEngineVersions", func() (*engineSupport, error) {
			p := rds.NewDescribeDBMajorEngineVersionsPaginator(c.RDS, &rds.DescribeDBMajorEngineVersionsInput{
				Engine: aws.String(engine), MajorEngineVersion: aws.String(major),
			})
			found := &engineSupport{}
			for p.HasMorePages() {
				out, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				for _, v := range out.DBMajorEngineVersions {
					if aws.ToString(v.MajorEngineVersion) == major {
						found = supportAt(v, time.Now())
					}
				}
			}
			return found, nil
		})
	})
}

// supportAt reads the end of standard support: extended support is paid for and does not count.
func supportAt(v types.DBMajorEngineVersion, at time.Time) *engineSupport {
	s := &engineSupport{}
	for _, l := range v.SupportedEngineLifecycles {
		if l.LifecycleSupportName == types.LifecycleSupportNameOpenSourceRdsStandardSupport {
			s.StandardEnds = l.LifecycleSupportEndDate
		}
	}
	s.Ended = s.StandardEnds != nil && s.StandardEnds.Before(at)
	return s
}

// versionFact states whether the engine is supported and takes minor updates by itself. Either "no" is enough for a no;
// a version whose end of support the provider does not tell is not known.
func versionFact(
	r *inventory.Resource, facts *inventory.Database, minor *bool,
	v collectors.Answer[engineVersion], s collectors.Answer[engineSupport],
) {
	switch {
	case minor != nil && !*minor, v.Value != nil && v.Value.Status == "deprecated", s.Value != nil && s.Value.Ended:
		r.Known("version_supported")
	case v.Unknown() != nil:
		r.SetUnknown(*v.Unknown(), "version_supported")
	case s.Unknown() != nil:
		r.SetUnknown(*s.Unknown(), "version_supported")
	case minor != nil && s.Value != nil && s.Value.StandardEnds != nil:
		facts.VersionSupported = true
		r.Known("version_supported")
	case minor != nil:
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "SupportNotTold",
			Action: "DescribeDBMajorEngineVersions", Permission: "rds:DescribeDBMajorEngineVersions",
		}, "version_supported")
	}
}

// keyFact states whether the content is encrypted, and whether with a key of the customer's.
func keyFact(r *inventory.Resource, facts *inventory.Database, encrypted *bool, key collectors.Answer[keyHolder]) {
	if encrypted == nil {
		return
	}
	facts.EncryptedAtRest = *encrypted
	r.Known("encrypted_at_rest")
	switch {
	case !*encrypted:
		r.Known("customer_key")
	case key.Unknown() != nil:
		r.SetUnknown(*key.Unknown(), "customer_key")
	case key.Value != nil && key.Value.Manager != "":
		facts.CustomerKey = key.Value.Manager == "CUSTOMER"
		r.Known("customer_key")
	}
}

// identityFact states whether directory identities are accepted: the provider's own, or those of a directory the
// database has joined. DocumentDB takes them user by user and tells nobody.
func identityFact(r *inventory.Resource, facts *inventory.Database, iam *bool, domains []types.DomainMembership) {
	if engineOf(facts.Engine) == engineDocDB {
		return
	}
	for _, d := range domains {
		switch aws.ToString(d.Status) {
		case "joined", "kerberos-enabled":
			facts.CentralIdentity = true
		}
	}
	facts.CentralIdentity = facts.CentralIdentity || aws.ToBool(iam)
	if iam != nil || facts.CentralIdentity {
		r.Known("central_identity")
	}
}

// engineFacts states what the engine decides alone.
func engineFacts(r *inventory.Resource, facts *inventory.Database, engine *string, iam *bool) {
	facts.Endpoint = "network"
	r.Known("endpoint")
	r.SetNotApplicable("no such service for this provider's databases", "vulnerability_assessed")
	r.SetNotApplicable("masking is set inside the database, where the provider does not look", "masked")
	if engine == nil {
		return
	}
	facts.Engine, facts.Family = *engine, "relational"
	switch engineOf(*engine) {
	case engineDocDB:
		facts.Family = "document"
	case engineNeptune:
		// A graph is kept as documents that point to each other; without IAM it asks nobody for credentials.
		facts.Family = "document"
		if iam != nil {
			facts.AuthRequired = *iam
			r.Known("auth_required")
		}
	}
	r.Known("engine", "family")
	if engineOf(*engine) != engineNeptune {
		facts.AuthRequired = true
		r.SetInherent("auth_required")
	}
}

// rdsLabels turns the tags of RDS into labels.
func rdsLabels(tags []types.Tag) map[string]string {
	return labels(tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
}

// rdsARN is the id of what RDS names either by ARN or, in the same region, by name alone.
func rdsARN(w collectors.Where, resource string, name *string) string {
	switch n := aws.ToString(name); {
	case n == "", strings.HasPrefix(n, "arn:"):
		return n
	default:
		return arn(w, "rds", resource+":"+n)
	}
}

// rdsID is the ARN that was given, or one made of the name where old answers give none.
func rdsID(w collectors.Where, resource string, given, name *string) string {
	if splitARN(aws.ToString(given)) != nil {
		return *given
	}
	return rdsARN(w, resource, name)
}

// splitARN gives the parts of an ARN: region at 3, account at 4. It gives nil for what is none.
func splitARN(id string) []string {
	parts := strings.SplitN(id, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return nil
	}
	return parts
}

// rdsName is what RDS calls take in place of an ARN: its last word, which may hold a colon of its own.
func rdsName(id string) *string {
	if parts := splitARN(id); parts != nil {
		_, id, _ = strings.Cut(parts[5], ":")
	}
	return aws.String(id)
}

// elsewhere says whether an ARN belongs to another region.
func elsewhere(w collectors.Where, id string) bool {
	parts := splitARN(id)
	return parts != nil && parts[3] != "" && parts[3] != w.Region
}

// databaseEngine groups the engines that share switches.
type databaseEngine int

const (
	engineOther databaseEngine = iota
	enginePostgres
	engineMySQL
	engineMariaDB
	engineSQLServer
	engineOracle
	engineDocDB
	engineNeptune
)

// engineOf reads the provider's name of an engine: "aurora" alone is the first Aurora, on MySQL 5.6.
func engineOf(name string) databaseEngine {
	switch {
	case name == "postgres", name == "aurora-postgresql":
		return enginePostgres
	case name == "mysql", name == "aurora", name == "aurora-mysql":
		return engineMySQL
	case name == "mariadb":
		return engineMariaDB
	case strings.HasPrefix(name, "sqlserver-"):
		return engineSQLServer
	case strings.HasPrefix(name, "oracle-"):
		return engineOracle
	case name == "docdb":
		return engineDocDB
	case name == "neptune":
		return engineNeptune
	}
	return engineOther
}

// before says whether a version of the form 8.0.28 is older than another. What does not begin with a number is not.
func before(version string, than ...int) bool {
	parts := strings.Split(version, ".")
	for i, want := range than {
		if i >= len(parts) {
			return false
		}
		got, err := strconv.Atoi(parts[i])
		if err != nil {
			return false
		}
		if got != want {
			return got < want
		}
	}
	return false
}
