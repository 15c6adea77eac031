package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/robfig/cron/v3"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

type scope struct {
	ID         uuid.UUID         `json:"id" format:"uuid"`
	Scope      inventory.ScopeID `json:"scope"`
	Cloud      inventory.Cloud   `json:"cloud" enum:"aws,azure,gcp"`
	Name       string            `json:"name"`
	Connection store.Connection  `json:"connection"`
	Schedule   string            `json:"schedule" doc:"A cron expression in UTC; empty means on request only."`
	NextRunAt  *time.Time        `json:"next_run_at"`
	CreatedAt  time.Time         `json:"created_at"`
	Parent     *uuid.UUID        `json:"parent" format:"uuid" doc:"The organisation the scope was found in, which decides its connection and schedule; null for one that was connected by itself."`
	Left       *left             `json:"left" doc:"Of a scope that can be read no more: what was seen in it stands, and it is not collected. Null for one that is."`
}

// left says since when and why a scope is not collected any more.
type left struct {
	At   time.Time `json:"at" doc:"When it was noticed."`
	Text string    `json:"text" example:"No longer collected since 1 March 2026, 06:00 UTC: it is suspended."`
}

func newScope(s store.Scope) scope {
	out := scope{ID: s.ID, Scope: s.NaturalID, Cloud: s.NaturalID.Cloud(), Name: s.Name, Connection: s.Connection,
		Schedule: s.Schedule, NextRunAt: utcOrNil(s.NextRunAt), CreatedAt: utc(s.CreatedAt), Parent: s.ParentID}
	if s.LeftAt != nil {
		since := utc(*s.LeftAt)
		out.Left = &left{since, fmt.Sprintf("No longer collected since %s UTC: %s.", since.Format("2 January 2006, 15:04"),
			s.LeftWhy)}
	}
	return out
}

// tag names the state of a scope, so that an edit can say which state it is of.
func (s scope) tag() string {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and moments always marshal
	}
	return etag(raw)
}

type scopeOut struct {
	ETag string `header:"ETag"`
	Body scope
}

func newScopeOut(s store.Scope) *scopeOut {
	body := newScope(s)
	return &scopeOut{ETag: body.tag(), Body: body}
}

type listScopesIn struct {
	Parent string `query:"parent" format:"uuid" doc:"Only what was found in this organisation."`
	Paging
}

// listScopes lists what is collected, or what was found in one organisation.
func (s *Server) listScopes(ctx context.Context, in *listScopesIn) (*listOut[scope], error) {
	var out *listOut[scope]
	err := s.in(ctx, func(tx store.Tx) error {
		if in.Parent != "" {
			var err error
			out, err = listMembers(ctx, tx, in)
			return err
		}
		found, next, err := tx.Scopes(ctx, in.page())
		if err != nil {
			return err
		}
		total, err := tx.ScopeCount(ctx)
		out = newPage(found, next, total, newScope)
		return err
	})
	return out, err
}

func listMembers(ctx context.Context, tx store.Tx, in *listScopesIn) (*listOut[scope], error) {
	parent, err := uuid.Parse(in.Parent)
	if err != nil {
		return nil, invalid("query.parent", "not the id of a scope", in.Parent)
	}
	if _, err := tx.Scope(ctx, parent); err != nil {
		return nil, err
	}
	found, next, err := tx.Members(ctx, parent, in.page())
	if err != nil {
		return nil, err
	}
	total, err := tx.MemberCount(ctx, parent)
	return newPage(found, next, total, newScope), err
}

func (s *Server) showScope(ctx context.Context, in *ByID) (*scopeOut, error) {
	var out *scopeOut
	err := s.in(ctx, func(tx store.Tx) error {
		found, err := tx.Scope(ctx, in.ID)
		out = newScopeOut(found)
		return err
	})
	return out, err
}

// Keyed lets a creation be repeated without being done twice.
type Keyed struct {
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"A repetition with the same key and body within a day gets the first answer."`
}

type newScopeBody struct {
	Scope      string           `json:"scope" doc:"The natural id." example:"aws:123456789012" maxLength:"200"`
	Name       string           `json:"name,omitempty" maxLength:"200" doc:"Left out: the natural id."`
	Connection store.Connection `json:"connection,omitempty"`
	Schedule   string           `json:"schedule,omitempty" doc:"A cron expression in UTC, such as 0 */6 * * *; left out: on request only." maxLength:"100"`
}

type createScopeIn struct {
	Keyed
	Body newScopeBody
}

// createScope connects a scope. One that was removed comes back with its past.
func (s *Server) createScope(ctx context.Context, in *createScopeIn) (*scopeOut, error) {
	natural, err := inventory.ParseScope(in.Body.Scope)
	if err != nil {
		return nil, invalid("body.scope", err.Error(), in.Body.Scope)
	}
	next, err := s.nextRun(in.Body.Schedule)
	if err != nil {
		return nil, err
	}
	name := in.Body.Name
	if name == "" {
		name = string(natural)
	}
	body, err := once(ctx, s, in.Key, "create-scope", in.Body, func() (scope, error) {
		var created store.Scope
		err := s.in(ctx, func(tx store.Tx) (err error) {
			created, err = tx.CreateScope(ctx, store.Scope{NaturalID: natural, Name: name, Connection: in.Body.Connection,
				Schedule: in.Body.Schedule, NextRunAt: next, CreatedAt: s.now()})
			return err
		})
		return newScope(created), err
	}, nil)
	if err != nil {
		return nil, err
	}
	return &scopeOut{ETag: body.tag(), Body: body}, nil
}

// nextRun is when a schedule is due next; nil when there is none.
func (s *Server) nextRun(schedule string) (*time.Time, error) {
	if schedule == "" {
		return nil, nil //nolint:nilnil // no schedule has no next run
	}
	parsed, err := cron.ParseStandard(schedule)
	if err != nil {
		return nil, invalid("body.schedule", "not a cron expression of five fields, such as 0 */6 * * *: "+err.Error(), schedule)
	}
	next := parsed.Next(s.now().UTC())
	if next.IsZero() {
		return nil, invalid("body.schedule", "the expression is never due", schedule)
	}
	return &next, nil
}

type scopeEdit struct {
	Name       *string           `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Connection *store.Connection `json:"connection,omitempty" doc:"Replaces the connection as a whole."`
	Schedule   *string           `json:"schedule,omitempty" maxLength:"100"`
}

type updateScopeIn struct {
	ByID
	IfMatch string `header:"If-Match" doc:"The ETag the edit is of; when the scope has changed since, the edit is refused."`
	Body    scopeEdit
}

// updateScope changes what is given and leaves the rest.
func (s *Server) updateScope(ctx context.Context, in *updateScopeIn) (*scopeOut, error) {
	var out *scopeOut
	err := s.in(ctx, func(tx store.Tx) error {
		found, err := tx.LockScope(ctx, in.ID)
		if err != nil {
			return err
		}
		if tag := newScope(found).tag(); in.IfMatch != "" && !matches(in.IfMatch, tag) {
			return huma.Error412PreconditionFailed("The scope has changed since; read it again and repeat the edit on what it is now.")
		}
		if found.ParentID != nil && (in.Body.Connection != nil || in.Body.Schedule != nil) {
			return huma.Error409Conflict("The organisation the scope was found in decides its connection and schedule: " +
				"change it there.")
		}
		if in.Body.Name != nil {
			found.Name = *in.Body.Name
		}
		if in.Body.Connection != nil {
			found.Connection = *in.Body.Connection
		}
		if in.Body.Schedule != nil {
			found.Schedule = *in.Body.Schedule
			if found.NextRunAt, err = s.nextRun(found.Schedule); err != nil {
				return err
			}
		}
		if err := tx.UpdateScope(ctx, found); err != nil {
			return err
		}
		// What the database keeps is coarser than the clock, so the answer is read back.
		found, err = tx.Scope(ctx, in.ID)
		out = newScopeOut(found)
		return err
	})
	return out, err
}

// removeScope stops the collection, with all that was found in it; what was seen stays, as the past. A member that is
// removed alone is left out of its organisation from then on.
func (s *Server) removeScope(ctx context.Context, in *ByID) (*struct{}, error) {
	return nil, s.in(ctx, func(tx store.Tx) error { return tx.RemoveScope(ctx, in.ID, s.now()) })
}

type testScopeOut struct {
	Body struct {
		Passed bool    `json:"passed" doc:"Every probe passed."`
		Probes []Probe `json:"probes" nullable:"false"`
	}
}

// testScope tries the connection of a scope.
func (s *Server) testScope(ctx context.Context, in *ByID) (*testScopeOut, error) {
	var found store.Scope
	err := s.in(ctx, func(tx store.Tx) (err error) {
		found, err = tx.Scope(ctx, in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	probes, err := s.connector.Test(ctx, identity(ctx).Tenant, found)
	if err != nil {
		return nil, fmt.Errorf("test scope %s: %w", in.ID, err)
	}
	out := &testScopeOut{}
	out.Body.Probes, out.Body.Passed = append([]Probe{}, probes...), len(probes) > 0
	for _, p := range probes {
		out.Body.Passed = out.Body.Passed && p.Passed
	}
	return out, nil
}
