package aws

import (
	"context"
	"iter"
)

// pager is what the paginators of all services have in common; Options are the options of its service.
type pager[Out, Options any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*Options)) (Out, error)
}

// listed yields the items of a paginator of any service.
func listed[Out, Options, Item any](ctx context.Context, p pager[Out, Options], items func(Out) []Item) iter.Seq2[Item, error] {
	next := func(ctx context.Context) (Out, error) { return p.NextPage(ctx) }
	return paged(ctx, p.HasMorePages, next, items)
}

// single yields the one resource a call describes, and nothing when the provider says that it is not there.
func single[Item any](call func() (Item, error), notFound ...string) iter.Seq2[Item, error] {
	return gone(func(yield func(Item, error) bool) { yield(call()) }, notFound...)
}
