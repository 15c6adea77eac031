package store

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, Migrate) }

// seededAt is when the tenants and scopes of tests were made; the estate lies in the year that follows.
var seededAt = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// open gives a store on a fresh database.
func open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(context.Background(), storetest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// seed adds a tenant with two scopes and an estate of so many resources.
func seed(t testing.TB, s *Store, name string, size int) uuid.UUID {
	t.Helper()
	ctx, tenant := context.Background(), uuid.NewSHA1(uuid.NameSpaceDNS, []byte(name))
	if err := s.CreateTenant(ctx, Tenant{ID: tenant, Name: name, CreatedAt: seededAt}); err != nil {
		t.Fatal(err)
	}
	estate, err := os.ReadFile("testdata/estate.sql")
	if err != nil {
		t.Fatal(err)
	}
	within(t, s, tenant, func(tx Tx) error {
		for _, id := range []inventory.ScopeID{"aws:111111111111", "gcp:project-one"} {
			if _, err := tx.CreateScope(ctx, Scope{NaturalID: id, Name: string(id), CreatedAt: seededAt}); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `SELECT set_config('seed.size', $1, true)`, strconv.Itoa(size)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, string(estate), pgx.QueryExecModeSimpleProtocol)
		return err
	})
	return tenant
}

// within runs fn in a transaction of the tenant and fails the test with its error.
func within(t testing.TB, s *Store, tenant uuid.UUID, fn func(Tx) error) {
	t.Helper()
	if err := s.InTx(context.Background(), tenant, fn); err != nil {
		t.Fatal(err)
	}
}
