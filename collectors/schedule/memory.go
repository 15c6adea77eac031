// Package schedule says when scopes are collected and judged, and runs it: what is due stands in Postgres, River carries
// it out. It is the only package that knows River, and where collectors and store meet. It judges nothing itself.
package schedule

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// Memory is the pipeline's memory in Postgres, for one run of one scope.
type Memory struct {
	store     *store.Store
	catalogue *evaluator.Catalogue
	tenant    uuid.UUID
	scope     uuid.UUID
	run       uuid.UUID
	// confirm notes the moment of observations that change nothing: a single changed resource needs it, a listing tells
	// the same by its row.
	confirm bool

	mu                       sync.Mutex
	seen                     map[place]map[uuid.UUID]struct{}
	rows                     []inventory.LedgerRow
	listed, changed, removed int
	// observed and listings wait to be written together: a run has hundreds of small listings, and a transaction for
	// each would take most of its time.
	observed []store.Prepared
	listings []store.Listing

	// writing is held while what waited is written, so that no row overtakes the observations it speaks of.
	writing sync.Mutex
}

// full is how many observations or rows wait at most.
const full = 500

type place struct {
	kind   inventory.Kind
	region string
}

// NewMemory returns the memory of a run. The scope must stand in the store.
func NewMemory(s *store.Store, catalogue *evaluator.Catalogue, tenant, scope, run uuid.UUID) *Memory {
	return &Memory{store: s, catalogue: catalogue, tenant: tenant, scope: scope, run: run, seen: map[place]map[uuid.UUID]struct{}{}}
}

// NewChangeMemory returns the memory of a single changed resource.
func NewChangeMemory(s *store.Store, catalogue *evaluator.Catalogue, tenant, scope uuid.UUID) *Memory {
	m := NewMemory(s, catalogue, tenant, scope, uuid.Nil)
	m.confirm = true
	return m
}

// Observe implements pipeline.Memory.
func (m *Memory) Observe(ctx context.Context, batch []collectors.Observation) error {
	observed := make([]store.Observed, len(batch))
	for i, o := range batch {
		observed[i] = store.Observed{Resource: o.Resource, Listing: o.Listing, Answers: o.Answers}
	}
	prepared, err := store.Prepare(observed)
	if err != nil {
		return err
	}
	m.mu.Lock()
	for _, o := range batch {
		p := place{o.Resource.Kind, o.Listing}
		if m.seen[p] == nil {
			m.seen[p] = map[uuid.UUID]struct{}{}
		}
		m.seen[p][store.ResourceID(o.Resource.ID)] = struct{}{}
	}
	m.listed += len(batch)
	m.observed = append(m.observed, prepared...)
	waiting := len(m.observed)
	m.mu.Unlock()
	if waiting < full {
		return nil
	}
	return m.write(ctx)
}

// Listed implements pipeline.Memory.
func (m *Memory) Listed(ctx context.Context, row inventory.LedgerRow, placeholder *inventory.Resource) error {
	p := place{row.Kind, row.Region}
	m.mu.Lock()
	m.listings = append(m.listings, store.Listing{Row: row, Seen: m.seen[p], Placeholder: placeholder})
	delete(m.seen, p)
	m.note(row)
	waiting := len(m.listings)
	m.mu.Unlock()
	if waiting < full {
		return nil
	}
	return m.write(ctx)
}

// note files a row for the ledger of the run, which speaks of what was asked only.
func (m *Memory) note(row inventory.LedgerRow) {
	if !row.OnlyCloses() && (row.Unknown == nil || row.Unknown.Cause != inventory.CauseNotCollected) {
		m.rows = append(m.rows, row)
	}
}

// write keeps what waited: observations first, then the rows that speak of them.
func (m *Memory) write(ctx context.Context) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	m.mu.Lock()
	observed, listings := m.observed, m.listings
	m.observed, m.listings = nil, nil
	m.mu.Unlock()
	if len(observed)+len(listings) == 0 {
		return nil
	}
	var changed, removed int
	err := m.store.InTx(ctx, m.tenant, func(tx store.Tx) (err error) {
		if changed, err = tx.Keep(ctx, m.scope, m.run, observed, m.confirm); err != nil {
			return err
		}
		removed, err = tx.Listed(ctx, m.scope, m.run, listings)
		return err
	})
	m.mu.Lock()
	m.changed, m.removed = m.changed+changed, m.removed+removed
	m.mu.Unlock()
	return err
}

// Removed implements pipeline.Memory.
func (m *Memory) Removed(ctx context.Context, id string, at time.Time) error {
	if err := m.write(ctx); err != nil {
		return err
	}
	return m.store.InTx(ctx, m.tenant, func(tx store.Tx) error {
		gone, err := tx.Removed(ctx, id, at)
		if gone {
			m.mu.Lock()
			m.removed++
			m.mu.Unlock()
		}
		return err
	})
}

// Settle implements pipeline.Memory.
func (m *Memory) Settle(ctx context.Context, at time.Time, work func(context.Context, []evaluator.Due, evaluator.View) ([]evaluator.Settled, error)) error {
	if err := m.write(ctx); err != nil {
		return err
	}
	return m.store.Settle(ctx, m.tenant, at, work)
}

// RollUp implements pipeline.Memory.
func (m *Memory) RollUp(ctx context.Context, at time.Time) error {
	return m.store.InTx(ctx, m.tenant, func(tx store.Tx) error { return tx.RollUp(ctx, m.catalogue, at) })
}

// Counts tells how far the run is.
func (m *Memory) Counts() (listed, changed, removed, listings int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.listed, m.changed, m.removed, len(m.rows)
}

// Ended tells how the run ended, for the store. A run is partial when any listing is not complete.
func (m *Memory) Ended() store.Ended {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := store.Ended{State: "complete", Listed: m.listed, Changed: m.changed, Removed: m.removed, Ledger: m.rows}
	sortLedger(e.Ledger)
	for _, row := range m.rows {
		if !row.Complete {
			e.State = "partial"
		}
	}
	return e
}
