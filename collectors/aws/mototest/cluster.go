package mototest

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/kubernetes/kubernetestest"
)

// clusterPath is before the path of a call to the inside of a cluster: moto runs none, so that the proxy is the API of
// each of them as well.
const clusterPath = "/inside-cluster/"

// clusterOf is the cluster that a call goes to; empty for a call to AWS.
func clusterOf(r *http.Request) string {
	rest, there := strings.CutPrefix(r.URL.Path, clusterPath)
	if !there {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// clusterCall names a call to a cluster as the collectors do.
func clusterCall(r *http.Request) Call {
	asked := kubernetestest.Asked(strings.TrimPrefix(r.URL.Path, clusterPath+clusterOf(r)))
	return Call{Service: "kubernetes", Operation: "list " + asked.Resource}
}

// placed puts the address of the proxy into the description of a cluster.
func (p *Proxy) placed(c Call, a answer) answer {
	var out struct {
		Cluster map[string]any `json:"cluster"`
	}
	if c.Service != "eks" || json.Unmarshal(a.body, &out) != nil || out.Cluster == nil {
		return a
	}
	name, _ := out.Cluster["name"].(string)
	out.Cluster["endpoint"] = p.URL + clusterPath + name
	body, err := json.Marshal(out)
	if err != nil {
		return answer{status: http.StatusBadGateway}
	}
	return answer{a.status, a.header, body}
}

// Inside lets a cluster hold these objects, from now on.
func (p *Proxy) Inside(cluster string, holds *kubernetestest.Cluster) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inside == nil {
		p.inside = map[string]*kubernetestest.Cluster{}
	}
	p.inside[cluster] = holds
}

// answerAs answers as the API of a cluster: what it was given holds, else what testdata has of it, else only what every
// cluster has.
func (p *Proxy) answerAs(cluster string, kind Fault, w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	held := p.inside[cluster]
	p.mu.Unlock()
	if held == nil {
		file := testdata(filepath.Join("clusters", filepath.Base(cluster)+".yaml"))
		if !exists(file) {
			file = testdata(filepath.Join("clusters", "new.yaml"))
		}
		var err error
		if held, err = kubernetestest.Read(file); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
	}
	path := strings.TrimPrefix(r.URL.Path, clusterPath+cluster)
	resource := kubernetestest.Asked(path).Resource
	switch kind {
	case Deny:
		kubernetestest.Status(w, http.StatusForbidden, resource)
	case Throttle:
		kubernetestest.Status(w, http.StatusTooManyRequests, resource)
	case Garble:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{\"items\": [{"))
	default:
		asked := r.Clone(r.Context())
		asked.URL.Path = path
		held.ServeHTTP(w, asked)
	}
}
