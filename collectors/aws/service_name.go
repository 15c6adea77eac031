package aws

import (
	"regexp"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// serviceNames are the names that services give to what they run, and what answers to them.
var serviceNames = []struct {
	shape *regexp.Regexp
	class inventory.Class
}{
	{regexp.MustCompile(`\.cloudfront\.net$`), inventory.ClassEntryPoint},
	{regexp.MustCompile(`\.elb\.[a-z0-9-]+\.amazonaws\.com$|\.[a-z0-9-]+\.elb\.amazonaws\.com$`), inventory.ClassEntryPoint},
	{regexp.MustCompile(`\.execute-api\.[a-z0-9-]+\.amazonaws\.com$`), inventory.ClassEntryPoint},
	{regexp.MustCompile(`\.lambda-url\.[a-z0-9-]+\.on\.aws$`), inventory.ClassServerlessApp},
	{regexp.MustCompile(`\.awsapprunner\.com$`), inventory.ClassServerlessApp},
	{regexp.MustCompile(`\.elasticbeanstalk\.com$`), inventory.ClassServerlessApp},
}

var (
	// bucketHosts are the names of stores, with the bucket before them.
	bucketHosts = regexp.MustCompile(`^(.+)\.s3(?:[.-](?:website|dualstack|accelerate|fips))?(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com$`)
	// websiteHosts are the places of websites, to which a record of the bucket's name leads.
	websiteHosts = regexp.MustCompile(`^s3-website[.-][a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com$`)
	// machineHosts are the names of public addresses of machines.
	machineHosts = regexp.MustCompile(`^ec2-(\d+)-(\d+)-(\d+)-(\d+)\.(?:compute-1|[a-z0-9-]+\.compute)\.amazonaws\.com$`)
)

// pointer reads what a name of the provider leads to. It is nil for names that belong to others, about which the
// inventory of an account says nothing. from is the record or the origin that points.
func pointer(from, name string) *inventory.Pointer {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	name = strings.TrimPrefix(name, "dualstack.")
	from = strings.ToLower(strings.TrimSuffix(from, "."))
	p := &inventory.Pointer{From: from, Name: name}
	if m := bucketHosts.FindStringSubmatch(name); m != nil {
		p.Class, p.ID = inventory.ClassObjectStorage, "arn:aws:s3:::"+m[1]
		return p
	}
	if websiteHosts.MatchString(name) {
		p.Class, p.ID = inventory.ClassObjectStorage, "arn:aws:s3:::"+from
		return p
	}
	if m := machineHosts.FindStringSubmatch(name); m != nil {
		p.Class, p.Name = inventory.ClassNetworkInterface, strings.Join(m[1:], ".")
		return p
	}
	for _, s := range serviceNames {
		if s.shape.MatchString(name) {
			p.Class = s.class
			return p
		}
	}
	return nil
}

// answersTo are the names of a resource as records of a zone would spell them.
func answersTo(names ...*string) []string {
	out := []string{}
	for _, n := range names {
		if n == nil {
			continue
		}
		if name := strings.ToLower(strings.TrimSuffix(*n, ".")); name != "" && !contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
