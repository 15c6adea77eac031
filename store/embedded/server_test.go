//go:build unix

package embedded

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// asParent names the data folder when this binary is started again by a test, to be a parent that gets killed or an
// ordinary user.
const asParent = "PLUMBLINE_EMBEDDED_PARENT_OF"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asParent); dir != "" {
		beParent(dir)
	}
	os.Exit(m.Run())
}

// beParent starts a server, writes a row that is committed but in no checkpoint, says so, and waits for its end.
func beParent(dir string) {
	s, err := Start(context.Background(), Options{DataDir: dir})
	if err == nil {
		err = execute(context.Background(), s.DSN(RoleOwner), `CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)`)
	}
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println("ready as", os.Geteuid())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil { // until the test closes it
		fmt.Println("failed:", err)
	}
	if err := s.Stop(context.Background()); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println("stopped")
	os.Exit(0)
}

func execute(ctx context.Context, dsn, sql string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return firstOf(err, conn.Close(ctx))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// openDir is a temporary folder that the user whom root hands over to can reach, which t.TempDir is not.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "plumbline-embedded-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start starts a server that the test's end stops.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func ask[T any](t *testing.T, dsn, sql string) (answer T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

// journal is a log that tests can read while the server writes it.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestRestartKeepsData(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	s := start(t, Options{DataDir: dir})
	err := execute(t.Context(), s.DSN(RoleOwner), `CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)`)
	if err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	stop(t, s) // twice is harmless

	s = start(t, Options{DataDir: dir})
	if n := ask[int](t, s.DSN(RoleService), `SELECT n FROM kept`); n != 7 {
		t.Errorf("after the restart the row says %d, want 7", n)
	}
	if got := ask[string](t, s.DSN(RoleService), `SHOW fsync`); got != "on" {
		t.Errorf("fsync is %s, want on", got)
	}
}

func TestServiceRoleIsOrdinary(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: openDir(t), Settings: map[string]string{"fsync": "off"}})
	for _, role := range []string{RoleService, RoleOwner} {
		unbound := ask[bool](t, s.DSN(role), `SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb
			FROM pg_roles WHERE rolname = current_user`)
		if unbound {
			t.Errorf("role %s has rights beyond an ordinary one's", role)
		}
	}
	if err := execute(t.Context(), s.DSN(RoleService), `CREATE TABLE mine (n int)`); err == nil {
		t.Error("the service's role can make tables, want refused")
	}
	if got := ask[string](t, s.DSN(RoleService), `SHOW listen_addresses`); got != "" {
		t.Errorf("the server listens on %q, want on its socket alone", got)
	}
	info, err := os.Stat(s.socket)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the socket folder has mode %o, want 700", info.Mode().Perm())
	}
}

func TestSecondLauncherIsRefused(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	start(t, Options{DataDir: dir, Settings: map[string]string{"fsync": "off"}})
	_, err := Start(t.Context(), Options{DataDir: dir})
	want := fmt.Sprintf("in use by another plumbline (process %d)", os.Getpid())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the second start says %v, want %q", err, want)
	}
}

func TestLongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), strings.Repeat("long/", 20))
	s := start(t, Options{DataDir: dir, Settings: map[string]string{"fsync": "off"}})
	if one := ask[int](t, s.DSN(RoleService), `SELECT 1`); one != 1 {
		t.Errorf("got %d, want 1", one)
	}
	stop(t, s)
	if _, err := os.Stat(s.socket); !os.IsNotExist(err) {
		t.Errorf("the temporary socket folder is still there (%v)", err)
	}
}

// self is this test's own binary.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// parent is another process that started a server.
type parent struct {
	*exec.Cmd
	input  io.Closer
	output *bufio.Scanner
}

func startParent(t *testing.T, binary, dir string, as *syscall.SysProcAttr) parent {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), asParent+"="+dir)
	cmd.Dir, cmd.SysProcAttr = dir, as
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return parent{cmd, input, bufio.NewScanner(output)}
}

func (p parent) line() string {
	p.output.Scan()
	return p.output.Text()
}

func TestKilledParentLeavesAllData(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	p := startParent(t, self(t), dir, nil)
	if line := p.line(); !strings.HasPrefix(line, "ready") {
		t.Fatal(line)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err == nil {
		t.Fatal("the parent ended by itself, want killed")
	}

	var log journal
	s := start(t, Options{DataDir: dir, Log: log.logger()})
	if n := ask[int](t, s.DSN(RoleService), `SELECT n FROM kept`); n != 42 {
		t.Errorf("after the kill the row says %d, want 42", n)
	}
	if runtime.GOOS == "linux" && strings.Contains(log.String(), "was interrupted") {
		t.Errorf("the server was not shut down cleanly:\n%s", log.String())
	}
}

func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("the other tests run as an ordinary user already")
	}
	who, err := lookUp("nobody")
	if err != nil {
		t.Skip("there is no user nobody:", err)
	}
	dir := openDir(t)
	raw, err := os.ReadFile(self(t)) // go test's own folder is closed to others
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "parent")
	if err := os.WriteFile(binary, raw, 0o755); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := who.give(home); err != nil {
		t.Fatal(err)
	}
	p := startParent(t, binary, home, who.attributes())
	if line, want := p.line(), fmt.Sprintf("ready as %d", who.uid); line != want {
		t.Fatalf("got %q, want %q", line, want)
	}
	if err := p.input.Close(); err != nil {
		t.Fatal(err)
	}
	if line := p.line(); line != "stopped" {
		t.Errorf("got %q, want stopped", line)
	}
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}

func TestEndIsNoticed(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: openDir(t), Settings: map[string]string{"fsync": "off"}})
	if err := s.Err(); err != nil {
		t.Errorf("a running server has the error %v", err)
	}
	if err := s.process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("nobody noticed that the server was killed")
	}
	if s.Err() == nil {
		t.Error("a killed server has no error")
	}
}

func TestLeftoverIsEnded(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: openDir(t), Settings: map[string]string{"fsync": "off"}})
	if err := endLeftover(t.Context(), s.options); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(5 * time.Second): // the file goes a moment before the process
		t.Error("the leftover server still runs")
	}
	if err := s.Err(); err != nil {
		t.Errorf("the leftover server did not end cleanly: %v", err)
	}
}

func TestStrangerInStaleFileIsLeftAlone(t *testing.T) {
	t.Parallel()
	stranger := exec.CommandContext(t.Context(), "sleep", "60")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	o := Options{DataDir: t.TempDir()}
	if err := os.Mkdir(o.clusterDir(), 0o755); err != nil {
		t.Fatal(err)
	}
	stale := fmt.Sprintf("%d\n%s\n1700000000\n5432\n%s\n\n1 2\nready   \n", stranger.Process.Pid, o.clusterDir(), o.DataDir)
	if err := os.WriteFile(filepath.Join(o.clusterDir(), "postmaster.pid"), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := endLeftover(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := stranger.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the stranger was stopped: %v", err)
	}
	if err := stranger.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = stranger.Wait() // it was killed, and says so
}
