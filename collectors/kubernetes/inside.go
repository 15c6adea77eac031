package kubernetes

import (
	"context"
	"slices"
	"strings"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Inside is what only the cluster itself tells of itself.
type Inside struct {
	Namespaces []Namespace
	// Software is what runs there and is known for a role, by image.
	Software software `json:",omitempty"`
	// Guards are what its policy engines refuse. They are asked for where a namespace is without a standard of its own.
	Guards *collectors.Answer[[]Guard] `json:",omitempty"`
}

// Namespace is a namespace with the standard it enforces on its pods; empty for none.
type Namespace struct {
	Name     string
	Enforces string `json:",omitempty"`
}

// enforceLabel is the label by which the cluster itself enforces a standard in a namespace.
const enforceLabel = "pod-security.kubernetes.io/enforce"

// system are the namespaces of the cluster itself, whose parts must act as the node.
var system = []string{"kube-system", "kube-public", "kube-node-lease"}

// Inside reads what only the cluster itself tells of itself. classify is the cloud's own reading of errors.
func (c *Client) Inside(ctx context.Context, classify func(error) error) (*Inside, error) {
	in := &Inside{Namespaces: []Namespace{}}
	err := list(ctx, c, namespaces, func(n *core.Namespace) {
		in.Namespaces = append(in.Namespaces, Namespace{n.Name, n.Labels[enforceLabel]})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(in.Namespaces, func(a, b Namespace) int { return strings.Compare(a.Name, b.Name) })
	err = list(ctx, c, daemonSets, func(d *apps.DaemonSet) {
		if d.Status.NumberReady > 0 {
			in.Software.note(d.Spec.Template.Spec)
		}
	})
	if err != nil {
		return nil, err
	}
	err = list(ctx, c, deployments, func(d *apps.Deployment) {
		if d.Status.ReadyReplicas > 0 {
			in.Software.note(d.Spec.Template.Spec)
		}
	})
	if err != nil {
		return nil, err
	}
	if in.Software.has(policyEngine) && len(in.unlabelled()) > 0 {
		guards := collectors.Ask("list "+kyvernoPolicies.Resource, Permission(kyvernoPolicies.Resource), classify,
			func() (*[]Guard, error) {
				guards, err := readGuards(ctx, c)
				return &guards, err
			})
		in.Guards = &guards
	}
	return in, nil
}

// unlabelled are the namespaces, other than the cluster's own, whose label enforces no standard.
func (in *Inside) unlabelled() []string {
	var out []string
	for _, n := range in.Namespaces {
		if n.Enforces != baseline && n.Enforces != restricted && !slices.Contains(system, n.Name) {
			out = append(out, n.Name)
		}
	}
	return out
}

// PodSecurity are the namespaces in which no standard for pods is enforced; none means that it is everywhere. It is
// unknown where an engine decides that could not be read.
func (in *Inside) PodSecurity() ([]string, *inventory.Unknown) {
	open := in.unlabelled()
	if len(open) == 0 {
		return []string{}, nil
	}
	if in.Guards != nil {
		if why := in.Guards.Unknown(); why != nil {
			return nil, why
		}
		open = slices.DeleteFunc(open, func(n string) bool { return guarded(n, *in.Guards.Value) })
	}
	if len(open) > 0 && in.Software.has(foreignEngine) {
		return nil, &inventory.Unknown{
			Cause: inventory.CauseNotCollected, Code: "PolicyEngineNotRead",
			Action: "list policies of " + in.Software[foreignEngine][0],
		}
	}
	return open, nil
}

// NetworkPolicy says whether something in the cluster enforces what may pass between pods.
func (in *Inside) NetworkPolicy() bool { return in.Software.has(networkPolicy) }

// Reboots says whether something in the cluster restarts nodes that wait for it.
func (in *Inside) Reboots() bool { return in.Software.has(rebooter) }
