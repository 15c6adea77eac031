package kubernetes

import (
	"context"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Guard is a rule of a policy engine that refuses pods, as far as it matters for a pod security standard.
type Guard struct {
	Engine, Name string
	// Demands is a standard, baseline or restricted, or the part of one that the rule enforces.
	Demands string
	// Only are the namespaces it is limited to, none meaning all; Except those it leaves out. Both may hold patterns.
	Only, Except []string `json:",omitempty"`
}

// The standards that keep a pod from acting as its node, and the parts that together do as much as baseline.
const (
	baseline   = "baseline"
	restricted = "restricted"

	privilegedContainers = "privileged containers"
	sharedNamespaces     = "host namespaces"
	hostPaths            = "host paths"
	addedCapabilities    = "capabilities"
)

var parts = []string{privilegedContainers, sharedNamespaces, hostPaths, addedCapabilities}

// covers says whether a guard acts in a namespace.
func (g Guard) covers(namespace string) bool {
	within := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			match, err := path.Match(p, namespace)
			return err == nil && match
		})
	}
	return (len(g.Only) == 0 || within(g.Only)) && !within(g.Except)
}

// guarded says whether guards together enforce a standard in a namespace.
func guarded(namespace string, guards []Guard) bool {
	demanded := map[string]bool{}
	for _, g := range guards {
		if g.covers(namespace) {
			demanded[g.Demands] = true
		}
	}
	if demanded[baseline] || demanded[restricted] {
		return true
	}
	return !slices.ContainsFunc(parts, func(part string) bool { return !demanded[part] })
}

// readGuards reads what the engines of a cluster refuse. A cluster that does not know the resource has no such engine.
func readGuards(ctx context.Context, c *Client) ([]Guard, error) {
	guards := []Guard{}
	err := c.each(ctx, kyvernoPolicies, "", func(u *unstructured.Unstructured) error {
		guards = append(guards, kyvernoGuards(u)...)
		return nil
	})
	if err != nil && !absent(err) {
		return nil, err
	}
	for _, r := range constraintResources() {
		err := c.each(ctx, r, "", func(u *unstructured.Unstructured) error {
			if g, refuses := gatekeeperGuard(u, constraints[r.Resource]); refuses {
				guards = append(guards, g)
			}
			return nil
		})
		if err != nil && !absent(err) {
			return nil, err
		}
	}
	slices.SortFunc(guards, func(a, b Guard) int {
		return strings.Compare(a.Engine+a.Name+a.Demands, b.Engine+b.Name+b.Demands)
	})
	return guards, nil
}

// kyvernoParts are the policies of Kyverno's own collection that are parts of the baseline standard, by their names.
var kyvernoParts = map[string]string{
	"disallow-privileged-containers": privilegedContainers, "disallow-host-namespaces": sharedNamespaces,
	"disallow-host-path": hostPaths, "disallow-capabilities": addedCapabilities,
}

// kyvernoGuards are the rules of a policy that refuse pods. What is limited by more than namespaces does not count: who
// makes a pod may choose to be outside.
func kyvernoGuards(u *unstructured.Unstructured) []Guard {
	whole, _, _ := unstructured.NestedString(u.Object, "spec", "validationFailureAction")
	rules, _, _ := unstructured.NestedSlice(u.Object, "spec", "rules")
	var out []Guard
	for _, r := range rules {
		rule, _ := r.(map[string]any)
		action, _, _ := unstructured.NestedString(rule, "validate", "failureAction")
		if action == "" {
			action = whole
		}
		demands, _, _ := unstructured.NestedString(rule, "validate", "podSecurity", "level")
		exempt, _, _ := unstructured.NestedSlice(rule, "validate", "podSecurity", "exclude")
		if demands == "" {
			demands = kyvernoParts[u.GetName()]
		}
		only, whom := kyvernoMatch(rule)
		except, clear := kyvernoExclude(rule)
		if !strings.EqualFold(action, "enforce") || demands == "" || demands == "privileged" || !whom || !clear || len(exempt) > 0 {
			continue
		}
		name, _, _ := unstructured.NestedString(rule, "name")
		out = append(out, Guard{Engine: "kyverno", Name: u.GetName() + "/" + name, Demands: demands, Only: only, Except: except})
	}
	return out
}

// kyvernoMatch are the namespaces a rule is limited to, and whether it speaks of every pod there.
func kyvernoMatch(rule map[string]any) (only []string, every bool) {
	match, _, _ := unstructured.NestedMap(rule, "match")
	blocks := kyvernoBlocks(match)
	for _, b := range blocks {
		kinds, _, _ := unstructured.NestedStringSlice(b, "resources", "kinds")
		if !slices.ContainsFunc(kinds, func(k string) bool { return k == "Pod" || k == "v1/Pod" || k == "*" }) || limited(b) {
			continue
		}
		in, _, _ := unstructured.NestedStringSlice(b, "resources", "namespaces")
		if len(in) == 0 {
			return nil, true
		}
		only, every = append(only, in...), true
	}
	return only, every
}

// kyvernoExclude are the namespaces a rule leaves out; not clear where it leaves out anything else.
func kyvernoExclude(rule map[string]any) (except []string, clear bool) {
	exclude, _, _ := unstructured.NestedMap(rule, "exclude")
	for _, b := range kyvernoBlocks(exclude) {
		in, _, _ := unstructured.NestedStringSlice(b, "resources", "namespaces")
		if len(in) == 0 || limited(b) {
			return nil, false
		}
		except = append(except, in...)
	}
	return except, true
}

// kyvernoBlocks are the alternatives of a match or an exclusion, in either of the two ways to write them.
func kyvernoBlocks(m map[string]any) []map[string]any {
	var out []map[string]any
	for _, way := range []string{"any", "all"} {
		blocks, _, _ := unstructured.NestedSlice(m, way)
		for _, b := range blocks {
			if block, ok := b.(map[string]any); ok {
				out = append(out, block)
			}
		}
	}
	if _, old := m["resources"]; old {
		out = append(out, m)
	}
	return out
}

// limited says whether a block asks for more than a kind and a namespace.
func limited(block map[string]any) bool {
	for name := range block {
		switch name {
		case "resources", "any", "all":
		default:
			return true
		}
	}
	asked, _, _ := unstructured.NestedMap(block, "resources")
	for name := range asked {
		switch name {
		case "kinds", "namespaces", "operations":
		default:
			return true
		}
	}
	return false
}

// constraints are the kinds of Gatekeeper's own library that are parts of the baseline standard, by their resource.
var constraints = map[string]string{
	"k8spspprivilegedcontainer": privilegedContainers, "k8spsphostnamespace": sharedNamespaces,
	"k8spsphostfilesystem": hostPaths, "k8spspcapabilities": addedCapabilities,
}

func constraintResources() []schema.GroupVersionResource {
	names := make([]string, 0, len(constraints))
	for name := range constraints {
		names = append(names, name)
	}
	slices.Sort(names)
	out := make([]schema.GroupVersionResource, 0, len(names))
	for _, name := range names {
		out = append(out, schema.GroupVersionResource{Group: "constraints.gatekeeper.sh", Version: "v1beta1", Resource: name})
	}
	return out
}

// gatekeeperGuard is what a constraint refuses. One that only warns refuses nothing.
func gatekeeperGuard(u *unstructured.Unstructured, demands string) (Guard, bool) {
	action, _, _ := unstructured.NestedString(u.Object, "spec", "enforcementAction")
	match, _, _ := unstructured.NestedMap(u.Object, "spec", "match")
	for name := range match {
		switch name {
		case "kinds", "namespaces", "excludedNamespaces", "scope", "source":
		default:
			return Guard{}, false
		}
	}
	g := Guard{Engine: "gatekeeper", Name: u.GetKind() + "/" + u.GetName(), Demands: demands}
	g.Only, _, _ = unstructured.NestedStringSlice(match, "namespaces")
	g.Except, _, _ = unstructured.NestedStringSlice(match, "excludedNamespaces")
	exempt, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "parameters", "exemptImages")
	return g, (action == "" || action == "deny") && len(exempt) == 0 && speaksOfPods(match)
}

// speaksOfPods says whether a constraint is about pods. One that names no kind is about all.
func speaksOfPods(match map[string]any) bool {
	kinds, there, _ := unstructured.NestedSlice(match, "kinds")
	if !there {
		return true
	}
	for _, k := range kinds {
		block, _ := k.(map[string]any)
		named, _, _ := unstructured.NestedStringSlice(block, "kinds")
		if slices.Contains(named, "Pod") || slices.Contains(named, "*") {
			return true
		}
	}
	return false
}
