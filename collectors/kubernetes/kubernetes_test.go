package kubernetes_test

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/kubernetes"
	"github.com/plumbline-posture/plumbline/collectors/kubernetes/kubernetestest"
)

// cluster serves a cluster over TLS and gives a client that knows it by its certificate.
func cluster(t *testing.T, handler http.Handler, change func(*kubernetes.Access)) *kubernetes.Client {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	a := kubernetes.Access{Endpoint: server.URL, Authority: authority, Token: "who-asks", Cure: "an entry"}
	if change != nil {
		change(&a)
	}
	c, err := kubernetes.New(a)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func holding(t *testing.T, objects ...string) *kubernetestest.Cluster {
	t.Helper()
	c, err := kubernetestest.Parse(strings.Join(objects, "\n---\n"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func plain(err error) error { return err }

func namespace(name, enforces string) string {
	if enforces != "" {
		enforces = ", labels: {pod-security.kubernetes.io/enforce: " + enforces + "}"
	}
	return "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + enforces + "}"
}

func deployed(kind, name, image string) string {
	return "apiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: " + name + ", namespace: tools}\n" +
		"spec: {template: {spec: {containers: [{name: c, image: \"" + image + "\"}]}}}\nstatus: {numberReady: 1, readyReplicas: 1}"
}

func kyverno(name, action, rule string) string {
	return "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: " + name + "}\nspec:\n  validationFailureAction: " +
		action + "\n  rules:\n    - name: pods\n" + rule
}

const (
	everyPod   = "      match: {any: [{resources: {kinds: [Pod]}}]}\n"
	holdToBase = "      validate: {podSecurity: {level: baseline}}\n"
	engine     = "ghcr.io/kyverno/kyverno:v1.18.0"
)

func constraint(kind, spec string) string {
	return "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: " + kind + "\nmetadata: {name: all}\nspec: {" + spec + "}"
}

// TestPodSecurity tells where pods are held to a standard: by labels, by an engine, by both together.
func TestPodSecurity(t *testing.T) {
	t.Parallel()
	system, shop := namespace("kube-system", ""), namespace("shop", "")
	parts := []string{"K8sPSPPrivilegedContainer", "K8sPSPHostNamespace", "K8sPSPHostFilesystem", "K8sPSPCapabilities"}
	gatekeeper := func(spec string) []string {
		out := []string{system, shop, deployed("Deployment", "gatekeeper", "openpolicyagent/gatekeeper:v3.20.0")}
		for _, p := range parts {
			out = append(out, constraint(p, spec))
		}
		return out
	}
	with := func(policies ...string) []string {
		return append([]string{system, shop, deployed("Deployment", "kyverno", engine)}, policies...)
	}
	for name, test := range map[string]struct {
		holds []string
		open  []string
		code  string
	}{
		"labels everywhere":            {holds: []string{system, namespace("shop", "baseline"), namespace("a", "restricted")}},
		"no label":                     {holds: []string{system, shop}, open: []string{"shop"}},
		"a label that allows all":      {holds: []string{namespace("shop", "privileged")}, open: []string{"shop"}},
		"an engine without policies":   {holds: with(), open: []string{"shop"}},
		"an engine that enforces":      {holds: with(kyverno("pss", "Enforce", everyPod+holdToBase))},
		"an engine that only reports":  {holds: with(kyverno("pss", "Audit", everyPod+holdToBase)), open: []string{"shop"}},
		"a rule that enforces":         {holds: with(kyverno("pss", "Audit", everyPod+"      validate: {failureAction: Enforce, podSecurity: {level: restricted}}\n"))},
		"a rule with controls let off": {holds: with(kyverno("pss", "Enforce", everyPod+"      validate: {podSecurity: {level: baseline, exclude: [{controlName: HostPath Volumes}]}}\n")), open: []string{"shop"}},
		"a rule for one namespace":     {holds: with(kyverno("pss", "Enforce", "      match: {any: [{resources: {kinds: [Pod], namespaces: [sh*]}}]}\n"+holdToBase), namespace("pay", "")), open: []string{"pay"}},
		"a rule that leaves one out":   {holds: with(kyverno("pss", "Enforce", everyPod+"      exclude: {any: [{resources: {namespaces: [shop]}}]}\n"+holdToBase)), open: []string{"shop"}},
		"a rule that leaves out the system": {holds: with(kyverno("pss", "Enforce",
			everyPod+"      exclude: {any: [{resources: {namespaces: [kube-system, kyverno]}}]}\n"+holdToBase))},
		"a rule anybody can be outside": {holds: with(kyverno("pss", "Enforce", "      match: {any: [{resources: {kinds: [Pod], selector: {matchLabels: {safe: 'yes'}}}}]}\n"+holdToBase)), open: []string{"shop"}},
		"a rule with other exclusions":  {holds: with(kyverno("pss", "Enforce", everyPod+"      exclude: {any: [{subjects: [{kind: User, name: root}]}]}\n"+holdToBase)), open: []string{"shop"}},
		"a rule about something else":   {holds: with(kyverno("pss", "Enforce", "      match: {any: [{resources: {kinds: [Service]}}]}\n"+holdToBase)), open: []string{"shop"}},
		"all parts": {holds: with(kyverno("disallow-privileged-containers", "Enforce", everyPod), kyverno("disallow-host-namespaces", "enforce", everyPod),
			kyverno("disallow-host-path", "Enforce", everyPod), kyverno("disallow-capabilities", "Enforce", everyPod))},
		"one part":                        {holds: with(kyverno("disallow-privileged-containers", "Enforce", everyPod)), open: []string{"shop"}},
		"constraints":                     {holds: gatekeeper("")},
		"constraints on pods":             {holds: gatekeeper("enforcementAction: deny, match: {kinds: [{apiGroups: [''], kinds: [Pod]}], excludedNamespaces: [kube-*]}")},
		"constraints that warn":           {holds: gatekeeper("enforcementAction: warn"), open: []string{"shop"}},
		"constraints let off":             {holds: gatekeeper("match: {excludedNamespaces: [shop]}"), open: []string{"shop"}},
		"constraints by label":            {holds: gatekeeper("match: {labelSelector: {matchLabels: {a: b}}}"), open: []string{"shop"}},
		"constraints with exempted image": {holds: gatekeeper("parameters: {exemptImages: ['*']}"), open: []string{"shop"}},
		"constraints on services":         {holds: gatekeeper("match: {kinds: [{kinds: [Service]}]}"), open: []string{"shop"}},
		"an engine nobody can read":       {holds: []string{shop, deployed("Deployment", "server", "ghcr.io/kubewarden/policy-server:v1.30.0")}, code: "PolicyEngineNotRead"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := cluster(t, holding(t, test.holds...), nil).Inside(t.Context(), plain)
			if err != nil {
				t.Fatal(err)
			}
			open, why := in.PodSecurity()
			switch {
			case test.code != "":
				if why == nil || why.Code != test.code {
					t.Errorf("got %v, %v; want unknown for %s", open, why, test.code)
				}
			case why != nil || !slices.Equal(open, test.open):
				t.Errorf("got %v, %v; want %v", open, why, test.open)
			}
		})
	}
}

// TestPoliciesMayBeDenied keeps what a namespace is held to unknown while the engine's policies cannot be read, unless
// labels alone are enough.
func TestPoliciesMayBeDenied(t *testing.T) {
	t.Parallel()
	for enforces, unknown := range map[string]bool{"": true, "baseline": false} {
		c := holding(t, namespace("shop", enforces), deployed("Deployment", "kyverno", engine))
		c.Refuse = func(resource string) int {
			if resource == "clusterpolicies" {
				return http.StatusForbidden
			}
			return 0
		}
		in, err := cluster(t, c, nil).Inside(t.Context(), plain)
		if err != nil {
			t.Fatal(err)
		}
		_, why := in.PodSecurity()
		if (why != nil) != unknown {
			t.Fatalf("with %q enforced: unknown for %v", enforces, why)
		}
		if unknown && (why.Cause != inventory.CauseDenied || why.Permission != "kubernetes:list:clusterpolicies") {
			t.Errorf("unknown for %+v", why)
		}
	}
}

// TestSoftware knows network policy and reboot daemons by their images, when they run.
func TestSoftware(t *testing.T) {
	t.Parallel()
	agent := strings.Replace(deployed("DaemonSet", "aws-node", "1.dkr.ecr.eu-west-1.amazonaws.com/amazon/aws-network-policy-agent:v1"),
		"name: c,", "name: c, args: [--enable-network-policy=true],", 1)
	for name, test := range map[string]struct {
		holds            string
		network, reboots bool
	}{
		"nothing":                    {holds: deployed("DaemonSet", "a", "nginx:1")},
		"calico":                     {holds: deployed("DaemonSet", "a", "quay.io/calico/node:v3.31.0"), network: true},
		"cilium of a mirror":         {holds: deployed("DaemonSet", "a", "mirror.example.com/cilium/cilium:v1.19.0@sha256:00"), network: true},
		"a daemon that is not ready": {holds: strings.Replace(deployed("DaemonSet", "a", "quay.io/calico/node:v3"), "numberReady: 1", "numberReady: 0", 1)},
		"the provider's own agent":   {holds: agent, network: true},
		"the agent switched off":     {holds: strings.Replace(agent, "=true", "=false", 1)},
		"kured":                      {holds: deployed("DaemonSet", "a", "ghcr.io/kubereboot/kured:1.20.0"), reboots: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := cluster(t, holding(t, test.holds), nil).Inside(t.Context(), plain)
			if err != nil {
				t.Fatal(err)
			}
			if in.NetworkPolicy() != test.network || in.Reboots() != test.reboots {
				t.Errorf("network policy %v, reboots %v; want %v, %v", in.NetworkPolicy(), in.Reboots(), test.network, test.reboots)
			}
		})
	}
}

func pod(name, more, spec string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop" + more + "}\nspec: {" + spec + "}\nstatus: {phase: Running}"
}

func controlled(kind, name string) string {
	return ", ownerReferences: [{apiVersion: v1, kind: " + kind + ", name: " + name + ", uid: u, controller: true}]"
}

// TestWorkloads finds each workload once, however many objects speak of it.
func TestWorkloads(t *testing.T) {
	t.Parallel()
	one := "containers: [{name: c, image: 'shop/web:1'}]"
	described := func(kind, name, more string) string {
		return "apiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: " + name + ", namespace: shop" + more +
			"}\nspec: {template: {spec: {" + one + "}}}\nstatus: {replicas: 1, numberReady: 1}"
	}
	job := func(name, more, status string) string {
		return "apiVersion: batch/v1\nkind: Job\nmetadata: {name: " + name + ", namespace: shop" + more +
			"}\nspec: {template: {spec: {" + one + "}}}\nstatus: {" + status + "}"
	}
	c := holding(t,
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {owner: shop-team, tier: back}}",
		described("Deployment", "web", ", labels: {tier: front}"),
		described("ReplicaSet", "web-1", controlled("Deployment", "web")), pod("web-1-a", controlled("ReplicaSet", "web-1"), one),
		described("ReplicaSet", "rolled-1", controlled("Rollout", "rolled")), pod("rolled-1-a", controlled("ReplicaSet", "rolled-1"), one),
		described("StatefulSet", "base", ""), pod("base-0", controlled("StatefulSet", "base"), one), described("DaemonSet", "every", ""),
		"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly, namespace: shop}\nspec: {jobTemplate: {spec: {template: {spec: {"+one+"}}}}}",
		job("nightly-1", controlled("CronJob", "nightly"), "active: 1"), pod("nightly-1-a", controlled("Job", "nightly-1"), one),
		job("by-hand", "", "active: 1"), pod("by-hand-a", controlled("Job", "by-hand"), one), job("done", "", "completionTime: '2026-11-01T00:00:00Z'"),
		pod("alone", "", one), pod("strange-0", controlled("Cluster", "strange"), one),
		strings.Replace(pod("ended", "", one), "Running", "Succeeded", 1),
	)
	c.Page = 1 // an API server pages
	found, err := cluster(t, c, nil).Workloads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, w := range found {
		paths = append(paths, w.Path())
	}
	slices.Sort(paths)
	want := []string{"shop/cronjob/nightly", "shop/daemonset/every", "shop/deployment/web", "shop/job/by-hand", "shop/pod/alone",
		"shop/pod/strange-0", "shop/replicaset/rolled-1", "shop/statefulset/base"}
	if !slices.Equal(paths, want) {
		t.Errorf("found %v\nwant  %v", paths, want)
	}
	if labels := found[0].Labels; labels["owner"] != "shop-team" || labels["tier"] != "front" {
		t.Errorf("labels of %s: %v; want those of the namespace under its own", found[0].Path(), labels)
	}
}

// TestWorkloadFacts states what a pod's description decides.
func TestWorkloadFacts(t *testing.T) {
	t.Parallel()
	const image = "image: 'shop/web:1'"
	for name, test := range map[string]struct {
		spec string
		want map[string]any
	}{
		"nothing said": {"containers: [{name: c, " + image + "}]",
			map[string]any{"privileged": false, "runs_as_root": true, "read_only_filesystem": false, "host_namespaces": []string{}, "plaintext_secrets": int64(0), "logs_shipped": false}},
		"the pod says": {"securityContext: {runAsNonRoot: true}, containers: [{name: c, " + image + ", securityContext: {readOnlyRootFilesystem: true}}]",
			map[string]any{"runs_as_root": false, "read_only_filesystem": true}},
		"the container says otherwise": {"securityContext: {runAsUser: 1000}, containers: [{name: c, " + image + ", securityContext: {runAsUser: 0}}]",
			map[string]any{"runs_as_root": true}},
		"one before it may": {"securityContext: {runAsUser: 1000}, initContainers: [{name: i, " + image + ", securityContext: {privileged: true}}], containers: [{name: c, " + image + "}]",
			map[string]any{"privileged": true, "runs_as_root": false}},
		"the node's namespaces": {"hostNetwork: true, hostIPC: true, containers: [{name: c, " + image + "}]",
			map[string]any{"host_namespaces": []string{"network", "ipc"}}},
		"a secret in the open": {"containers: [{name: c, " + image + ", env: [{name: API_KEY, value: 'zx81-acorn-atom-48k'}, {name: OTHER_KEY, valueFrom: {secretKeyRef: {name: a, key: b}}}]}]",
			map[string]any{"plaintext_secrets": int64(1)}},
		"a carrier beside it": {"containers: [{name: c, " + image + "}, {name: l, image: 'fluent/fluent-bit:4.2'}]",
			map[string]any{"logs_shipped": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := cluster(t, holding(t, pod("p", "", test.spec)), nil).Workloads(t.Context())
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			facts := &inventory.ContainerWorkload{}
			r := inventory.New("id", "name", "region", facts)
			found[0].State(r, facts, collectors.ImageNamed)
			for fact, want := range test.want {
				if got, _ := r.Value(fact); !reflect.DeepEqual(got, want) {
					t.Errorf("%s is %v (unknown for %v), want %v", fact, got, r.Unknown[fact], want)
				}
			}
		})
	}
}

// TestLogsOfPodsWithoutNode says that a daemon on each node carries nothing from a pod that runs on none.
func TestLogsOfPodsWithoutNode(t *testing.T) {
	t.Parallel()
	daemon := deployed("DaemonSet", "logs", "public.ecr.aws/aws-observability/aws-for-fluent-bit:2")
	one := "containers: [{name: c, image: 'a/b:1'}]"
	told := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: target, namespace: logs}"
	for name, test := range map[string]struct {
		holds   []string
		shipped bool
	}{
		"a node with the daemon":     {[]string{daemon, pod("p", "", one)}, true},
		"no node":                    {[]string{daemon, pod("p", ", labels: {nodeless: x}", one)}, false},
		"no node, told where":        {[]string{told, pod("p", ", labels: {nodeless: x}", one)}, true},
		"a node, told of the others": {[]string{told, pod("p", "", one), pod("q", ", labels: {nodeless: x}", one)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, holding(t, test.holds...), func(a *kubernetes.Access) {
				a.Nodeless = kubernetes.Nodeless{Label: "nodeless", LogNamespace: "logs", LogName: "target"}
			})
			found, err := c.Workloads(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range found {
				if w.Name == "p" && w.Shipped != test.shipped {
					t.Errorf("shipped is %v, want %v", w.Shipped, test.shipped)
				}
			}
		})
	}
}

// TestRefusals names what is missing, whatever way a cluster refuses.
func TestRefusals(t *testing.T) {
	t.Parallel()
	refusing := func(code int) http.Handler {
		return &kubernetestest.Cluster{Refuse: func(string) int { return code }}
	}
	for name, test := range map[string]struct {
		handler http.Handler
		change  func(*kubernetes.Access)
		cause   inventory.Cause
		code    string
	}{
		"forbidden":    {handler: refusing(http.StatusForbidden), cause: inventory.CauseDenied, code: "Forbidden"},
		"unauthorized": {handler: refusing(http.StatusUnauthorized), cause: inventory.CauseDenied, code: "Unauthorized"},
		"throttled":    {handler: refusing(http.StatusTooManyRequests), cause: inventory.CauseThrottled, code: "TooManyRequests"},
		"broken":       {handler: refusing(http.StatusInternalServerError), cause: inventory.CauseFailed, code: "InternalError"},
		"garbled": {handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"items": [{`))
		}), cause: inventory.CauseFailed, code: "MalformedAnswer"},
		"silent": {handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
			change: func(a *kubernetes.Access) { a.Timeout = 50 * time.Millisecond }, cause: inventory.CauseFailed, code: "Timeout"},
		"another's certificate": {handler: refusing(0), change: func(a *kubernetes.Access) { a.Authority = nil },
			cause: inventory.CauseFailed, code: "ConnectionFailed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cluster(t, test.handler, test.change)
			for _, call := range []func(context.Context) error{
				func(ctx context.Context) error { _, err := c.Workloads(ctx); return err },
				func(ctx context.Context) error { _, err := c.Inside(ctx, plain); return err },
			} {
				var f *collectors.Failure
				if err := call(t.Context()); !errors.As(err, &f) {
					t.Fatalf("got %v", err)
				}
				if f.Cause != test.cause || f.Code != test.code || f.Action != "list namespaces" || f.Permission != "kubernetes:list:namespaces" {
					t.Errorf("%+v, want %s by %s", *f, test.cause, test.code)
				}
				if (f.Cure == "an entry") != (test.code == "Unauthorized") || strings.Contains(f.Error(), "who-asks") {
					t.Errorf("cure %q, error %v", f.Cure, f)
				}
			}
		})
	}
}

// TestEndpointIsPrivate sends no token over a line that others can read.
func TestEndpointIsPrivate(t *testing.T) {
	t.Parallel()
	for endpoint, allowed := range map[string]bool{
		"https://cluster.example.com": true, "http://127.0.0.1:8001/clusters/a": true, "http://cluster.example.com": false,
		"http://localhost.example.com": false, "": false, "cluster": false, "ftp://cluster": false,
	} {
		if _, err := kubernetes.New(kubernetes.Access{Endpoint: endpoint}); (err == nil) != allowed {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	var f *collectors.Failure
	_, err := kubernetes.New(kubernetes.Access{Endpoint: "https://cluster.example.com", Authority: []byte("none")})
	if !errors.As(err, &f) || f.Code != "BadCertificate" || f.Action != "list namespaces" {
		t.Errorf("without a certificate: %v", err)
	}
}

// TestRightsAreAsked compares the calls seen with the rights that a role is given: none missing, none extra, and every
// call only reads.
func TestRightsAreAsked(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	held := holding(t, namespace("shop", ""), deployed("Deployment", "kyverno", engine), pod("p", ", labels: {nodeless: x}", "containers: [{name: c, image: i}]"))
	c := cluster(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Authorization") != "Bearer who-asks" {
			t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
		}
		asked := kubernetestest.Asked(r.URL.Path)
		group, _, grouped := strings.Cut(asked.Version, "/")
		if !grouped {
			group = ""
		}
		seen[group+"/"+asked.Resource] = true
		held.ServeHTTP(w, r)
	}), func(a *kubernetes.Access) {
		a.Nodeless = kubernetes.Nodeless{Label: "nodeless", LogNamespace: "l", LogName: "t"}
	})
	if _, err := c.Workloads(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Inside(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	for _, r := range kubernetes.Rights() {
		if name := r.Group + "/" + r.Resource; !seen[name] {
			t.Errorf("a role is given the right to list %s, which nobody asks for", name)
		}
		delete(seen, r.Group+"/"+r.Resource)
	}
	if len(seen) > 0 {
		t.Errorf("asked for without a right: %v", seen)
	}
}

// TestRole is a role that a cluster takes: of reading rights only, without secrets, and bound.
func TestRole(t *testing.T) {
	t.Parallel()
	c, err := kubernetestest.Parse(string(kubernetes.Role("how to enter")))
	if err != nil || len(c.Objects) != 2 {
		t.Fatalf("%d objects, %v", len(c.Objects), err)
	}
	granted := map[string]bool{}
	for _, r := range c.Objects[0]["rules"].([]any) {
		rule := r.(map[string]any)
		if verbs := rule["verbs"].([]any); len(verbs) != 2 || verbs[0] != "get" || verbs[1] != "list" {
			t.Errorf("%v are allowed on %v", verbs, rule["resources"])
		}
		for _, resource := range rule["resources"].([]any) {
			granted[rule["apiGroups"].([]any)[0].(string)+"/"+resource.(string)] = true
		}
	}
	for _, right := range kubernetes.Rights() {
		if !granted[right.Group+"/"+right.Resource] {
			t.Errorf("%v is not granted", right)
		}
	}
	if len(granted) != len(kubernetes.Rights()) || granted["/secrets"] {
		t.Errorf("granted are %v", granted)
	}
	subject := c.Objects[1]["subjects"].([]any)[0].(map[string]any)
	if subject["name"] != kubernetes.Group || subject["kind"] != "Group" {
		t.Errorf("bound to %v", subject)
	}
}
