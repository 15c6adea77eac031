package gcptest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Organization answers for an organisation, by the server it embeds, and for the projects in it, each by its own. It is
// an http.Handler and safe for concurrent use.
type Organization struct {
	*Server

	mu       sync.RWMutex
	projects map[string]member
}

// member is a project by its number, with the server that answers for it; nil for one that may not be read.
type member struct {
	number string
	server *Server
}

// NewOrganization serves an organisation without projects.
func NewOrganization(number string) *Organization {
	name := "organizations/" + number
	it := json.RawMessage(fmt.Sprintf(`{"name":%q,"displayName":"example.com","state":"ACTIVE"}`, name))
	return &Organization{projects: map[string]member{}, Server: NewServer(&Estate{Answers: map[string]json.RawMessage{
		"/v3/" + name:              it,
		"/v3/organizations:search": json.RawMessage(`{"organizations":[` + string(it) + `]}`),
	}})}
}

// Join adds a project, or changes the state of one. Without a server nothing of it can be read.
func (o *Organization) Join(id, number, state string, s *Server) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leave(id)
	o.projects[id] = member{number, s}
	o.estate.Assets = append(o.estate.Assets, Asset{
		Type: "cloudresourcemanager.googleapis.com/Project", Name: "//cloudresourcemanager.googleapis.com/projects/" + number,
		Data: json.RawMessage(fmt.Sprintf(`{"projectId":%q,"projectNumber":%q,"name":"The %s","lifecycleState":%q,`+
			`"parent":{"type":"folder","id":"42"}}`, id, number, id, state)),
	})
}

// Leave takes a project out.
func (o *Organization) Leave(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leave(id)
}

func (o *Organization) leave(id string) {
	delete(o.projects, id)
	o.estate.Assets = slices.DeleteFunc(o.estate.Assets, func(a Asset) bool {
		return strings.Contains(string(a.Data), fmt.Sprintf(`"projectId":%q`, id))
	})
}

// ServeHTTP implements http.Handler.
func (o *Organization) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	s := o.Server
	if _, own := o.estate.Answers[r.URL.Path]; !own && !strings.HasPrefix(r.URL.Path, "/v1/organizations/") {
		if s = o.about(r); s == nil {
			refusal(w, http.StatusForbidden, "PERMISSION_DENIED", "no project that may be read", nil)
			return
		}
	}
	s.ServeHTTP(w, r)
}

// about is the server of the project that a call names, by its id or its number. A call that names none, such as one
// about a store or a role, is about the first project that holds what it names; nil is no project.
func (o *Organization) about(r *http.Request) *Server {
	q := r.URL.Query()
	for _, link := range []string{r.URL.Path, "projects/" + q.Get("project"), q.Get("parent")} {
		_, named, _ := strings.Cut(link, "projects/")
		if end := strings.IndexAny(named, "/:"); end >= 0 {
			named = named[:end]
		}
		for id, p := range o.projects {
			if named == id || named == p.number {
				return p.server
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(o.projects)) {
		if s := o.projects[id].server; s != nil && s.holds(r.URL.Path) {
			return s
		}
	}
	return nil
}

// holds says whether the project has what a path names that names no project.
func (s *Server) holds(path string) bool {
	if _, ok := s.estate.Answers[path]; ok {
		return true
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	return parts[0] == "storage" && len(parts) > 3 && s.find("//storage.googleapis.com/"+parts[3]) != nil
}
