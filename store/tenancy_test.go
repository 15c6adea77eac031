package store

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/store/storetest"
)

// shared are the tables that may stand without tenant_id or row security, and why.
var shared = map[string]string{
	"tenants":            "its own id is the tenant; row security holds",
	"check_versions":     "the catalogue of the release belongs to nobody",
	"check_ordinals":     "numbers of checks belong to nobody",
	"goose_db_version":   "migrations, not data",
	"river_job":          "the queue; a job names its tenant and holds ids only",
	"river_leader":       "the queue",
	"river_migration":    "the queue",
	"river_queue":        "the queue",
	"river_notification": "the queue",
}

// unbound lists the tables without a primary key that starts with tenant_id, or without forced row security.
func unbound(t *testing.T, s *Store) []string {
	t.Helper()
	var found []string
	err := pgx.BeginFunc(t.Context(), s.Pool(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `
			SELECT c.relname
			FROM   pg_class c
			JOIN   pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
			WHERE  c.relkind IN ('r', 'p')
			AND    NOT (c.relrowsecurity AND c.relforcerowsecurity
			            AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
			            AND EXISTS (SELECT FROM pg_index i
			                        JOIN   pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
			                        WHERE  i.indrelid = c.oid AND i.indisprimary AND a.attname = 'tenant_id'))
			ORDER  BY 1`)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEveryTableIsBoundToATenant(t *testing.T) {
	t.Parallel()
	for _, table := range unbound(t, open(t)) {
		if shared[table] == "" {
			t.Errorf("table %s holds rows without a tenant: start its primary key with tenant_id and force row security", table)
		}
	}
}

// TestTenancyTestSeesAnUnboundTable makes sure that the test above can fail.
func TestTenancyTestSeesAnUnboundTable(t *testing.T) {
	t.Parallel()
	service, owner := storetest.DSNs(t)
	conn, err := pgx.Connect(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, statement := range []string{
		`CREATE TABLE loose (id uuid PRIMARY KEY, tenant_id uuid)`,
		`CREATE TABLE lax (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id))`,
		`ALTER TABLE lax ENABLE ROW LEVEL SECURITY`,
		`CREATE POLICY tenant ON lax USING (true)`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if found := unbound(t, s); !slices.Contains(found, "loose") || !slices.Contains(found, "lax") {
		t.Errorf("unbound tables are %v, want loose and lax among them", found)
	}
}

// TestUnboundRoleIsRefused connects as the superuser of the test server, whom row security does not bind.
func TestUnboundRoleIsRefused(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t)
	superuser := strings.NewReplacer("role=plumbline&", "", "?role=plumbline", "", "&role=plumbline", "").Replace(dsn)
	s, err := Open(t.Context(), superuser)
	if err == nil {
		s.Close()
		t.Fatal("a role that bypasses row security was let in")
	}
	if !strings.Contains(err.Error(), "ordinary role") {
		t.Errorf("the refusal does not say what to do: %v", err)
	}
}

// TestQueryWithoutTenantSeesNothing reads every bound table on a connection that entered no tenant.
func TestQueryWithoutTenantSeesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	seed(t, s, "a", 20)
	for _, table := range []string{"tenants", "scopes", "resources", "findings", "finding_versions", "tallies", "scores", "runs", "tokens"} {
		var n int
		err := s.Pool().QueryRow(t.Context(), `SELECT count(*) FROM `+pgx.Identifier{table}.Sanitize()).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n != 0 {
			t.Errorf("%s shows %d rows without a tenant", table, n)
		}
	}
}

// TestTokenIsFoundByItsHashAlone shows that a bearer's transaction sees its own token and nothing else.
func TestTokenIsFoundByItsHashAlone(t *testing.T) {
	t.Parallel()
	s := open(t)
	a, b := seed(t, s, "a", 5), seed(t, s, "b", 5)
	within(t, s, a, func(tx Tx) error {
		return tx.CreateToken(t.Context(), Token{ID: ScopeKey("one"), Name: "one", Role: "reader", CreatedAt: seededAt}, []byte("hash-a"))
	})
	within(t, s, b, func(tx Tx) error {
		return tx.CreateToken(t.Context(), Token{ID: ScopeKey("two"), Name: "two", Role: "admin", CreatedAt: seededAt}, []byte("hash-b"))
	})
	found, err := s.TokenByHash(t.Context(), []byte("hash-b"))
	if err != nil || found.TenantID != b || found.Role != "admin" {
		t.Errorf("found %+v, %v", found, err)
	}
	if _, err := s.TokenByHash(t.Context(), []byte("hash-c")); err == nil {
		t.Error("a hash nobody has was found")
	}
	within(t, s, a, func(tx Tx) error {
		tokens, _, err := tx.Tokens(t.Context(), Page{})
		if len(tokens) != 1 || tokens[0].Name != "one" {
			t.Errorf("tenant a lists %+v", tokens)
		}
		return err
	})
}
