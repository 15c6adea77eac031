package aws

import (
	"context"
	"iter"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// serviceItem is a security service of the account: one record for each capability, with what every region said. That
// no region has it is an answer as well.
type serviceItem[T any] struct {
	// Capability is a word of security_service.kind.
	Capability string
	States     []regionAnswer[T]
}

// capabilities lists the capabilities that one service offers. Its regions are asked once for all of them.
func capabilities[T any](
	ask func(ctx context.Context, c *Clients) []regionAnswer[T], kinds ...string,
) func(context.Context, *Clients) iter.Seq2[serviceItem[T], error] {
	return func(ctx context.Context, c *Clients) iter.Seq2[serviceItem[T], error] {
		return func(yield func(serviceItem[T], error) bool) {
			states := ask(ctx, c)
			for _, kind := range kinds {
				if !yield(serviceItem[T]{kind, states}, nil) {
					return
				}
			}
		}
	}
}

// one is the Find of such a source.
func oneCapability[T any](
	list func(context.Context, *Clients) iter.Seq2[serviceItem[T], error],
) func(context.Context, *Clients, string) iter.Seq2[serviceItem[T], error] {
	return func(ctx context.Context, c *Clients, id string) iter.Seq2[serviceItem[T], error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		return only(list(ctx, c), func(i serviceItem[T]) bool { return serviceID(w, i.Capability) == id })
	}
}

func serviceID(w collectors.Where, capability string) string {
	return string(w.Scope) + "/" + string(inventory.ClassSecurityService) + "/" + capability
}

// serviceFacts states how a service stands in each region. Whether that is enough is derived: only the regions in use
// must have it. state is told nil where the service says that it is not there.
func serviceFacts[T any](
	w collectors.Where, i serviceItem[T], name string, state func(*T) inventory.ServiceState,
) (*inventory.Resource, *inventory.SecurityService) {
	facts := &inventory.SecurityService{Kind: i.Capability}
	r := inventory.New(serviceID(w, i.Capability), name, collectors.Global, facts)
	for _, s := range i.States {
		if why := s.Answer.Unknown(); why != nil {
			facts.States = append(facts.States, inventory.ServiceState{Region: s.Region, Unread: why})
			continue
		}
		st := state(s.Answer.Value)
		st.Region = s.Region
		facts.States = append(facts.States, st)
	}
	r.Known("kind", "states")
	if i.Capability != "threat_detection" {
		r.SetNotApplicable("it has no parts that watch one workload each", "plans_missing")
	}
	if i.Capability != "posture_management" {
		r.SetNotApplicable("only a posture service reports a score", "score_percent")
	}
	return r, facts
}
