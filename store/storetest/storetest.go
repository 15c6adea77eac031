// Package storetest gives each test a fresh migrated database on a real Postgres. It knows neither the schema nor the
// store: whoever uses it hands in the migration.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plumbline-posture/plumbline/store/embedded"
)

// Variable names a Postgres to test on, as the address of a superuser. Without it each test binary starts its own.
const Variable = "PLUMBLINE_TEST_DATABASE_URL"

// Migrate brings the database at an address up to date, as its owner.
type Migrate func(ctx context.Context, dsn string) error

// cluster is the one server of this test binary; it starts with the first test that needs it.
var cluster struct {
	start    sync.Once
	migrate  Migrate
	admin    *pgx.ConnConfig
	address  string
	template string
	serial   atomic.Int64
	// clone admits one copy at a time: Postgres refuses to copy a database that another session is copying from.
	clone sync.Mutex
	err   error
	end   []func() error
}

// Main runs a package's tests; call it from TestMain and do nothing else there. It does not return.
func Main(m interface{ Run() int }, migrate Migrate) {
	cluster.migrate = migrate
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "end the test database:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// New returns connections to a fresh database, as the ordinary role that the service uses: row security binds it. The
// test's end closes them and drops the database.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), DSN(t))
	if err != nil {
		t.Fatal("open the test database:", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// DSN makes a fresh database and returns its address for the service's role; the test's end drops it, with whatever
// is still connected.
func DSN(t testing.TB) string {
	t.Helper()
	return as(fresh(t), embedded.RoleService)
}

// DSNs makes a fresh database and returns its address twice: for the service's role, and for the owner, who may change
// the schema.
func DSNs(t testing.TB) (service, owner string) {
	t.Helper()
	address := fresh(t)
	return as(address, embedded.RoleService), as(address, embedded.RoleOwner)
}

// fresh clones the template and returns the clone's address as superuser.
func fresh(t testing.TB) string {
	t.Helper()
	cluster.start.Do(func() { cluster.err = start(context.Background()) })
	if cluster.err != nil {
		t.Fatal("start the test database:", cluster.err)
	}
	name := fmt.Sprintf("%s_%d", cluster.template, cluster.serial.Add(1))
	cluster.clone.Lock()
	err := administer(`CREATE DATABASE ` + name + ` TEMPLATE ` + cluster.template + ` OWNER ` + embedded.RoleOwner)
	cluster.clone.Unlock()
	if err != nil {
		t.Fatal("make a test database:", err)
	}
	t.Cleanup(func() {
		if err := administer(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Error("drop a test database:", err)
		}
	})
	return in(cluster.address, name)
}

// start finds a server and prepares the template.
func start(ctx context.Context) error {
	if cluster.migrate == nil {
		return errors.New("TestMain does not call storetest.Main")
	}
	cluster.address = os.Getenv(Variable)
	if cluster.address == "" {
		if err := startServer(ctx); err != nil {
			return err
		}
	}
	admin, err := pgx.ParseConfig(cluster.address)
	if err != nil {
		return fmt.Errorf("read %s: %w", Variable, err)
	}
	cluster.admin = admin
	// The process number keeps test binaries apart that share a server.
	cluster.template = "plumbline_test_" + strconv.Itoa(os.Getpid())
	if err := embedded.Provision(ctx, admin, cluster.template); err != nil {
		return err
	}
	cluster.end = append(cluster.end, func() error {
		return administer(`DROP DATABASE IF EXISTS ` + cluster.template + ` WITH (FORCE)`)
	})
	if err := cluster.migrate(ctx, as(in(cluster.address, cluster.template), embedded.RoleOwner)); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// startServer starts a Postgres of this binary's own. Its data is thrown away, so it need not survive a power cut.
func startServer(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "plumbline-test-")
	if err != nil {
		return fmt.Errorf("make a data folder: %w", err)
	}
	cluster.end = append(cluster.end, func() error { return os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	server, err := embedded.Start(ctx, embedded.Options{
		DataDir:  filepath.Join(dir, "data"),
		Progress: os.Stderr,
		Settings: map[string]string{
			"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200",
		},
	})
	if err != nil {
		return err
	}
	cluster.address = server.AdminDSN()
	cluster.end = append(cluster.end, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return server.Stop(ctx)
	})
	return nil
}

// stop undoes what start did, last things first.
func stop() error {
	var errs []error
	for i := len(cluster.end) - 1; i >= 0; i-- {
		errs = append(errs, cluster.end[i]())
	}
	return errors.Join(errs...)
}

// administer runs one statement as superuser, on a connection of its own: CREATE DATABASE takes no transaction.
func administer(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, cluster.admin.Copy())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// in points an address at another database of the same server.
func in(address, database string) string {
	return edit(address, func(u *url.URL) { u.Path = "/" + database })
}

// as makes an address act as a role. The session belongs to the superuser, whose password alone is known, and takes
// the role on at once; row security and rights follow the role.
func as(address, role string) string {
	return edit(address, func(u *url.URL) {
		query := u.Query()
		query.Set("role", role)
		u.RawQuery = query.Encode()
	})
}

func edit(address string, change func(*url.URL)) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(fmt.Sprintf("storetest: %s is not an address that starts with postgres://", Variable))
	}
	change(u)
	return u.String()
}
