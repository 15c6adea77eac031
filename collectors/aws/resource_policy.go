package aws

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// readPolicy reads the policy of a resource from an answer; an answer without one is the empty policy, which lets in
// nobody by itself. Where it cannot be read the named facts are unknown and read is false.
func readPolicy[T any](
	r *inventory.Resource, a collectors.Answer[T], text func(*T) string, facts ...string,
) (doc policyDocument, read bool) {
	if why := a.Unknown(); why != nil {
		r.SetUnknown(*why, facts...)
		return doc, false
	}
	if a.Value == nil {
		return doc, true
	}
	words := text(a.Value)
	if strings.TrimSpace(words) == "" {
		return doc, true
	}
	doc, err := parsePolicy(words)
	if err != nil {
		permission := a.Permission
		if permission == "" {
			permission = a.Action
		}
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Action: a.Action, Permission: permission, Code: "MalformedAnswer",
		}, facts...)
		return policyDocument{}, false
	}
	return doc, true
}

// deniesClearText says whether the policy denies anyone who calls without TLS the named actions, which are those that
// move the content. Statements may share the work.
func (d policyDocument) deniesClearText(actions ...string) bool {
	for _, action := range actions {
		if !d.deniesInClear(action) {
			return false
		}
	}
	return len(actions) > 0
}

func (d policyDocument) deniesInClear(action string) bool {
	for _, s := range d.Statement {
		if s.Effect != "Deny" || !s.anyone() || len(s.NotPrincipal) > 0 || !s.onlyWithoutTLS() {
			continue
		}
		for _, pattern := range s.Action {
			if covers(strings.ToLower(pattern), strings.ToLower(action)) {
				return true
			}
		}
	}
	return false
}

// asksNobody says whether the policy lets in callers who show no credential: it speaks of everyone, and no condition
// names a party. A range of addresses names none.
func (d policyDocument) asksNobody() bool {
	for _, s := range d.Statement {
		if s.Effect != "Allow" || !s.anyone() {
			continue
		}
		if len(s.conditionAccounts()) == 0 && !s.namesOrganisation() {
			return true
		}
	}
	return false
}

func (s policyStatement) namesOrganisation() bool {
	for op, keys := range s.Condition {
		if !strings.Contains(strings.ToLower(op), "not") && len(keys["aws:principalorgid"]) > 0 {
			return true
		}
	}
	return false
}

// tagFacts states the labels of a resource whose tags are asked for one by one.
func tagFacts(r *inventory.Resource, a collectors.Answer[map[string]string]) {
	collectors.Know(r, a, func(v *map[string]string) {
		if v != nil && len(*v) > 0 {
			r.Labels = *v
		}
	}, "labels_read")
}

// stateFlag states a yes-or-no fact where the answer has the field; leftOut gives the reason where it has not.
func stateFlag(r *inventory.Resource, fact string, said *bool, fill *bool) {
	if said != nil {
		*fill = *said
		r.Known(fact)
	}
}

// ownKeyFact states whether a store that is encrypted is so with a key of the customer's. One that names no key uses
// the service's own.
func ownKeyFact(r *inventory.Resource, fill *bool, named *string, key collectors.Answer[keyHolder]) {
	switch {
	case aws.ToString(named) == "":
		r.Known("customer_key")
	case key.Unknown() != nil:
		r.SetUnknown(*key.Unknown(), "customer_key")
	case key.Value != nil && key.Value.Manager != "":
		*fill = key.Value.Manager == "CUSTOMER"
		r.Known("customer_key")
	}
}

// heldBy asks once for each listing whose key a key is; it asks nothing for no key.
func heldBy(
	keys *once[keyHolder], named *string, call func(key string) collectors.Answer[keyHolder],
) collectors.Answer[keyHolder] {
	key := aws.ToString(named)
	if key == "" {
		return collectors.Answer[keyHolder]{}
	}
	return keys.ask(key, func() collectors.Answer[keyHolder] { return call(key) })
}

// noSuchSwitch is why message channels, secrets and registries are not asked which networks they answer.
const noSuchSwitch = "the service has no network switch; the resource policy is the guard"

// kept gives what was listed in a form that the store gives back: nothing listed is an empty list, not none.
func kept[T any](list []T) *[]T {
	if list == nil {
		list = []T{}
	}
	return &list
}

// keptTags does the same for tags.
func keptTags(tags map[string]string) *map[string]string {
	if tags == nil {
		tags = map[string]string{}
	}
	return &tags
}
