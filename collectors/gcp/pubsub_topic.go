package gcp

import (
	"context"
	"net/url"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const pubsubAPI = "pubsub.googleapis.com"

var topicsWay = &way{
	types: []string{"pubsub.googleapis.com/Topic"}, api: pubsubAPI,
	path: "/v1/projects/{project}/topics", items: "topics", query: url.Values{"pageSize": {"1000"}},
	permission: "pubsub.topics.list", action: "pubsub.projects.topics.list",
}

var subscriptionsWay = &way{
	types: []string{"pubsub.googleapis.com/Subscription"}, api: pubsubAPI,
	path: "/v1/projects/{project}/subscriptions", items: "subscriptions", query: url.Values{"pageSize": {"1000"}},
	permission: "pubsub.subscriptions.list", action: "pubsub.projects.subscriptions.list",
}

// A topic takes messages and a subscription gives them: each is a channel with a policy of its own.
var (
	_ = channel("gcp.pubsub.topic", topicsWay, "pubsub.topics.getIamPolicy")
	_ = channel("gcp.pubsub.subscription", subscriptionsWay, "pubsub.subscriptions.getIamPolicy")
)

func channel(kind inventory.Kind, w *way, getPolicy string) struct{} {
	return collectors.Register(&Sources, collectors.Source[*Clients, asset, sharedAnswers]{
		Kind: kind, Class: inventory.ClassMessageChannel,
		Permissions: w.permissions(policyPermission, getPolicy),
		ListAction:  w.action, ListPermission: w.permission,
		Global: true, List: w.list, Find: w.find,
		Ask:   func(ctx context.Context, c *Clients, a asset) sharedAnswers { return askChannel(ctx, c, a, getPolicy) },
		Facts: channelFacts,
	})
}

func askChannel(ctx context.Context, c *Clients, a asset, permission string) sharedAnswers {
	out := sharedAnswers{Item: a, Policy: ask(permission, permission, func() (*policy, error) {
		if p := c.toldPolicy(ctx, a); p != nil {
			return p, nil
		}
		return fetch[policy](ctx, c, pubsubAPI, "/v1"+strings.TrimPrefix(a.Name, "//"+pubsubAPI)+":getIamPolicy",
			url.Values{"options.requestedPolicyVersion": {"3"}})
	})}
	if p := out.Policy.Value; p != nil && p.needsNumber() {
		out.Number = c.number(ctx)
	}
	out.Item.Policy = nil
	return out
}

func channelFacts(w collectors.Where, a sharedAnswers) *inventory.Resource {
	b := read[struct {
		Push struct {
			Endpoint string `json:"pushEndpoint"`
		} `json:"pushConfig"`
	}](a.Item)
	facts := &inventory.MessageChannel{EncryptedAtRest: true, TLSRequired: true}
	r := begin(a.Item, facts)
	r.SetInherent("encrypted_at_rest")
	if b.Push.Endpoint == "" {
		// Google's interface speaks TLS alone.
		r.SetInherent("tls_required")
	} else {
		facts.TLSRequired = strings.HasPrefix(strings.ToLower(b.Push.Endpoint), "https://")
		r.Known("tls_required")
	}
	sharing(r, w, a.Policy, a.Number, &facts.Public, &facts.Principals)
	notAsked(r, "accesscontextmanager.servicePerimeters.list", "accesscontextmanager.servicePerimeters.list",
		"network_restricted")
	return r
}
