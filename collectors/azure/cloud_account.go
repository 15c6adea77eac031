package azure

import (
	"context"
	"iter"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, subscriptionAnswer, subscriptionAnswer]{
	Kind:        "azure.subscription",
	Class:       inventory.ClassCloudAccount,
	Permissions: []string{subscriptions.permission()},
	ListAction:  "GET " + subscriptions.typ, ListPermission: subscriptions.permission(),
	Global: true,
	List:   listSubscription,
	Find: func(ctx context.Context, c *Clients, _ string) iter.Seq2[subscriptionAnswer, error] {
		return listSubscription(ctx, c)
	},
	Facts: subscriptionFacts,
})

func listSubscription(ctx context.Context, c *Clients) iter.Seq2[subscriptionAnswer, error] {
	return func(yield func(subscriptionAnswer, error) bool) {
		got, err := get[subscriptionAnswer](ctx, c, "/subscriptions/"+c.Subscription, subscriptions.version)
		if err != nil {
			yield(subscriptionAnswer{}, err)
			return
		}
		yield(*got, nil)
	}
}

// subscriptionFacts states what is asked of the subscription alone. What many resources or the directory tell is
// derived or not collected.
func subscriptionFacts(w collectors.Where, a subscriptionAnswer) *inventory.Resource {
	name := a.DisplayName
	if name == "" {
		name = w.Scope.Account()
	}
	r := inventory.New(string(w.Scope)+"/cloud_account/"+w.Scope.Account(), name, collectors.Global,
		&inventory.CloudAccount{})
	r.Labels = a.Tags
	notYet(r, "in_organization", "security_contact", "serial_console_allowed", "provider_access_gated",
		"quota_headroom_percent")
	return r
}
