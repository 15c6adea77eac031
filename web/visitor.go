package web

import (
	"context"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/store"
)

// visitor is who looks at a page. The zero value is somebody who is not signed in.
type visitor struct {
	Tenant     uuid.UUID
	TenantName string
	Name       string
	// Edits says whether the visitor may start runs and connect scopes.
	Edits bool
	// Session says that the visitor came by a cookie, so that there is something to sign out of.
	Session bool
}

// In says whether the visitor is signed in.
func (v visitor) In() bool { return v.Tenant != uuid.Nil }

func (s *Server) visitor(ctx context.Context) visitor {
	id, ok := auth.From(ctx)
	if !ok {
		return visitor{}
	}
	return visitor{Tenant: id.Tenant, TenantName: s.tenantName(ctx, id.Tenant), Name: id.Name,
		Edits: id.Role.Allows(auth.Editor), Session: id.Session}
}

// tenantName is what the tenant is called. A tenant keeps its name, so it is read once; while it cannot be read, a page
// does without it.
func (s *Server) tenantName(ctx context.Context, id uuid.UUID) string {
	if name, ok := s.names.Load(id); ok {
		return name.(string) //nolint:forcetypeassert // nothing else is stored
	}
	var name string
	err := s.store.InTx(ctx, id, func(tx store.Tx) error {
		t, err := tx.OwnTenant(ctx)
		name = t.Name
		return err
	})
	if err != nil {
		s.log.ErrorContext(ctx, "the name of a tenant could not be read", "request", requestID(ctx), "error", err)
		return ""
	}
	s.names.Store(id, name)
	return name
}
