package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestPointers(t *testing.T) {
	t.Parallel()
	bucket := made("arn:aws:s3:::kept", "aws.s3.bucket", &inventory.ObjectStorage{})
	point := made("lb", "aws.elbv2.load_balancer", &inventory.EntryPoint{AnswersTo: []string{"lb-1.example"}}, "answers_to")
	machine := interfaceOf("eni", "i", "s", "", "192.0.2.7")
	store := func(name string) inventory.Pointer {
		return inventory.Pointer{Name: name, Class: inventory.ClassObjectStorage, ID: "arn:aws:s3:::" + name}
	}
	named := func(class inventory.Class, name string) inventory.Pointer {
		return inventory.Pointer{Name: name, Class: class}
	}
	environment := made("env", "aws.elasticbeanstalk.environment",
		&inventory.ServerlessApp{AnswersTo: []string{"live.eu-west-1.elasticbeanstalk.com"}}, "answers_to")
	beanstalk := func(name string) []inventory.Pointer {
		return []inventory.Pointer{named(inventory.ClassServerlessApp, name+".eu-west-1.elasticbeanstalk.com")}
	}
	for name, c := range map[string]struct {
		pointers []inventory.Pointer
		deny     inventory.Class
		dangling any
		there    any
	}{
		"all there":        {pointers: []inventory.Pointer{store("kept"), named(inventory.ClassEntryPoint, "lb-1.example"), named(inventory.ClassNetworkInterface, "192.0.2.7")}, dangling: int64(0), there: true},
		"store gone":       {pointers: []inventory.Pointer{store("kept"), store("gone")}, dangling: int64(1), there: false},
		"name gone":        {pointers: []inventory.Pointer{named(inventory.ClassEntryPoint, "lb-2.example"), store("gone")}, dangling: int64(2), there: false},
		"listing cut off":  {pointers: []inventory.Pointer{store("gone")}, deny: inventory.ClassObjectStorage, dangling: nil, there: nil},
		"one is enough":    {pointers: []inventory.Pointer{store("gone"), named(inventory.ClassEntryPoint, "x")}, deny: inventory.ClassObjectStorage, dangling: int64(1), there: false},
		"environment":      {pointers: beanstalk("live"), dangling: int64(0), there: true},
		"environment gone": {pointers: beanstalk("gone"), dangling: int64(1), there: false},
		"not collected":    {pointers: beanstalk("gone"), deny: inventory.ClassServerlessApp, dangling: nil, there: nil},
		"nothing to judge": {dangling: int64(0), there: notAskedMark},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone := made("z", "aws.route53.hosted_zone", &inventory.DNSZone{Pointers: c.pointers}, "pointers")
			edge := made("e", "aws.cloudfront.distribution", &inventory.EntryPoint{Origins: c.pointers}, "origins")
			e := newEstate(bucket, point, machine, environment, zone, edge)
			if c.deny != "" {
				e.deny(c.deny, "ListBuckets")
			}
			for id, want := range map[string]struct {
				name  string
				value any
			}{"z": {"dangling_records", c.dangling}, "e": {"origin_exists", c.there}} {
				r := e.derive(t, id)
				got, known := r.Value(want.name)
				if want.value == notAskedMark {
					if r.NotApplicable[want.name] == "" {
						t.Errorf("%s is %v; want it not asked", want.name, got)
					}
					continue
				}
				if known != (want.value != nil) || known && got != want.value {
					t.Errorf("%s is %v (known %v); want %v", want.name, got, known, want.value)
				}
			}
		})
	}
}

const notAskedMark = "not asked"
