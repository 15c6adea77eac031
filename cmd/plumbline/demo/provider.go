package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/azure"
	"github.com/plumbline-posture/plumbline/collectors/gcp"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
)

// provider is how the scopes of one cloud are reached in the archive's place, and what tells their calls apart.
type provider struct {
	connect  func(context.Context, Scope, http.RoundTripper) (pipeline.Gatherer, error)
	question func(*http.Request, []byte) string
}

var providers = map[inventory.Cloud]provider{
	inventory.AWS:   {connectAWS, aws.CallKey},
	inventory.Azure: {connectAzure, question},
	inventory.GCP:   {connectGCP, question},
}

// Connect returns the collectors of a scope, with a transport in the provider's place. No credentials are looked for.
func (s Scope) Connect(ctx context.Context, transport http.RoundTripper) (pipeline.Gatherer, error) {
	p, ok := providers[s.ID.Cloud()]
	if !ok {
		return nil, fmt.Errorf("the demo has no collectors for %s", s.ID)
	}
	return p.connect(ctx, s, transport)
}

// Question is what tells a call from others in the archive: two calls with the same question ask the same.
func Question(cloud inventory.Cloud, req *http.Request, body []byte) string {
	return providers[cloud].question(req, body)
}

// question is the question of APIs that say all in method, host, path, query and a body of JSON.
func question(req *http.Request, body []byte) string {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	var v any
	if json.Unmarshal(body, &v) == nil {
		// The order of keys does not matter.
		if sorted, err := json.Marshal(v); err == nil {
			body = sorted
		}
	}
	return strings.Join([]string{req.Method, host, req.URL.Path, req.URL.Query().Encode(), string(body)}, "\n")
}

// unhurried lifts the budget of calls: nobody's limits are spared by answering from memory slowly.
const unhurried = 1e6

func connectAWS(ctx context.Context, s Scope, transport http.RoundTripper) (pipeline.Gatherer, error) {
	return aws.Connect(ctx, aws.Connection{
		Account: s.ID.Account(), Regions: s.Regions, Sealed: true, Attempts: 1, CallsPerSecond: unhurried,
		HTTP: &http.Client{Transport: transport, CheckRedirect: unfollowed},
	})
}

// unfollowed leaves redirects to the SDK, which reads them itself.
func unfollowed(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// The addresses are named, so that a setting which points the collectors elsewhere does not lead the demo astray.
const (
	azureEndpoint = "https://management.azure.com"
	gcpEndpoint   = "https://googleapis.example"
)

func connectAzure(ctx context.Context, s Scope, transport http.RoundTripper) (pipeline.Gatherer, error) {
	return azure.Connect(ctx, azure.Connection{
		Subscription: s.ID.Account(), Endpoint: azureEndpoint, Static: azure.Static("demo"),
		HTTP: &http.Client{Transport: transport}, CallsPerSecond: math.Inf(1), Attempts: 1,
	})
}

func connectGCP(ctx context.Context, s Scope, transport http.RoundTripper) (pipeline.Gatherer, error) {
	return gcp.Connect(ctx, gcp.Connection{
		Project: s.ID.Account(), Endpoint: gcpEndpoint, HTTP: transport, Unsigned: true, CallsPerSecond: unhurried,
		Attempts: 1,
	})
}
