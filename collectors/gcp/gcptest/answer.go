package gcptest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

type object = map[string]any

// answer is the body of a call; false when there is no such thing.
func (s *Server) answer(service string, r *http.Request) ([]byte, bool) {
	path := r.URL.Path
	if body, ok := s.estate.Answers[path]; ok {
		return body, true
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	last := parts[len(parts)-1]
	var v any
	switch {
	case last == "assets":
		v = s.assets(r)
	case last == "effectiveTags":
		body, ok := s.estate.Answers[path+"?parent="+r.URL.Query().Get("parent")]
		if !ok {
			body = json.RawMessage(`{}`)
		}
		return body, true
	case parts[0] == "v3":
		if last != s.estate.Project {
			return nil, false
		}
		v = object{"name": "projects/" + s.estate.Number, "projectId": s.estate.Project, "labels": s.estate.Labels,
			"parent": s.estate.Parent}
	case strings.HasSuffix(last, ":getEffectivePolicy"):
		v = object{"spec": object{"rules": []any{object{"enforce": false}}}}
	case strings.HasSuffix(last, ":getAncestry"):
		v = s.ancestry()
	case parts[0] == "v3" && strings.HasSuffix(last, ":getIamPolicy"):
		return orEmpty(nil), true
	case strings.HasSuffix(last, ":getIamPolicy"):
		name := strings.TrimSuffix(strings.Join(parts[1:], "/"), ":getIamPolicy")
		a := s.find("//" + hostOf(service) + "/" + name)
		if a == nil {
			a = s.called(name)
		}
		if a == nil {
			return nil, false
		}
		return orEmpty(a.Policy), true
	case parts[0] == "storage":
		return s.bucket(parts, r)
	case parts[0] == "compute":
		return s.compute(parts, r)
	default:
		v = s.listed(r, "items", func(a Asset) bool {
			return strings.HasPrefix(a.Name, "//"+hostOf(service)+"/") && collection(a.Name) == last
		}, last, itemsOf[last])
	}
	body, err := json.Marshal(v)
	return body, err == nil
}

// itemsOf are the collections whose items an answer calls otherwise.
var itemsOf = map[string]string{"serviceAccounts": "accounts"}

// ancestry is the project and what it hangs under.
func (s *Server) ancestry() any {
	all := []any{object{"resourceId": object{"type": "project", "id": s.estate.Project}}}
	if kind, id, ok := strings.Cut(s.estate.Parent, "s/"); ok {
		all = append(all, object{"resourceId": object{"type": kind, "id": id}})
	}
	return object{"ancestor": all}
}

// hostOf is the host in full resource names of a service.
func hostOf(service string) string {
	if service == "sqladmin.googleapis.com" {
		return "cloudsql.googleapis.com"
	}
	return service
}

// collection is the last collection in a name, such as "instances".
func collection(name string) string {
	parts := strings.Split(name, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

// assets tells resources or policies as the asset inventory does. It leaves out the access lists of buckets.
func (s *Server) assets(r *http.Request) any {
	var all []any
	policies := r.URL.Query().Get("contentType") == "IAM_POLICY"
	types := r.URL.Query()["assetTypes"]
	for _, a := range s.estate.Assets {
		switch {
		case !slices.Contains(types, a.Type):
		case policies && len(a.Policy) > 0:
			all = append(all, object{"name": a.Name, "assetType": a.Type, "iamPolicy": a.Policy})
		case !policies:
			all = append(all, object{"name": a.Name, "assetType": a.Type, "resource": object{"version": "v1",
				"data": inventoried(a)}})
		}
	}
	from, to, next := s.page(r, len(all))
	return withToken(object{"assets": all[from:to]}, next)
}

func inventoried(a Asset) any {
	if a.Type != "storage.googleapis.com/Bucket" {
		return a.Data
	}
	var b object
	if json.Unmarshal(a.Data, &b) != nil {
		return a.Data
	}
	b["acl"], b["defaultObjectAcl"] = []any{}, []any{}
	return b
}

func withToken(o object, next string) object {
	if next != "" {
		o["nextPageToken"] = next
	}
	return o
}

// listed is one page of the assets that are wanted, as a service's own API lists them.
func (s *Server) listed(r *http.Request, fallback string, want func(Asset) bool, keys ...string) any {
	all := []json.RawMessage{}
	for _, a := range s.estate.Assets {
		if want(a) {
			all = append(all, a.Data)
		}
	}
	from, to, next := s.page(r, len(all))
	out := object{fallback: all[from:to]}
	for _, k := range keys {
		out[k] = all[from:to]
	}
	return withToken(out, next)
}

// bucket answers for object storage.
func (s *Server) bucket(parts []string, r *http.Request) ([]byte, bool) {
	var v any
	if len(parts) == 3 {
		v = s.listed(r, "items", func(a Asset) bool { return a.Type == "storage.googleapis.com/Bucket" })
		if r.URL.Query().Get("projection") != "full" {
			v = withoutLists(v)
		}
		body, err := json.Marshal(v)
		return body, err == nil
	}
	a := s.find("//storage.googleapis.com/" + parts[3])
	switch {
	case a == nil:
		return nil, false
	case len(parts) == 5:
		return orEmpty(a.Policy), true
	default:
		return a.Data, true
	}
}

// withoutLists leaves the access lists of buckets out, as a call does that does not ask for them.
func withoutLists(page any) any {
	o := page.(object)
	var out []any
	for _, raw := range o["items"].([]json.RawMessage) {
		var b object
		if json.Unmarshal(raw, &b) != nil {
			out = append(out, raw)
			continue
		}
		delete(b, "acl")
		delete(b, "defaultObjectAcl")
		out = append(out, b)
	}
	o["items"] = out
	return o
}

func orEmpty(policy json.RawMessage) json.RawMessage {
	if len(policy) == 0 {
		return json.RawMessage(`{"etag":"ACAB"}`)
	}
	return policy
}

// called finds what calls itself by a name, where its asset goes by another.
func (s *Server) called(name string) *Asset {
	for i := range s.estate.Assets {
		if strings.Contains(string(s.estate.Assets[i].Data), `"name":"`+name+`"`) {
			return &s.estate.Assets[i]
		}
	}
	return nil
}

func (s *Server) find(name string) *Asset {
	for i := range s.estate.Assets {
		if s.estate.Assets[i].Name == name {
			return &s.estate.Assets[i]
		}
	}
	return nil
}

// compute answers for machines, networks and balancers.
func (s *Server) compute(parts []string, r *http.Request) ([]byte, bool) {
	last := parts[len(parts)-1]
	name := "//compute.googleapis.com/" + strings.Join(parts[2:], "/")
	var v any
	switch {
	case len(parts) == 4, last == "getEffectiveFirewalls":
		v = object{}
	case last == "getIamPolicy":
		a := s.find(strings.TrimSuffix(name, "/getIamPolicy"))
		if a == nil {
			return nil, false
		}
		return orEmpty(a.Policy), true
	case slices.Contains(verbs, last):
		v = object{}
	case parts[4] == "aggregated":
		v = s.aggregated(r, last)
	case parts[4] == "global" && len(parts) == 6:
		v = s.listed(r, "items", func(a Asset) bool {
			return strings.HasPrefix(a.Name, "//compute.googleapis.com/") && collection(a.Name) == last &&
				strings.Contains(a.Name, "/global/")
		})
	default:
		a := s.find(name)
		if a == nil {
			return nil, false
		}
		return a.Data, true
	}
	body, err := json.Marshal(v)
	return body, err == nil
}

// aggregated groups one page by region and zone. Places without anything carry a warning, as they do in the original.
func (s *Server) aggregated(r *http.Request, what string) any {
	var all []Asset
	for _, a := range s.estate.Assets {
		if strings.HasPrefix(a.Name, "//compute.googleapis.com/") && collection(a.Name) == what {
			all = append(all, a)
		}
	}
	from, to, next := s.page(r, len(all))
	places := map[string][]json.RawMessage{"global": nil}
	for _, a := range all[from:to] {
		places[place(a.Name)] = append(places[place(a.Name)], a.Data)
	}
	items := object{}
	for p, list := range places {
		if len(list) == 0 {
			items[p] = object{"warning": object{"code": "NO_RESULTS_ON_PAGE",
				"message": "There are no results for this place on this page."}}
		} else {
			items[p] = object{what: list}
		}
	}
	return withToken(object{"items": items}, next)
}

func place(name string) string {
	for _, kind := range []string{"zones", "regions"} {
		if _, rest, ok := strings.Cut(name, "/"+kind+"/"); ok {
			where, _, _ := strings.Cut(rest, "/")
			return kind + "/" + where
		}
	}
	return "global"
}
