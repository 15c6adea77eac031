// Package azure lists and asks about the resources of an Azure subscription and states their facts. It knows Resource
// Manager and Resource Graph; it does not know checks, verdicts or where facts are stored.
package azure

import (
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"golang.org/x/time/rate"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Clients ask about one subscription. One Clients serves one collection: what several sources need is fetched once.
type Clients struct {
	Subscription string
	Name         string

	arm    *arm.Client
	budget *rate.Limiter
	// Graph has a budget of its own: it answers 15 questions in 5 seconds and is asked about a thousand resources each.
	graphBudget *rate.Limiter

	// export holds the rows that are read instead of calling.
	export *Export

	mu     sync.Mutex
	shared map[string]*fetched
}

// Sources are the kinds of Azure this package collects; each file adds its own. Azure filters whole subnets by the same
// groups that interfaces wear, lends identities to machines without a profile in between, and keeps its switch against
// public stores on each account.
var Sources = collectors.Registry[*Clients]{Absent: []inventory.Class{
	inventory.ClassSubnetFilter, inventory.ClassInstanceProfile, inventory.ClassPublicAccessGuard,
}}

// fetched is an answer that several sources use.
type fetched struct {
	once  sync.Once
	value any
	err   error
}

// once fetches what is known by a key, or returns what was fetched before, an error included: what was refused to one
// source is refused to the next.
func once[T any](c *Clients, key string, fetch func() (T, error)) (T, error) {
	c.mu.Lock()
	if c.shared == nil {
		c.shared = map[string]*fetched{}
	}
	f := c.shared[key]
	if f == nil {
		f = &fetched{}
		c.shared[key] = f
	}
	c.mu.Unlock()
	f.once.Do(func() { f.value, f.err = fetch() })
	v, _ := f.value.(T)
	return v, f.err
}

// ask makes one call about a resource and keeps its answer.
func ask[T any](action, permission string, call func() (*T, error)) collectors.Answer[T] {
	return collectors.Ask(action, permission, Classify, call)
}
