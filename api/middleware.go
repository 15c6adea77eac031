package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/httprate"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
)

// requestKey is where the context keeps the number of the request.
type requestKey struct{}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// numbered gives each request a number that its answer and its log lines carry.
func (s *Server) numbered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, id)))
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// recorded counts and logs each request by its route, never by its query: a filter may name what a log should not.
func (s *Server) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sw, began := &statusWriter{ResponseWriter: w}, time.Now()
		next.ServeHTTP(sw, r)
		route, took := chi.RouteContext(r.Context()).RoutePattern(), time.Since(began)
		if route == "" {
			route = "none"
		}
		s.metrics.observe(r.Method, route, sw.status, took)
		s.log.InfoContext(r.Context(), "request", "request_id", requestID(r.Context()), "method", r.Method, "route", route,
			"status", sw.status, "took", took)
	})
}

// recovered turns a panic into a problem and a log line.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			s.log.ErrorContext(r.Context(), "request panicked", "request_id", requestID(r.Context()), "panic", v, "stack", string(debug.Stack()))
			writeProblem(w, r, http.StatusInternalServerError, "Internal error. The log has it under the request id.")
		}()
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what a page of another origin makes a browser send.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, http.StatusForbidden, "A page of another origin may not do this.")
	}))
	return p.Handler(next)
}

// guarded sets the headers that keep browsers from guessing, framing and caching.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "private, no-cache")
		next.ServeHTTP(w, r)
	})
}

// signedIn refuses callers without an identity. The OpenAPI document is for everybody: it says how to get one.
func (s *Server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := auth.From(r.Context()); !ok && strings.HasPrefix(r.URL.Path, "/v1/") {
			w.Header().Set("WWW-Authenticate", `Bearer realm="plumbline"`)
			writeProblem(w, r, http.StatusUnauthorized, "Send a token as 'Authorization: Bearer plb_…'. An administrator makes one with 'plumbline admin create-token' or POST /v1/tokens.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limited bounds the requests of each caller.
func (s *Server) limited() func(http.Handler) http.Handler {
	return httprate.LimitBy(s.perMinute, time.Minute, caller,
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			writeProblem(w, r, http.StatusTooManyRequests, "Too many requests in this minute; wait for as long as Retry-After says.")
		}),
		httprate.WithResponseHeaders(httprate.ResponseHeaders{RetryAfter: "Retry-After"}))
}

// caller is the token, or for who has none the address.
func caller(r *http.Request) (string, error) {
	if id, ok := auth.From(r.Context()); ok && id.Token != uuid.Nil {
		return id.Token.String(), nil
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr, nil //nolint:nilerr // an address without a port is an address
	}
	return httprate.CanonicalizeIP(host), nil
}

// held keeps an answer back until its tag is known.
type held struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *held) WriteHeader(status int)      { h.status = status }
func (h *held) Write(b []byte) (int, error) { return h.body.Write(b) }

// tagged gives every read an ETag and answers 304 to a caller who has it already.
func tagged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		h := &held{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(h, r)
		if h.status == http.StatusOK {
			tag := w.Header().Get("ETag")
			if tag == "" {
				tag = etag(h.body.Bytes())
				w.Header().Set("ETag", tag)
			}
			if matches(r.Header.Get("If-None-Match"), tag) {
				w.Header().Del("Content-Type")
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		w.WriteHeader(h.status)
		_, _ = w.Write(h.body.Bytes())
	})
}

// etag names a content.
func etag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// matches says whether a list of tags, as in If-Match and If-None-Match, holds the tag.
func matches(list, tag string) bool {
	for _, one := range strings.Split(list, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || (one != "" && one == tag) {
			return true
		}
	}
	return false
}
