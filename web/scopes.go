package web

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type scopesPage struct {
	frame
	Framework *evaluator.Framework
	Rows      []scopeRow
}

// scopeRow is a scope as lists show it.
type scopeRow struct {
	ID              uuid.UUID
	Href, Name      string
	NaturalID       inventory.ScopeID
	Cloud           inventory.Cloud
	Judged          bool
	Score, Coverage float64
	Asked           int64
	Fails, Unknown  int64
	FailsHref       string
	UnknownHref     string
	HasRun          bool
	RunState        string
	RunHref         string
	RunAt           moment
	RunError        string
	Schedule        string
	Next            *moment
	// Parent is the organisation that the scope was found in; the nil id for one that was connected by itself.
	Parent uuid.UUID
	Left   *departure
	Past   bool
	figure evaluator.Score
}

// Inside says whether the scope is shown under its organisation.
func (row scopeRow) Inside() bool { return row.Parent != uuid.Nil }

// departure says since when and why a scope is not collected any more.
type departure struct {
	At  moment
	Why string
}

var scopesHTML = parse[scopesPage]("scopes.html")

// scopes lists what is collected.
func (s *Server) scopes(w http.ResponseWriter, r *http.Request) error {
	f, err := s.newFrame(r, "scopes", "Scopes")
	if err != nil {
		return err
	}
	framework, err := s.framework("")
	if err != nil {
		return err
	}
	p := scopesPage{frame: f, Framework: framework}
	err = s.in(r, func(tx store.Tx) error {
		p.Rows, err = s.readScopes(r, tx, f, framework)
		return err
	})
	if err != nil {
		return err
	}
	return scopesHTML.render(w, p)
}

// allScopes reads every scope of the tenant.
func allScopes(r *http.Request, tx store.Tx) ([]store.Scope, error) {
	var out []store.Scope
	page := store.Page{Limit: 500}
	for {
		found, next, err := tx.Scopes(r.Context(), page)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
		if next == "" {
			return out, nil
		}
		page.Cursor = next
	}
}

// readScopes gives each scope its figures and its last run.
func (s *Server) readScopes(r *http.Request, tx store.Tx, f frame, framework *evaluator.Framework) ([]scopeRow,
	error) {
	scopes, err := allScopes(r, tx)
	if err != nil || len(scopes) == 0 {
		return nil, err
	}
	tallies, err := tx.Tallies(r.Context(), uuid.Nil, nil, f.at)
	if err != nil {
		return nil, err
	}
	byScope := map[uuid.UUID][]evaluator.Tally{}
	for _, t := range tallies {
		id := store.ScopeKey(string(t.Scope))
		byScope[id] = append(byScope[id], t)
	}
	for _, scope := range scopes {
		if scope.ParentID != nil { // an organisation stands as all that lies in it
			byScope[*scope.ParentID] = append(byScope[*scope.ParentID], byScope[scope.ID]...)
		}
	}
	runs := map[uuid.UUID]store.Run{}
	if !f.Past() {
		ids := make([]uuid.UUID, len(scopes))
		for i, scope := range scopes {
			ids[i] = scope.ID
		}
		if runs, err = tx.LastRuns(r.Context(), ids); err != nil {
			return nil, err
		}
	}
	out := make([]scopeRow, len(scopes))
	for i, scope := range scopes {
		run, ok := runs[scope.ID]
		out[i] = newScopeRow(f, scope, f.catalogue.Score(byScope[scope.ID], evaluator.InFramework(framework.ID)))
		if ok {
			out[i].lastRun(f, run)
		}
	}
	return grouped(out), nil
}

// grouped puts what was found in an organisation under it, and leaves the order otherwise.
func grouped(rows []scopeRow) []scopeRow {
	inside := map[uuid.UUID][]scopeRow{}
	for _, row := range rows {
		if row.Parent != uuid.Nil {
			inside[row.Parent] = append(inside[row.Parent], row)
		}
	}
	out := make([]scopeRow, 0, len(rows))
	for _, row := range rows {
		if row.Parent == uuid.Nil {
			out = append(append(out, row), inside[row.ID]...)
		}
	}
	return out
}

func newScopeRow(f frame, scope store.Scope, figure evaluator.Score) scopeRow {
	row := scopeRow{ID: scope.ID, Href: f.ToID("/scopes", scope.ID), Name: scope.Name, NaturalID: scope.NaturalID,
		Cloud:    scope.NaturalID.Cloud(),
		Coverage: figure.Coverage(), Asked: figure.Asked, Unknown: figure.Unknown, Schedule: scope.Schedule,
		FailsHref:   f.To("/findings", "scope", scope.ID.String(), "verdict", "fail"),
		UnknownHref: f.To("/findings", "scope", scope.ID.String(), "verdict", "unknown"), Past: f.Past(), figure: figure}
	if scope.NaturalID.Organization() {
		row.FailsHref, row.UnknownHref = row.Href+"#members", row.Href+"#members"
	}
	if scope.ParentID != nil {
		row.Parent = *scope.ParentID
	}
	if scope.LeftAt != nil {
		row.Left = &departure{f.When(*scope.LeftAt), scope.LeftWhy}
	}
	row.Score, row.Judged = figure.Value()
	row.Fails = figure.Fail[1] + figure.Fail[2] + figure.Fail[3] + figure.Fail[4]
	if row.Name == "" {
		row.Name = string(scope.NaturalID)
	}
	if scope.NextRunAt != nil && !f.Past() {
		next := f.When(*scope.NextRunAt)
		row.Next = &next
	}
	return row
}

func (row *scopeRow) lastRun(f frame, run store.Run) {
	row.HasRun, row.RunState, row.RunHref, row.RunError = true, run.State, f.ToID("/runs", run.ID), run.Error
	at := run.QueuedAt
	if run.EndedAt != nil {
		at = *run.EndedAt
	}
	row.RunAt = f.When(at)
}

// wordOf is the word of an option by its value, or the word given when there is none.
func wordOf(list []option, value, otherwise string) string {
	for _, o := range list {
		if o.Value == value {
			return o.Word
		}
	}
	return otherwise
}

// scopeOptions lists the scopes to choose from.
func (s *Server) scopeOptions(r *http.Request, tx store.Tx, chosen string) ([]option, error) {
	scopes, err := allScopes(r, tx)
	if err != nil {
		return nil, err
	}
	var list []option
	for _, scope := range scopes {
		word := scope.Name
		if word == "" {
			word = string(scope.NaturalID)
		}
		value := scope.ID.String()
		if chosen == string(scope.NaturalID) {
			value = chosen
		}
		list = append(list, option{Value: value, Word: word})
	}
	return options(chosen, "All scopes", list), nil
}
