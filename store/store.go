// Package store remembers in Postgres what was seen and what was judged. It knows SQL; it must not know how facts are
// gathered, and it judges nothing.
package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
)

// ErrNotFound is returned when the tenant has no such row.
var ErrNotFound = errors.New("not found")

// ErrConflict is returned when a row stands in the way of the deed.
var ErrConflict = errors.New("conflict")

// Store is a database. Every query of a tenant's data goes through InTx.
type Store struct {
	pool *pgxpool.Pool
	// fences are the connections that hold a run's fence, apart from those that do the work: a run that waits for one
	// while others hold all of them behind their fences would wait for ever.
	fences *pgxpool.Pool
	// settling are the connections of those who settle behind the lock of another transaction. Writers who wait for that
	// lock may hold every other connection.
	settling *pgxpool.Pool
}

// mostFences bounds the connections that hold fences; whoever needs one more waits for a run to end.
const mostFences = 72

// Open connects to a database whose schema is up to date. It refuses a role that row security does not bind, because
// then a mistaken query could show one tenant's rows to another.
func Open(ctx context.Context, dsn string) (*Store, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("database settings: %w", err)
	}
	// Without this an id travels by its text, which took a fifth of the time of settling.
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgxuuid.Register(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database settings: %w", err)
	}
	var unbound bool
	err = pool.QueryRow(ctx, `SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`).Scan(&unbound)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	if unbound {
		pool.Close()
		return nil, errors.New("the database role is a superuser or bypasses row security; connect as an ordinary role, so that tenants stay apart")
	}
	st := &Store{pool: pool}
	for of, most := range map[**pgxpool.Pool]int32{&st.fences: mostFences, &st.settling: 2 * settlers} {
		apart := pool.Config()
		apart.MaxConns, apart.MinConns, apart.MinIdleConns = most, 0, 0
		if *of, err = pgxpool.NewWithConfig(ctx, apart); err != nil {
			st.Close()
			return nil, fmt.Errorf("database settings: %w", err)
		}
	}
	return st, nil
}

// Close gives up the connections.
func (s *Store) Close() {
	for _, pool := range []*pgxpool.Pool{s.settling, s.fences, s.pool} {
		if pool != nil {
			pool.Close()
		}
	}
}

// Pool is for the job queue, which keeps its own tables.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ready says whether the database answers.
func (s *Store) Ready(ctx context.Context) error { return s.pool.Ping(ctx) }

// Tx is a transaction of one tenant. It comes from InTx only.
type Tx struct {
	pgx.Tx
	tenant uuid.UUID
}

// Tenant is whose rows the transaction sees.
func (tx Tx) Tenant() uuid.UUID { return tx.tenant }

// InTx runs fn in a transaction that sees the tenant's rows and no others. It commits when fn returns nil.
func (s *Store) InTx(ctx context.Context, tenant uuid.UUID, fn func(Tx) error) error {
	return inTx(ctx, s.pool, tenant, fn)
}

func inTx(ctx context.Context, pool *pgxpool.Pool, tenant uuid.UUID, fn func(Tx) error) error {
	return inTxWith(ctx, pool, "plumbline.tenant", tenant.String(), func(tx pgx.Tx) error { return fn(Tx{Tx: tx, tenant: tenant}) })
}

// inSweep runs fn in a transaction that sees the tenants and scopes of everybody, and nothing else.
func (s *Store) inSweep(ctx context.Context, fn func(pgx.Tx) error) error {
	return inTxWith(ctx, s.pool, "plumbline.sweep", "on", fn)
}

func inTxWith(ctx context.Context, pool *pgxpool.Pool, setting, value string, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config($1, $2, true)`, setting, value); err != nil {
			return fmt.Errorf("enter the tenant: %w", err)
		}
		return fn(tx)
	})
}

// missing turns "no rows" into ErrNotFound and wraps anything else with the deed.
func missing(deed string, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%s: %w", deed, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", deed, err)
	}
	return nil
}
