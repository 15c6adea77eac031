package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"golang.org/x/time/rate"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Tenant is an Azure tenant whose subscriptions are found. It has no resources of its own here.
type Tenant struct {
	id    string
	arm   *arm.Client
	limit rate.Limit

	mu sync.Mutex
	// veiled says that the last listing showed only what the credentials may read.
	veiled bool
}

// KindSubscription is the kind under which the ledger notes how completely the subscriptions of a tenant were listed.
const KindSubscription inventory.Kind = "azure.tenant.subscription"

var (
	// tenants is how Resource Manager tells of the tenants that the credentials are of.
	tenants = rowsOf{typ: "Microsoft.Resources/tenants", version: "2022-12-01"}
	// descendants are the groups and subscriptions below a management group; the outermost has the tenant's id.
	descendants = rowsOf{typ: "Microsoft.Management/managementGroups/descendants", version: "2020-05-01"}
)

// tenantAnswer is a tenant as Resource Manager describes it.
type tenantAnswer struct {
	TenantID string `json:"tenantId"`
}

// descendant is a management group or a subscription below one; its id tells which.
type descendant struct {
	ID         string `json:"id"`
	Properties struct {
		DisplayName string `json:"displayName"`
	} `json:"properties"`
}

// ConnectTenant reaches a tenant and confirms that the credentials are of it; without a name it takes the only one they
// are of. The errors name the setting to mend.
func ConnectTenant(ctx context.Context, c Connection) (*Tenant, error) {
	if c.Tenant != "" && !uuidShape.MatchString(c.Tenant) {
		return nil, fmt.Errorf("tenant %q is not the id of a tenant; want a uuid", c.Tenant)
	}
	client, limit, err := c.open()
	if err != nil {
		return nil, err
	}
	t := &Tenant{id: strings.ToLower(c.Tenant), arm: client, limit: limit}
	return t, t.confirm(ctx)
}

// confirm asks which tenants the credentials are of. Where that is refused and the tenant was named, the name is
// believed: every subscription says itself which tenant it is in.
func (t *Tenant) confirm(ctx context.Context) error {
	found, err := all[tenantAnswer](ctx, t.clients(), "/tenants", tenants.version)
	switch {
	case err != nil && t.id != "" && status(err) == http.StatusForbidden:
		return nil
	case err != nil:
		return explainConnect(err, t.id)
	case t.id != "":
		for _, a := range *found {
			if strings.EqualFold(a.TenantID, t.id) {
				return nil
			}
		}
		return fmt.Errorf("the credentials are not of tenant %s: sign in to it, or check the id", t.id)
	case len(*found) != 1:
		return fmt.Errorf("the credentials are of %d tenants: name one with --scope azure-tenant:<uuid>", len(*found))
	case !uuidShape.MatchString((*found)[0].TenantID):
		return errors.New("Azure did not say which tenant the credentials are of: name it with --scope azure-tenant:<uuid>")
	}
	t.id = lower((*found)[0].TenantID)
	return nil
}

func (t *Tenant) clients() *Clients { return &Clients{arm: t.arm, budget: budgetOf(t.limit)} }

// Scope is the scope id of the tenant.
func (t *Tenant) Scope() inventory.ScopeID { return inventory.ScopeID("azure-tenant:" + t.id) }

// Classes are those of the subscriptions: none of them is missing in a tenant.
func (t *Tenant) Classes() map[inventory.Class]bool { return Sources.Classes() }

// Collect collects nothing: what acts on the subscriptions is collected with each.
func (t *Tenant) Collect(context.Context, func() time.Time, collectors.Out) error { return nil }

// One fails: no resource is a tenant's own.
func (t *Tenant) One(
	_ context.Context, kind inventory.Kind, _, _ string, _ func() time.Time, _ collectors.Out,
) (bool, error) {
	return false, fmt.Errorf("kind %q is collected with the subscription it lies in, not with the tenant", kind)
}

// Missing says what may have become of a subscription that the last listing lacks. Resource Manager leaves out what the
// credentials may not read, so without the management groups two things look the same.
func (t *Tenant) Missing() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.veiled {
		return ""
	}
	return "it is no longer shown to the credentials: it left the tenant, or the right to read it was taken away"
}

// Members lists the subscriptions, closed ones included. What the management groups hold beside those that are shown is
// a member as well: it cannot be read, and its own collection says so. Where the groups may not be read the list is
// complete as far as the credentials see, and the errors of its row say what was refused.
func (t *Tenant) Members(ctx context.Context, now func() time.Time) ([]inventory.Member, inventory.LedgerRow) {
	row := inventory.LedgerRow{Scope: t.Scope(), Kind: KindSubscription, Region: collectors.Global, BeganAt: now()}
	c, asked := t.clients(), subscriptions
	members, err := t.shown(ctx, c)
	if err == nil {
		var hidden []inventory.Member
		asked = descendants
		hidden, err = t.hidden(ctx, c, members)
		members = append(members, hidden...)
	}
	veiled := asked == descendants && withheld(err)
	t.mu.Lock()
	t.veiled = veiled
	t.mu.Unlock()
	if err != nil {
		why := collectors.Classify(Classify(err))
		row.Errors = []inventory.CallErrors{{Action: asked.action(), Code: why.Code, Count: 1}}
		if !veiled {
			row.Unknown = &inventory.Unknown{Cause: why.Cause, Code: why.Code, Action: asked.action(),
				Permission: asked.permission()}
			return nil, row
		}
	}
	row.Listed, row.Described, row.Complete = len(members), len(members), true
	return members, row
}

// withheld says whether the management groups may not be read, or are not used: both last. What only fails now must not
// let a subscription look gone that is merely hidden.
func withheld(err error) bool {
	s := status(err)
	return s == http.StatusForbidden || s == http.StatusNotFound
}

// subscriptionClosed are the states of a subscription in which it is not collected, in words that follow "is". One in a
// state that we do not know is taken for open: if it cannot be read, its own collection says so.
var subscriptionClosed = map[string]string{"disabled": "disabled", "deleted": "deleted"}

// shown lists the subscriptions of the tenant that the credentials may read. Those of other tenants that are managed
// from this one are left out. None at all is the answer to somebody without rights.
func (t *Tenant) shown(ctx context.Context, c *Clients) (members []inventory.Member, err error) {
	found, err := all[subscriptionAnswer](ctx, c, "/subscriptions", subscriptions.version)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, a := range *found {
		id := lower(a.SubscriptionID)
		switch {
		case !uuidShape.MatchString(id), a.State == "", a.TenantID == "":
			return nil, &errMalformed{errors.New("a subscription lacks its id, its state or its tenant")}
		case seen[id], !strings.EqualFold(a.TenantID, t.id):
			continue
		}
		seen[id] = true
		members = append(members, t.member(id, a.DisplayName, subscriptionClosed[lower(a.State)]))
	}
	if len(members) == 0 {
		return nil, &errDenied{subscriptions.permission()}
	}
	return members, nil
}

// hidden lists the subscriptions below the tenant's outermost management group that are not shown.
func (t *Tenant) hidden(
	ctx context.Context, c *Clients, shown []inventory.Member,
) (members []inventory.Member, err error) {
	group := "/providers/Microsoft.Management/managementGroups/" + t.id
	found, err := all[descendant](ctx, c, group+"/descendants", descendants.version)
	if err != nil {
		return nil, err
	}
	seen := map[inventory.ScopeID]bool{}
	for _, m := range shown {
		seen[m.Scope] = true
	}
	for _, d := range *found {
		id, ok := strings.CutPrefix(lower(d.ID), "/subscriptions/")
		switch {
		case d.ID == "", ok && !uuidShape.MatchString(id):
			return nil, &errMalformed{errors.New("what lies in a management group lacks its id")}
		case !ok, seen[scopeOf(id)]:
			continue
		}
		seen[scopeOf(id)] = true
		members = append(members, t.member(id, d.Properties.DisplayName, ""))
	}
	return members, nil
}

func (t *Tenant) member(subscription, name, closed string) inventory.Member {
	return inventory.Member{Scope: scopeOf(subscription), Name: name, Directory: t.id, Closed: closed}
}
