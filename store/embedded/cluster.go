//go:build unix

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func (o Options) clusterDir() string { return filepath.Join(o.DataDir, "postgres") }

// makeDataDir makes the outer folder. The user that Postgres runs as must be able to pass through it; what lies in it is
// closed to everyone else.
func makeDataDir(o Options, who account) error {
	mode := fs.FileMode(0o700)
	if who.other {
		mode = 0o711
	}
	if err := os.MkdirAll(o.DataDir, mode); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if folder := who.barredFrom(o.DataDir); folder != "" {
		return fmt.Errorf("user %s, who runs Postgres for root, may not enter %s: choose a data folder elsewhere, such as "+
			"/var/lib/plumbline, or open that one (chmod o+x)", who.name, folder)
	}
	return nil
}

// lock makes sure that one launcher alone handles a data folder. It is given up when the file is closed, also by a kill.
func lock(o Options) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(o.DataDir, "plumbline.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock the data folder: %w", err)
		}
		holder := make([]byte, 20)
		n, _ := f.Read(holder) // an unread number is only missing from the message
		return nil, fmt.Errorf("the data folder %s is in use by another plumbline (process %s): stop that one, or choose "+
			"another data folder", o.DataDir, strings.TrimSpace(string(holder[:n])))
	}
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		if err != nil {
			o.Log.Debug("the lock does not say whose it is", "error", err)
		}
	}
	return f, nil
}

// clusterVersion reads which major version wrote the data; zero means that there is none yet. A folder that holds
// something else is refused.
func clusterVersion(o Options) (int, error) {
	raw, err := os.ReadFile(filepath.Join(o.clusterDir(), "PG_VERSION"))
	if err == nil {
		major, _, _ := strings.Cut(strings.TrimSpace(string(raw)), ".")
		version, err := strconv.Atoi(major)
		if err != nil {
			return 0, fmt.Errorf("the data in %s is damaged (PG_VERSION says %q): restore it from a backup, or choose another "+
				"data folder; nothing was changed", o.clusterDir(), raw)
		}
		return version, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("read the data's version: %w", err)
	}
	entries, err := os.ReadDir(o.clusterDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("read the data folder: %w", err)
	}
	if len(entries) > 0 {
		return 0, fmt.Errorf("%s holds files but no Postgres data (PG_VERSION is missing): move them away, or choose another "+
			"data folder; nothing was changed", o.clusterDir())
	}
	return 0, nil
}

// initialise makes a cluster beside its place and moves it there when it is whole: an interrupted initdb leaves a
// folder that is never taken for data.
func initialise(ctx context.Context, o Options, bin binaries, who account) error {
	fmt.Fprintf(o.Progress, "making a PostgreSQL %d data folder in %s\n", bin.major, o.clusterDir())
	dir, err := os.MkdirTemp(o.DataDir, "postgres-new-*")
	if err != nil {
		return fmt.Errorf("make the cluster: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := who.give(dir); err != nil {
		return err
	}
	args := []string{
		"--pgdata", dir, "--username", superuser, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--data-checksums",
	}
	if o.Settings["fsync"] == "off" {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin.dir, "initdb"), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = o.DataDir, environment(), who.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the cluster: initdb: %w: %s", who.explain(err), faultIn(strings.Split(string(out), "\n")))
	}
	if err := os.Rename(dir, o.clusterDir()); err != nil {
		return fmt.Errorf("make the cluster: %w", err)
	}
	return nil
}

// patience is how long a server left over by a killed parent may take to end.
const patience = time.Minute

// endLeftover waits for a server that outlived its parent. It is told to stop only when it answers on its socket: a
// number in a stale file may meanwhile be that of a stranger.
func endLeftover(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	told := false
	for began := time.Now(); ; {
		pid, socket, stopping := leftover(o)
		if pid == 0 {
			return nil
		}
		answers := answersOn(ctx, socket)
		if !answers && !stopping {
			return nil // it is stale, or so new that Postgres itself has to decide
		}
		if !told && answers && time.Since(began) > time.Second {
			o.Log.Info("stop the server that an earlier process left running", "process", pid)
			if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
				return fmt.Errorf("stop the server left over from an earlier run (process %d): %w", pid, err)
			}
			told = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("an earlier run left a Postgres (process %d) on %s that does not end: stop it with kill -INT %d",
				pid, o.clusterDir(), pid)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// leftover reads postmaster.pid: process, data folder, start, port, socket folder, addresses, memory key and status,
// a line each. Pid is zero when no such process lives.
func leftover(o Options) (pid int, socket string, stopping bool) {
	raw, err := os.ReadFile(filepath.Join(o.clusterDir(), "postmaster.pid"))
	if err != nil {
		return 0, "", false
	}
	lines := strings.Split(string(raw), "\n")
	pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 1 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return 0, "", false
	}
	if len(lines) >= 5 {
		socket = filepath.Join(lines[4], ".s.PGSQL."+lines[3])
	}
	return pid, socket, len(lines) >= 8 && strings.TrimSpace(lines[7]) == "stopping"
}

func answersOn(ctx context.Context, socket string) bool {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was said
	return true
}
