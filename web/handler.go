package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/store"
)

// pageError is an error with words that may be shown.
type pageError struct {
	status int
	title  string
	text   string
}

func (e pageError) Error() string { return fmt.Sprintf("%d: %s", e.status, e.text) }

func badRequest(text string) error {
	return pageError{http.StatusBadRequest, "That address does not work", text}
}

func notFound(text string) error {
	return pageError{http.StatusNotFound, "There is nothing here", text}
}

type handler func(w http.ResponseWriter, r *http.Request) error

// page turns a handler that returns an error into one that shows it.
func (s *Server) page(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// failure is what the error page shows.
type failure struct {
	frame
	Status  int
	Text    string
	Request string
}

var failureHTML = parse[failure]("failure.html")

// fail is the only place where an error becomes a status and words. What is not meant for people is logged and told as
// a fault of ours, with the id of the request.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	told := pageError{http.StatusInternalServerError, "Something went wrong on our side",
		"Nothing was lost. Try again; if it happens again, give the request id below to whoever runs this service."}
	var known pageError
	switch {
	case errors.As(err, &known):
		told = known
	case errors.Is(err, store.ErrNotFound):
		errors.As(notFound("It may have been removed, or it belongs to somebody else."), &told)
	case errors.Is(err, store.ErrCursor):
		errors.As(badRequest("The place in the list is not one this list gave out. Start again from its first page."),
			&told)
	case errors.Is(err, store.ErrConflict):
		told = pageError{http.StatusConflict, "Something is in the way",
			"Somebody else changed this in the meantime. Go back, reload and try again."}
	default:
		s.log.ErrorContext(r.Context(), "a page failed", "request", requestID(r.Context()), "path", r.URL.Path, "error",
			err)
	}
	p := failure{Status: told.status, Text: told.text, Request: requestID(r.Context())}
	p.frame, err = s.newFrame(r, "", told.title)
	if err != nil {
		// The date is what is wrong: leave it out of the links.
		p.frame = frame{Title: told.title, Demo: s.demo, Shade: themeOf(r), Version: s.version, now: s.now().UTC(),
			url: &url.URL{Path: r.URL.Path}}
		p.Visitor = s.visitor(r.Context())
	}
	if err := failureHTML.renderStatus(w, told.status, p); err != nil {
		s.log.ErrorContext(r.Context(), "the error page failed", "request", requestID(r.Context()), "error", err)
		http.Error(w, told.title+". Request "+p.Request, told.status)
	}
}

// nowhere answers for addresses that are no page.
func (s *Server) nowhere(_ http.ResponseWriter, _ *http.Request) error {
	return notFound("No page has this address. The sections are listed at the side; search finds the rest.")
}

// pathID reads the opaque id in the address. What is no id is not found.
func pathID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return uuid.Nil, notFound("The id in the address is not one of ours.")
	}
	return id, nil
}

// tenant is whose pages these are.
func (s *Server) tenant(r *http.Request) uuid.UUID {
	id, _ := auth.From(r.Context())
	return id.Tenant
}

// in runs fn in a transaction of the visitor's tenant.
func (s *Server) in(r *http.Request, fn func(store.Tx) error) error {
	return s.store.InTx(r.Context(), s.tenant(r), fn)
}

func isConflict(err error) bool { return errors.Is(err, store.ErrConflict) }

// contextFor bounds what a page waits for.
func contextFor(r *http.Request, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), d)
}
