package aws

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"testing"
)

func TestOffered(t *testing.T) {
	t.Parallel()
	unnamed := func(host string) error {
		return fmt.Errorf("operation error: %w", &net.DNSError{Err: "no such host", Name: host, IsNotFound: true})
	}
	here := func(_ context.Context, host string) ([]string, error) {
		if host != "ec2.eu-south-2.amazonaws.com" {
			t.Errorf("asked for %s", host)
		}
		return []string{"192.0.2.1"}, nil
	}
	nowhere := func(context.Context, string) ([]string, error) { return nil, errors.New("no names at all") }
	for name, c := range map[string]struct {
		err   error
		find  lookup
		empty bool
	}{
		"the region lacks the service": {unnamed("memory-db.eu-south-2.amazonaws.com"), here, true},
		"the network finds no names":   {unnamed("memory-db.eu-south-2.amazonaws.com"), nowhere, false},
		"another host":                 {unnamed("proxy.example.com"), nowhere, false},
		"the names are slow":           {&net.DNSError{Err: "timeout", Name: "memory-db.eu-south-2.amazonaws.com", IsTimeout: true}, nowhere, false},
		"refused":                      {errors.New("AccessDenied"), nowhere, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seq iter.Seq2[string, error] = func(yield func(string, error) bool) { yield("", c.err) }
			failed := false
			for _, err := range offeredBy("eu-south-2", c.find, seq) {
				failed = err != nil
			}
			if failed == c.empty {
				t.Errorf("failed: %v; want an empty listing: %v", failed, c.empty)
			}
		})
	}
}
