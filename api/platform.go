package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// healthz says that the process answers; it asks nothing else, so that a slow database does not get it killed.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether requests can be served now.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.store.Ready(ctx); err != nil {
		s.log.WarnContext(r.Context(), "not ready", "request_id", requestID(r.Context()), "error", err)
		writeProblem(w, r, http.StatusServiceUnavailable, "The database does not answer.")
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// serveMetrics shows counts of requests and how long they took. It holds no tenant's data.
func (s *Server) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = fmt.Fprintf(w, "# HELP plumbline_build_info The version that runs.\n# TYPE plumbline_build_info gauge\n"+
		"plumbline_build_info{version=%q,catalogue=%q} 1\n", s.version, s.catalogue.Version)
	s.metrics.write(w)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
