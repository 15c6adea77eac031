package storetest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, migrate) }

// migrate makes one table with row security, as a tenant's table has it.
func migrate(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `
		CREATE TABLE rows (tenant_id text, n int);
		ALTER TABLE rows ENABLE ROW LEVEL SECURITY;
		ALTER TABLE rows FORCE ROW LEVEL SECURITY;
		CREATE POLICY tenant ON rows USING (tenant_id = current_setting('plumbline.tenant', true))`)
	return err
}

// TestEachTestHasItsOwnDatabase inserts the same row many times at once; a shared database would show it to others.
func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			pool := storetest.New(t)
			var n int
			err := pool.QueryRow(t.Context(), `
				WITH tenant AS (SELECT set_config('plumbline.tenant', 'a', false) AS id),
				     added  AS (INSERT INTO rows SELECT id, 1 FROM tenant RETURNING 1)
				SELECT (SELECT count(*) FROM rows) + (SELECT count(*) FROM added)`).Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			if n != 1 {
				t.Errorf("the fresh database holds %d rows after one insert, want 1", n)
			}
		})
	}
}

func TestRowSecurityBindsTheService(t *testing.T) {
	t.Parallel()
	service, owner := storetest.DSNs(t)
	for role, dsn := range map[string]string{"plumbline": service, "plumbline_owner": owner} {
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		var user string
		if err := conn.QueryRow(t.Context(), `SELECT current_user`).Scan(&user); err != nil || user != role {
			t.Errorf("the session acts as %s (%v), want %s", user, err, role)
		}
		if _, err := conn.Exec(t.Context(), `INSERT INTO rows VALUES ('b', 1)`); err == nil {
			t.Errorf("%s writes a row of no tenant of its own", role)
		}
	}
	conn, err := pgx.Connect(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `CREATE TABLE mine (n int)`); err == nil {
		t.Error("the service's role changes the schema")
	}
}
