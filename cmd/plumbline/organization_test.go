package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/report"
	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/schedule"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
	"github.com/plumbline-posture/plumbline/store"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

// foundCompany makes an organisation of the lab's account. openBranch adds an account to it, with the role that readers
// take and a bucket of the account's name; closeBranch closes one.
const (
	foundCompany = `
import sys, boto3
URL = sys.argv[1]
def client(name, **keys):
    keys = keys or {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(name, endpoint_url=URL, region_name="us-east-1", **keys)
company = client("organizations")
`
	openBranch = `
made = company.create_account(Email="%[1]s@example.com", AccountName="%[1]s", RoleName="reader")["CreateAccountStatus"]["AccountId"]
keys = client("sts").assume_role(RoleArn="arn:aws:iam::" + made + ":role/reader", RoleSessionName="maker")["Credentials"]
client("s3", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"]).create_bucket(Bucket="bucket-of-%[1]s")
`
	closeBranch = `
[account] = [a["Id"] for a in company.list_accounts()["Accounts"] if a["Name"] == "%s"]
company.close_account(AccountId=account)
`
)

// conglomerate is a lab whose account leads an organisation, behind a door that refuses roles.
type conglomerate struct {
	t     *testing.T
	lab   *mototest.Lab
	proxy *mototest.Proxy
	url   string

	mu     sync.Mutex
	barred map[string]bool
	// words are the external ids that roles were taken with.
	words map[string]bool
}

// newConglomerate makes an organisation with the branches named, and lets every call of the process go to it.
func newConglomerate(t *testing.T, branches ...string) *conglomerate {
	t.Helper()
	c := &conglomerate{t: t, lab: mototest.Empty(t), barred: map[string]bool{}, words: map[string]bool{}}
	c.proxy = c.lab.Proxy(t)
	to, err := url.Parse(c.proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	next := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") == "AssumeRole" && !c.admits(form) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
			return
		}
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	t.Setenv("AWS_ENDPOINT_URL", c.url)
	c.do(`company.create_organization(FeatureSet="ALL")`)
	for _, b := range branches {
		c.do(fmt.Sprintf(openBranch, b))
	}
	return c
}

func (c *conglomerate) admits(form url.Values) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.words[form.Get("ExternalId")] = true
	return !c.barred[strings.Split(form.Get("RoleArn")+":::::", ":")[4]]
}

func (c *conglomerate) bar(account string, barred bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.barred[account] = barred
}

// do runs lines of Python against the organisation.
func (c *conglomerate) do(lines string) {
	c.t.Helper()
	script := filepath.Join(c.t.TempDir(), "company.py")
	if err := os.WriteFile(script, []byte(foundCompany+lines), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := c.lab.Run(script); err != nil {
		c.t.Fatal(err)
	}
}

// accounts are the ids of the accounts by name, and the organisation's scope.
func (c *conglomerate) accounts() (inventory.ScopeID, map[string]string) {
	c.t.Helper()
	o, err := aws.ConnectOrganization(c.t.Context(), aws.Connection{MemberRole: "reader"})
	if err != nil {
		c.t.Fatal(err)
	}
	members, row := o.Members(c.t.Context(), time.Now)
	if !row.Complete {
		c.t.Fatalf("%+v", row)
	}
	out := map[string]string{}
	for _, m := range members {
		out[m.Name] = m.Scope.Account()
	}
	return o.Scope(), out
}

// TestScanAnOrganisation scans four accounts by one command. The role of one cannot be taken, and one is closed: the
// others are scanned whole, and nothing of the first passes.
func TestScanAnOrganisation(t *testing.T) {
	c := newConglomerate(t, "alpha", "beta", "gamma")
	company, account := c.accounts()
	c.bar(account["beta"], true)
	c.do(fmt.Sprintf(closeBranch, "gamma"))
	dir := t.TempDir()
	code, r := scanned(t, "--organization", "--role-name", "reader", "--external-id", "the word", "--record", dir)
	want := []inventory.ScopeID{company, "aws:" + mototest.Account, inventory.ScopeID("aws:" + account["alpha"]), inventory.ScopeID("aws:" + account["beta"])}
	slices.Sort(want)
	got := slices.Sorted(slices.Values(r.Scopes))
	if !slices.Equal(got, want) || code != exitIncomplete || r.Complete {
		t.Errorf("exit code %d, scopes %v, want %v", code, got, want)
	}
	if len(c.words) != 1 || !c.words["the word"] {
		t.Errorf("roles were taken with the external ids %v", c.words)
	}
	c.checkScanned(r, company, account)
	// A recording of an organisation is one of each account, and one that could not be entered is still barred.
	code, again := scanned(t, "--replay", dir)
	if code != exitIncomplete || len(again.Scopes) != 3 || len(again.Verdicts) != len(r.Verdicts) {
		t.Errorf("replayed with exit code %d: %v, %d verdicts, want %d", code, again.Scopes, len(again.Verdicts), len(r.Verdicts))
	}
	if _, named := scanned(t, "--replay", dir, "--scope", string(company)); len(named.Verdicts) != len(r.Verdicts) {
		t.Errorf("replayed by its name: %v", named.Scopes)
	}
	// The organisation named, and its listing refused: an incomplete scan, of nothing.
	c.proxy.Fault(func(call mototest.Call) mototest.Fault {
		if call.Operation == "ListAccounts" {
			return mototest.Deny
		}
		return mototest.Pass
	})
	code, r = scanned(t, "--scope", string(company), "--role-name", "reader", "--external-id", "the word")
	if code != exitIncomplete || len(r.Ledger) == 0 || r.Coverage != 0 || len(r.Scopes) != 1 {
		t.Errorf("exit code %d, %v, coverage %v", code, r.Scopes, r.Coverage)
	}
	if row := rowOf(r, company, aws.KindAccount); row.Complete || row.Unknown == nil || row.Unknown.Permission != "organizations:ListAccounts" {
		t.Errorf("the row of the listing is %+v", row)
	}
}

func rowOf(r report.Report, scope inventory.ScopeID, kind inventory.Kind) (found inventory.LedgerRow) {
	for _, row := range r.Ledger {
		if row.Scope == scope && row.Kind == kind {
			found = row
		}
	}
	return found
}

func (c *conglomerate) checkScanned(r report.Report, company inventory.ScopeID, account map[string]string) {
	c.t.Helper()
	barred := inventory.ScopeID("aws:" + account["beta"])
	entered, refused := 0, 0
	for _, row := range r.Ledger {
		switch {
		case row.Scope != barred && !row.Complete && !mototest.Lacks[row.Kind]:
			c.t.Errorf("%s %s ended with %+v", row.Scope, row.Kind, *row.Unknown)
		case row.Scope == barred && !row.Complete:
			refused++
			if row.Unknown.Permission != "sts:AssumeRole" || row.Unknown.Cause != inventory.CauseDenied {
				c.t.Errorf("%s %s ended with %+v", row.Scope, row.Kind, *row.Unknown)
			}
		case row.Scope != barred:
			entered++
		}
	}
	if refused != len(aws.Sources.Entries()) || entered < 200 {
		c.t.Errorf("%d listings were refused, %d made", refused, entered)
	}
	if row := rowOf(r, company, aws.KindAccount); !row.Complete || row.Listed != 4 {
		c.t.Errorf("the row of the accounts is %+v", row)
	}
	seen := map[string]int{}
	for _, v := range r.Verdicts {
		if v.Resource.Scope == string(barred) && v.Verdict != "unknown" {
			c.t.Errorf("%s of %s is a %s", v.Check, v.Resource.ID, v.Verdict)
		}
		seen[v.Resource.Scope+" "+v.Resource.Name]++
		seen[v.Resource.Scope]++
	}
	if seen["aws:"+account["alpha"]+" bucket-of-alpha"] == 0 || seen[string(barred)] < 100 || seen["aws:"+account["gamma"]] != 0 {
		c.t.Errorf("verdicts by scope: alpha's bucket %d, beta %d, gamma %d", seen["aws:"+account["alpha"]+" bucket-of-alpha"],
			seen[string(barred)], seen["aws:"+account["gamma"]])
	}
}

// TestServeAnOrganisation follows an organisation through the scheduler and its workers: from four accounts over a new
// one, a closed one and a listing that is refused.
func TestServeAnOrganisation(t *testing.T) {
	c := newConglomerate(t, "alpha", "beta", "gamma")
	company, account := c.accounts()
	c.bar(account["beta"], true)
	s := c.serve(company)
	ended := s.collect()
	if len(ended) != 5 || !strings.HasPrefix(ended[company], "complete") {
		t.Fatalf("runs ended as %v", ended)
	}
	if got := ended[inventory.ScopeID("aws:"+account["beta"])]; got != fmt.Sprintf("partial, %d by sts:AssumeRole", len(aws.Sources.Entries())) {
		t.Errorf("the account that cannot be entered ended as %s", got)
	}
	alpha := s.bucket("bucket-of-alpha")
	if alpha == 0 || s.bucket("bucket-of-beta") != 0 || s.bucket("bucket-of-gamma") == 0 {
		t.Errorf("findings of the buckets: %d, %d, %d", alpha, s.bucket("bucket-of-beta"), s.bucket("bucket-of-gamma"))
	}

	c.do(fmt.Sprintf(openBranch, "delta") + fmt.Sprintf(closeBranch, "gamma"))
	c.bar(account["beta"], false)
	ended = s.collect()
	_, account = c.accounts()
	if len(ended) != 5 || ended["aws:"+inventory.ScopeID(account["delta"])] == "" || ended["aws:"+inventory.ScopeID(account["gamma"])] != "" {
		t.Errorf("after one came and one closed: %v", ended)
	}
	if s.bucket("bucket-of-delta") == 0 || s.bucket("bucket-of-beta") == 0 || s.bucket("bucket-of-gamma") == 0 || s.bucket("bucket-of-alpha") != alpha {
		t.Error("findings of an account that came, was opened, closed or stayed are missing")
	}
	closed := s.scope(inventory.ScopeID("aws:" + account["gamma"]))
	if closed.LeftAt == nil || closed.LeftWhy != "it is suspended" || closed.Connection.ExternalID != "the word" ||
		closed.Connection.Role != "arn:aws:iam::"+account["gamma"]+":role/reader" {
		t.Errorf("the closed account is %+v", closed)
	}

	c.proxy.Fault(func(call mototest.Call) mototest.Fault {
		if call.Operation == "ListAccounts" {
			return mototest.Deny
		}
		return mototest.Pass
	})
	if ended = s.collect(); len(ended) != 1 || ended[company] != "partial, 1 by organizations:ListAccounts" {
		t.Errorf("with the listing refused: %v", ended)
	}
	if probes := testConnection(t.Context(), s.scope(company)); len(probes) != 2 || probes[1].passed || !strings.Contains(probes[1].answer, "organizations:ListAccounts") {
		t.Errorf("the test of the connection says %+v", probes)
	}
	c.proxy.Fault(nil)
	if probes := testConnection(t.Context(), s.scope(company)); len(probes) != 2 || !probes[1].passed || probes[1].answer != "4 are open and 1 closed." {
		t.Errorf("the test of the connection says %+v", probes)
	}
}

// service is a tenant with an organisation in the store, and a scheduler with workers.
type service struct {
	t         *testing.T
	store     *store.Store
	tenant    uuid.UUID
	parent    store.Scope
	scheduler *schedule.Scheduler
}

func (c *conglomerate) serve(company inventory.ScopeID) *service {
	c.t.Helper()
	return serveCompany(c.t, company, store.Connection{MemberRole: "reader", ExternalID: "the word", Regions: []string{mototest.Region}})
}

// serveCompany makes a tenant with an organisation, and starts a scheduler with workers.
func serveCompany(t *testing.T, company inventory.ScopeID, connection store.Connection) *service {
	t.Helper()
	ctx := context.Background()
	catalogue, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(ctx, storetest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	now := func() time.Time { return time.Now().UTC() }
	s := &service{t: t, store: st, tenant: uuid.New()}
	if err := st.Register(ctx, catalogue, now()); err != nil {
		t.Fatal(err)
	}
	if err := st.CreateTenant(ctx, store.Tenant{ID: s.tenant, Name: "company", CreatedAt: now()}); err != nil {
		t.Fatal(err)
	}
	s.within(func(tx store.Tx) (err error) {
		s.parent, err = tx.CreateScope(ctx, store.Scope{NaturalID: company, Name: "company", CreatedAt: now(), Connection: connection})
		return err
	})
	s.scheduler = &schedule.Scheduler{Store: st, Catalogue: catalogue, Now: now, Open: openScope, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if err := s.scheduler.Start(ctx, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.scheduler.Stop(ctx) })
	return s
}

func (s *service) within(fn func(store.Tx) error) {
	s.t.Helper()
	if err := s.store.InTx(context.Background(), s.tenant, fn); err != nil {
		s.t.Fatal(err)
	}
}

// collect asks for the organisation and waits until all that follows has ended. It tells how, and how many listings each
// right is missing for.
func (s *service) collect() map[inventory.ScopeID]string {
	s.t.Helper()
	began := time.Now().UTC()
	if _, err := s.scheduler.StartRun(context.Background(), s.tenant, s.parent.ID); err != nil {
		s.t.Fatal(err)
	}
	for range 3000 {
		var under []store.Run
		s.within(func(tx store.Tx) (err error) { under, err = tx.RunsUnderWay(context.Background()); return err })
		if len(under) == 0 {
			return s.ended(began)
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatal("the runs do not end")
	return nil
}

func (s *service) ended(since time.Time) map[inventory.ScopeID]string {
	s.t.Helper()
	out := map[inventory.ScopeID]string{}
	s.within(func(tx store.Tx) error {
		runs, _, err := tx.Runs(context.Background(), uuid.Nil, store.Page{Limit: 100})
		for _, run := range runs {
			if run.QueuedAt.Before(since) {
				continue
			}
			d, err := tx.Run(context.Background(), run.ID)
			if err != nil {
				return err
			}
			out[run.Scope] = run.State + missingRights(d.Ledger)
			if run.Error != "" {
				out[run.Scope] += ": " + run.Error
			}
		}
		return err
	})
	return out
}

func missingRights(ledger []inventory.LedgerRow) string {
	n := map[string]int{}
	for _, row := range ledger {
		if !row.Complete && !mototest.Lacks[row.Kind] || row.Unknown != nil && row.Unknown.Permission == "sts:AssumeRole" {
			n[row.Unknown.Permission]++
		}
	}
	var out []string
	for right, count := range n {
		out = append(out, fmt.Sprintf(", %d by %s", count, right))
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

func (s *service) scope(id inventory.ScopeID) (found store.Scope) {
	s.t.Helper()
	s.within(func(tx store.Tx) (err error) {
		found, err = tx.Scope(context.Background(), store.ScopeKey(string(id)))
		return err
	})
	return found
}

// bucket counts the findings that stand of a bucket.
func (s *service) bucket(name string) (n int) {
	s.t.Helper()
	s.within(func(tx store.Tx) error {
		return tx.QueryRow(context.Background(), `SELECT count(*) FROM findings WHERE tenant_id = $1 AND resource_name = $2 AND state <> 'resolved'`,
			s.tenant, name).Scan(&n)
	})
	return n
}
