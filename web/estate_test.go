package web

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, store.Migrate) }

// today is the moment at which the pages of tests are read.
var today = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// thing is one resource of the estate that tests show.
type thing struct {
	scope  inventory.ScopeID
	kind   inventory.Kind
	id     string
	name   string
	region string
	class  inventory.Class
	given  map[string]any
	// denied are attributes that could not be read, with the permission that cures each.
	denied map[string]string
	// mended is the step from which given is overruled by then.
	mended int
	then   map[string]any
}

const (
	shop      inventory.ScopeID = "aws:123456789012"
	data      inventory.ScopeID = "aws:210987654321"
	store0    inventory.ScopeID = "azure:3f2b8c1e-6d54-4a7b-9c0d-1e2f3a4b5c6d"
	analytics inventory.ScopeID = "gcp:analytics-eu"
)

var scopeNames = map[inventory.ScopeID]string{shop: "shop-production", data: "shop-data", store0: "Storefront",
	analytics: "analytics-eu"}

// hostPath is a way from the internet to the build host.
var hostPath = []inventory.Path{{Ports: []string{"tcp/22"}, Hops: []inventory.Hop{
	{Label: "Internet", Detail: "0.0.0.0/0"}, {Label: "External address", Detail: "34.91.7.20, ephemeral"},
	{Label: "Route", Detail: "default-internet, 0.0.0.0/0"},
	{Label: "allow-ssh-temp", Detail: "priority 900, tcp/22 for tag ci",
		Resource: "//compute.googleapis.com/projects/analytics-eu/global/firewalls/allow-ssh-temp", Opens: true},
	{Label: "build-03", Detail: "tag ci",
		Resource: "//compute.googleapis.com/projects/analytics-eu/zones/europe-west4-a/instances/build-03"},
}}}

func estate() []thing {
	things := []thing{
		{analytics, "gcp.compute.instance",
			"//compute.googleapis.com/projects/analytics-eu/zones/europe-west4-a/instances/build-03", "build-03",
			"europe-west4-a",
			inventory.ClassComputeInstance, map[string]any{"exposure": "open", "reachable_admin_ports": []string{"tcp/22"},
				"public_address": true, "paths": hostPath},
			map[string]string{"os_family": "osconfig.inventories.list"}, 0, nil},
		{shop, "aws.rds.db_instance", "arn:aws:rds:eu-central-1:123456789012:db:crm-replica", "crm-replica",
			"eu-central-1", inventory.ClassDatabase,
			map[string]any{"publicly_accessible": true, "encrypted_at_rest": false},
			map[string]string{"audit_logged": "rds:DescribeDBParameters"}, 0, nil},
		{shop, "aws.s3.bucket", "arn:aws:s3:::shop-exports", "shop-exports", "eu-central-1", inventory.ClassObjectStorage,
			map[string]any{"versioning": false, "tls_required": false}, nil, 14, map[string]any{"versioning": true}},
		{shop, "aws.ec2.security_group", "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0aa11bb22cc33dd44",
			"web-front", "eu-central-1", inventory.ClassFirewall, nil, nil, 0, nil},
		{store0, "azure.storage.account",
			"/subscriptions/3f2b8c1e-6d54-4a7b-9c0d-1e2f3a4b5c6d/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/shopassets", "shopassets", "westeurope",
			inventory.ClassObjectStorage, map[string]any{"tls_min_version": 1.0},
			map[string]string{"access_logged": "Microsoft.Insights/diagnosticSettings/read",
				"delete_protected": "Microsoft.Storage/storageAccounts/blobServices/read"}, 0, nil},
	}
	for i := range 9 {
		name := fmt.Sprintf("archive-%02d", i)
		things = append(things,
			thing{data, "aws.s3.bucket", "arn:aws:s3:::" + name, name, "eu-west-1", inventory.ClassObjectStorage, nil, nil,
				4 + 2*i, nil},
			thing{analytics, "gcp.storage.bucket", "//storage.googleapis.com/projects/_/buckets/lake-" + name,
				"lake-" + name, "europe-west4", inventory.ClassObjectStorage, nil, nil, 6 + 2*i, nil},
			thing{store0, "azure.compute.machine", "/subscriptions/3f2b8c1e/virtualMachines/web-" + name, "web-" + name,
				"westeurope", inventory.ClassComputeInstance, nil, nil, 8 + i, nil})
	}
	return things
}

// resource makes what the collectors would have made of the thing at a step. Attributes that nothing is said of hold a
// value that hangs on the name alone, so that every run of a test sees the same estate.
func (x thing) resource(t testing.TB, step int, at time.Time) *inventory.Resource {
	t.Helper()
	r, err := inventory.Blank(x.class)
	if err != nil {
		t.Fatal(err)
	}
	stored := inventory.Stored{Known: map[string]json.RawMessage{}, Unknown: map[string]inventory.Unknown{},
		NotApplicable: map[string]string{}}
	for _, a := range r.Schema().Attributes {
		value, ok := x.given[a.Name]
		if then, mended := x.then[a.Name]; mended && step >= x.mended {
			value, ok = then, true
		}
		switch {
		case x.denied[a.Name] != "":
			stored.Unknown[a.Name] = inventory.Unknown{Cause: inventory.CauseDenied, Action: "Get" + a.Name,
				Permission: x.denied[a.Name], Code: "AccessDenied"}
			continue
		case !ok && !a.CEL:
			continue
		case !ok:
			value = x.usual(a, step)
		}
		if value == nil {
			stored.NotApplicable[a.Name] = "this kind does not have it"
			continue
		}
		stored.Known[a.Name], err = json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
	}
	raw, err := json.Marshal(stored)
	if err == nil {
		err = r.DecodeFacts(raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.ID, r.Kind, r.Scope, r.Region, r.Name, r.ObservedAt = x.id, x.kind, x.scope, x.region, x.name, at
	r.CarriesLabels, r.Labels = true, map[string]string{"owner": "platform", "environment": "production"}
	return r
}

func (x thing) usual(a inventory.Attribute, step int) any {
	h := fnv.New32a()
	_, _ = h.Write([]byte(x.id + a.Name))
	draw := int(h.Sum32() % 100)
	switch a.Type.Kind() {
	case reflect.Bool:
		return draw < 62 || (x.mended > 0 && step >= x.mended)
	case reflect.Int64, reflect.Float64:
		return draw % 40
	case reflect.Slice:
		if a.Type.Elem().Kind() == reflect.String {
			return []string{}
		}
	case reflect.String:
		if draw < 20 {
			return nil
		}
		return "private"
	}
	return nil
}

// world is a tenant with the estate, collected and judged over the steps before today.
type world struct {
	store     *store.Store
	catalogue *evaluator.Catalogue
	tenant    uuid.UUID
}

// newWorld makes a tenant that nothing is connected to.
func newWorld(t testing.TB, dsn string) *world {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{store: s, catalogue: catalogue, tenant: uuid.New()}
	if err := s.CreateTenant(ctx, store.Tenant{ID: w.tenant, Name: "Northwind Retail", CreatedAt: today.AddDate(0, -3,
		0)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Register(ctx, catalogue, today.AddDate(0, -3, 0)); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) in(t testing.TB, fn func(context.Context, store.Tx) error) {
	t.Helper()
	ctx := context.Background()
	if err := w.store.InTx(ctx, w.tenant, func(tx store.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// live connects the scopes and collects them once for each step, the last one ten minutes before today.
func (w *world) live(t testing.TB, steps int, apart time.Duration) {
	t.Helper()
	next := today.Add(2 * time.Hour)
	for scope, name := range scopeNames {
		w.in(t, func(ctx context.Context, tx store.Tx) error {
			_, err := tx.CreateScope(ctx, store.Scope{NaturalID: scope, Name: name, Schedule: "0 */6 * * *", NextRunAt: &next,
				CreatedAt: today.AddDate(0, -3,
					0), Connection: store.Connection{Role: "arn:aws:iam::123456789012:role/plumbline", ExternalID: "6b7f"}})
			return err
		})
	}
	for step := range steps {
		at := today.Add(-10*time.Minute - time.Duration(steps-1-step)*apart)
		for scope := range scopeNames {
			w.collect(t, scope, 20-steps+step, at)
		}
		w.settle(t, at.Add(2*time.Minute))
	}
}

// collect keeps what a run of the scope saw.
func (w *world) collect(t testing.TB, scope inventory.ScopeID, step int, at time.Time) {
	t.Helper()
	id, run := store.ScopeKey(string(scope)), uuid.New()
	byListing := map[[2]string][]store.Observed{}
	for _, x := range estate() {
		if x.scope == scope {
			key := [2]string{string(x.kind), x.region}
			byListing[key] = append(byListing[key], store.Observed{Resource: x.resource(t, step, at), Listing: x.region,
				Answers: []byte(`{"Name":"` + x.name + `"}`)})
		}
	}
	w.in(t, func(ctx context.Context, tx store.Tx) error {
		if err := tx.QueueRun(ctx, run, id, "schedule", at); err != nil {
			return err
		}
		if err := tx.BeginRun(ctx, run, w.catalogue.Version, at); err != nil {
			return err
		}
		end := store.Ended{State: "complete"}
		for key, batch := range byListing {
			changed, err := tx.Observe(ctx, id, run, batch, true)
			if err != nil {
				return err
			}
			row := inventory.LedgerRow{Scope: scope, Kind: inventory.Kind(key[0]), Region: key[1],
				Class: batch[0].Resource.Class, Complete: true,
				Listed: len(batch), Described: len(batch), BeganAt: at}
			seen := map[uuid.UUID]struct{}{}
			for _, o := range batch {
				seen[store.ResourceID(o.Resource.ID)] = struct{}{}
			}
			if _, err := tx.Listed(ctx, id, run, []store.Listing{{Row: row, Seen: seen}}); err != nil {
				return err
			}
			end.Listed, end.Changed, end.Ledger = end.Listed+len(batch), end.Changed+changed, append(end.Ledger, row)
		}
		if scope == store0 {
			end.State = "partial"
			row := inventory.LedgerRow{Scope: scope, Kind: "azure.sql.server", Region: "global",
				Class: inventory.ClassDatabase, BeganAt: at,
				Unknown: &inventory.Unknown{Cause: inventory.CauseDenied, Action: "Servers_List",
					Permission: "Microsoft.Sql/servers/read", Code: "AuthorizationFailed"}}
			if _, err := tx.Listed(ctx, id, run, []store.Listing{{Row: row, Placeholder: inventory.Placehold(row, inventory.ClassDatabase, at)}}); err != nil {
				return err
			}
			end.Ledger = append(end.Ledger, row)
		}
		return tx.EndRun(ctx, run, end, at.Add(95*time.Second))
	})
}

// settle judges what changed and works out the figures. One fail is given the reasons that context gives.
func (w *world) settle(t testing.TB, at time.Time) {
	t.Helper()
	settings := inventory.Defaults()
	work := func(_ context.Context, batch []evaluator.Due, _ evaluator.View) ([]evaluator.Settled, error) {
		var out []evaluator.Settled
		for _, due := range batch {
			s := evaluator.Settled{Resource: due.Resource, Judgements: w.catalogue.Judge(due.Resource, &settings, at)}
			for i, j := range s.Judgements {
				if j.Check.ID == "object-storage-tls-required" && j.Verdict == evaluator.Fail {
					j.Severity = evaluator.High
					j.Reasons = []evaluator.Reason{{Rule: "C7", Text: "It holds data labelled personal.", Severity: evaluator.High}}
					s.Judgements[i] = j
				}
				if f, m := evaluator.Follow(due.Before[j.Check.ID], j, at, due.Cause); m != nil {
					s.Moved = append(s.Moved, evaluator.Moved{Check: j.Check.ID, Finding: f, Movement: m})
				}
			}
			out = append(out, s)
		}
		return out, nil
	}
	if err := w.store.Settle(context.Background(), w.tenant, at, work); err != nil {
		t.Fatal(err)
	}
	w.in(t, func(ctx context.Context, tx store.Tx) error { return tx.RollUp(ctx, w.catalogue, at) })
}
