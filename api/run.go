package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// Run is one collection of one scope.
type Run struct {
	ID              uuid.UUID         `json:"id" format:"uuid"`
	Scope           inventory.ScopeID `json:"scope"`
	Trigger         string            `json:"trigger" enum:"schedule,request,change,demo"`
	State           string            `json:"state" enum:"queued,running,complete,partial,failed,cancelled"`
	QueuedAt        time.Time         `json:"queued_at"`
	BeganAt         *time.Time        `json:"began_at"`
	EndedAt         *time.Time        `json:"ended_at"`
	Catalogue       string            `json:"catalogue,omitempty"`
	Listed          int               `json:"listed"`
	Changed         int               `json:"changed"`
	Removed         int               `json:"removed"`
	Progress        string            `json:"progress,omitempty"`
	Error           string            `json:"error,omitempty"`
	CancelRequested bool              `json:"cancel_requested"`
}

func newRun(r store.Run) Run {
	return Run{ID: r.ID, Scope: r.Scope, Trigger: r.Trigger, State: r.State, QueuedAt: utc(r.QueuedAt), BeganAt: utcOrNil(r.BeganAt),
		EndedAt: utcOrNil(r.EndedAt), Catalogue: r.Catalogue, Listed: r.Listed, Changed: r.Changed, Removed: r.Removed,
		Progress: r.Progress, Error: r.Error, CancelRequested: r.CancelRequested}
}

type listRunsIn struct {
	Scoped
	Paging
}

// listRuns lists runs, newest first.
func (s *Server) listRuns(ctx context.Context, in *listRunsIn) (*listOut[Run], error) {
	var out *listOut[Run]
	err := s.in(ctx, func(tx store.Tx) error {
		scope, err := s.scopeID(ctx, tx, in.Scope)
		if err != nil {
			return err
		}
		found, next, err := tx.Runs(ctx, scope, in.page())
		if err != nil {
			return err
		}
		total, err := tx.RunCount(ctx, scope)
		out = newPage(found, next, total, newRun)
		return err
	})
	return out, err
}

// ledgerRow says how completely one kind was listed in one region.
type ledgerRow struct {
	Kind      inventory.Kind         `json:"kind"`
	Region    string                 `json:"region"`
	Complete  bool                   `json:"complete" doc:"Only a complete listing removes what it did not see."`
	Listed    int                    `json:"listed"`
	Described int                    `json:"described"`
	Errors    []inventory.CallErrors `json:"errors" nullable:"false"`
	Unknown   *inventory.Unknown     `json:"unknown,omitempty" doc:"Why the listing is not complete."`
	Recorded  int                    `json:"recorded,omitempty" doc:"How many calls about single resources were answered by the records of the connection's aggregator."`
	Asked     int                    `json:"asked,omitempty" doc:"How many of the same calls were made all the same."`
}

type runDetail struct {
	Run
	Ledger []ledgerRow `json:"ledger" nullable:"false"`
}

type showRunOut struct{ Body runDetail }

func (s *Server) showRun(ctx context.Context, in *ByID) (*showRunOut, error) {
	out := &showRunOut{}
	err := s.in(ctx, func(tx store.Tx) error {
		found, err := tx.Run(ctx, in.ID)
		out.Body.Run, out.Body.Ledger = newRun(found.Run), make([]ledgerRow, len(found.Ledger))
		for i, l := range found.Ledger {
			out.Body.Ledger[i] = ledgerRow{l.Kind, l.Region, l.Complete, l.Listed, l.Described, append([]inventory.CallErrors{}, l.Errors...), l.Unknown,
				l.Recorded, l.Asked}
		}
		return err
	})
	return out, err
}

type startRunIn struct {
	ByID
	Keyed
}

type startRunOut struct {
	Location string `header:"Location"`
	Body     Run
}

// startRun queues a collection of a scope. While one is under way, a second is a conflict.
func (s *Server) startRun(ctx context.Context, in *startRunIn) (*startRunOut, error) {
	body, err := once(ctx, s, in.Key, "start-run", in.ID, func() (Run, error) {
		var found store.RunDetail
		err := s.in(ctx, func(tx store.Tx) error {
			scope, err := tx.Scope(ctx, in.ID)
			if err == nil && scope.LeftAt != nil {
				return huma.Error409Conflict("The scope is no longer collected: " + scope.LeftWhy + ".")
			}
			return err
		})
		if err != nil {
			return Run{}, err
		}
		id, err := s.runner.StartRun(ctx, identity(ctx).Tenant, in.ID)
		if err != nil {
			return Run{}, fmt.Errorf("start run: %w", err)
		}
		err = s.in(ctx, func(tx store.Tx) (err error) {
			found, err = tx.Run(ctx, id)
			return err
		})
		return newRun(found.Run), err
	}, nil)
	if err != nil {
		return nil, err
	}
	return &startRunOut{Location: "/v1/runs/" + body.ID.String(), Body: body}, nil
}

type cancelRunOut struct{ Body Run }

// cancelRun asks a run to end; its state says when it has.
func (s *Server) cancelRun(ctx context.Context, in *ByID) (*cancelRunOut, error) {
	read := func(found *store.RunDetail) error {
		return s.in(ctx, func(tx store.Tx) (err error) {
			*found, err = tx.Run(ctx, in.ID)
			return err
		})
	}
	var found store.RunDetail
	if err := read(&found); err != nil {
		return nil, err
	}
	if err := s.runner.CancelRun(ctx, identity(ctx).Tenant, in.ID); err != nil {
		return nil, fmt.Errorf("cancel run: %w", err)
	}
	if err := read(&found); err != nil {
		return nil, err
	}
	return &cancelRunOut{Body: newRun(found.Run)}, nil
}
