package kubernetes

import (
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// State states the facts of a workload. image reads the name of an image as the cloud's registries are named.
func (w Workload) State(r *inventory.Resource, facts *inventory.ContainerWorkload, image func(string) inventory.WorkloadImage) {
	r.Labels = w.Labels
	facts.ReadOnlyFilesystem, facts.LogsShipped, facts.HostNamespaces = true, w.Shipped, []string{}
	facts.HostNamespaces = append(facts.HostNamespaces, w.HostNamespaces...)
	facts.PlaintextSecrets = w.Values.Count()
	for _, c := range w.Containers {
		facts.Privileged = facts.Privileged || c.Privileged
		facts.RunsAsRoot = facts.RunsAsRoot || c.Root
		facts.ReadOnlyFilesystem = facts.ReadOnlyFilesystem && c.ReadOnlyFilesystem
		facts.Images = append(facts.Images, image(c.Image))
	}
	r.Known("privileged", "runs_as_root", "read_only_filesystem", "host_namespaces", "plaintext_secrets", "logs_shipped",
		"images")
	if w.Windows {
		r.SetNotApplicable("the containers run Windows, which has no such setting", "privileged", "runs_as_root",
			"read_only_filesystem", "host_namespaces")
	}
}

// Path is what tells a workload from others of its cluster: namespace, kind in lower case, name.
func (w Workload) Path() string { return w.Namespace + "/" + strings.ToLower(w.Kind) + "/" + w.Name }

// System says whether a workload stands among the cluster's own parts.
func (w Workload) System() bool { return w.Namespace == "kube-system" }
