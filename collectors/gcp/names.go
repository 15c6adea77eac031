package gcp

import (
	"bytes"
	"encoding/json"
	"iter"
	"sort"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// compute is the service that machines, networks and balancers belong to.
const computeAPI = "compute.googleapis.com"

// linkID is the full resource name behind a link: "https://www.googleapis.com/compute/v1/projects/p/global/networks/n",
// "projects/p/global/networks/n" and the name itself are one network.
func linkID(service, link string) string {
	switch {
	case link == "", strings.HasPrefix(link, "//"):
		return link
	case strings.Contains(link, "/projects/"):
		return "//" + service + link[strings.Index(link, "/projects/"):]
	case strings.HasPrefix(link, "projects/"):
		return "//" + service + "/" + link
	default:
		return link
	}
}

// computeID is the full resource name behind a link to something of Compute Engine.
func computeID(link string) string { return linkID(computeAPI, link) }

func computeIDs(links []string) []string {
	out := make([]string, 0, len(links))
	for _, l := range links {
		out = append(out, computeID(l))
	}
	return out
}

// common is what almost every resource says of itself.
type common struct {
	Name              string            `json:"name"`
	SelfLink          string            `json:"selfLink"`
	ID                json.RawMessage   `json:"id"`
	Region            string            `json:"region"`
	Zone              string            `json:"zone"`
	Location          string            `json:"location"`
	LocationID        string            `json:"locationId"`
	Labels            map[string]string `json:"labels"`
	CreationTimestamp string            `json:"creationTimestamp"`
}

// services are the hosts in full resource names, where they differ from the API's host.
var services = map[string]string{"sqladmin.googleapis.com": "cloudsql.googleapis.com"}

// nameIn builds the full resource name of an item from what it says of itself.
func nameIn(api string, data json.RawMessage) string {
	var c common
	if json.Unmarshal(data, &c) != nil {
		return ""
	}
	service := api
	if s := services[api]; s != "" {
		service = s
	}
	switch {
	case service == "storage.googleapis.com":
		return "//" + service + "/" + c.Name
	case strings.Contains(c.SelfLink, "/projects/"):
		return linkID(service, c.SelfLink)
	case !strings.Contains(c.Name, "/"):
		return "//" + service + "/" + c.Name
	default:
		return linkID(service, c.Name)
	}
}

// idOf is the id of a resource: by its own link, so that it is the same whichever way it was told.
func idOf(a asset) string {
	service, _, _ := strings.Cut(strings.TrimPrefix(a.Name, "//"), "/")
	if service == "" {
		service, _, _ = strings.Cut(a.Type, "/")
	}
	if service == computeAPI {
		var c common
		if json.Unmarshal(a.Data, &c) == nil && strings.Contains(c.SelfLink, "/projects/") {
			return computeID(c.SelfLink)
		}
	}
	if service == iamAPI {
		// The asset inventory names accounts by a number, and everything else by their address.
		var c common
		if json.Unmarshal(a.Data, &c) == nil && strings.HasPrefix(c.Name, "projects/") {
			return linkID(service, c.Name)
		}
	}
	return a.Name
}

// short is the last part of a link or id.
func short(link string) string { return link[strings.LastIndexByte(link, '/')+1:] }

// projectOf is the project in a link or id.
func projectOf(link string) string {
	_, rest, ok := strings.Cut(link, "projects/")
	if !ok {
		return ""
	}
	project, _, _ := strings.Cut(rest, "/")
	return project
}

// segment is what follows a word in a link, such as the zone after "zones/".
func segment(link, word string) string {
	_, rest, ok := strings.Cut(link, "/"+word+"/")
	if !ok {
		return ""
	}
	part, _, _ := strings.Cut(rest, "/")
	return part
}

// regionOf is the region of a resource: what it says, or what its name says; global for what is everywhere.
func regionOf(c common, id string) string {
	zone := short(c.Zone)
	if zone == "" {
		zone = segment(id, "zones")
	}
	if zone != "" {
		if i := strings.LastIndexByte(zone, '-'); i > 0 {
			return zone[:i]
		}
	}
	for _, r := range []string{short(c.Region), c.Location, segment(id, "regions"), segment(id, "locations"),
		c.LocationID} {
		if r != "" {
			return withoutZone(strings.ToLower(r))
		}
	}
	return "global"
}

// withoutZone is the region of a location, which may be a zone such as "us-central1-b".
func withoutZone(location string) string {
	if i := strings.LastIndexByte(location, '-'); i == len(location)-2 && strings.Count(location, "-") == 2 {
		return location[:i]
	}
	return location
}

// read decodes a resource. What cannot be decoded is a malformed answer, which makes its listing incomplete: the panic
// ends in the collection, or in safely.
func read[T any](a asset) T {
	var v T
	if err := json.Unmarshal(a.Data, &v); err != nil {
		panic(&malformed{err})
	}
	return v
}

// safely ends a listing with an error where an item of it cannot be decoded.
func safely[T any](seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			broken, ours := p.(*malformed)
			if !ours {
				panic(p)
			}
			var none T
			yield(none, broken)
		}()
		seq(yield)
	}
}

// begin makes the record of an asset, with its labels.
func begin(a asset, facts any) *inventory.Resource {
	c := read[common](a)
	id := idOf(a)
	name := c.Name
	if name == "" {
		name = id
	}
	r := inventory.New(id, short(name), regionOf(c, id), facts)
	r.Labels = c.Labels
	return r
}

// lacks states that an answer came without a field whose default is not certain.
func lacks(r *inventory.Resource, w *way, facts ...string) {
	r.SetUnknown(inventory.Unknown{
		Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: w.action, Permission: w.permission,
	}, facts...)
}

// notAsked states that a call this release does not make would tell the facts.
func notAsked(r *inventory.Resource, action, permission string, facts ...string) {
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotCollected, Action: action, Permission: permission}, facts...)
}

// secretFields are the members of resources that hold a secret or its hash.
var secretFields = map[string]bool{
	"sharedsecret": true, "sharedsecrethash": true, "oauth2clientsecret": true, "oauth2clientsecretsha256": true,
	"rawkey": true, "rsaencryptedkey": true, "privatekey": true, "password": true, "rootpassword": true,
	"authstring": true,
	"clientkey":  true, "signedurlkeyvalue": true, "keyvalue": true,
}

// withoutSecrets takes the members out of a resource that hold a secret. Sensitive values elsewhere, such as in the
// metadata of machines, are the normalisers' own care.
func withoutSecrets(data json.RawMessage) json.RawMessage {
	lower := bytes.ToLower(data)
	found := false
	for f := range secretFields {
		found = found || bytes.Contains(lower, []byte(`"`+f+`"`))
	}
	if !found {
		return data
	}
	var v any
	if json.Unmarshal(data, &v) != nil {
		return data
	}
	out, err := json.Marshal(strip(v))
	if err != nil {
		return data
	}
	return out
}

func strip(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if secretFields[strings.ToLower(k)] {
				delete(v, k)
			} else {
				v[k] = strip(v[k])
			}
		}
	case []any:
		for i := range v {
			v[i] = strip(v[i])
		}
	}
	return v
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
