package reach

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// derivePipeline says whether what a pipeline acts as is an administrator, and whether it can change production.
func derivePipeline(r *inventory.Resource, w World) {
	p := r.Facts.(*inventory.DeliveryPipeline)
	if !r.IsKnown("identities") {
		unknown(r, []inventory.Unknown{r.Why("identities")}, "admin_identity", "production")
		return
	}
	admin := no
	var doubts []inventory.Unknown
	for _, id := range p.Identities {
		answer, why := lentPrivilege(id, r, w)
		admin, doubts = admin.either(answer), append(doubts, why...)
	}
	settle(r, "admin_identity", admin, &p.AdminIdentity, doubts)
	changes, doubts := changesProduction(r, p, w)
	settle(r, "production", changes, &p.Production, doubts)
}

// changesProduction looks at the environment of the pipeline itself and of the scopes it acts on.
func changesProduction(r *inventory.Resource, p *inventory.DeliveryPipeline, w World) (truth, []inventory.Unknown) {
	answer := no
	var doubts []inventory.Unknown
	note := func(env string, why *inventory.Unknown) {
		if why != nil {
			answer, doubts = answer.either(unsure), append(doubts, *why)
			return
		}
		answer = answer.either(truthOf(env == production))
	}
	note(environmentOf(r, w))
	scopes := slices.Clone(p.Scopes)
	slices.Sort(scopes)
	for _, scope := range slices.Compact(scopes) {
		id := inventory.ScopeID(scope)
		account := w.Get(AccountID(id))
		if account == nil {
			// Of a scope that is not collected the settings may still say what it is.
			account = inventory.New(AccountID(id), scope, "", &inventory.CloudAccount{})
			account.Scope = id
		}
		note(environmentOf(account, w))
	}
	return answer, doubts
}
