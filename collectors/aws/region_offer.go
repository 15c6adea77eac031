package aws

import (
	"context"
	"errors"
	"iter"
	"net"
	"strings"
)

// offered ends a listing without an error where the region has no such service: nothing of it can be there. That is
// certain only where the service's host has no name while the region's own has one: a network that finds no names at
// all says nothing of the region.
func offered[T any](c *Clients, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return offeredBy(c.Region, net.DefaultResolver.LookupHost, seq)
}

// lookup finds the addresses of a host.
type lookup func(ctx context.Context, host string) ([]string, error)

func offeredBy[T any](region string, find lookup, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range seq {
			if err != nil && notOffered(region, find, err) {
				return
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

func notOffered(region string, find lookup, err error) bool {
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound || !strings.Contains(dns.Name, "."+region+".") {
		return false
	}
	// Every region has EC2, under the same domain.
	_, domain, _ := strings.Cut(dns.Name, "."+region+".")
	addresses, err := find(context.Background(), "ec2."+region+"."+domain)
	return err == nil && len(addresses) > 0
}
