package aws

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/kubernetes"
	"github.com/plumbline-posture/plumbline/collectors/kubernetes/kubernetestest"
)

var _ = sample("aws.eks.workload", clusterWorkloadFacts,
	clusterWorkload{"main", kubernetes.Workload{Namespace: "shop", Kind: "Deployment", Name: "web", Labels: map[string]string{"owner": "a"},
		Containers: []kubernetes.Container{{Name: "c", Image: "a/b:1", Privileged: true}}, HostNamespaces: []string{"pid"}, Shipped: true}},
	clusterWorkload{Cluster: "bare"})

// lookedInto serves what a cluster holds, and describes the cluster as AWS does.
func lookedInto(t *testing.T, name string, holds http.Handler) *types.Cluster {
	t.Helper()
	server := httptest.NewTLSServer(holds)
	t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return &types.Cluster{
		Name: aws.String(name), Endpoint: aws.String(server.URL), Status: types.ClusterStatusActive,
		CertificateAuthority: &types.Certificate{Data: aws.String(base64.StdEncoding.EncodeToString(authority))},
	}
}

func clusterHolding(t *testing.T, objects string) *kubernetestest.Cluster {
	t.Helper()
	c, err := kubernetestest.Parse(objects)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// signerOf signs with credentials that open nothing.
func signerOf(region string) *sts.PresignClient {
	return sts.NewPresignClient(sts.New(sts.Options{Region: region, Credentials: credentials.NewStaticCredentialsProvider("id", "key", "")}))
}

const twoWorkloads = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [{name: web, image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1", securityContext: {privileged: true}}]}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: aws-node, namespace: kube-system}
spec: {template: {spec: {containers: [{name: node, image: "602401143452.dkr.ecr.us-east-1.amazonaws.com/amazon-k8s-cni:v1"}]}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: hidden, namespace: kube-system}
spec: {template: {spec: {containers: [{name: a, image: "602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/coredns:v1"}, {name: b, image: "evil/miner:1"}]}}}
`

// TestClusterWorkloads reads what clusters run: a cluster that refuses leaves the listing incomplete and the others
// read, and the provider's own parts are nobody's to answer for.
func TestClusterWorkloads(t *testing.T) {
	t.Parallel()
	shut := &kubernetestest.Cluster{Refuse: func(string) int { return http.StatusUnauthorized }}
	clusters := map[string]*types.Cluster{
		"a-shut": lookedInto(t, "a-shut", shut), "open": lookedInto(t, "open", clusterHolding(t, twoWorkloads)),
		"foreign": {Name: aws.String("foreign"), ConnectorConfig: &types.ConnectorConfigResponse{}},
		"coming":  {Name: aws.String("coming"), Status: types.ClusterStatusCreating},
	}
	c, _ := scripted(t, "us-east-1", script{
		"ListClusters": say(&eks.ListClustersOutput{Clusters: []string{"a-shut", "coming", "foreign", "open", "vanished"}}),
		"DescribeCluster": func(in any) (any, error) {
			if found := clusters[*in.(*eks.DescribeClusterInput).Name]; found != nil {
				return &eks.DescribeClusterOutput{Cluster: found}, nil
			}
			return refuse("ResourceNotFoundException")(in)
		},
	})
	c.signer = signerOf("us-east-1")
	var names []string
	var failed error
	for w, err := range listClusterWorkloads(context.Background(), c) {
		if err != nil {
			failed = err
			continue
		}
		if r := clusterWorkloadFacts(here, w); r != nil {
			names = append(names, r.Name)
			if r.Name == "open/shop/deployment/web" {
				stated{"privileged": true, "cluster": arn(here, "eks", "cluster/open")}.check(t, r)
			}
		}
	}
	if want := []string{"open/shop/deployment/web", "open/kube-system/daemonset/hidden"}; !slices.Equal(names, want) {
		t.Errorf("found %v, want %v", names, want)
	}
	var why *collectors.Failure
	if !errors.As(failed, &why) || why.Cause != inventory.CauseDenied || why.Action != "list namespaces" || why.Cure != entryCure {
		t.Errorf("incomplete for %v", failed)
	}
}

// TestClusterIsAskedInside tells what only the cluster tells, and why it does not.
func TestClusterIsAskedInside(t *testing.T) {
	t.Parallel()
	open := lookedInto(t, "open", clusterHolding(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}"))
	shut := lookedInto(t, "shut", &kubernetestest.Cluster{Refuse: func(string) int { return http.StatusForbidden }})
	for _, test := range []struct {
		cluster    *types.Cluster
		want       stated
		permission string
	}{
		{open, stated{"pod_security": true, "unguarded_namespaces": "[]"}, ""},
		{shut, stated{"pod_security": nil, "network_policy": nil}, "kubernetes:list:namespaces"},
		{&types.Cluster{Name: aws.String("bare")}, stated{"pod_security": nil}, "kubernetes:list:namespaces"},
	} {
		c, _ := scripted(t, "us-east-1", script{"DescribeCluster": say(&eks.DescribeClusterOutput{Cluster: test.cluster})})
		c.signer = signerOf("us-east-1")
		a := askCluster(context.Background(), c, clusterItem{*test.cluster.Name, &clusterListing{}})
		roundTrip(t, a)
		r := clusterFacts(here, a)
		test.want.check(t, r)
		if got := r.Unknown["pod_security"].Permission; got != test.permission {
			t.Errorf("%s: the missing right is %q, want %q", *test.cluster.Name, got, test.permission)
		}
	}
}

// TestClusterToken shows who asks to one cluster only, by a request to AWS that the cluster can send and nobody else can
// use.
func TestClusterToken(t *testing.T) {
	t.Parallel()
	c := newClients(aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "key", "session")}, "1", "eu-west-1", false)
	token, err := c.clusterToken(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "k8s-aws-v1."))
	if err != nil {
		t.Fatal(err)
	}
	asked, err := url.Parse(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	q := asked.Query()
	if asked.Host != "sts.eu-west-1.amazonaws.com" || q.Get("Action") != "GetCallerIdentity" || q.Get("X-Amz-Expires") != "60" ||
		!slices.Contains(strings.Split(q.Get("X-Amz-SignedHeaders"), ";"), "x-k8s-aws-id") {
		t.Errorf("the request is %s", asked)
	}
}

// TestClustersAreRecorded keeps what a cluster says in a recording, though it is known by a certificate of its own, and
// keeps no token.
func TestClustersAreRecorded(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var tokens []string
	held := clusterHolding(t, twoWorkloads)
	cluster := lookedInto(t, "open", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		tokens = append(tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		mu.Unlock()
		held.ServeHTTP(w, r)
	}))
	dir := t.TempDir()
	recorder, err := NewRecorder(dir, carried(http.DefaultClient))
	if err != nil {
		t.Fatal(err)
	}
	through := func(carry http.RoundTripper) []kubernetes.Workload {
		c := newClients(aws.Config{Region: "eu-west-1", HTTPClient: transport{carry.RoundTrip},
			Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "key", "")}, "1", "eu-west-1", false)
		inside, err := c.into(t.Context(), cluster)
		if err != nil {
			t.Fatal(err)
		}
		found, err := inside.Workloads(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	live := through(recorder)
	if err := recorder.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(dir, recordingName+".yaml")) // #nosec G304 -- the test's own folder
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		if token == "" || strings.Contains(string(kept), token) {
			t.Errorf("a token of %d characters is kept in the recording", len(token))
		}
	}
	replayer, err := NewReplayer(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again := through(replayer); len(again) != 3 || len(again) != len(live) {
		t.Errorf("found %d workloads live and %d in the recording, want 3", len(live), len(again))
	}
}
