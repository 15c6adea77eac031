package inventory

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestStoredFormIsThatOfItsType holds the form written by hand to the one that encoding/json gives the same content.
func TestStoredFormIsThatOfItsType(t *testing.T) {
	t.Parallel()
	bucket := New("arn:aws:s3:::a", "a", "eu-central-1", &ObjectStorage{TLSRequired: true, ExpiryDays: 30, EncryptionKey: `key "<&>`, Principals: []string{"b", "a"}})
	bucket.Known("tls_required", "expiry_days", "encryption_key", "principals", "block")
	bucket.SetInherent("encrypted_at_rest", "tls_min_version")
	bucket.SetUnknown(Unknown{Cause: CauseDenied, Action: "GetBucketVersioning", Permission: "s3:GetBucketVersioning"}, "versioning")
	bucket.SetNotApplicable("it has no access lists", "acl_enabled")
	bucket.MarkFacts()
	for name, r := range map[string]*Resource{
		"every part": bucket,
		"known only": func() *Resource {
			r := New("x", "x", "r", &Disk{Attached: true})
			r.Known("attached")
			r.MarkFacts()
			return r
		}(),
		"unknown only": func() *Resource {
			r := New("x", "x", "r", &Disk{})
			r.SetUnknown(Unknown{Cause: CauseFailed}, "attached")
			r.MarkFacts()
			return r
		}(),
	} {
		written, err := r.EncodeFacts()
		if err != nil {
			t.Fatal(err)
		}
		var s Stored
		d := json.NewDecoder(bytes.NewReader(written))
		d.DisallowUnknownFields()
		if err := d.Decode(&s); err != nil {
			t.Fatalf("%s: %v in %s", name, err, written)
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(written, again) {
			t.Errorf("%s: wrote %s; encoding/json writes %s", name, written, again)
		}
	}
}
