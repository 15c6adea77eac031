package inventory

import (
	"reflect"
	"testing"
)

// TestCopyLeavesTheOriginal writes to a copy in every way there is; nothing of it may be seen in the original, or in
// another copy.
func TestCopyLeavesTheOriginal(t *testing.T) {
	t.Parallel()
	fresh := func() *Resource {
		r := New("id", "name", "region", &ObjectStorage{})
		r.SetUnknown(Unknown{Cause: CauseDenied}, "versioning")
		r.SetNotApplicable("it has none", "acl_enabled")
		r.SetInherent("encrypted_at_rest")
		r.MarkFacts()
		return r
	}
	for name, write := range map[string]func(*Resource){
		"known": func(r *Resource) { r.Known("versioning", "acl_enabled") },
		"unknown": func(r *Resource) {
			r.SetUnknown(Unknown{Cause: CauseFailed}, "tls_required", "acl_enabled", "encrypted_at_rest")
		},
		"not applicable": func(r *Resource) { r.SetNotApplicable("no", "versioning", "tls_required") },
		"inherent":       func(r *Resource) { r.SetInherent("versioning") },
		"forgotten":      func(r *Resource) { r.SetUnknown(Unknown{}, "holds_records"); r.ForgetDerived() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			original, want := fresh(), fresh()
			sibling, changed := original.Copy(), original.Copy().Copy()
			write(changed)
			for _, r := range []*Resource{original, sibling} {
				if !reflect.DeepEqual(r.Unknown, want.Unknown) || !reflect.DeepEqual(r.NotApplicable, want.NotApplicable) ||
					!reflect.DeepEqual(r.Inherent, want.Inherent) || r.known != want.known {
					t.Errorf("what was written to a copy is seen elsewhere: %v %v %v", r.Unknown, r.NotApplicable, r.Inherent)
				}
			}
		})
	}
}
