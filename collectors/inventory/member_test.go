package inventory_test

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestWhatOthersLieIn tells what is collected itself from what others lie in, on every cloud.
func TestWhatOthersLieIn(t *testing.T) {
	t.Parallel()
	for scope, want := range map[inventory.ScopeID]bool{
		"aws:123456789012": false, "azure:00000000-0000-0000-0000-000000000001": false, "gcp:example.com:project": false,
		"aws-org:o-abcdefghij": true, "azure-tenant:00000000-0000-0000-0000-000000000001": true, "gcp-org:123": true,
	} {
		if got := scope.Organization(); got != want {
			t.Errorf("others lie in %s: %v, want %v", scope, got, want)
		}
	}
}
