package gcp

import (
	"net/http"
	"strings"
	"testing"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// TestRecordingHoldsNoSecret takes out who asked and what lets somebody in, and leaves what facts are stated from.
func TestRecordingHoldsNoSecret(t *testing.T) {
	t.Parallel()
	i := &cassette.Interaction{
		Request: cassette.Request{Headers: http.Header{"Authorization": {"Bearer let-me-in"}}},
		Response: cassette.Response{Body: `{"rootPassword":"let-me-in","items":[{"sharedSecret":"let-me-in",` +
			`"access_token":"let-me-in","name":"vpn","sizeGb":"9007199254740993"}]}`},
	}
	if err := scrub(i); err != nil {
		t.Fatal(err)
	}
	if len(i.Request.Headers) > 0 || strings.Contains(i.Response.Body, "let-me-in") {
		t.Errorf("the recording holds a secret: %v %s", i.Request.Headers, i.Response.Body)
	}
	for _, stays := range []string{`"name":"vpn"`, `"9007199254740993"`} {
		if !strings.Contains(i.Response.Body, stays) {
			t.Errorf("the recording lost %s: %s", stays, i.Response.Body)
		}
	}
}
