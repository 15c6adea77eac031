package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/plumbline-posture/plumbline/collectors/kubernetes/kubernetestest"
)

// cluster answers for the inside of the company's cluster, which the simulator does not run. Each object of its file
// stands from one week to another.
type cluster struct {
	documents []string
	holds     *kubernetestest.Cluster
}

func readCluster(dir string) (*cluster, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "cluster.yaml")) // #nosec G304 -- a file of the project
	if err != nil {
		return nil, fmt.Errorf("the inside of the cluster: %w", err)
	}
	return &cluster{documents: strings.Split("\n"+string(raw), "\n---")}, nil
}

// turn goes on to a week, counted from 1.
func (c *cluster) turn(week int) error {
	var standing []string
	for _, document := range c.documents {
		var span struct {
			Weeks []int `json:"weeks"`
		}
		if err := yaml.Unmarshal([]byte(document), &span); err != nil {
			return fmt.Errorf("the inside of the cluster: %w", err)
		}
		if len(span.Weeks) == 2 && (week < span.Weeks[0] || week > span.Weeks[1]) {
			continue
		}
		standing = append(standing, document)
	}
	var err error
	c.holds, err = kubernetestest.Parse(strings.Join(standing, "\n---"))
	return err
}

// asks says whether a call goes to the cluster itself.
func (c *cluster) asks(host string) bool { return strings.HasSuffix(host, ".eks.amazonaws.com") }

func (c *cluster) send(req *http.Request) *http.Response {
	answer := httptest.NewRecorder()
	c.holds.ServeHTTP(answer, req)
	return answer.Result()
}
