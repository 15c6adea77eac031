package azure

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// row is a resource as Resource Graph and Resource Manager both tell of it; P holds the properties that are read. What
// P does not name is dropped, and what may be absent is a pointer: absent is not false.
type row[P any] struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Type       string    `json:"type,omitempty"`
	Kind       string    `json:"kind,omitempty"`
	Location   string    `json:"location,omitempty"`
	Tags       tags      `json:"tags,omitempty"`
	SKU        *sku      `json:"sku,omitempty"`
	Identity   *identity `json:"identity,omitempty"`
	Zones      []string  `json:"zones,omitempty"`
	ManagedBy  string    `json:"managedBy,omitempty"`
	Properties P         `json:"properties"`
}

type sku struct {
	Name string `json:"name,omitempty"`
	Tier string `json:"tier,omitempty"`
}

// identity is what a resource acts as.
type identity struct {
	Type        string                     `json:"type,omitempty"`
	PrincipalID string                     `json:"principalId,omitempty"`
	Assigned    map[string]json.RawMessage `json:"userAssignedIdentities,omitempty"`
}

// tags are labels. Resource Graph gives an empty text where there are none.
type tags map[string]string

// UnmarshalJSON reads an object of texts, and takes anything else for none.
func (t *tags) UnmarshalJSON(raw []byte) error {
	var m map[string]string
	if err := json.Unmarshal(raw, &m); err == nil {
		*t = m
	}
	return nil
}

// ref points at another resource.
type ref struct {
	ID string `json:"id"`
}

func (r *ref) id() string {
	if r == nil {
		return ""
	}
	return armID(r.ID)
}

// seen is a row with the labels of its resource group.
type seen[P any] struct {
	Row   row[P]
	Group collectors.Answer[groupTags]
}

// groupTags are the labels of a resource group.
type groupTags struct {
	Tags tags `json:"tags,omitempty"`
}

var resourceGroups = rowsOf{typ: "Microsoft.Resources/subscriptions/resourceGroups", table: "resourcecontainers",
	version: "2022-09-01"}

// seenIn joins a row with the labels of its group, which stand in for labels of its own.
func seenIn[P any](ctx context.Context, c *Clients, r row[P]) seen[P] {
	group := ask(resourceGroups.action(), resourceGroups.permission(), func() (*groupTags, error) {
		byID, err := once(c, "labels of groups", func() (map[string]tags, error) {
			rows, err := keep[struct{}](ctx, c, resourceGroups)
			out := map[string]tags{}
			for _, g := range rows {
				out[armID(g.ID)] = g.Tags
			}
			return out, err
		})
		if err != nil {
			return nil, err
		}
		return &groupTags{Tags: byID[groupOf(armID(r.ID))]}, nil
	})
	return seen[P]{Row: r, Group: group}
}

// armID is an id as links name it: Azure compares ids without regard to case and spells one resource in many ways.
func armID(id string) string { return strings.ToLower(strings.TrimRight(id, "/")) }

// groupOf is the id of the resource group that a resource lies in.
func groupOf(id string) string {
	parts := strings.Split(id, "/")
	if len(parts) < 5 || parts[3] != "resourcegroups" {
		return ""
	}
	return strings.Join(parts[:5], "/")
}

// above cuts an id before a segment: above(id, "/ipconfigurations/") is what the configuration belongs to.
func above(id, segment string) string {
	if i := strings.LastIndex(id, segment); i >= 0 {
		return id[:i]
	}
	return id
}

// networkOf is the network of a subnet.
func networkOf(subnet string) string {
	if !strings.Contains(subnet, "/subnets/") {
		return ""
	}
	return above(subnet, "/subnets/")
}

// subscriptionOf is the subscription that an id lies in.
func subscriptionOf(id string) string {
	parts := strings.Split(id, "/")
	if len(parts) < 3 || parts[1] != "subscriptions" {
		return ""
	}
	return parts[2]
}

// lastOf is the last part of an id.
func lastOf(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// regionOf is a location by its name: "West Europe" is westeurope.
func regionOf(location string) string { return strings.ToLower(strings.ReplaceAll(location, " ", "")) }

// codeKeys are labels that say how a resource is managed: those of a group say nothing of what lies in it.
var codeKeys = regexp.MustCompile(`(?i)^(managed-by|terraform|pulumi)$`)

// described starts the resource that a row describes, with its labels. Labels of its group stand in for those it lacks,
// and while these are not known neither are its own.
func described[P any](s seen[P], facts any) *inventory.Resource {
	r := inventory.New(armID(s.Row.ID), firstOf(s.Row.Name, lastOf(s.Row.ID)), regionOf(s.Row.Location), facts)
	r.Labels = map[string]string{}
	own := map[string]bool{}
	for k, v := range s.Row.Tags {
		r.Labels[k] = v
		own[strings.ToLower(k)] = true
	}
	if r.Schema().Attribute("labels_read") == nil {
		return r
	}
	if why := s.Group.Unknown(); why != nil {
		r.SetUnknown(*why, "labels_read")
		return r
	}
	if s.Group.Value != nil {
		for k, v := range s.Group.Value.Tags {
			if !own[strings.ToLower(k)] && !codeKeys.MatchString(k) {
				r.Labels[k] = v
			}
		}
	}
	return r
}

// leftOut states that what nobody spoke of is unknown, because the answer of an operation came without the field that
// says it. It is deferred by normalisers, so that no fact is forgotten without a reason.
func leftOut(r *inventory.Resource, l rowsOf) {
	why := inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: l.action(),
		Permission: l.permission()}
	for _, a := range r.Schema().Attributes {
		if !a.Derived && a.Name != "labels_read" {
			unspoken(r, why, a.Name)
		}
	}
}

// unspoken gives the reason for those of the facts that nothing has been said of yet.
func unspoken(r *inventory.Resource, why inventory.Unknown, facts ...string) {
	for _, name := range facts {
		_, unknown := r.Unknown[name]
		_, without := r.NotApplicable[name]
		if !r.IsKnown(name) && !unknown && !without {
			r.SetUnknown(why, name)
		}
	}
}

// notYet leaves facts unknown that no source of this release asks for.
func notYet(r *inventory.Resource, facts ...string) {
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotCollected}, facts...)
}

// state sets a fact from a field that may be absent; an absent one leaves it to leftOut.
func state[T any](r *inventory.Resource, from *T, into *T, fact string) {
	if from != nil {
		*into = *from
		r.Known(fact)
	}
}

func deref[T any](p *T) T {
	var zero T
	if p != nil {
		return *p
	}
	return zero
}
