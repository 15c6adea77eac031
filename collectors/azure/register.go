package azure

import (
	"context"
	"iter"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// register adds a kind of which the row tells all.
func register[P any](kind inventory.Kind, class inventory.Class, l rowsOf, facts func(collectors.Where,
	seen[P]) *inventory.Resource) struct{} {
	return collectors.Register(&Sources, collectors.Source[*Clients, seen[P], seen[P]]{
		Kind: kind, Class: class, Permissions: []string{l.permission(), resourceGroups.permission()},
		ListAction: l.action(), ListPermission: l.permission(), Global: true,
		List: func(ctx context.Context, c *Clients) iter.Seq2[seen[P], error] { return seenRows[P](ctx, c, l) },
		Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[seen[P], error] {
			return findRow[P](ctx, c, l, id)
		},
		Facts: facts,
	})
}

// registerKept is register for rows that other sources need as well.
func registerKept[P any](kind inventory.Kind, class inventory.Class, l rowsOf, facts func(collectors.Where,
	seen[P]) *inventory.Resource) struct{} {
	return collectors.Register(&Sources, collectors.Source[*Clients, seen[P], seen[P]]{
		Kind: kind, Class: class, Permissions: []string{l.permission(), resourceGroups.permission()},
		ListAction: l.action(), ListPermission: l.permission(), Global: true,
		List: func(ctx context.Context, c *Clients) iter.Seq2[seen[P], error] { return keptRows[P](ctx, c, l) },
		Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[seen[P], error] {
			return findRow[P](ctx, c, l, id)
		},
		Facts: facts,
	})
}

// registerAsked adds a kind of which more is asked than the row tells. more are the rights that the further calls need.
func registerAsked[P, A any](kind inventory.Kind, class inventory.Class, l rowsOf, more []string,
	asks func(context.Context, *Clients, seen[P]) A, facts func(collectors.Where, A) *inventory.Resource) struct{} {
	return collectors.Register(&Sources, collectors.Source[*Clients, seen[P], A]{
		Kind: kind, Class: class, Permissions: append([]string{l.permission(), resourceGroups.permission()}, more...),
		ListAction: l.action(), ListPermission: l.permission(), Global: true,
		List: func(ctx context.Context, c *Clients) iter.Seq2[seen[P], error] { return seenRows[P](ctx, c, l) },
		Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[seen[P], error] {
			return findRow[P](ctx, c, l, id)
		},
		Ask:   asks,
		Facts: facts,
	})
}

// lower is a word as words are compared: Azure does not mind their case.
func lower(word string) string { return strings.ToLower(word) }
