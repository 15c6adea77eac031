package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type framework struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Edition  int               `json:"edition"`
	Controls int               `json:"controls" doc:"How many there are."`
	Themes   []evaluator.Theme `json:"themes" nullable:"false"`
}

type listFrameworksIn struct{ Paging }

func (s *Server) listFrameworks(_ context.Context, in *listFrameworksIn) (*listOut[framework], error) {
	rows, next, err := slicePage(s.catalogue.Frameworks, func(f *evaluator.Framework) string { return f.ID }, in.Paging)
	if err != nil {
		return nil, err
	}
	return newPage(rows, next, int64(len(s.catalogue.Frameworks)), func(f *evaluator.Framework) framework {
		return framework{ID: f.ID, Name: f.Name, Edition: f.Edition, Controls: len(f.Controls), Themes: f.Themes}
	}), nil
}

// Control is a control of a framework and where it stands.
type Control struct {
	ID       string           `json:"id"`
	Theme    string           `json:"theme"`
	Title    string           `json:"title"`
	Question string           `json:"question" doc:"What the control comes to, in our own words."`
	Mode     evaluator.Mode   `json:"mode"`
	Strength string           `json:"strength,omitempty" doc:"How much of the control the checks answer: strong, partial or supporting."`
	Status   evaluator.Status `json:"status"`
	Because  string           `json:"because"`
	Figure
	Since *time.Time `json:"since" doc:"Since when the status stands; null when the control was never evaluated."`
}

// newControl shapes a control. One without a status was never evaluated, and says so: it is not conforming.
func newControl(c *evaluator.Control, status *store.ControlStatus) Control {
	out := Control{ID: c.ID, Theme: c.Theme, Title: c.Title, Question: c.Question, Mode: c.Mode, Strength: c.Strength,
		Status: evaluator.StatusNotEvaluated, Because: "It has not been evaluated yet.", Figure: newFigure(evaluator.Score{})}
	if status != nil {
		out.Status, out.Because, out.Figure = status.Status, status.Because, newFigure(status.Figure())
		out.Since = utcOrNil(&status.ValidFrom)
	}
	return out
}

type listControlsIn struct {
	Framework string `path:"framework" example:"iso27001-2022"`
	Status    string `query:"status" enum:"conforming,nonconforming,not_evaluated,stale,needs_attestation,not_applicable"`
	Theme     string `query:"theme"`
	Scoped
	Dated
	Paging
}

// listControls lists the controls in the framework's own order.
func (s *Server) listControls(ctx context.Context, in *listControlsIn) (*listOut[Control], error) {
	f := s.catalogue.Framework(in.Framework)
	if f == nil {
		return nil, s.noFramework(in.Framework)
	}
	statuses, err := s.statuses(ctx, f, in.Scope, in.AsOf, nil)
	if err != nil {
		return nil, err
	}
	var all []Control
	for i := range f.Controls {
		c := newControl(&f.Controls[i], statuses[f.Controls[i].ID])
		if (in.Status == "" || string(c.Status) == in.Status) && (in.Theme == "" || c.Theme == in.Theme) {
			all = append(all, c)
		}
	}
	rows, next, err := slicePage(all, func(c Control) string { return c.ID }, in.Paging)
	if err != nil {
		return nil, err
	}
	return newPage(rows, next, int64(len(all)), func(c Control) Control { return c }), nil
}

func (s *Server) noFramework(id string) error {
	known := make([]string, len(s.catalogue.Frameworks))
	for i, f := range s.catalogue.Frameworks {
		known[i] = f.ID
	}
	return huma.Error404NotFound(fmt.Sprintf("There is no framework %q; the frameworks are %v.", id, known))
}

// statuses gives the statuses of a framework's controls by id, and lets more be read in the same transaction.
func (s *Server) statuses(ctx context.Context, f *evaluator.Framework, natural string, asOf time.Time, more func(store.Tx) error) (map[string]*store.ControlStatus, error) {
	ids := make([]string, len(f.Controls))
	for i := range f.Controls {
		ids[i] = f.Controls[i].ID
	}
	out := map[string]*store.ControlStatus{}
	err := s.in(ctx, func(tx store.Tx) error {
		scope, err := s.scopeID(ctx, tx, natural)
		if err != nil {
			return err
		}
		found, err := tx.ControlStatuses(ctx, f.ID, scope, ids, asOf)
		if err != nil {
			return err
		}
		for i := range found {
			out[found[i].ControlID] = &found[i]
		}
		if more == nil {
			return nil
		}
		return more(tx)
	})
	return out, err
}

type statusSince struct {
	Status  evaluator.Status `json:"status"`
	Because string           `json:"because"`
	Since   time.Time        `json:"since"`
}

type controlDetail struct {
	Control
	AutomatedScope string                 `json:"automated_scope,omitempty"`
	Attestation    *evaluator.AskedOf     `json:"attestation,omitempty" doc:"What a person must attest."`
	Inherited      *evaluator.Inheritance `json:"inherited,omitempty" doc:"What the provider answers for."`
	Counterparts   []string               `json:"counterparts" nullable:"false" doc:"Controls of the other editions."`
	Checks         []CheckCounts          `json:"checks" nullable:"false"`
	History        []statusSince          `json:"history" nullable:"false" doc:"Newest first, at most 50."`
}

type showControlIn struct {
	Framework string `path:"framework" example:"iso27001-2022"`
	ID        string `path:"id" example:"A.8.20"`
	Scoped
	Dated
}

type showControlOut struct{ Body controlDetail }

// showControl shows a control with its checks, their counts, and what its status was.
func (s *Server) showControl(ctx context.Context, in *showControlIn) (*showControlOut, error) {
	f := s.catalogue.Framework(in.Framework)
	if f == nil {
		return nil, s.noFramework(in.Framework)
	}
	c := f.Control(in.ID)
	if c == nil {
		return nil, huma.Error404NotFound(fmt.Sprintf("%s has no control %q.", f.ID, in.ID))
	}
	out := &showControlOut{Body: controlDetail{AutomatedScope: c.AutomatedScope, Attestation: c.Attestation, Inherited: c.Inherited,
		Counterparts: append([]string{}, c.Counterparts...), Checks: []CheckCounts{}, History: []statusSince{}}}
	err := s.in(ctx, func(tx store.Tx) error {
		scope, err := s.scopeID(ctx, tx, in.Scope)
		if err != nil {
			return err
		}
		status, err := tx.ControlStatus(ctx, f.ID, scope, c.ID, in.AsOf)
		switch {
		case errors.Is(err, store.ErrNotFound):
			out.Body.Control = newControl(c, nil)
		case err != nil:
			return err
		default:
			out.Body.Control = newControl(c, &status)
		}
		history, err := tx.ControlHistory(ctx, f.ID, scope, c.ID, 50)
		for _, h := range history {
			out.Body.History = append(out.Body.History, statusSince{h.Status, h.Because, utc(h.ValidFrom)})
		}
		if err != nil {
			return err
		}
		out.Body.Checks, err = s.countsOf(ctx, tx, scope, s.inForce(ctx, tx).Framework(f.ID).Control(c.ID).Checks, in.AsOf)
		return err
	})
	return out, err
}

// countsOf are what checks say of the estate.
func (s *Server) countsOf(ctx context.Context, tx store.Tx, scope uuid.UUID, checks []*evaluator.Check, asOf time.Time) ([]CheckCounts, error) {
	out := []CheckCounts{}
	if len(checks) == 0 {
		return out, nil
	}
	ids := make([]string, len(checks))
	for i, check := range checks {
		ids[i] = check.ID
	}
	counts, err := tx.CheckCounts(ctx, scope, ids, asOf)
	if err != nil {
		return out, err
	}
	settings, err := tx.Settings(ctx, asOf)
	if err != nil {
		return out, err
	}
	for _, check := range checks {
		out = append(out, newCheckCounts(check, counts[check.ID], &settings))
	}
	return out, nil
}
