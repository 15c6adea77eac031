// Command record plays the demo's estate through the real collectors and keeps the answers. It is run by hand when the
// estate changes or the collectors ask something new; see the README beside the demo. It is no part of the product.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// run records into the folder of the demo, which is the first argument or where it is from the root of the project.
func run(ctx context.Context) (err error) {
	dir := filepath.Join("cmd", "plumbline", "demo")
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	python := os.Getenv("PYTHON")
	if python == "" {
		python = "python3"
	}
	estate, err := start(ctx, python, filepath.Join(dir, "estate", "estate.py"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, estate.stop()) }()
	archive, err := record(ctx, estate)
	if err != nil {
		return err
	}
	return write(archive, filepath.Join(dir, "answers.zst"))
}

// write replaces the archive whole or not at all.
func write(archive *demo.Archive, name string) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".answers.*")
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	err = errors.Join(archive.Write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the archive: %w", err), os.Remove(f.Name()))
	}
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	fmt.Fprintf(os.Stderr, "%s: %d questions, %d answers, %d KiB\n",
		name, len(archive.Questions), len(archive.Answers), info.Size()>>10)
	return nil
}

// estate is the running script that plays the provider.
type estate struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	head  struct {
		Company string
		URL     string
		Scopes  []demo.Scope
	}
}

func start(ctx context.Context, python, script string) (*estate, error) {
	e := &estate{cmd: exec.CommandContext(ctx, python, "-B", script)} // #nosec G204 -- a developer's own choice
	e.cmd.Stderr = os.Stderr
	var err error
	if e.in, err = e.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start the estate: %w", err)
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the estate: %w", err)
	}
	e.lines = bufio.NewScanner(out)
	if err := e.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the estate: %w", err)
	}
	return e, e.read(&e.head)
}

// read reads the script's next line; io.EOF says that it has ended.
func (e *estate) read(into any) error {
	if !e.lines.Scan() {
		return errors.Join(io.EOF, e.lines.Err())
	}
	if err := json.Unmarshal(e.lines.Bytes(), into); err != nil {
		return fmt.Errorf("the estate said %q: %w", e.lines.Text(), err)
	}
	return nil
}

// week waits until the next week stands.
func (e *estate) week() (week demo.Week, err error) {
	var said struct {
		At       time.Time
		Happened string
	}
	if err := e.read(&said); err != nil {
		return week, err
	}
	return demo.Week{At: said.At, Happened: said.Happened, Calls: map[string][][2]int{}}, nil
}

// next lets the estate go on.
func (e *estate) next() error {
	_, err := io.WriteString(e.in, "\n")
	if err != nil {
		return fmt.Errorf("go on with the estate: %w", err)
	}
	return nil
}

func (e *estate) stop() error {
	if err := e.in.Close(); err != nil {
		return fmt.Errorf("end the estate: %w", err)
	}
	if err := e.cmd.Wait(); err != nil {
		return fmt.Errorf("end the estate: %w", err)
	}
	return nil
}
