package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// script is the running script that plays a provider over a port of this machine.
type script struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  *bufio.Scanner
	target *url.URL
	held   []demo.Scope
	inside *cluster
}

// startScript starts the script, by the Python that PYTHON names.
func startScript(ctx context.Context, dir string) (player, error) {
	python := os.Getenv("PYTHON")
	if python == "" {
		python = "python3"
	}
	// #nosec G204 -- a developer's own choice
	s := &script{cmd: exec.CommandContext(ctx, python, "-B", filepath.Join(dir, "estate.py"))}
	s.cmd.Stderr = os.Stderr
	var err error
	if s.inside, err = readCluster(dir); err != nil {
		return nil, err
	}
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start the estate: %w", err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the estate: %w", err)
	}
	s.lines = bufio.NewScanner(out)
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the estate: %w", err)
	}
	return s, s.greet()
}

// greet reads where the estate listens and what stands in it.
func (s *script) greet() (err error) {
	var head struct {
		URL    string
		Scopes []struct {
			Account, Name string
			Regions       []string
		}
	}
	if err := s.read(&head); err != nil {
		return err
	}
	for _, a := range head.Scopes {
		s.held = append(s.held, demo.Scope{
			ID: inventory.ScopeID(string(inventory.AWS) + ":" + a.Account), Name: a.Name, Regions: a.Regions,
		})
	}
	if s.target, err = url.Parse(head.URL); err != nil {
		return fmt.Errorf("address of the estate: %w", err)
	}
	return nil
}

// read reads the script's next line.
func (s *script) read(into any) error {
	if !s.lines.Scan() {
		return errors.Join(io.ErrUnexpectedEOF, s.lines.Err())
	}
	if err := json.Unmarshal(s.lines.Bytes(), into); err != nil {
		return fmt.Errorf("the estate said %q: %w", s.lines.Text(), err)
	}
	return nil
}

func (s *script) scopes() []demo.Scope { return s.held }

// turn waits until the week stands. The script's clock and the archive's must agree.
func (s *script) turn(week int, at time.Time) (happened string, err error) {
	if err := s.inside.turn(week + 1); err != nil {
		return "", err
	}
	if week > 0 {
		if _, err := io.WriteString(s.in, "\n"); err != nil {
			return "", fmt.Errorf("go on with the estate: %w", err)
		}
	}
	var said struct {
		At       time.Time
		Happened string
	}
	if err := s.read(&said); err != nil {
		return "", err
	}
	if !said.At.Equal(at) {
		return "", fmt.Errorf("week %d stands at %s in the estate and at %s in the archive", week+1, said.At, at)
	}
	return said.Happened, nil
}

func (s *script) send(scope demo.Scope, req *http.Request) (*http.Response, error) {
	if s.inside.asks(req.URL.Host) {
		return s.inside.send(req), nil
	}
	// The host still says which service and bucket is meant.
	req.Host = req.URL.Host
	req.URL.Scheme, req.URL.Host = s.target.Scheme, s.target.Host
	req.Header.Set("X-Moto-Account-Id", scope.ID.Account())
	return http.DefaultTransport.RoundTrip(req)
}

func (s *script) stop() error {
	if err := s.in.Close(); err != nil {
		return fmt.Errorf("end the estate: %w", err)
	}
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("end the estate: %w", err)
	}
	return nil
}
