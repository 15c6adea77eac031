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

	mu   sync.Mutex
	seen map[place]map[uuid.UUID]struct{}
	rows []inventory.LedgerRow
	// empty are the complete rows that listed nothing: there are hundreds in a run, and they are kept together.
	empty                    []inventory.LedgerRow
	listed, changed, removed int
}

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
	m.mu.Lock()
	for i, o := range batch {
		observed[i] = store.Observed{Resource: o.Resource, Listing: o.Listing, Answers: o.Answers}
		p := place{o.Resource.Kind, o.Listing}
		if m.seen[p] == nil {
			m.seen[p] = map[uuid.UUID]struct{}{}
		}
		m.seen[p][store.ResourceID(o.Resource.ID)] = struct{}{}
	}
	m.mu.Unlock()
	var changed int
	err := m.store.InTx(ctx, m.tenant, func(tx store.Tx) (err error) {
		changed, err = tx.Observe(ctx, m.scope, m.run, observed, m.confirm)
		return err
	})
	m.mu.Lock()
	m.listed, m.changed = m.listed+len(batch), m.changed+changed
	m.mu.Unlock()
	return err
}

// Listed implements pipeline.Memory.
func (m *Memory) Listed(ctx context.Context, row inventory.LedgerRow, placeholder *inventory.Resource) error {
	p := place{row.Kind, row.Region}
	m.mu.Lock()
	seen := m.seen[p]
	delete(m.seen, p)
	m.note(row)
	if row.Complete && len(seen) == 0 {
		m.empty = append(m.empty, row)
		m.mu.Unlock()
		return nil
	}
	m.mu.Unlock()
	var removed int
	err := m.store.InTx(ctx, m.tenant, func(tx store.Tx) (err error) {
		removed, err = tx.Listed(ctx, m.scope, m.run, row, seen, placeholder)
		return err
	})
	m.mu.Lock()
	m.removed += removed
	m.mu.Unlock()
	return err
}

// note files a row for the ledger of the run, which speaks of what was asked only.
func (m *Memory) note(row inventory.LedgerRow) {
	if !row.OnlyCloses() && (row.Unknown == nil || row.Unknown.Cause != inventory.CauseNotCollected) {
		m.rows = append(m.rows, row)
	}
}

// keepEmpty keeps the rows that were put aside.
func (m *Memory) keepEmpty(ctx context.Context) error {
	m.mu.Lock()
	rows := m.empty
	m.empty = nil
	m.mu.Unlock()
	var removed int
	err := m.store.InTx(ctx, m.tenant, func(tx store.Tx) (err error) {
		removed, err = tx.ListedNothing(ctx, m.scope, m.run, rows)
		return err
	})
	m.mu.Lock()
	m.removed += removed
	m.mu.Unlock()
	return err
}

// Removed implements pipeline.Memory.
func (m *Memory) Removed(ctx context.Context, id string, at time.Time) error {
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
	if err := m.keepEmpty(ctx); err != nil {
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
