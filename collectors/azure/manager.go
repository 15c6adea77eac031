package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/plumbline-posture/plumbline/collectors"
)

// get reads one path of Resource Manager, such as an id with a subresource, into a struct of our own: the SDK's structs
// drop in silence what their version does not know.
func get[T any](ctx context.Context, c *Clients, path, version string) (*T, error) {
	out := new(T)
	return out, c.call(ctx, http.MethodGet, runtime.JoinPaths(c.arm.Endpoint(), path), version, nil, out)
}

// page is one page of a listing.
type page[T any] struct {
	Value    *[]T   `json:"value"`
	NextLink string `json:"nextLink"`
}

// all reads every page of a listing.
func all[T any](ctx context.Context, c *Clients, path, version string) (*[]T, error) {
	items := []T{}
	at := runtime.JoinPaths(c.arm.Endpoint(), path)
	for seen := map[string]bool{}; at != ""; version = "" {
		if seen[at] {
			return nil, &errMalformed{errors.New("a page leads back to one before it")}
		}
		seen[at] = true
		var p page[T]
		if err := c.call(ctx, http.MethodGet, at, version, nil, &p); err != nil {
			return nil, err
		}
		if p.Value == nil {
			return nil, &errMalformed{errors.New("a page has no value")}
		}
		items = append(items, *p.Value...)
		at = p.NextLink
	}
	return &items, nil
}

// call makes one request and decodes its answer. It never follows a link to another host: the token goes along.
func (c *Clients) call(ctx context.Context, method, address, version string, body, out any) error {
	if c.export != nil {
		return errNotExported
	}
	if err := c.own(address); err != nil {
		return err
	}
	budget := c.budget
	if strings.HasSuffix(address, graphPath) {
		budget = c.graphBudget
	}
	if err := budget.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the budget of calls: %w", context.DeadlineExceeded)
	}
	req, err := runtime.NewRequest(ctx, method, address)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	if err := prepare(req, version, body); err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	res, err := c.arm.Pipeline().Do(req)
	if err != nil {
		return err
	}
	if !runtime.HasStatusCode(res, http.StatusOK) {
		return runtime.NewResponseError(res)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if err := json.Unmarshal(raw, out); err != nil {
		return &errMalformed{err}
	}
	return nil
}

func prepare(req *policy.Request, version string, body any) error {
	req.Raw().Header.Set("Accept", "application/json")
	if version != "" {
		query := req.Raw().URL.Query()
		query.Set("api-version", version)
		req.Raw().URL.RawQuery = query.Encode()
	}
	if body == nil {
		return nil
	}
	return runtime.MarshalAsJSON(req, body)
}

// own refuses addresses of another host than Resource Manager's.
func (c *Clients) own(address string) error {
	to, err := url.Parse(address)
	if err != nil {
		return &errMalformed{fmt.Errorf("a link that is none: %w", err)}
	}
	home, err := url.Parse(c.arm.Endpoint())
	if err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	if !strings.EqualFold(to.Host, home.Host) || to.Scheme != home.Scheme {
		return &errMalformed{errors.New("a page leads to another host")}
	}
	return nil
}

// askAll asks for a listing below a resource, such as the firewall rules of a server.
func askAll[T any](ctx context.Context, c *Clients, id, sub, typ, version string) collectors.Answer[[]T] {
	return ask("GET "+typ, typ+"/read", func() (*[]T, error) { return all[T](ctx, c, id+sub, version) })
}

// askOne asks for one thing below a resource; codes are those by which its provider says that there is none.
func askOne[T any](ctx context.Context, c *Clients, id, sub, typ, version string,
	codes ...string) collectors.Answer[T] {
	return ask("GET "+typ, typ+"/read", func() (*T, error) {
		v, err := get[T](ctx, c, id+sub, version)
		return v, absent(err, codes...)
	})
}
