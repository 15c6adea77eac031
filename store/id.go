package store

import (
	"github.com/google/uuid"
)

// space keeps our ids apart from other name-based UUIDs.
var space = uuid.MustParse("6f1b3c52-9a0e-4d7c-8f5e-2f4a5b1f0c11")

// ResourceID is the opaque id of a resource: the same natural id has the same one in every run, so that edges and
// findings can be written before, and kept after, the row they point to.
func ResourceID(naturalID string) uuid.UUID {
	return uuid.NewSHA1(space, []byte("resource\x00"+naturalID))
}

// FindingID is the opaque id of the finding of a check on a resource.
func FindingID(resource uuid.UUID, check string) uuid.UUID {
	return uuid.NewSHA1(resource, []byte("finding\x00"+check))
}

// ScopeKey is the opaque id of a scope.
func ScopeKey(naturalID string) uuid.UUID { return uuid.NewSHA1(space, []byte("scope\x00"+naturalID)) }
