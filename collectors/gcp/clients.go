// Package gcp lists and asks about the resources of a Google Cloud project and states their facts. It knows Google's
// APIs by their REST answers; it does not know checks, verdicts or where facts are stored.
package gcp

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Clients make the calls of one run of one project, and remember what several sources ask for.
type Clients struct {
	Project string

	http *http.Client
	// endpoint stands for every API when it is set.
	endpoint *url.URL
	attempts int
	timeout  time.Duration
	budget   *budget

	mu sync.Mutex
	// refused is why the asset inventory does not answer; nil when it does or was not asked yet.
	refused *collectors.Reason
	direct  map[string]bool
	kept    map[string]*keptListing
	once    map[string]*keptCall
	// policies are by the type of asset.
	policies map[string]*keptPolicies
	accounts accountPolicies
	// single says that the run asks about one resource: what spares calls over many would cost it some.
	single bool
	// export holds the assets of an export that is read instead of calling.
	export *Export
}

// keptListing is a listing that several sources look things up in.
type keptListing struct {
	once  sync.Once
	items []asset
	err   error
}

// keptCall is one call that many items ask for.
type keptCall struct {
	once sync.Once
	body []byte
	err  error
}

// Sources are the kinds of Google Cloud this package collects; each file adds its own. What is absent: filters and
// records of traffic are settings of rules and subnetworks here, and a machine wears its identity itself.
var Sources = collectors.Registry[*Clients]{Absent: []inventory.Class{
	inventory.ClassSubnetFilter, inventory.ClassFlowLog, inventory.ClassInstanceProfile, inventory.ClassAddressList,
}}

// ask makes one call about a resource. permission is the right it needs, action the method it is reported by.
func ask[T any](action, permission string, call func() (*T, error)) collectors.Answer[T] {
	return collectors.Ask(action, permission, Classify, call)
}

// defaultPerSecond is how many calls each API gets in a second unless somebody says otherwise.
const defaultPerSecond = 20

// budget bounds how fast each API is called, so that a collection never eats what the customer's own programs need of
// the project's quotas.
type budget struct {
	perSecond rate.Limit
	mu        sync.Mutex
	byAPI     map[string]*rate.Limiter
}

func newBudget(perSecond float64) *budget {
	if perSecond <= 0 {
		perSecond = defaultPerSecond
	}
	return &budget{perSecond: rate.Limit(perSecond), byAPI: map[string]*rate.Limiter{}}
}

func (b *budget) wait(ctx context.Context, api string) error {
	b.mu.Lock()
	l := b.byAPI[api]
	if l == nil {
		l = rate.NewLimiter(b.perSecond, max(int(b.perSecond), 1))
		if api == assetAPI && b.perSecond <= defaultPerSecond {
			// The inventory answers a hundred listings a minute.
			l = rate.NewLimiter(1.5, 80)
		}
		b.byAPI[api] = l
	}
	b.mu.Unlock()
	return l.Wait(ctx)
}

// keep lists once for a run what several sources look things up in. Only small listings are kept: settings of
// networks and balancers, never machines, disks or stores.
func (c *Clients) keep(ctx context.Context, w *way) ([]asset, error) {
	c.mu.Lock()
	k := c.kept[w.action]
	if k == nil {
		k = &keptListing{}
		c.kept[w.action] = k
	}
	c.mu.Unlock()
	k.once.Do(func() {
		for a, err := range w.list(ctx, c) {
			if err != nil {
				k.err = err
				return
			}
			k.items = append(k.items, a)
		}
	})
	return k.items, k.err
}

// kept is the List of a source that others look things up in.
func (w *way) kept(ctx context.Context, c *Clients) iter.Seq2[asset, error] {
	return func(yield func(asset, error) bool) {
		items, err := c.keep(ctx, w)
		for _, a := range items {
			if !yield(a, nil) {
				return
			}
		}
		if err != nil {
			yield(asset{}, err)
		}
	}
}

// getOnce reads what many items ask for once in a run.
func (c *Clients) getOnce(ctx context.Context, api, path string, query url.Values) ([]byte, error) {
	return c.onceBy(ctx, http.MethodGet, api, path, query, nil)
}

// onceBy makes a call that many items ask for once in a run.
func (c *Clients) onceBy(ctx context.Context, method, api, path string, query url.Values, body any) ([]byte, error) {
	key := method + api + path + "?" + query.Encode()
	c.mu.Lock()
	k := c.once[key]
	if k == nil {
		k = &keptCall{}
		c.once[key] = k
	}
	c.mu.Unlock()
	k.once.Do(func() { k.body, k.err = c.call(ctx, method, api, path, query, body) })
	return k.body, k.err
}
