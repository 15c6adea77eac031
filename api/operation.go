package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// handler is what every route is: one request struct in, one answer struct out.
type handler[I, O any] func(context.Context, *I) (*O, error)

func get[I, O any](s *Server, path, summary string, fn handler[I, O]) {
	register(s, http.MethodGet, path, summary, auth.Reader, http.StatusOK, fn)
}

func admin[I, O any](s *Server, path, summary string, fn handler[I, O]) {
	register(s, http.MethodGet, path, summary, auth.Admin, http.StatusOK, fn)
}

func post[I, O any](s *Server, path, summary string, role auth.Role, status int, fn handler[I, O]) {
	register(s, http.MethodPost, path, summary, role, status, fn)
}

func put[I, O any](s *Server, path, summary string, role auth.Role, fn handler[I, O]) {
	register(s, http.MethodPut, path, summary, role, http.StatusOK, fn)
}

func patch[I, O any](s *Server, path, summary string, role auth.Role, fn handler[I, O]) {
	register(s, http.MethodPatch, path, summary, role, http.StatusOK, fn)
}

func remove[I any](s *Server, path, summary string, role auth.Role, fn handler[I, struct{}]) {
	register(s, http.MethodDelete, path, summary, role, http.StatusNoContent, fn)
}

// register adds a route. Every error passes through problem: nothing may be registered past it, because huma prints the
// text of a bare error in the response.
func register[I, O any](s *Server, method, path, summary string, role auth.Role, status int, fn handler[I, O]) {
	op := huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: path, Summary: summary, DefaultStatus: status,
		Tags:        []string{strings.Split(path, "/")[2]},
		Description: "Needs the role " + string(role) + ".",
		Security:    []map[string][]string{{"bearer": {}}},
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		if id := identity(ctx); !id.Role.Allows(role) {
			return nil, huma.Error403Forbidden("This needs the role " + string(role) + "; yours is " + string(id.Role) + ".")
		}
		out, err := fn(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

func operationID(method, path string) string {
	words := strings.FieldsFunc(strings.TrimPrefix(path, "/v1/"), func(r rune) bool { return strings.ContainsRune("/{}", r) })
	return strings.ToLower(method) + "-" + strings.Join(words, "-")
}

// identity is who is asking; signedIn has made sure that there is one.
func identity(ctx context.Context) auth.Identity {
	id, _ := auth.From(ctx)
	return id
}

// in runs fn on the rows of the caller's tenant.
func (s *Server) in(ctx context.Context, fn func(store.Tx) error) error {
	return s.store.InTx(ctx, identity(ctx).Tenant, fn)
}

// Paging is what every list takes.
type Paging struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"500" doc:"At most so many items."`
	Cursor string `query:"cursor" maxLength:"2000" doc:"The next_cursor of the page before."`
}

func (p Paging) page() store.Page { return store.Page{Limit: p.Limit, Cursor: p.Cursor} }

// page is what every list answers.
type page[T any] struct {
	Items      []T     `json:"items" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"Where the next page begins; null on the last."`
	Total      *int64  `json:"total_estimate" doc:"About how many items there are in all pages; exact for small lists."`
}

// listOut is the answer of a list.
type listOut[T any] struct{ Body page[T] }

// newPage shapes rows for a list.
func newPage[R, T any](rows []R, next string, total int64, shape func(R) T) *listOut[T] {
	var out listOut[T]
	out.Body.Items = make([]T, len(rows))
	for i, row := range rows {
		out.Body.Items[i] = shape(row)
	}
	if next != "" {
		out.Body.NextCursor = &next
	}
	out.Body.Total = &total
	return &out
}

// slicePage cuts a page out of a list that is held in memory. The cursor is the key of the last item.
func slicePage[R any](all []R, key func(R) string, p Paging) (rows []R, next string, err error) {
	begin := 0
	if p.Cursor != "" {
		for begin < len(all) && key(all[begin]) != p.Cursor {
			begin++
		}
		if begin == len(all) {
			return nil, "", store.ErrCursor
		}
		begin++
	}
	end := min(begin+p.Limit, len(all))
	if end < len(all) {
		next = key(all[end-1])
	}
	return all[begin:end], next, nil
}

// invalid is an input that cannot be served: which field, and how to put it right.
func invalid(field, message string, value any) error {
	return huma.Error422UnprocessableEntity("validation failed", &huma.ErrorDetail{Location: field, Message: message, Value: value})
}

// Scoped is the filter by scope that many routes take.
type Scoped struct {
	Scope string `query:"scope" doc:"Only this scope, by its natural id." example:"aws:123456789012"`
}

// scopeID is the id of the scope asked for, the nil id for all. A scope that is not there is an error: an empty answer
// would look as if it held nothing.
func (s *Server) scopeID(ctx context.Context, tx store.Tx, natural string) (uuid.UUID, error) {
	if natural == "" {
		return uuid.Nil, nil
	}
	parsed, err := inventory.ParseScope(natural)
	if err != nil {
		return uuid.Nil, invalid("query.scope", err.Error(), natural)
	}
	id := store.ScopeKey(string(parsed))
	known, err := tx.KnowsScope(ctx, id)
	if err != nil {
		return uuid.Nil, err
	}
	if !known {
		return uuid.Nil, invalid("query.scope", "no such scope; GET /v1/scopes lists them", natural)
	}
	return id, nil
}

// Dated is the filter by moment that many routes take.
type Dated struct {
	AsOf time.Time `query:"as_of" doc:"How it stood at this moment; now when left out." example:"2026-01-31T12:00:00Z"`
}

// ByID is a route of one thing.
type ByID struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

// utc shows a moment in UTC.
func utc(t time.Time) time.Time { return t.UTC() }

// utcOrNil shows a moment that may be missing.
func utcOrNil(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
