package auth

import (
	"crypto/sha256"
	"strings"
	"testing"
)

func TestRolesAllowWhatLiesBelow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		has, needs Role
		want       bool
	}{
		{Reader, Reader, true}, {Reader, Editor, false}, {Reader, Admin, false},
		{Editor, Reader, true}, {Editor, Editor, true}, {Editor, Admin, false},
		{Admin, Reader, true}, {Admin, Editor, true}, {Admin, Admin, true},
		{"", Reader, false}, {"owner", Reader, false},
	}
	for _, tt := range tests {
		if got := tt.has.Allows(tt.needs); got != tt.want {
			t.Errorf("%q allows %q: %v, want %v", tt.has, tt.needs, got, tt.want)
		}
	}
}

func TestSecretsAreLongAndKeptByHash(t *testing.T) {
	t.Parallel()
	one, hash := NewSecret()
	two, _ := NewSecret()
	if one == two || len(one) != len(prefix)+43 || !strings.HasPrefix(one, prefix) {
		t.Errorf("secrets are %q and %q", one, two)
	}
	if want := sha256.Sum256([]byte(one)); string(hash) != string(want[:]) {
		t.Error("the hash is not the secret's")
	}
}
