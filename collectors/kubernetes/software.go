package kubernetes

import (
	"context"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-posture/plumbline/collectors"
)

// role is what known software does for a whole cluster.
type role string

// The roles that facts ask for.
const (
	networkPolicy role = "network_policy"
	logAgent      role = "log_agent"
	rebooter      role = "reboot"
	// policyEngine decides what is admitted, by rules that this package can read; foreignEngine by rules it cannot.
	policyEngine  role = "policy_engine"
	foreignEngine role = "foreign_engine"
)

// roles are known by what the name of an image ends in, whatever registry it was copied to.
var roles = map[string]role{
	"calico/node": networkPolicy, "calico-node": networkPolicy, "cilium/cilium": networkPolicy, "cilium": networkPolicy,
	"antrea-agent": networkPolicy, "antrea-agent-ubuntu": networkPolicy, "kube-router": networkPolicy,
	"weave-npc": networkPolicy, "ovn-kubernetes": networkPolicy,

	"fluent-bit": logAgent, "aws-for-fluent-bit": logAgent, "fluentd": logAgent, "fluentd-kubernetes-daemonset": logAgent,
	"fluent-bit-gke": logAgent, "vector": logAgent, "promtail": logAgent, "alloy": logAgent, "filebeat": logAgent,
	"elastic-agent": logAgent, "datadog/agent": logAgent, "splunk-otel-collector": logAgent, "logging-operator": logAgent,
	"newrelic-fluentbit-output": logAgent, "ciprod": logAgent, "kube-logging/fluentd": logAgent,

	"kured": rebooter, "bottlerocket-update-operator": rebooter,

	"kyverno": policyEngine, "gatekeeper": policyEngine,

	"kubewarden/policy-server": foreignEngine, "jspolicy": foreignEngine, "polaris": foreignEngine,
	"opa": foreignEngine, "kube-mgmt": foreignEngine,
}

// roleOf is the role of the software of an image; empty for any other.
func roleOf(image string) role {
	name := collectors.ImageNamed(image).Name
	parts := strings.Split(name, "/")
	last := parts[len(parts)-1]
	if found := roles[last]; found != "" {
		return found
	}
	if len(parts) > 1 {
		return roles[parts[len(parts)-2]+"/"+last]
	}
	return ""
}

// software are the names of the images that play a role in the cluster, each once.
type software map[role][]string

func (s software) has(r role) bool { return len(s[r]) > 0 }

// note adds what the containers of a workload are known for.
func (s *software) note(spec core.PodSpec) {
	for _, c := range spec.Containers {
		r := roleOf(c.Image)
		if r == "" && enforcesPolicies(c) {
			r = networkPolicy
		}
		name := collectors.ImageNamed(c.Image).Name
		if r == "" || slices.Contains((*s)[r], name) {
			continue
		}
		if *s == nil {
			*s = software{}
		}
		(*s)[r] = append((*s)[r], name)
		slices.Sort((*s)[r])
	}
}

// enforcesPolicies knows the agent beside a provider's own network, which enforces policies only if it is told to.
func enforcesPolicies(c core.Container) bool {
	return strings.HasSuffix(collectors.ImageNamed(c.Image).Name, "network-policy-agent") &&
		slices.Contains(c.Args, "--enable-network-policy=true")
}

// shipsWithoutNode says whether the provider was told where the output of pods without a node goes.
func (c *Client) shipsWithoutNode(ctx context.Context) (bool, error) {
	n := c.access.Nodeless
	if n.LogName == "" {
		return false, nil
	}
	_, err := c.api.Resource(configMaps).Namespace(n.LogNamespace).Get(ctx, n.LogName, meta.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, c.failure(configMaps.Resource, err)
	}
	return true, nil
}
