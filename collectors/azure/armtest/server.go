// Package armtest answers like Resource Manager and Resource Graph over real HTTP, from an estate that is data. It is
// for tests and demonstrations; it knows nothing of facts, checks or verdicts, and keeps no state between requests.
package armtest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Resource is any resource, or anything below one, as Resource Manager would give it. It needs an id.
type Resource map[string]any

// ID is the id of the resource as it is written.
func (r Resource) ID() string {
	id, _ := r["id"].(string)
	return id
}

// Type is the type of the resource: as it says, else by its id.
func (r Resource) Type() string {
	if t, _ := r["type"].(string); t != "" {
		return t
	}
	return typeOf(r.ID())
}

// Estate is what a subscription holds.
type Estate struct {
	Subscription string     `json:"subscription"`
	Name         string     `json:"name"`
	Tags         any        `json:"tags,omitempty"`
	Resources    []Resource `json:"resources"`
}

// Server answers for one estate. Its fields may be changed between requests only through its methods.
type Server struct {
	// PageSize is how many items a page holds; 0 means a thousand.
	PageSize int

	mu       sync.Mutex
	estate   Estate
	withheld []string
	faults   []fault
	asked    []string
}

// fault is how matching requests fail; without an answer they hang until the caller gives up.
type fault struct {
	path    *regexp.Regexp
	respond func(http.ResponseWriter)
}

// NewServer answers for an estate.
func NewServer(estate Estate) *Server { return &Server{estate: estate} }

// Deny takes rights away, such as "Microsoft.Sql/servers/firewallRules/read". Resource Manager then refuses, and
// Resource Graph leaves out.
func (s *Server) Deny(actions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.withheld = append(s.withheld, actions...)
}

// Replace puts another estate in the place of the first.
func (s *Server) Replace(estate Estate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.estate = estate
}

// Throttle makes every request whose path or query matches be refused as one too many.
func (s *Server) Throttle(path string) {
	s.fail(path, func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "TooManyRequests", "too many requests")
	})
}

// Garble makes every request whose path or query matches get an answer that is no JSON.
func (s *Server) Garble(path string) {
	s.fail(path, func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>a proxy in between</html>"))
	})
}

// Refuse makes every request whose path or query matches be refused with a code.
func (s *Server) Refuse(path string, status int, code string) {
	s.fail(path, func(w http.ResponseWriter) { refuse(w, status, code, "refused") })
}

// Hang makes every request whose path or query matches wait until the caller gives up.
func (s *Server) Hang(path string) { s.fail(path, nil) }

// Answer makes every request whose path or query matches get a text.
func (s *Server) Answer(path, body string) {
	s.fail(path, func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	})
}

// Heal takes every fault back.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) fail(path string, respond func(http.ResponseWriter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fault{regexp.MustCompile("(?i)" + path), respond})
}

// Asked are the requests so far, as method, path and, for Resource Graph, the type that was asked for.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.TrimRight(req.URL.Path, "/")
	if strings.HasSuffix(path, "/oauth2/v2.0/token") {
		answer(w, map[string]any{"access_token": "loopback", "token_type": "Bearer", "expires_in": 3600})
		return
	}
	if req.Header.Get("Authorization") == "" {
		refuse(w, http.StatusUnauthorized, "AuthenticationFailed", "no token")
		return
	}
	graph := strings.EqualFold(path, "/providers/Microsoft.ResourceGraph/resources")
	if !graph && req.URL.Query().Get("api-version") == "" && req.URL.Query().Get("$skiptoken") == "" {
		refuse(w, http.StatusBadRequest, "MissingApiVersionParameter", "name a version")
		return
	}
	var query graphRequest
	subject := path
	if graph {
		if err := json.NewDecoder(req.Body).Decode(&query); err != nil {
			refuse(w, http.StatusBadRequest, "BadRequest", "the question is not JSON")
			return
		}
		subject = path + " " + query.wanted()
	}
	s.asked = append(s.asked, req.Method+" "+subject)
	switch {
	case s.failed(w, req, subject):
	case graph && req.Method == http.MethodPost:
		s.graph(w, query)
	case req.Method == http.MethodGet:
		s.manager(w, req, path)
	case req.Method == http.MethodPost && strings.HasSuffix(strings.ToLower(path), adminRules):
		s.adminRules(w, req, path)
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "only reads are answered")
	}
}

// failed lets the first fault that matches answer a request, and says whether one did.
func (s *Server) failed(w http.ResponseWriter, req *http.Request, subject string) bool {
	for _, f := range s.faults {
		switch {
		case !f.path.MatchString(subject):
			continue
		case f.respond != nil:
			f.respond(w)
		default:
			s.mu.Unlock()
			// Only when the question is read does the server notice that the caller has gone.
			_, _ = io.Copy(io.Discard, req.Body)
			<-req.Context().Done()
			s.mu.Lock()
		}
		return true
	}
	return false
}

// graphRequest is a question to Resource Graph.
type graphRequest struct {
	Query   string `json:"query"`
	Options struct {
		Top   int    `json:"$top"`
		Token string `json:"$skipToken"`
	} `json:"options"`
}

var typeFilter = regexp.MustCompile(`(?i)type\s*=~\s*'([^']+)'`)

// wanted is the type that the question is about: the only filter that is understood.
func (g graphRequest) wanted() string {
	if m := typeFilter.FindStringSubmatch(g.Query); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

func (s *Server) graph(w http.ResponseWriter, q graphRequest) {
	var rows []Resource
	for _, r := range s.estate.Resources {
		if strings.EqualFold(r.Type(), q.wanted()) && s.allows(r.Type()+"/read") {
			rows = append(rows, rowOf(r))
		}
	}
	slices.SortFunc(rows, func(a, b Resource) int { return strings.Compare(a.ID(), b.ID()) })
	from, _ := strconv.Atoi(q.Options.Token)
	size := s.pageSize()
	if q.Options.Top > 0 {
		size = min(size, q.Options.Top)
	}
	to := min(from+size, len(rows))
	out := map[string]any{"totalRecords": len(rows), "count": to - from, "data": append([]Resource{}, rows[min(from,
		to):to]...), "resultTruncated": "false"}
	if to < len(rows) {
		out["$skipToken"], out["resultTruncated"] = strconv.Itoa(to), "true"
	}
	w.Header().Set("x-ms-user-quota-remaining", "14")
	answer(w, out)
}

// rowOf is a resource as Resource Graph gives it: the columns that were asked for are there, empty or not.
func rowOf(r Resource) Resource {
	row := Resource{"kind": "", "tags": nil, "sku": nil, "identity": nil, "zones": nil, "managedBy": "",
		"properties": map[string]any{}}
	maps.Copy(row, r)
	row["name"], row["type"] = nameOf(r), strings.ToLower(r.Type())
	return row
}

func nameOf(r Resource) string {
	if n, _ := r["name"].(string); n != "" {
		return n
	}
	id := r.ID()
	return id[strings.LastIndexByte(id, '/')+1:]
}

// manager answers for one resource by its id, or for the list of what lies below one.
func (s *Server) manager(w http.ResponseWriter, req *http.Request, path string) {
	own := "/subscriptions/" + s.estate.Subscription
	switch {
	case strings.EqualFold(path, "/subscriptions"):
		answer(w, map[string]any{"value": []any{s.subscription()}})
		return
	case strings.EqualFold(path, own):
		if !s.allows("Microsoft.Resources/subscriptions/read") {
			s.refuseRight(w, "Microsoft.Resources/subscriptions/read")
			return
		}
		answer(w, s.subscription())
		return
	case strings.EqualFold(path, own+"/providers/Microsoft.Authorization/permissions"):
		if !s.allows("Microsoft.Authorization/permissions/read") {
			s.refuseRight(w, "Microsoft.Authorization/permissions/read")
			return
		}
		answer(w, map[string]any{"value": []any{map[string]any{"actions": []string{"*/read"},
			"notActions": append([]string{}, s.withheld...)}}})
		return
	case !strings.HasPrefix(strings.ToLower(path), strings.ToLower(own)+"/"):
		refuse(w, http.StatusNotFound, "SubscriptionNotFound", "the subscription could not be found")
		return
	}
	if right := typeOf(path) + "/read"; !s.allows(rightOf(right)) {
		s.refuseRight(w, rightOf(right))
		return
	}
	if i := slices.IndexFunc(s.estate.Resources, func(r Resource) bool {
		return strings.EqualFold(r.ID(),
			path)
	}); i >= 0 {
		one := maps.Clone(s.estate.Resources[i])
		one["name"], one["type"] = nameOf(one), one.Type()
		answer(w, one)
		return
	}
	s.list(w, req, path)
}

// collection says whether a path is that of a list: an empty one is a list of none, not a missing resource.
func collection(path string) bool {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	at := slices.IndexFunc(segments, func(v string) bool { return strings.EqualFold(v, "providers") })
	return at >= 0 && (len(segments)-at)%2 == 1
}

func (s *Server) list(w http.ResponseWriter, req *http.Request, path string) {
	if !collection(path) {
		refuse(w, http.StatusNotFound, "ResourceNotFound", "the resource was not found")
		return
	}
	items := s.below(path)
	if strings.EqualFold(path, "/subscriptions/"+s.estate.Subscription+"/providers/Microsoft.Authorization/locks") {
		items = s.locks()
	}
	from, _ := strconv.Atoi(req.URL.Query().Get("$skiptoken"))
	to := min(from+s.pageSize(), len(items))
	out := map[string]any{"value": append([]Resource{}, items[min(from, to):to]...)}
	if to < len(items) {
		out["nextLink"] = fmt.Sprintf("http://%s%s?$skiptoken=%d", req.Host, path, to)
	}
	answer(w, out)
}

// adminRules is the one question that is put by POST: what network managers have laid on a network. The estate holds
// the rules below the question, as if it were a resource.
const adminRules = "/listnetworkmanagereffectivesecurityadminrules"

func (s *Server) adminRules(w http.ResponseWriter, req *http.Request, path string) {
	if right := typeOf(path) + "/action"; !s.allows(right) {
		s.refuseRight(w, right)
		return
	}
	var query struct {
		Token string `json:"skipToken"`
	}
	if err := json.NewDecoder(req.Body).Decode(&query); err != nil {
		refuse(w, http.StatusBadRequest, "BadRequest", "the question is not JSON")
		return
	}
	items := s.below(path)
	from, _ := strconv.Atoi(query.Token)
	to := min(from+s.pageSize(), len(items))
	out := map[string]any{"value": append([]Resource{}, items[min(from, to):to]...)}
	if to < len(items) {
		out["skipToken"] = strconv.Itoa(to)
	}
	answer(w, out)
}

// locks are those on anything in the subscription: one listing tells them all.
func (s *Server) locks() []Resource {
	var items []Resource
	for _, r := range s.estate.Resources {
		if strings.Contains(strings.ToLower(r.ID()), "/providers/microsoft.authorization/locks/") {
			items = append(items, r)
		}
	}
	return items
}

// below are the resources right below a path.
func (s *Server) below(path string) []Resource {
	var items []Resource
	for _, r := range s.estate.Resources {
		rest, below := strings.CutPrefix(strings.ToLower(r.ID()), strings.ToLower(path)+"/")
		if below && !strings.Contains(rest, "/") {
			one := maps.Clone(r)
			one["name"], one["type"] = nameOf(r), r.Type()
			items = append(items, one)
		}
	}
	return items
}

func (s *Server) pageSize() int {
	if s.PageSize > 0 {
		return s.PageSize
	}
	return 1000
}

func (s *Server) subscription() map[string]any {
	return map[string]any{"id": "/subscriptions/" + s.estate.Subscription, "subscriptionId": s.estate.Subscription,
		"displayName": s.estate.Name, "state": "Enabled", "tags": s.estate.Tags}
}

func (s *Server) allows(action string) bool {
	return !slices.ContainsFunc(s.withheld, func(w string) bool { return strings.EqualFold(w, action) })
}

func (s *Server) refuseRight(w http.ResponseWriter, action string) {
	refuse(w, http.StatusForbidden, "AuthorizationFailed",
		"the client does not have authorization to perform action '"+action+"'")
}

// rightOf is the right to read a type where it is not called like the type.
func rightOf(right string) string {
	if strings.EqualFold(right, "Microsoft.Network/applicationGatewayAvailableSslOptions/predefinedPolicies/read") {
		return "Microsoft.Network/applicationGatewayAvailableSslPredefinedPolicy/read"
	}
	return right
}

// typeOf is the type of a resource, or of what a collection lists, by its path.
func typeOf(path string) string {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	at := -1
	for i, v := range segments {
		if strings.EqualFold(v, "providers") {
			at = i
		}
	}
	if at < 0 || at+1 >= len(segments) {
		if len(segments) == 4 && strings.EqualFold(segments[2], "resourceGroups") {
			return "Microsoft.Resources/subscriptions/resourceGroups"
		}
		return ""
	}
	parts := []string{segments[at+1]}
	for i := at + 2; i < len(segments); i += 2 {
		parts = append(parts, segments[i])
	}
	return strings.Join(parts, "/")
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("x-ms-error-code", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code, "message": message}})
}

// Read reads an estate from a file.
func Read(file string) (Estate, error) {
	var e Estate
	raw, err := os.ReadFile(file)
	if err != nil {
		return e, fmt.Errorf("read estate: %w", err)
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, fmt.Errorf("read estate %s: %w", file, err)
	}
	return e, nil
}
