package gcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"sync"

	assets "cloud.google.com/go/asset/apiv1"
	"cloud.google.com/go/asset/apiv1/assetpb"
	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/protobuf/proto"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Rights of the asset inventory, and the method its listings are reported by.
const (
	assetAPI         = "cloudasset.googleapis.com"
	assetPermission  = "cloudasset.assets.listResource"
	policyPermission = "cloudasset.assets.listIamPolicy"
	assetAction      = "cloudasset.assets.list"
	assetsOfPage     = 1000
)

// carrier carries the calls of one of Google's own clients: at the pace of all other calls, tried again by the same
// rules, and for as long as the run wants them. A refusal is the *apiError that every other call gives. It holds the
// context because the client's listings make requests without one.
type carrier struct {
	ctx context.Context //nolint:containedctx // one carrier belongs to one listing
	c   *Clients
	api string
	// pages are the tokens of the pages that were asked for.
	pages map[string]bool
}

// errCircle is behind the error of a listing whose pages lead back to one that was read: it would never end, and what
// should have come is not told.
var errCircle = errors.New("a page leads back to one that was read already")

// RoundTrip implements http.RoundTripper.
func (t carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	if token := req.URL.Query().Get("pageToken"); token != "" {
		if t.pages[token] {
			return nil, &malformed{errCircle}
		}
		t.pages[token] = true
	}
	body, err := t.c.carry(t.ctx, t.api, func(ctx context.Context) (*http.Request, error) {
		return req.Clone(ctx), nil
	})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// inventoried pages through what the asset inventory tells of some types in a project or all below an organisation.
func (c *Clients) inventoried(ctx context.Context, parent string, content assetpb.ContentType,
	types []string) iter.Seq2[*assetpb.Asset, error] {
	return func(yield func(*assetpb.Asset, error) bool) {
		through := carrier{ctx, c, assetAPI, map[string]bool{}}
		options := []option.ClientOption{option.WithHTTPClient(&http.Client{Transport: through})}
		if c.endpoint != nil {
			options = append(options, option.WithEndpoint(c.endpoint.String()))
		}
		client, err := assets.NewRESTClient(ctx, options...)
		if err != nil {
			yield(nil, fmt.Errorf("make client of the asset inventory: %w", err))
			return
		}
		defer client.Close()
		told := client.ListAssets(ctx, &assetpb.ListAssetsRequest{
			Parent: parent, ContentType: content, AssetTypes: types, PageSize: assetsOfPage,
		})
		for {
			a, err := told.Next()
			switch {
			case errors.Is(err, iterator.Done):
				return
			case errors.Is(err, proto.Error):
				err = &malformed{err}
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// assetOf is an asset in our form. The inventory holds resources as google.protobuf.Struct itself: its numbers are of
// 64-bit floating point before they reach us, so that reading them as such loses nothing, and members that this release
// does not know stay.
func assetOf(told *assetpb.Asset) (asset, error) {
	a := asset{Type: told.GetAssetType(), Name: told.GetName(), Policy: policyOf(told.GetIamPolicy())}
	if data := told.GetResource().GetData(); data != nil {
		raw, err := json.Marshal(strip(data.AsMap()))
		if err != nil {
			return a, &malformed{fmt.Errorf("asset %s: %w", a.Name, err)}
		}
		a.Data = raw
	}
	return a, nil
}

// policyOf is a policy of access in our form; nil where there is none.
func policyOf(told *iampb.Policy) *policy {
	if told == nil {
		return nil
	}
	p := &policy{}
	for _, b := range told.GetBindings() {
		own := binding{Role: b.GetRole(), Members: b.GetMembers()}
		if when := b.GetCondition(); when != nil {
			own.Condition = &condition{Expression: when.GetExpression()}
		}
		p.Bindings = append(p.Bindings, own)
	}
	return p
}

// fromAssets lists by the asset inventory. told says whether anything was handed on.
func (w *way) fromAssets(ctx context.Context, c *Clients, yield func(asset, error) bool) (told bool, err error) {
	for one, err := range c.inventoried(ctx, "projects/"+c.Project, assetpb.ContentType_RESOURCE, w.types) {
		if err != nil {
			return told, err
		}
		if !slices.Contains(w.types, one.GetAssetType()) {
			continue
		}
		a, err := assetOf(one)
		if err != nil {
			return told, err
		}
		if len(a.Data) == 0 {
			return told, &malformed{fmt.Errorf("asset %s has no resource", a.Name)}
		}
		told = true
		if !yield(a, nil) {
			return told, nil
		}
	}
	return told, nil
}

// keptPolicies are the policies of access of one type, by the names of what they guard.
type keptPolicies struct {
	once   sync.Once
	byName map[string]*policy
}

// toldPolicy is the policy of access that the asset inventory tells of a resource; nil where it tells none. Policies of
// a type are listed once in a run, which spares a call for each resource. That none is told is no answer: the inventory
// does not hold the policies of every type, so the resource's own API is asked then.
func (c *Clients) toldPolicy(ctx context.Context, a asset) *policy {
	if a.Policy != nil || c.export != nil || c.single || a.Direct || !c.assetsAnswer() {
		return a.Policy
	}
	c.mu.Lock()
	k := c.policies[a.Type]
	if k == nil {
		k = &keptPolicies{byName: map[string]*policy{}}
		c.policies[a.Type] = k
	}
	c.mu.Unlock()
	k.once.Do(func() {
		for told, err := range c.inventoried(ctx, "projects/"+c.Project, assetpb.ContentType_IAM_POLICY, []string{a.Type}) {
			if err != nil {
				// What was told until then is true; the rest is asked for one by one.
				return
			}
			if p := policyOf(told.GetIamPolicy()); p != nil {
				k.byName[told.GetName()] = p
			}
		}
	})
	return k.byName[a.Name]
}

func (c *Clients) assetsAnswer() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused == nil
}

// refuse notes that the asset inventory does not answer, and says whether the service's own API should be asked: when
// the inventory is off or denied for good, or does not know the type. What fails in passing fails the listing.
func (c *Clients) refuse(err error) bool {
	reason := reasonOf(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case reason.Cause == inventory.CauseDenied, reason.Cause == inventory.CauseNotEnabled:
		c.refused = &reason
	case reason.Code != "INVALID_ARGUMENT":
		return false
	}
	return true
}
