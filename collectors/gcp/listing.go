package gcp

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// asset is one resource as Google tells it. The asset inventory, the service's own API and an export tell the same
// resource in the same words, so one normaliser reads all three.
type asset struct {
	Type string `json:"type"`
	// Name is the full resource name, such as "//storage.googleapis.com/bucket".
	Name string `json:"name"`
	// Direct says that the service's own API told it, which tells some fields that the asset inventory leaves empty.
	Direct bool `json:"direct,omitempty"`
	// Data is the resource in its API's own words, without secrets.
	Data json.RawMessage `json:"data"`
	// Policy is the policy of access, where an export holds it.
	Policy *policy `json:"policy,omitempty"`
}

// way is how the resources of one kind are listed: by the asset inventory, or where that does not answer by the
// service's own API.
type way struct {
	// types are the asset types; the first is that of what the service's own API lists.
	types []string
	// api is the host of the service, path what lists on it with "{project}" in it, items where the answer holds them.
	api, path, items string
	query            url.Values
	// scoped says that the answer is grouped by region and zone.
	scoped bool
	// parents are what the service's own API lists by: path then holds "{parent}".
	parents *way
	// permission is the right for the service's own call, action its method.
	permission, action string
}

// permissions are the rights of either way.
func (w *way) permissions(more ...string) []string {
	return append([]string{w.permission, assetPermission}, more...)
}

// list yields the resources by the asset inventory, and from the service's own API where the inventory does not answer.
func (w *way) list(ctx context.Context, c *Clients) iter.Seq2[asset, error] {
	return func(yield func(asset, error) bool) {
		if c.export != nil {
			c.export.list(w.types, yield)
			return
		}
		if c.assetsAnswer() {
			told, err := w.fromAssets(ctx, c, yield)
			if err == nil || told || !c.refuse(err) {
				if err != nil {
					yield(asset{}, err)
				}
				return
			}
		}
		if err := w.fromService(ctx, c, yield); err != nil {
			yield(asset{}, c.cured(err))
		}
	}
}

// cured names a better cure where a service is off in the project. Its resources may go on without it, so that it is
// off does not mean that there are none; but nobody should switch a service on to show that it is not used: the asset
// inventory tells of all.
func (c *Clients) cured(err error) error {
	reason := reasonOf(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if reason.Cause != inventory.CauseNotEnabled || c.refused == nil {
		return err
	}
	switch {
	case c.refused.Cause == inventory.CauseNotEnabled:
		reason.Cure = "gcloud services enable " + assetAPI
	default:
		reason.Cure = assetPermission
	}
	return &collectors.Failure{Reason: reason, Err: err}
}

// told notes that the service's own API listed a kind.
func (c *Clients) told(action string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.direct[action] = true
}

// fromService lists by the service's own API, below each parent where it is listed so.
func (w *way) fromService(ctx context.Context, c *Clients, yield func(asset, error) bool) error {
	c.told(w.action)
	if w.parents == nil {
		return w.pages(ctx, c, w.path, yield)
	}
	var below []string
	err := w.parents.fromService(ctx, c, func(a asset, _ error) bool {
		below = append(below, short(a.Name))
		return true
	})
	if err != nil {
		return err
	}
	for _, parent := range below {
		if err := w.pages(ctx, c, strings.ReplaceAll(w.path, "{parent}", url.PathEscape(parent)), yield); err != nil {
			return err
		}
	}
	return nil
}

// pages hands on the pages of one list call.
func (w *way) pages(ctx context.Context, c *Clients, path string, yield func(asset, error) bool) error {
	query := url.Values{}
	for k, v := range w.query {
		query[k] = v
	}
	for k := range query {
		query.Set(k, strings.ReplaceAll(query.Get(k), "{project}", c.Project))
	}
	path = strings.ReplaceAll(path, "{project}", c.Project)
	for {
		body, err := c.call(ctx, http.MethodGet, w.api, path, query, nil)
		if err != nil {
			return err
		}
		items, next, err := w.page(body)
		if err != nil {
			return err
		}
		for _, data := range items {
			if !yield(w.asset(data), nil) {
				return nil
			}
		}
		if next == "" {
			return nil
		}
		query.Set("pageToken", next)
	}
}

// page takes the items out of one answer. A place that could not be reached makes the listing incomplete: what it holds
// is not known.
func (w *way) page(body []byte) (items []json.RawMessage, next string, err error) {
	whole, err := decoded[map[string]json.RawMessage](body)
	if err != nil {
		return nil, "", err
	}
	if raw := (*whole)["nextPageToken"]; raw != nil {
		if err := json.Unmarshal(raw, &next); err != nil {
			return nil, "", &malformed{err}
		}
	}
	if raw := (*whole)["unreachable"]; raw != nil {
		var places []string
		if err := json.Unmarshal(raw, &places); err != nil {
			return nil, "", &malformed{err}
		}
		if len(places) > 0 {
			return nil, "", &apiError{word: "UNREACHABLE", message: strings.Join(places, ", ")}
		}
	}
	if !w.scoped {
		if raw := (*whole)[w.items]; raw != nil {
			if err := json.Unmarshal(raw, &items); err != nil {
				return nil, "", &malformed{err}
			}
		}
		return items, next, nil
	}
	items, err = scopedItems((*whole)["items"], w.items)
	return items, next, err
}

// scopedItems are the items of an answer that is grouped by region and zone.
func scopedItems(raw json.RawMessage, key string) ([]json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	groups, err := decoded[map[string]map[string]json.RawMessage](raw)
	if err != nil {
		return nil, err
	}
	var out []json.RawMessage
	for _, place := range sortedKeys(*groups) {
		group := (*groups)[place]
		if raw := group["warning"]; raw != nil {
			var warning struct{ Code string }
			if err := json.Unmarshal(raw, &warning); err != nil {
				return nil, &malformed{err}
			}
			if warning.Code == "UNREACHABLE" {
				return nil, &apiError{word: "UNREACHABLE", message: place}
			}
		}
		var some []json.RawMessage
		if raw := group[key]; raw != nil {
			if err := json.Unmarshal(raw, &some); err != nil {
				return nil, &malformed{err}
			}
		}
		out = append(out, some...)
	}
	return out, nil
}

// asset is an item of the service's own API.
func (w *way) asset(data json.RawMessage) asset {
	return asset{Type: w.types[0], Name: nameIn(w.api, data), Direct: true, Data: withoutSecrets(data)}
}

// source registers a kind whose listing tells all.
func source(kind inventory.Kind, class inventory.Class, w *way, facts func(collectors.Where, asset) *inventory.Resource,
	noLabels bool) struct{} {
	return collectors.Register(&Sources, collectors.Source[*Clients, asset, asset]{
		Kind: kind, Class: class, Permissions: w.permissions(),
		ListAction: w.action, ListPermission: w.permission,
		Global: true, NoLabels: noLabels,
		List: w.list, Find: w.find, Facts: facts,
	})
}

// find is the Find of a source: the listing, narrowed to one resource.
//
// Google's APIs can name one resource each in their own way; a listing of one kind is one question for all of them.
func (w *way) find(ctx context.Context, c *Clients, id string) iter.Seq2[asset, error] {
	return func(yield func(asset, error) bool) {
		for a, err := range w.list(ctx, c) {
			if err != nil {
				yield(a, err)
				return
			}
			if idOf(a) == id || strings.HasPrefix(id, idOf(a)+"/") {
				yield(a, nil)
				return
			}
		}
	}
}
