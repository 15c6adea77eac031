package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Organization is a Gatherer of a scope in which other scopes lie. What is set once for all of them it collects itself.
type Organization interface {
	Gatherer
	// Members lists the scopes that lie in it, closed ones included. The row of the ledger says whether these are all:
	// what an incomplete one lacks may be there.
	Members(ctx context.Context, now func() time.Time) ([]inventory.Member, inventory.LedgerRow)
}

// Veiled is an Organization whose listing may show only what its credentials may read.
type Veiled interface {
	Organization
	// Missing says of a scope that the last listing lacks, in a sentence, what may have become of it; it is empty where
	// the listing was of all there are.
	Missing() string
}

// Missing is what is said of scopes that the last listing of an organisation lacks; empty where these are gone.
func Missing(o Organization) string {
	if v, ok := o.(Veiled); ok {
		return v.Missing()
	}
	return ""
}

// Members finds the scopes that lie in an organisation and notes in the ledger how completely. Members that are not
// all must not be followed: complete is then false, and none is given. An error is one of the memory.
func (p *Pipeline) Members(ctx context.Context, o Organization) (members []inventory.Member, complete bool, err error) {
	members, row := o.Members(ctx, p.Now)
	if err := p.out().Listed(ctx, row); err != nil {
		return nil, false, fmt.Errorf("note the members of %s: %w", o.Scope(), err)
	}
	if !row.Complete {
		return nil, false, nil
	}
	return members, true, nil
}
