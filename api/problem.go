package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/plumbline-posture/plumbline/store"
)

// problemBody is an RFC 9457 problem document with the number of the request it answers.
type problemBody struct {
	*huma.ErrorModel
	RequestID string `json:"request_id"`
}

// problem is the only place where an error becomes a status. What no caller can mend is logged and told as "internal
// error": its text never reaches anybody.
func (s *Server) problem(ctx context.Context, err error) error {
	var told huma.StatusError
	switch {
	case errors.As(err, &told):
		return told
	case errors.Is(err, store.ErrNotFound):
		return huma.Error404NotFound("There is no such thing here.")
	case errors.Is(err, store.ErrConflict):
		return huma.Error409Conflict("Something stands in the way: it is there already, or it is under way or over.")
	case errors.Is(err, store.ErrKeyBusy):
		return huma.ErrorWithHeaders(huma.Error409Conflict(store.ErrKeyBusy.Error()), http.Header{"Retry-After": {"1"}})
	case errors.Is(err, store.ErrKeyReused):
		return invalid("header.Idempotency-Key", store.ErrKeyReused.Error(), nil)
	case errors.Is(err, store.ErrCursor):
		return invalid("query.cursor", store.ErrCursor.Error(), nil)
	case errors.Is(err, context.Canceled):
		return huma.NewError(499, "The caller went away.")
	}
	s.log.ErrorContext(ctx, "request failed", "request_id", requestID(ctx), "error", err)
	return huma.Error500InternalServerError("Internal error. The log has it under the request id.")
}

// explain gives every problem the number of its request, and says in one sentence what is wrong with which field.
func explain(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if len(model.Errors) > 0 {
		sentences := make([]string, len(model.Errors))
		for i, e := range model.Errors {
			sentences[i] = strings.TrimPrefix(e.Location+": "+e.Message, ": ")
		}
		told := *model
		told.Detail = strings.Join(sentences, "; ")
		model = &told
	}
	return problemBody{ErrorModel: model, RequestID: requestID(ctx.Context())}, nil
}

// writeProblem answers with a problem outside the routes of the contract.
func writeProblem(w http.ResponseWriter, r *http.Request, status int, detail string) {
	body, err := json.Marshal(problemBody{
		ErrorModel: &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail},
		RequestID:  requestID(r.Context()),
	})
	if err != nil {
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, string(body))
}

// describeProblems writes the request id into the document, which huma's own model does not have.
func describeProblems(doc *huma.OpenAPI) {
	model := doc.Components.Schemas.Map()["ErrorModel"]
	if model == nil {
		return
	}
	model.Properties["request_id"] = &huma.Schema{Type: huma.TypeString, Description: "Name it when you report the problem."}
}
