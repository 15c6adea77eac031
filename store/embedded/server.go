//go:build unix

package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running Postgres. It ends with Stop, and on Linux with the process that started it, however that ends.
type Server struct {
	options Options
	lock    *os.File
	socket  string
	scratch bool // the socket folder is a temporary one
	process *os.Process
	done    chan struct{}
	read    chan struct{} // closed when all output was read
	err     error         // how the process ended; to be read after done
	output  tail
	stop    sync.Once
	stopped error
}

// Start finds or downloads Postgres, makes the cluster when there is none, starts the server and makes sure of the roles
// and the database. It returns when the server takes connections. Its errors are one sentence with the way out; whatever
// the error, existing data is as it was. Cancelling ctx ends the start only, not a server that has started.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.DataDir == "" {
		return nil, errors.New("start Postgres: no data folder was named")
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return nil, fmt.Errorf("find the data folder: %w", err)
	}
	o.DataDir = dir
	o = o.withDefaults()
	who, err := chooseAccount(o)
	if err != nil {
		return nil, err
	}
	if err := makeDataDir(o, who); err != nil {
		return nil, err
	}
	s := &Server{options: o, done: make(chan struct{}), read: make(chan struct{})}
	if s.lock, err = lock(o); err != nil {
		return nil, err
	}
	if err := s.start(ctx, who); err != nil {
		// The caller's context may be why the start failed; the clean-up still has to happen.
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, who account) error {
	o := s.options
	version, err := clusterVersion(o)
	if err != nil {
		return err
	}
	bin, err := findBinaries(ctx, o, who, version)
	if err != nil {
		return err
	}
	if version == 0 {
		if err := initialise(ctx, o, bin, who); err != nil {
			return err
		}
	}
	if err := endLeftover(ctx, o); err != nil {
		return err
	}
	if err := s.makeSocketDir(who); err != nil {
		return err
	}
	if err := s.launch(bin, who); err != nil {
		return err
	}
	if err := s.awaitReady(ctx); err != nil {
		return err
	}
	config, err := pgx.ParseConfig(s.dsn(superuser, superuser))
	if err != nil {
		return fmt.Errorf("connect to the embedded Postgres: %w", err)
	}
	return Provision(ctx, config, Database)
}

// longestSocket is what the smallest system allows for a socket's path: 104 bytes on macOS, 108 on Linux, less one.
const longestSocket = 103

// makeSocketDir makes the closed folder for the socket: in the data folder, or a temporary one where that path is too
// long or has a comma, by which Postgres would read two folders.
func (s *Server) makeSocketDir(who account) (err error) {
	s.socket = filepath.Join(s.options.DataDir, "run")
	if len(filepath.Join(s.socket, ".s.PGSQL.5432")) > longestSocket || strings.ContainsAny(s.socket, `,"`) {
		s.scratch = true
		if s.socket, err = os.MkdirTemp("/tmp", "plumbline-"); err != nil {
			return fmt.Errorf("make the socket folder: %w", err)
		}
	} else if err = os.MkdirAll(s.socket, 0o700); err != nil {
		return fmt.Errorf("make the socket folder: %w", err)
	}
	if err := os.Chmod(s.socket, 0o700); err != nil {
		return fmt.Errorf("close the socket folder: %w", err)
	}
	return who.give(s.socket)
}

// settings are those the launcher needs, and a few that fit a server with one client program.
func (s *Server) settings() map[string]string {
	settings := map[string]string{
		"shared_buffers":   "256MB",
		"max_wal_size":     "2GB",
		"jit":              "off", // the queries are short; compiling them takes longer than they do
		"timezone":         "UTC",
		"log_timezone":     "UTC",
		"cluster_name":     "plumbline",
		"max_connections":  "100",
		"random_page_cost": "1.1",
		// A first collection fills empty tables; the planner should hear of it soon.
		"autovacuum_naptime": "15s",
	}
	for name, value := range s.options.Settings {
		settings[name] = value
	}
	settings["listen_addresses"] = ""
	settings["port"] = "5432"
	settings["unix_socket_directories"] = s.socket
	settings["unix_socket_permissions"] = "0700"
	settings["logging_collector"] = "off"
	settings["log_destination"] = "stderr"
	return settings
}

// launch starts the postmaster from a thread that does nothing else: on Linux the server is told to stop when that
// thread ends, and the Go runtime ends other threads as it likes.
func (s *Server) launch(bin binaries, who account) error {
	output, input, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start Postgres: %w", err)
	}
	cmd := exec.Command(filepath.Join(bin.dir, "postgres"), "-D", s.options.clusterDir())
	for name, value := range s.settings() {
		cmd.Args = append(cmd.Args, "-c", name+"="+value)
	}
	cmd.Dir, cmd.Env, cmd.SysProcAttr = s.options.DataDir, environment(), who.watched()
	cmd.Stdout, cmd.Stderr = input, input
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this function
		err := cmd.Start()
		_ = input.Close() // the child has its own
		started <- err
		if err == nil {
			s.err = cmd.Wait()
			close(s.done)
		}
	}()
	if err := <-started; err != nil {
		_ = output.Close() // nothing will be written
		return fmt.Errorf("start Postgres: %w", who.explain(err))
	}
	s.process = cmd.Process
	go s.follow(output)
	return nil
}

// follow passes on what Postgres prints, and remembers the end of it for error messages.
func (s *Server) follow(output *os.File) {
	defer close(s.read)
	defer output.Close()
	for lines := bufio.NewScanner(output); lines.Scan(); {
		s.output.add(lines.Text())
		s.options.Log.Debug("postgres", "line", lines.Text())
	}
}

// awaitReady waits for the first connection. Recovery after a crash may take minutes, so nothing but the end of the
// process or of ctx ends the wait.
func (s *Server) awaitReady(ctx context.Context) error {
	for began, told := time.Now(), time.Now(); ; {
		conn, err := pgx.Connect(ctx, s.dsn(superuser, superuser))
		if err == nil {
			return conn.Close(ctx)
		}
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(s.options.Progress, "waiting for Postgres, %.0f s so far\n", time.Since(began).Seconds())
		}
		select {
		case <-s.done:
			return fmt.Errorf("the database in %s does not start: %s; repair that, restore the folder from a backup, or choose "+
				"another data folder", s.options.clusterDir(), s.fault())
		case <-ctx.Done():
			return fmt.Errorf("wait for Postgres: %w (last: %w)", ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// DSN is the address of the database for one of the two roles.
func (s *Server) DSN(user string) string { return s.dsn(user, Database) }

// AdminDSN is the address for maintenance as superuser, whom no row security binds. The service never uses it.
func (s *Server) AdminDSN() string { return s.dsn(superuser, superuser) }

func (s *Server) dsn(user, database string) string {
	address := url.URL{
		Scheme: "postgres", User: url.User(user), Path: "/" + database,
		RawQuery: url.Values{"host": {s.socket}, "port": {"5432"}, "sslmode": {"disable"}}.Encode(),
	}
	return address.String()
}

// Done is closed when the server has ended, by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err says why the server ended by itself; it is nil while it runs and after a clean end.
func (s *Server) Err() error {
	select {
	case <-s.done:
		if s.err != nil {
			return fmt.Errorf("the embedded Postgres ended: %w: %s", s.err, s.fault())
		}
	default:
	}
	return nil
}

// Stop shuts the server down cleanly, open connections or not, and gives the data folder free. When ctx ends first, it
// stops without the final checkpoint, which costs the next start a recovery but no data. Calling it again is harmless.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		s.stopped = s.end(ctx)
		if s.scratch {
			s.stopped = errors.Join(s.stopped, os.RemoveAll(s.socket))
		}
		s.stopped = errors.Join(s.stopped, s.lock.Close())
	})
	return s.stopped
}

func (s *Server) end(ctx context.Context) error {
	if s.process == nil {
		return nil
	}
	if err := s.signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	if err := s.signal(syscall.SIGQUIT); err != nil {
		return err
	}
	select {
	case <-s.done:
		return fmt.Errorf("stop Postgres cleanly: %w", ctx.Err())
	case <-time.After(10 * time.Second):
		return fmt.Errorf("stop Postgres: process %d does not end", s.process.Pid)
	}
}

func (s *Server) signal(sig os.Signal) error {
	if err := s.process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop Postgres: %w", err)
	}
	return nil
}

// tail keeps the last lines of a log.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
	if len(t.lines) > 50 {
		t.lines = slices.Delete(t.lines, 0, 25)
	}
}

// fault is what an ended server had to say last. A worker of it may still hold the pipe open, hence the limit.
func (s *Server) fault() string {
	select {
	case <-s.read:
	case <-time.After(time.Second):
	}
	return s.output.fault()
}

func (t *tail) fault() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return faultIn(t.lines)
}

// faultIn finds the line that says what went wrong, without its timestamp.
func faultIn(lines []string) string {
	for _, line := range slices.Backward(lines) {
		for _, mark := range []string{"PANIC:", "FATAL:", "initdb: error:"} {
			if _, text, ok := strings.Cut(line, mark); ok && !strings.Contains(text, "the database system is") {
				return strings.TrimSpace(text)
			}
		}
	}
	return lastLine(strings.Join(lines, "\n"))
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
