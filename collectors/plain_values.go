package collectors

import "slices"

// PlainValues is what was found in the plain settings of a workload: which of them look like a secret, and how. The
// settings themselves are kept nowhere.
type PlainValues struct {
	Found []PlainValue `json:",omitempty"`
}

// PlainValue is a setting that looks like a secret.
type PlainValue struct {
	Name  string
	Found []SecretMatch
}

// Look searches one setting: its name often tells what its value is.
func (p *PlainValues) Look(name, value string) {
	if found := FindSecrets(name + "=" + value); len(found) > 0 {
		p.Found = append(p.Found, PlainValue{name, found})
	}
}

// LookAll searches settings in the order of their names.
func (p *PlainValues) LookAll(values map[string]string) {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p.Look(name, values[name])
	}
}

// Count is how many secrets were found in all.
func (p *PlainValues) Count() int64 {
	if p == nil {
		return 0
	}
	var n int64
	for _, v := range p.Found {
		n += Matches(v.Found)
	}
	return n
}
