// Package kubernetestest answers for the API of a cluster that is not there, from objects in a file: over the wire, in
// pages, as an API server does. Only tests and whoever records the demo may import it.
package kubernetestest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Cluster is what a cluster holds: objects as people write them.
type Cluster struct {
	Objects []map[string]any
	// Refuse gives the HTTP status that a resource is answered with instead; 0 is none.
	Refuse func(resource string) int
	// Page bounds how many objects one answer holds; 0 leaves it to who asks.
	Page int
}

// builtIn are the resources that an API server has without anything being installed.
var builtIn = map[string]bool{
	"namespaces": true, "pods": true, "configmaps": true, "deployments": true, "daemonsets": true, "statefulsets": true,
	"replicasets": true, "jobs": true, "cronjobs": true,
}

// Read reads the objects of a YAML file, documents apart by "---".
func Read(file string) (*Cluster, error) {
	raw, err := os.ReadFile(file) // #nosec G304 -- a file of the project
	if err != nil {
		return nil, fmt.Errorf("read a cluster: %w", err)
	}
	return Parse(string(raw))
}

// Parse reads the objects of a text.
func Parse(text string) (*Cluster, error) {
	c := &Cluster{}
	for i, document := range strings.Split("\n"+text, "\n---") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return nil, fmt.Errorf("object %d of a cluster: %w", i, err)
		}
		if object != nil {
			c.Objects = append(c.Objects, object)
		}
	}
	return c, nil
}

// ServeHTTP implements http.Handler.
func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := Asked(r.URL.Path)
	if c.Refuse != nil {
		if code := c.Refuse(asked.Resource); code != 0 {
			Status(w, code, asked.Resource)
			return
		}
	}
	var items []any
	installed := builtIn[asked.Resource]
	for _, o := range c.Objects {
		version, _ := o["apiVersion"].(string)
		if version != asked.Version || plural(o) != asked.Resource {
			continue
		}
		installed = true
		namespace, name := names(o)
		switch {
		case asked.Namespace != "" && namespace != asked.Namespace:
		case asked.Name == "":
			items = append(items, o)
		case asked.Name == name:
			write(w, http.StatusOK, o)
			return
		}
	}
	if !installed || asked.Name != "" {
		Status(w, http.StatusNotFound, asked.Resource)
		return
	}
	c.page(w, r, asked, items)
}

// page answers with the objects from where the last page ended.
func (c *Cluster) page(w http.ResponseWriter, r *http.Request, asked Question, items []any) {
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	if c.Page > 0 {
		limit = c.Page
	}
	items = items[min(from, len(items)):]
	metadata := map[string]any{"resourceVersion": "1"}
	if limit > 0 && len(items) > limit {
		items = items[:limit]
		metadata["continue"] = strconv.Itoa(from + limit)
	}
	if items == nil {
		items = []any{}
	}
	write(w, http.StatusOK, map[string]any{"apiVersion": asked.Version, "kind": "List", "metadata": metadata, "items": items})
}

// Question is what a path asks for.
type Question struct{ Version, Namespace, Resource, Name string }

// Asked reads a path such as /apis/apps/v1/namespaces/shop/deployments.
func Asked(path string) Question {
	var q Question
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) > 2 && parts[0] == "api":
		q.Version, parts = parts[1], parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		q.Version, parts = parts[1]+"/"+parts[2], parts[3:]
	default:
		return q
	}
	if len(parts) > 2 && parts[0] == "namespaces" {
		q.Namespace, parts = parts[1], parts[2:]
	}
	q.Resource = parts[0]
	if len(parts) > 1 {
		q.Name = parts[1]
	}
	return q
}

// Status answers as an API server refuses.
func Status(w http.ResponseWriter, code int, resource string) {
	reason := map[int]string{http.StatusUnauthorized: "Unauthorized", http.StatusForbidden: "Forbidden",
		http.StatusNotFound: "NotFound", http.StatusTooManyRequests: "TooManyRequests",
		http.StatusInternalServerError: "InternalError"}[code]
	write(w, code, map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": reason,
		"message": resource + ": " + reason, "metadata": map[string]any{}})
}

func write(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

// plural is the resource of an object.
func plural(o map[string]any) string {
	kind, _ := o["kind"].(string)
	kind = strings.ToLower(kind)
	version, _ := o["apiVersion"].(string)
	switch {
	case strings.HasPrefix(version, "constraints.gatekeeper.sh/"):
		return kind
	case strings.HasSuffix(kind, "policy"):
		return strings.TrimSuffix(kind, "y") + "ies"
	}
	return kind + "s"
}

func names(o map[string]any) (namespace, name string) {
	m, _ := o["metadata"].(map[string]any)
	namespace, _ = m["namespace"].(string)
	name, _ = m["name"].(string)
	return namespace, name
}
