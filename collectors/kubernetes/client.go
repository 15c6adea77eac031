// Package kubernetes reads what runs inside a cluster, for the collectors of every cloud: a cloud's package says where
// the API of a cluster is and who asks there, this one what is asked and what the answers mean. It knows no cloud.
package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Access is how the API of one cluster is reached.
type Access struct {
	// Endpoint is the address of the API: https, or plain http on loopback only.
	Endpoint string
	// Authority is the certificate, in PEM, by which the cluster's own authority is known.
	Authority []byte
	// Token says who asks. It is sent to the endpoint and kept nowhere.
	Token string
	// HTTP carries every call: recorders and replayers stand here. Nil is a client that trusts Authority.
	HTTP http.RoundTripper
	// Timeout bounds one call; 0 means 30 s.
	Timeout time.Duration
	// Cure is what lets in somebody whom the cluster does not know.
	Cure string
	// Nodeless tells pods that the provider runs without a node of the cluster.
	Nodeless Nodeless
}

// Nodeless tells pods that the provider runs without a node of the cluster, so that what runs on each node does not run
// beside them.
type Nodeless struct {
	// Label is the name of a label that such pods carry; empty where there are none.
	Label string
	// LogNamespace and LogName are of the configuration map by which the provider is told where their output goes.
	LogNamespace, LogName string
}

// Client reads one cluster.
type Client struct {
	access Access
	api    dynamic.Interface
}

// New makes the client of a cluster. It makes no call.
func New(a Access) (*Client, error) {
	if err := checkEndpoint(a.Endpoint); err != nil {
		return nil, err
	}
	if a.Timeout == 0 {
		a.Timeout = 30 * time.Second
	}
	cfg := &rest.Config{
		Host: a.Endpoint, BearerToken: a.Token, Timeout: a.Timeout, Transport: a.HTTP,
		// A listing makes a few calls, one after another: nothing to hold back. What the cluster warns of concerns
		// whoever deploys to it.
		QPS: -1, WarningHandler: rest.NoWarnings{}, UserAgent: "plumbline",
	}
	if a.HTTP == nil {
		cfg.CAData = a.Authority
	}
	api, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, Unreachable("BadCertificate", fmt.Errorf("client of a cluster: %w", err))
	}
	return &Client{access: a, api: api}, nil
}

// Transport is what carries calls to a cluster that is known by this authority.
func Transport(authority []byte) (http.RoundTripper, error) {
	t, err := rest.TransportFor(&rest.Config{TLSClientConfig: rest.TLSClientConfig{CAData: authority}})
	if err != nil {
		return nil, Unreachable("BadCertificate", fmt.Errorf("transport to a cluster: %w", err))
	}
	return t, nil
}

// checkEndpoint refuses to send a token over a line that others can read.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return Unreachable("NoEndpoint", errors.New("the cluster has no address that can be asked"))
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback() {
		return nil
	}
	return Unreachable("PlainHTTP", fmt.Errorf("the API of the cluster at %s is not reached by https", u.Host))
}

// Unreachable is why a cluster could not be asked anything, named by the first thing it would have been asked.
func Unreachable(code string, err error) error {
	return &collectors.Failure{
		Reason: collectors.Reason{Cause: inventory.CauseFailed, Code: code},
		Action: "list " + namespaces.Resource, Permission: Permission(namespaces.Resource), Err: err,
	}
}

// Right is a resource that is listed, as a role of a cluster names it.
type Right struct{ Group, Resource string }

// Rights are what a role must be allowed to list, in the order of their groups: nothing of it can change anything.
func Rights() []Right {
	out := make([]Right, 0, len(resources))
	for _, r := range resources {
		out = append(out, Right{r.Group, r.Resource})
	}
	return out
}

// Permission is how a right to list is named where one is missing.
func Permission(resource string) string { return "kubernetes:list:" + resource }

// The resources that are listed.
var (
	namespaces   = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	pods         = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	configMaps   = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	deployments  = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	daemonSets   = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "daemonsets"}
	statefulSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}
	replicaSets  = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	jobs         = schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}
	cronJobs     = schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "cronjobs"}

	kyvernoPolicies = schema.GroupVersionResource{Group: "kyverno.io", Version: "v1", Resource: "clusterpolicies"}

	resources = append([]schema.GroupVersionResource{
		namespaces, pods, configMaps, deployments, daemonSets, statefulSets, replicaSets, jobs, cronJobs, kyvernoPolicies,
	}, constraintResources()...)
)

// pageSize is how many objects are asked for at once.
const pageSize = 500

// each lists all objects of a resource, page by page, and hands them on. in limits it to a namespace; empty is all.
func (c *Client) each(ctx context.Context, r schema.GroupVersionResource, in string, take func(*unstructured.Unstructured) error) error {
	options := meta.ListOptions{Limit: pageSize}
	for {
		page, err := c.api.Resource(r).Namespace(in).List(ctx, options)
		if err != nil {
			return c.failure(r.Resource, err)
		}
		for i := range page.Items {
			if err := take(&page.Items[i]); err != nil {
				return c.failure(r.Resource, err)
			}
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return nil
		}
	}
}

// list hands on the objects of a resource as what the API calls them.
func list[T any](ctx context.Context, c *Client, r schema.GroupVersionResource, take func(*T)) error {
	return c.each(ctx, r, "", func(u *unstructured.Unstructured) error {
		var object T
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &object); err != nil {
			return fmt.Errorf("%w: %w", errMalformed, err)
		}
		take(&object)
		return nil
	})
}

var errMalformed = errors.New("an object could not be read")

// failure puts an error of the API in the words of a collection: whom the cluster does not know lacks what lets people
// in, who may not list lacks the right to.
func (c *Client) failure(resource string, err error) error {
	f := &collectors.Failure{Action: "list " + resource, Permission: Permission(resource), Err: err}
	f.Cause, f.Code = inventory.CauseFailed, "ConnectionFailed"
	var timeout net.Error
	var dns *net.DNSError
	var known *collectors.Failure
	switch {
	case errors.As(err, &known):
		f.Reason = known.Reason
	case apierrors.IsUnauthorized(err):
		f.Cause, f.Code, f.Cure = inventory.CauseDenied, "Unauthorized", c.access.Cure
	case apierrors.IsForbidden(err):
		f.Cause, f.Code = inventory.CauseDenied, "Forbidden"
	case apierrors.IsTooManyRequests(err):
		f.Cause, f.Code = inventory.CauseThrottled, "TooManyRequests"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		f.Code = "Timeout"
	case errors.As(err, &dns):
		f.Code = "HostNotFound"
	case errors.Is(err, errMalformed), runtime.IsNotRegisteredError(err), unreadable(err):
		f.Code = "MalformedAnswer"
	case apierrors.ReasonForError(err) != meta.StatusReasonUnknown:
		f.Code = string(apierrors.ReasonForError(err))
	}
	return f
}

// unreadable says whether the answer came and was none: neither a network's error nor the API's own.
func unreadable(err error) bool {
	var status apierrors.APIStatus
	var network *url.Error
	return !errors.As(err, &status) && !errors.As(err, &network)
}

// absent says whether a cluster does not know such a resource at all.
func absent(err error) bool { return apierrors.IsNotFound(err) }
