package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

func TestScopesEmpty(t *testing.T) {
	t.Parallel()
	has(t, empty(t).get(t, "/scopes"), ".empty a", "Connect an account")
}

func TestScopesFull(t *testing.T) {
	t.Parallel()
	s := full(t)
	doc := s.get(t, "/scopes")
	has(t, doc, "tbody tr", "Storefront")
	has(t, doc, "tbody .mark", "Partial")
	scope := s.get(t, first(t, doc, ".title", "Storefront"))
	has(t, scope, ".facts td", "arn:aws:iam::123456789012:role/plumbline")
	has(t, scope, ".facts", "Next run")
	has(t, scope, ".rows code", "Microsoft.Sql/servers/read")
	run := s.get(t, first(t, scope, `a[href^="/runs/"]`, "ago"))
	has(t, run, ".mark.large", "Partial")
	has(t, run, "section tr", "azure.sql.server")
	has(t, run, "section tr", "Microsoft.Sql/servers/read")
	s.page(t, "/runs/"+uuid.NewString(), http.StatusNotFound)
	s.page(t, "/scopes/"+uuid.NewString(), http.StatusNotFound)
}

func TestRunIsStartedWatchedAndCancelled(t *testing.T) {
	t.Parallel()
	s := full(t)
	scope := store.ScopeKey(string(shop)).String()
	started := s.do(near(http.MethodPost, "/scopes/"+scope+"/runs", "x=1"))
	page := started.Header().Get("Location")
	if started.Code != http.StatusSeeOther || !strings.HasPrefix(page, "/runs/") {
		t.Fatalf("starting answered %d to %q", started.Code, page)
	}
	doc := s.get(t, page)
	has(t, doc, ".mark.large", "Queued")
	if doc.Find(`#live[aria-live="polite"] [data-hx-trigger^="every"]`).Length() != 1 {
		t.Error("the page of a live run does not follow it")
	}
	if again := s.do(near(http.MethodPost, "/scopes/"+scope+"/runs", "x=1")); again.Code != http.StatusConflict {
		t.Errorf("a second run of the scope answered %d, want 409", again.Code)
	}
	if w := s.do(near(http.MethodPost, page+"/cancel", "x=1")); w.Code != http.StatusSeeOther {
		t.Errorf("cancelling answered %d", w.Code)
	}
	ended := s.get(t, page)
	has(t, ended, ".mark.large", "Cancelled")
	if ended.Find(`[data-hx-trigger^="every"]`).Length() != 0 {
		t.Error("the page of an ended run goes on asking")
	}
}

// TestRunSaysWhatRecordsTold wants the page of a run that records helped to count their answers, and no other page to.
func TestRunSaysWhatRecordsTold(t *testing.T) {
	t.Parallel()
	s := empty(t)
	helped, plain := uuid.New(), uuid.New()
	s.in(t, func(ctx context.Context, tx store.Tx) error {
		scope, err := tx.CreateScope(ctx, store.Scope{NaturalID: shop, Name: "shop", CreatedAt: today})
		if err != nil {
			return err
		}
		for run, rows := range map[uuid.UUID][]inventory.LedgerRow{
			plain: {{Scope: shop, Kind: "aws.s3.bucket", Region: "global", Complete: true, Listed: 2}},
			helped: {{Scope: shop, Kind: "aws.s3.bucket", Region: "global", Complete: true, Listed: 2, Recorded: 21, Asked: 5},
				{Scope: shop, Kind: "aws.kms.key", Region: "eu-central-1", Complete: true, Listed: 1, Recorded: 2}},
		} {
			if err := tx.QueueRun(ctx, run, scope.ID, "request", today); err != nil {
				return err
			}
			if err := tx.BeginRun(ctx, run, "1", today); err != nil {
				return err
			}
			if err := tx.EndRun(ctx, run, store.Ended{State: "complete", Ledger: rows}, today); err != nil {
				return err
			}
		}
		return nil
	})
	doc := s.get(t, "/runs/"+helped.String())
	has(t, doc, "#records", "answered 23 calls about single resources")
	has(t, doc, "#records", "5 more were made directly")
	if s.get(t, "/runs/"+plain.String()).Find("#records").Length() != 0 {
		t.Error("a run without records tells of some")
	}
}

func TestStartWalksToAFirstAccount(t *testing.T) {
	t.Parallel()
	s := empty(t, func(o *Options) {
		d := o.Connector.(deeds)
		d.probes = []Probe{{What: "Assume the role", Passed: false, Answer: "AccessDenied"}}
		o.Connector = d
	})
	doc := s.get(t, "/start")
	has(t, doc, "h1", "Connect your first AWS account")
	external := doc.Find(`input[name="external_id"]`).AttrOr("value", "")
	has(t, doc, "#trust", external)
	has(t, doc, "#rights", "s3:ListAllMyBuckets")

	form := url.Values{"account": {"1234"}, "role": {"plumbline"}, "regions": {"Frankfurt"}, "external_id": {external},
		"do": {"create"}}
	wrong := s.answer(t, near(http.MethodPost, "/start", form.Encode()), http.StatusUnprocessableEntity)
	for _, field := range []string{"account", "role", "regions"} {
		if wrong.Find(`[name="`+field+`"][aria-invalid="true"]`).Length() != 1 {
			t.Errorf("%s is wrong and not marked", field)
		}
	}
	form = url.Values{"account": {"1234-5678-9012"}, "role": {"arn:aws:iam::123456789012:role/plumbline"},
		"regions": {"eu-central-1, us-east-1"}, "aggregator": {"all"}, "aggregator_role": {"arn:aws:iam::1:role/keeper"},
		"external_id": {external}, "schedule": {"0 * * * *"}, "do": {"test"}}
	tested := s.answer(t, near(http.MethodPost, "/start", form.Encode()), http.StatusOK)
	has(t, tested, "#tested h2", "does not work yet")
	has(t, tested, "#tested td", "AccessDenied")

	form.Set("do", "create")
	made := s.do(near(http.MethodPost, "/start", form.Encode()))
	if made.Code != http.StatusSeeOther || !strings.HasPrefix(made.Header().Get("Location"), "/runs/") {
		t.Fatalf("connecting answered %d to %q", made.Code, made.Header().Get("Location"))
	}
	s.in(t, func(ctx context.Context, tx store.Tx) error {
		scope, err := tx.Scope(ctx, store.ScopeKey("aws:123456789012"))
		if err == nil && (scope.Connection.ExternalID != external || len(scope.Connection.Regions) != 2 ||
			scope.NextRunAt == nil || scope.Connection.Aggregator != "all" ||
			scope.Connection.AggregatorRole != "arn:aws:iam::1:role/keeper") {
			t.Errorf("kept %+v", scope)
		}
		return err
	})
	s.answer(t, near(http.MethodPost, "/start", form.Encode()), http.StatusConflict)
	shown := s.get(t, "/scopes/"+store.ScopeKey("aws:123456789012").String())
	has(t, shown, `section[aria-labelledby="reach"]`, "Aggregatorall")
	has(t, shown, `section[aria-labelledby="reach"]`, "arn:aws:iam::1:role/keeper")
}

// TestStartWalksToAnyCloud chooses another cloud: its guide is shown, and its fields fill the connection.
func TestStartWalksToAnyCloud(t *testing.T) {
	t.Parallel()
	s := empty(t)
	doc := s.get(t, "/start?cloud=azure")
	has(t, doc, "h1", "Connect your first Azure subscription")
	has(t, doc, "#rights", "Microsoft.Storage")
	has(t, doc, `.tabs a[aria-current="true"]`, "Azure subscription")
	s.answer(t, near(http.MethodGet, "/start?cloud=none", ""), http.StatusBadRequest)
	const subscription = "11111111-2222-3333-4444-555555555555"
	form := url.Values{"cloud": {"azure"}, "account": {strings.ReplaceAll(subscription, "-", "")}, "do": {"create"}}
	wrong := s.answer(t, near(http.MethodPost, "/start", form.Encode()), http.StatusUnprocessableEntity)
	has(t, wrong, "#account-wrong", "a UUID")
	form = url.Values{"cloud": {"azure"}, "account": {subscription}, "directory": {"contoso"}, "client": {"reader"},
		"do": {"create"}}
	if made := s.do(near(http.MethodPost, "/start", form.Encode())); made.Code != http.StatusSeeOther {
		t.Fatalf("connecting answered %d", made.Code)
	}
	s.in(t, func(ctx context.Context, tx store.Tx) error {
		scope, err := tx.Scope(ctx, store.ScopeKey("azure:"+subscription))
		if err == nil && (scope.Connection.Directory != "contoso" || scope.Connection.Client != "reader") {
			t.Errorf("kept %+v", scope)
		}
		return err
	})
}

func TestReadersChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dsn(t))
	secret, hash := auth.NewSecret()
	w.in(t, func(ctx context.Context, tx store.Tx) error {
		return tx.CreateToken(ctx, store.Token{ID: uuid.New(), Name: "auditor", Role: string(auth.Reader),
			CreatedAt: today}, hash)
	})
	w.live(t, 1, 0)
	s := w.site(func(o *Options) { o.Auth = auth.New(w.store, auth.Options{Now: o.Now}) })
	for _, path := range []string{"/start", "/scopes/" + store.ScopeKey(string(shop)).String() + "/runs"} {
		r := near(http.MethodPost, path, "account=123456789012&do=create")
		r.Header.Set("Authorization", "Bearer "+secret)
		s.answer(t, r, http.StatusForbidden)
	}
	r := near(http.MethodGet, "/scopes", "")
	r.Header.Set("Authorization", "Bearer "+secret)
	if doc := s.answer(t, r, http.StatusOK); doc.Find(`a[href="/start"]`).Length() != 0 {
		t.Error("a reader is offered to connect an account")
	}
}
