package armtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Listed is a subscription of a tenant.
type Listed struct {
	Server *Server
	// State is what it is in; empty is Enabled. Tenant is which it is in; empty is the one that lists it.
	State, Tenant string
	// Hidden subscriptions are not shown to the caller, and refuse.
	Hidden bool
}

// Tenant answers for the subscriptions of a tenant and for its management groups. The server in it takes the faults of
// what is asked of the tenant, by path and query, and holds the rights on its groups.
type Tenant struct {
	*Server
	id     string
	listed []Listed
}

// NewTenant answers for a tenant.
func NewTenant(id string, listed ...Listed) *Tenant {
	return &Tenant{Server: NewServer(Estate{}), id: id, listed: listed}
}

// List puts other subscriptions in the place of the first.
func (t *Tenant) List(listed ...Listed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.listed = listed
}

const groupRight = "Microsoft.Management/managementGroups/descendants/read"

// ServeHTTP implements http.Handler.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	id, mine := t.subject(req)
	if !mine {
		t.of(id).ServeHTTP(w, req)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	path := strings.TrimRight(req.URL.Path, "/")
	subject := path + "?" + req.URL.RawQuery
	t.asked = append(t.asked, req.Method+" "+subject)
	switch {
	case req.Header.Get("Authorization") == "":
		refuse(w, http.StatusUnauthorized, "AuthenticationFailed", "no token")
	case t.failed(w, req, subject):
	case path == "/subscriptions":
		t.page(w, req, t.shown())
	case path == "/tenants":
		t.page(w, req, []any{map[string]any{"id": "/tenants/" + t.id, "tenantId": t.id}})
	case strings.EqualFold(path, "/providers/Microsoft.Management/managementGroups/"+t.id+"/descendants"):
		if !t.allows(groupRight) {
			t.refuseRight(w, groupRight)
			return
		}
		t.page(w, req, t.below())
	default:
		refuse(w, http.StatusNotFound, "NotFound", "there is no such thing")
	}
}

// subject is the subscription that a request is about; mine says that it is about the tenant.
func (t *Tenant) subject(req *http.Request) (subscription string, mine bool) {
	if rest, ok := strings.CutPrefix(req.URL.Path, "/subscriptions/"); ok {
		id, _, _ := strings.Cut(rest, "/")
		return id, false
	}
	if req.Method != http.MethodPost {
		return "", true
	}
	raw, _ := io.ReadAll(req.Body)
	req.Body = io.NopCloser(bytes.NewReader(raw))
	var query struct {
		Subscriptions []string `json:"subscriptions"`
	}
	if json.Unmarshal(raw, &query) != nil || len(query.Subscriptions) != 1 {
		return "", true
	}
	return query.Subscriptions[0], false
}

// of is what answers for a subscription: itself, or one that the caller may not read or that is not in the tenant.
func (t *Tenant) of(subscription string) http.Handler {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.listed {
		switch {
		case !strings.EqualFold(l.Server.estate.Subscription, subscription):
			continue
		case l.Hidden:
			return refusing(http.StatusForbidden, "AuthorizationFailed")
		default:
			return l.Server
		}
	}
	return refusing(http.StatusNotFound, "SubscriptionNotFound")
}

func refusing(status int, code string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, status, code, "refused") })
}

// shown are the subscriptions as they are listed to the caller.
func (t *Tenant) shown() (out []any) {
	for _, l := range t.listed {
		if l.Hidden {
			continue
		}
		one := l.Server.subscription()
		one["tenantId"] = t.id
		if l.State != "" {
			one["state"] = l.State
		}
		if l.Tenant != "" {
			one["tenantId"] = l.Tenant
		}
		out = append(out, one)
	}
	return out
}

// below are what the outermost management group holds: a group, and the subscriptions of the tenant.
func (t *Tenant) below() []any {
	out := []any{map[string]any{"id": "/providers/Microsoft.Management/managementGroups/shops", "name": "shops",
		"type": "Microsoft.Management/managementGroups"}}
	for _, l := range t.listed {
		if l.Tenant != "" && l.Tenant != t.id {
			continue
		}
		e := l.Server.estate
		out = append(out, map[string]any{"id": "/subscriptions/" + e.Subscription, "name": e.Subscription,
			"type": "/subscriptions", "properties": map[string]any{"displayName": e.Name}})
	}
	return out
}

func (t *Tenant) page(w http.ResponseWriter, req *http.Request, items []any) {
	from, _ := strconv.Atoi(req.URL.Query().Get("$skiptoken"))
	to := min(from+t.pageSize(), len(items))
	out := map[string]any{"value": append([]any{}, items[min(from, to):to]...)}
	if to < len(items) {
		out["nextLink"] = fmt.Sprintf("http://%s%s?api-version=2022-12-01&$skiptoken=%d", req.Host, req.URL.Path, to)
	}
	answer(w, out)
}
