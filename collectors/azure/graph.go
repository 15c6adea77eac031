package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"

	"github.com/plumbline-posture/plumbline/collectors"
)

// graphVersion is the interface of Resource Graph that is spoken.
const graphVersion = "2024-04-01"

// graphPath is where Resource Graph is asked.
const graphPath = "/providers/Microsoft.ResourceGraph/resources"

// graphPage is how many rows Resource Graph gives at once, which is its limit.
const graphPage = 1000

// rowsOf says how the resources of one type are listed: their table in Resource Graph and the version by which Resource
// Manager tells of one.
type rowsOf struct {
	typ     string
	version string
	// table is the table of Resource Graph; empty is "resources".
	table string
}

func (l rowsOf) permission() string { return l.typ + "/read" }

func (l rowsOf) action() string { return "LIST " + l.typ }

// query asks for rows in the order of their ids: without an id Resource Graph cannot page.
func (l rowsOf) query() string {
	table := l.table
	if table == "" {
		table = "resources"
	}
	return fmt.Sprintf("%s | where type =~ '%s' | project id, name, type, kind, location, resourceGroup, tags, sku, "+
		"identity, zones, managedBy, properties | order by id asc", table, strings.ToLower(l.typ))
}

// graphAnswer is a page of rows. Pointers tell a page without rows from an answer that is none.
type graphAnswer struct {
	TotalRecords *int64             `json:"totalRecords"`
	Data         *[]json.RawMessage `json:"data"`
	SkipToken    string             `json:"$skipToken"`
	Truncated    string             `json:"resultTruncated"`
}

// graphRows yields the rows of one type. Resource Graph leaves out what the caller may not read instead of refusing, so
// a listing ends in an error when the caller's rights on the subscription do not cover it.
func graphRows[T any](ctx context.Context, c *Clients, l rowsOf) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if c.export != nil {
			exportRows[T](c.export, l)(yield)
			return
		}
		var none T
		token, seen := "", int64(0)
		for {
			answer, err := c.graph(ctx, l.query(), token)
			if err != nil {
				yield(none, err)
				return
			}
			for _, raw := range *answer.Data {
				var row T
				if err := json.Unmarshal(raw, &row); err != nil {
					yield(none, &errMalformed{err})
					return
				}
				if !yield(row, nil) {
					return
				}
			}
			seen += int64(len(*answer.Data))
			if answer.SkipToken == "" || answer.SkipToken == token {
				if answer.Truncated == "true" || answer.TotalRecords != nil && seen < *answer.TotalRecords {
					yield(none, &errMalformed{errors.New("rows are left out and no page leads to them")})
					return
				}
				break
			}
			token = answer.SkipToken
		}
		if err := c.permits(ctx, l.permission()); err != nil {
			yield(none, err)
		}
	}
}

// graph asks for one page.
func (c *Clients) graph(ctx context.Context, query, token string) (*graphAnswer, error) {
	request := armresourcegraph.QueryRequest{
		Query: &query, Subscriptions: []*string{&c.Subscription},
		Options: &armresourcegraph.QueryRequestOptions{
			ResultFormat: to.Ptr(armresourcegraph.ResultFormatObjectArray), Top: to.Ptr[int32](graphPage),
		},
	}
	if token != "" {
		request.Options.SkipToken = &token
	}
	answer := &graphAnswer{}
	at := runtime.JoinPaths(c.arm.Endpoint(), graphPath)
	if err := c.call(ctx, http.MethodPost, at, graphVersion, request, answer); err != nil {
		return nil, err
	}
	if answer.Data == nil {
		return nil, &errMalformed{errors.New("a page of rows has no data")}
	}
	return answer, nil
}

// keep reads all rows of a type once for each collection.
func keep[P any](ctx context.Context, c *Clients, l rowsOf) ([]row[P], error) {
	return once(c, l.table+l.typ, func() ([]row[P], error) {
		var out []row[P]
		for r, err := range graphRows[row[P]](ctx, c, l) {
			if err != nil {
				return out, err
			}
			out = append(out, r)
		}
		return out, nil
	})
}

// seenRows yields the rows of a type with the labels of the group each lies in.
func seenRows[P any](ctx context.Context, c *Clients, l rowsOf) iter.Seq2[seen[P], error] {
	return func(yield func(seen[P], error) bool) {
		for r, err := range graphRows[row[P]](ctx, c, l) {
			if err != nil {
				yield(seen[P]{}, err)
				return
			}
			if !yield(seenIn(ctx, c, r), nil) {
				return
			}
		}
	}
}

// keptRows is seenRows of what other sources need as well.
func keptRows[P any](ctx context.Context, c *Clients, l rowsOf) iter.Seq2[seen[P], error] {
	return func(yield func(seen[P], error) bool) {
		rows, err := keep[P](ctx, c, l)
		for _, r := range rows {
			if !yield(seenIn(ctx, c, r), nil) {
				return
			}
		}
		if err != nil {
			yield(seen[P]{}, err)
		}
	}
}

// findRow asks Resource Manager itself for one resource: Resource Graph lags behind a change.
func findRow[P any](ctx context.Context, c *Clients, l rowsOf, id string) iter.Seq2[seen[P], error] {
	return func(yield func(seen[P], error) bool) {
		r, err := get[row[P]](ctx, c, id, l.version)
		switch {
		case errors.Is(absent(err, "ResourceNotFound", "ResourceGroupNotFound", "NotFound", "HTTP404"), collectors.ErrAbsent):
		case err != nil:
			yield(seen[P]{}, err)
		default:
			yield(seenIn(ctx, c, *r), nil)
		}
	}
}

// only yields those of the items that are asked for.
func only[I any](items iter.Seq2[I, error], is func(I) bool) iter.Seq2[I, error] {
	return func(yield func(I, error) bool) {
		for item, err := range items {
			if err != nil || is(item) {
				if !yield(item, err) || err != nil {
					return
				}
			}
		}
	}
}
