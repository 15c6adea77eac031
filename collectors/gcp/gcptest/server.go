package gcptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Server answers the calls of collectors from an estate. It is an http.Handler and safe for concurrent use.
type Server struct {
	estate *Estate
	// PageSize bounds a page, so that a small estate still takes several.
	PageSize int

	mu        sync.Mutex
	denied    map[string]bool
	disabled  map[string]bool
	throttled map[string]int
	malformed map[string]bool
	stalled   map[string]bool
	calls     map[string]int
}

// NewServer serves an estate.
func NewServer(e *Estate) *Server {
	return &Server{estate: e, PageSize: 500, denied: map[string]bool{}, disabled: map[string]bool{},
		throttled: map[string]int{}, malformed: map[string]bool{}, stalled: map[string]bool{},
		calls: map[string]int{}}
}

// Deny refuses every call that needs a right.
func (s *Server) Deny(permissions ...string) { s.set(s.denied, permissions) }

// Disable answers for a service, such as "cloudasset.googleapis.com", that the project has not switched it on.
func (s *Server) Disable(services ...string) { s.set(s.disabled, services) }

// Malform answers calls that need a right with what is no JSON.
func (s *Server) Malform(permissions ...string) { s.set(s.malformed, permissions) }

// Stall leaves calls that need a right without an answer until the caller gives up.
func (s *Server) Stall(permissions ...string) { s.set(s.stalled, permissions) }

// Throttle refuses the next calls that need a right for being too many.
func (s *Server) Throttle(permission string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.throttled[permission] = times
}

func (s *Server) set(m map[string]bool, words []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range words {
		m[w] = true
	}
}

// Calls counts the calls that needed a right.
func (s *Server) Calls(permission string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[permission]
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	service, permission := s.service(r), permissionOf(r)
	if s.refuse(w, service, permission) {
		return
	}
	s.mu.Lock()
	stalled := s.stalled[permission]
	s.mu.Unlock()
	if stalled {
		<-r.Context().Done()
		return
	}
	if body, ok := s.answer(service, r); ok {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body) // A caller that is gone wants no answer.
		return
	}
	refusal(w, http.StatusNotFound, "NOT_FOUND", r.URL.Path+" is not there", nil)
}

// refuse answers with a refusal when one was asked for.
func (s *Server) refuse(w http.ResponseWriter, service, permission string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[permission]++
	info := func(reason string, metadata map[string]string) map[string]any {
		return map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason,
			"domain": "googleapis.com", "metadata": metadata}
	}
	switch {
	case s.disabled[service]:
		refusal(w, http.StatusForbidden, "PERMISSION_DENIED",
			service+" has not been used in project before or it is disabled.",
			info("SERVICE_DISABLED", map[string]string{"service": service}))
	case s.denied[permission]:
		refusal(w, http.StatusForbidden, "PERMISSION_DENIED", "Permission '"+permission+"' denied",
			info("IAM_PERMISSION_DENIED", map[string]string{"permission": permission}))
	case s.throttled[permission] > 0:
		s.throttled[permission]--
		refusal(w, http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Quota exceeded",
			map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.001s"})
	case s.malformed[permission]:
		_, _ = fmt.Fprint(w, `{"items": [}`)
	default:
		return false
	}
	return true
}

func refusal(w http.ResponseWriter, status int, word, message string, detail map[string]any) {
	body := map[string]any{"code": status, "status": word, "message": message}
	if detail != nil {
		body["details"] = []any{detail}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": body})
}

// service is the API a call is for: by its host, or where one address stands for all by its path.
func (s *Server) service(r *http.Request) string {
	if strings.HasSuffix(r.Host, ".googleapis.com") {
		return r.Host
	}
	for prefix, service := range map[string]string{"/compute/": "compute", "/storage/": "storage", "/sql/": "sqladmin",
		"/v2/projects/": "orgpolicy", "/v3/": "cloudresourcemanager"} {
		if strings.HasPrefix(r.URL.Path, prefix) {
			return service + ".googleapis.com"
		}
	}
	if strings.HasSuffix(r.URL.Path, "/assets") {
		return "cloudasset.googleapis.com"
	}
	return ""
}

// verbs are the parts of paths that are no collection.
var verbs = []string{"getIamPolicy", "listInstances", "listNetworkEndpoints", "getEffectiveFirewalls"}

// permissionOf is the right a call needs.
func permissionOf(r *http.Request) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	last := parts[len(parts)-1]
	switch {
	case last == "assets":
		if r.URL.Query().Get("contentType") == "IAM_POLICY" {
			return "cloudasset.assets.listIamPolicy"
		}
		return "cloudasset.assets.listResource"
	case strings.HasSuffix(last, ":getEffectivePolicy"):
		return "orgpolicy.policy.get"
	case last == "effectiveTags":
		return "compute.instances.listEffectiveTags"
	case strings.HasSuffix(last, ":getAncestry"):
		return "resourcemanager.projects.get"
	case parts[0] == "v3":
		verb := "get"
		if strings.HasSuffix(last, ":getIamPolicy") {
			verb = "getIamPolicy"
		}
		what, _, _ := strings.Cut(parts[1], ":")
		return "resourcemanager." + what + "." + verb
	case parts[len(parts)-2] == "roles":
		return "iam.roles.get"
	case parts[0] == "storage":
		return storagePermission(parts)
	case parts[0] == "sql":
		return "cloudsql.instances.list"
	case parts[0] == "compute":
		return computePermission(parts)
	}
	service, _, _ := strings.Cut(r.Host, ".")
	if strings.HasSuffix(last, ":getIamPolicy") {
		return service + "." + parts[len(parts)-2] + ".getIamPolicy"
	}
	if last == "providers" {
		return "iam.workloadIdentityPoolProviders.list"
	}
	switch service {
	case "bigquery":
		return "bigquery.datasets.get"
	case "firestore":
		return "datastore." + last + ".list"
	case "bigtableadmin":
		return "bigtable." + last + ".list"
	}
	return service + "." + last + ".list"
}

func storagePermission(parts []string) string {
	switch {
	case len(parts) == 3:
		return "storage.buckets.list"
	case len(parts) == 5:
		return "storage.buckets.getIamPolicy"
	default:
		return "storage.buckets.get"
	}
}

func computePermission(parts []string) string {
	last := parts[len(parts)-1]
	switch {
	case len(parts) == 4:
		return "compute.projects.get"
	case last == "getEffectiveFirewalls" && slices.Contains(parts, "regions"):
		return "compute.networks.getRegionEffectiveFirewalls"
	case last == "getEffectiveFirewalls":
		return "compute.networks.getEffectiveFirewalls"
	case slices.Contains(verbs, last) && len(parts) > 2:
		verb := last
		if strings.HasPrefix(last, "list") {
			verb = "list"
		}
		return "compute." + parts[len(parts)-3] + "." + verb
	case parts[4] == "aggregated" || parts[4] == "global" && len(parts) == 6:
		return "compute." + last + ".list"
	default:
		return "compute." + parts[len(parts)-2] + ".get"
	}
}

// page cuts a list to the page a call asks for.
func (s *Server) page(r *http.Request, n int) (from, to int, next string) {
	from, _ = strconv.Atoi(r.URL.Query().Get("pageToken"))
	to = min(from+s.PageSize, n)
	if to < n {
		next = strconv.Itoa(to)
	}
	return min(from, n), to, next
}
