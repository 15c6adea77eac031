package aws

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors"
)

// plainValues is what was found in the plain settings of a workload: which of them look like a secret, and how. The
// settings themselves are kept nowhere.
type plainValues struct {
	Found []plainValue `json:",omitempty"`
}

// plainValue is a setting that looks like a secret.
type plainValue struct {
	Name  string
	Found []collectors.SecretMatch
}

// look searches one setting: its name often tells what its value is.
func (p *plainValues) look(name, value string) {
	if found := collectors.FindSecrets(name + "=" + value); len(found) > 0 {
		p.Found = append(p.Found, plainValue{name, found})
	}
}

// lookAll searches settings in the order of their names.
func (p *plainValues) lookAll(values map[string]string) {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p.look(name, values[name])
	}
}

// count is how many secrets were found in all.
func (p *plainValues) count() int64 {
	if p == nil {
		return 0
	}
	var n int64
	for _, v := range p.Found {
		n += collectors.Matches(v.Found)
	}
	return n
}
