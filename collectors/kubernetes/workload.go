package kubernetes

import (
	"context"
	"strings"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-posture/plumbline/collectors"
)

// Workload is what is kept of one workload: what its pods are made of. Variables and commands are searched for secrets
// and let go.
type Workload struct {
	Namespace string
	// Kind is the resource that describes it, such as Deployment; Pod for one that nothing describes.
	Kind, Name string
	// Labels are its own, over those of its namespace.
	Labels         map[string]string `json:",omitempty"`
	Containers     []Container
	HostNamespaces []string `json:",omitempty"`
	Windows        bool     `json:",omitempty"`
	Values         collectors.PlainValues
	// Nodeless says that the provider runs some of its pods without a node of the cluster.
	Nodeless bool `json:",omitempty"`
	// Shipped says that what its containers print reaches a log store.
	Shipped bool `json:",omitempty"`
}

// Container is what is kept of one container of a workload, those that start before it included.
type Container struct {
	Name, Image        string
	Privileged         bool `json:",omitempty"`
	Root               bool `json:",omitempty"`
	ReadOnlyFilesystem bool `json:",omitempty"`
}

// Workloads lists what runs in the cluster. It is all or an error: where one kind cannot be listed, nobody knows what is
// missing.
func (c *Client) Workloads(ctx context.Context) ([]Workload, error) {
	r := &reading{nodeless: c.access.Nodeless.Label, labels: map[string]map[string]string{}, sets: map[owner]owner{},
		described: map[owner]bool{}, without: map[owner]bool{}}
	for _, read := range []func(context.Context, *Client) error{
		r.readNamespaces, r.readDeployments, r.readDaemonSets, r.readStatefulSets, r.readReplicaSets, r.readCronJobs,
		r.readJobs, r.readPods,
	} {
		if err := read(ctx, c); err != nil {
			return nil, err
		}
	}
	shipping := r.daemons.has(logAgent)
	nodelessShipping := false
	if len(r.without) > 0 {
		var err error
		if nodelessShipping, err = c.shipsWithoutNode(ctx); err != nil {
			return nil, err
		}
	}
	for i := range r.found {
		w := &r.found[i]
		w.Nodeless = r.without[owner{w.Namespace, w.Kind, w.Name}]
		w.Shipped = w.shipsItself() || (shipping && !w.Nodeless) || (nodelessShipping && w.Nodeless)
	}
	return r.found, nil
}

// owner is who describes a pod or a set of pods.
type owner struct{ namespace, kind, name string }

// reading is the state of one reading of a cluster.
type reading struct {
	nodeless string
	found    []Workload
	labels   map[string]map[string]string
	daemons  software
	// described are the workloads found, without those of them whose pods run without a node; sets says to which of
	// them a replica set or a job belongs.
	described, without map[owner]bool
	sets               map[owner]owner
}

func (r *reading) readNamespaces(ctx context.Context, c *Client) error {
	return list(ctx, c, namespaces, func(n *core.Namespace) { r.labels[n.Name] = n.Labels })
}

func (r *reading) readDeployments(ctx context.Context, c *Client) error {
	return list(ctx, c, deployments, func(d *apps.Deployment) { r.add("Deployment", d.ObjectMeta, d.Spec.Template.Spec) })
}

func (r *reading) readDaemonSets(ctx context.Context, c *Client) error {
	return list(ctx, c, daemonSets, func(d *apps.DaemonSet) {
		r.add("DaemonSet", d.ObjectMeta, d.Spec.Template.Spec)
		if d.Status.NumberReady > 0 {
			r.daemons.note(d.Spec.Template.Spec)
		}
	})
}

func (r *reading) readStatefulSets(ctx context.Context, c *Client) error {
	return list(ctx, c, statefulSets, func(s *apps.StatefulSet) { r.add("StatefulSet", s.ObjectMeta, s.Spec.Template.Spec) })
}

// readReplicaSets finds sets that no deployment describes. Old ones stay without pods for as long as one may go back.
func (r *reading) readReplicaSets(ctx context.Context, c *Client) error {
	return list(ctx, c, replicaSets, func(s *apps.ReplicaSet) {
		if !r.owned("ReplicaSet", s.ObjectMeta) && s.Status.Replicas > 0 {
			r.add("ReplicaSet", s.ObjectMeta, s.Spec.Template.Spec)
		}
	})
}

func (r *reading) readCronJobs(ctx context.Context, c *Client) error {
	return list(ctx, c, cronJobs, func(j *batch.CronJob) {
		r.add("CronJob", j.ObjectMeta, j.Spec.JobTemplate.Spec.Template.Spec)
	})
}

// readJobs finds jobs that run now and that no schedule describes.
func (r *reading) readJobs(ctx context.Context, c *Client) error {
	return list(ctx, c, jobs, func(j *batch.Job) {
		if !r.owned("Job", j.ObjectMeta) && j.Status.CompletionTime == nil && j.Status.Active > 0 {
			r.add("Job", j.ObjectMeta, j.Spec.Template.Spec)
		}
	})
}

// readPods finds pods that nothing found so far describes: made by hand, or by what this package does not know.
func (r *reading) readPods(ctx context.Context, c *Client) error {
	return list(ctx, c, pods, func(p *core.Pod) {
		if p.Status.Phase == core.PodSucceeded || p.Status.Phase == core.PodFailed {
			return
		}
		by, known := r.ownerOf(p.ObjectMeta)
		if !known {
			by = owner{p.Namespace, "Pod", p.Name}
			r.add("Pod", p.ObjectMeta, p.Spec)
		}
		if _, without := p.Labels[r.nodeless]; without && r.nodeless != "" {
			r.without[by] = true
		}
	})
}

// owned says whether a set of pods belongs to something described already, and remembers to what.
func (r *reading) owned(kind string, m meta.ObjectMeta) bool {
	by, known := r.ownerOf(m)
	if known {
		r.sets[owner{m.Namespace, kind, m.Name}] = by
	}
	return known
}

// ownerOf is the workload that an object belongs to; false where nothing found so far describes it.
func (r *reading) ownerOf(m meta.ObjectMeta) (owner, bool) {
	o := meta.GetControllerOf(&m)
	if o == nil {
		return owner{}, false
	}
	by := owner{m.Namespace, o.Kind, o.Name}
	if above, there := r.sets[by]; there {
		by = above
	}
	return by, r.described[by]
}

func (r *reading) add(kind string, m meta.ObjectMeta, spec core.PodSpec) {
	r.described[owner{m.Namespace, kind, m.Name}] = true
	w := Workload{Namespace: m.Namespace, Kind: kind, Name: m.Name, HostNamespaces: hostNamespaces(spec)}
	for _, labels := range []map[string]string{r.labels[m.Namespace], m.Labels} {
		for name, value := range labels {
			if w.Labels == nil {
				w.Labels = map[string]string{}
			}
			w.Labels[name] = value
		}
	}
	w.Windows = spec.OS != nil && spec.OS.Name == core.Windows || spec.NodeSelector[core.LabelOSStable] == "windows"
	for _, c := range append(append([]core.Container{}, spec.InitContainers...), spec.Containers...) {
		w.Containers = append(w.Containers, narrowContainer(c, spec.SecurityContext))
		for _, e := range c.Env {
			if e.ValueFrom == nil {
				w.Values.Look(e.Name, e.Value)
			}
		}
		w.Values.Look("command", strings.Join(append(append([]string{}, c.Command...), c.Args...), " "))
	}
	r.found = append(r.found, w)
}

// narrowContainer keeps what decides about a container. What it does not say itself its pod says for it.
func narrowContainer(c core.Container, pod *core.PodSecurityContext) Container {
	out := Container{Name: c.Name, Image: c.Image}
	own := c.SecurityContext
	if own == nil {
		own = &core.SecurityContext{}
	}
	user, nonRoot := own.RunAsUser, own.RunAsNonRoot
	if pod != nil && user == nil {
		user = pod.RunAsUser
	}
	if pod != nil && nonRoot == nil {
		nonRoot = pod.RunAsNonRoot
	}
	switch {
	case user != nil:
		out.Root = *user == 0
	default:
		// Without a word the image decides, and an image is root's unless it says otherwise.
		out.Root = nonRoot == nil || !*nonRoot
	}
	out.Privileged = own.Privileged != nil && *own.Privileged
	out.ReadOnlyFilesystem = own.ReadOnlyRootFilesystem != nil && *own.ReadOnlyRootFilesystem
	return out
}

func hostNamespaces(spec core.PodSpec) []string {
	var out []string
	for _, n := range []struct {
		shared bool
		name   string
	}{{spec.HostNetwork, "network"}, {spec.HostPID, "pid"}, {spec.HostIPC, "ipc"}} {
		if n.shared {
			out = append(out, n.name)
		}
	}
	return out
}

// shipsItself says whether a container of the workload carries the output of the others away.
func (w *Workload) shipsItself() bool {
	if len(w.Containers) < 2 {
		return false
	}
	for _, c := range w.Containers {
		if roleOf(c.Image) == logAgent {
			return true
		}
	}
	return false
}
