package evaluator

import (
	"context"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Due is a resource whose derived facts and verdicts have to be worked out again.
type Due struct {
	// Resource holds its facts and nothing derived, unless Derived. It must not be written to.
	Resource *inventory.Resource
	// Derived says that the derived facts stand and are there: only the verdicts have to be worked out.
	Derived bool
	// Before are the findings the resource has or had, by check.
	Before map[string]*Finding
	// Cause is what set the work off, for movements whose cause the verdicts do not tell; may be empty.
	Cause Cause
}

// Moved is a finding after a judgement that changed it.
type Moved struct {
	Check    string
	Finding  *Finding
	Movement *Movement
}

// Settled is a resource after its derived facts and verdicts were worked out.
type Settled struct {
	// Resource holds facts and derived facts.
	Resource *inventory.Resource
	// Kept says that the derived facts are those that stood, and rest on what they rested on.
	Kept bool
	// RestsOn are the keys that were looked at.
	RestsOn []Key
	// Judgements are the verdicts of every check that speaks of the resource.
	Judgements []Judgement
	// Moved are the findings that changed; those that did not are left out.
	Moved []Moved
}

// View is the inventory of a tenant as it stands, for derivations. Resources it returns hold facts and nothing derived,
// and must not be written to.
type View interface {
	// Resources returns what the inventory has of the ids.
	Resources(ctx context.Context, ids []string) (map[string]*inventory.Resource, error)
	// Into returns, for each id, the resources of the class that link to it by the named edge, in the order of their ids.
	Into(ctx context.Context, class inventory.Class, link string, ids []string) (map[string][]*inventory.Resource, error)
	// Labels returns the distinct sets of labels that the scope's resources carry by these names, in whatever case, and the
	// distinct reasons why some of the resources' labels could not be read. The sets may hold labels of other names.
	Labels(ctx context.Context, scope inventory.ScopeID, names []string) ([]map[string]string, []inventory.Unknown, error)
	// Listings returns the last ledger row of each kind and region of the tenant.
	Listings(ctx context.Context) ([]inventory.LedgerRow, error)
	// Accounts returns the accounts of the tenant's scopes.
	Accounts(ctx context.Context) ([]string, error)
	// Settings returns the tenant's settings in force.
	Settings(ctx context.Context) (*inventory.Settings, error)
}
