package aws

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// sampled is a set of answers that a source's test file hands to the tests over the whole registry.
type sampled struct {
	// resource states the facts of the answers, before and after they went through the store.
	resource func(t *testing.T) (before, after *inventory.Resource)
	raw      func(t *testing.T) []byte
}

// samples are answers of every source, by kind.
var samples = map[inventory.Kind][]sampled{}

// sample adds answers for the tests over the whole registry. Every source needs some that describe a resource:
//
//	var _ = sample("aws.ec2.vpc", networkFacts, networkItem{…})
func sample[A any](kind inventory.Kind, facts func(collectors.Where, A) *inventory.Resource, answers ...A) struct{} {
	for _, a := range answers {
		raw := func(t *testing.T) []byte {
			t.Helper()
			data, err := json.Marshal(a)
			if err != nil {
				t.Fatalf("%s: keep answers: %v", kind, err)
			}
			return data
		}
		samples[kind] = append(samples[kind], sampled{raw: raw, resource: func(t *testing.T) (before, after *inventory.Resource) {
			t.Helper()
			var stored A
			if err := json.Unmarshal(raw(t), &stored); err != nil {
				t.Fatalf("%s: read answers: %v", kind, err)
			}
			return facts(here, a), facts(here, stored)
		}})
	}
	return struct{}{}
}

// encoded is all that a resource states, in the form in which it is stored.
func encoded(t *testing.T, r *inventory.Resource) string {
	t.Helper()
	if r == nil {
		return "nothing"
	}
	r.MarkFacts()
	facts, err := r.EncodeFacts()
	if err != nil {
		t.Fatal(err)
	}
	rest, err := json.Marshal([]any{r.ID, r.Name, r.Region, r.Labels})
	if err != nil {
		t.Fatal(err)
	}
	return string(rest) + string(facts)
}

// unstated lists the attributes that the facts stage said nothing of and that nobody else fills. Whether labels were
// read is said by the registry, and only of kinds that can carry any.
func unstated(r *inventory.Resource) []string {
	var out []string
	for _, a := range r.Schema().Attributes {
		if a.Name == "labels_read" && !r.CarriesLabels {
			continue
		}
		if !a.Derived && !r.IsFixed(a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}

// TestSources holds for every source of the registry, whoever wrote it.
func TestSources(t *testing.T) {
	t.Parallel()
	for _, e := range Sources.Entries() {
		d := e.Definition()
		t.Run(string(d.Kind), func(t *testing.T) {
			t.Parallel()
			described := 0
			for _, s := range samples[d.Kind] {
				before, after := s.resource(t)
				if b, a := encoded(t, before), encoded(t, after); a != b {
					t.Errorf("stored answers state other facts:\nbefore %s\nafter  %s", b, a)
				}
				r, err := collectors.FactsOf(e, here, s.raw(t))
				if err != nil {
					t.Fatal(err)
				}
				if r == nil {
					continue
				}
				described++
				if r.ID == "" || r.Name == "" {
					t.Errorf("a resource without id or name: %q %q", r.ID, r.Name)
				}
				if r.Class != d.Class {
					t.Errorf("class %s; want %s", r.Class, d.Class)
				}
				if left := unstated(r); len(left) > 0 {
					t.Errorf("%s: neither stated nor derived: %v", r.ID, left)
				}
			}
			if described == 0 {
				t.Error("no sample describes a resource of this kind; its test file must add one with sample()")
			}
		})
	}
}

// readOnly is the shape of a right that changes nothing.
var readOnly = regexp.MustCompile(`^[a-z0-9-]+:(Get|List|Describe|BatchGet|Lookup|Search|View)[A-Z][A-Za-z0-9]*$`)

// reports are rights that make the provider write a report about the account, and change nothing else.
var reports = []string{"iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails"}

func TestPermissionsAreReadOnly(t *testing.T) {
	t.Parallel()
	for _, e := range Sources.Entries() {
		d := e.Definition()
		for _, p := range d.Permissions {
			if !readOnly.MatchString(p) && !slices.Contains(reports, p) && p != apiPermission {
				t.Errorf("%s needs %q, which is not a right to read", d.Kind, p)
			}
		}
		if !slices.Contains(d.Permissions, d.ListPermission) {
			t.Errorf("%s lists with %q, which is not among its permissions", d.Kind, d.ListPermission)
		}
	}
	for _, p := range []string{"ec2:RunInstances", "s3:PutObject", "DescribeVpcs", "ec2:*", "ec2:Describe*", "iam:GetRole,iam:PutRole"} {
		if readOnly.MatchString(p) {
			t.Errorf("%q passes for a right to read", p)
		}
	}
}
