//go:build !unix

package embedded

import (
	"context"
	"errors"
)

// Server stands for the server that this system cannot run.
type Server struct{}

// Start fails: processes are watched and users changed in ways that only Unix has.
func Start(context.Context, Options) (*Server, error) {
	return nil, errors.New("the embedded Postgres runs on Linux and macOS only: set DATABASE_URL to a server of your own")
}

// DSN is never reached.
func (*Server) DSN(string) string { return "" }

// AdminDSN is never reached.
func (*Server) AdminDSN() string { return "" }

// Done is never reached.
func (*Server) Done() <-chan struct{} { return nil }

// Err is never reached.
func (*Server) Err() error { return nil }

// Stop is never reached.
func (*Server) Stop(context.Context) error { return nil }
