package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/store"
)

const (
	testCompany inventory.ScopeID = "aws-org:o-exampleorgid"
	first       inventory.ScopeID = "aws:200000000001"
	second      inventory.ScopeID = "aws:200000000002"
)

// company is an organisation over accounts in memory. A refusal is why its listing is not complete.
type company struct {
	account
	members []inventory.Member
	refusal *inventory.Unknown
	// missing is what may have become of one that is not listed.
	missing string
}

func (c *company) Scope() inventory.ScopeID { return testCompany }

func (c *company) Collect(context.Context, func() time.Time, collectors.Out) error { return nil }

func (c *company) Missing() string { return c.missing }

func (c *company) Members(_ context.Context, now func() time.Time) ([]inventory.Member, inventory.LedgerRow) {
	row := inventory.LedgerRow{Scope: testCompany, Kind: "aws.organizations.account", Region: collectors.Global, BeganAt: now(),
		Complete: c.refusal == nil, Unknown: c.refusal, Listed: len(c.members)}
	return c.members, row
}

// branch is one account of the company, or one that cannot be entered.
type branch struct {
	account
	id     inventory.ScopeID
	barred bool
}

func (b branch) Scope() inventory.ScopeID { return b.id }

func (b branch) Collect(ctx context.Context, now func() time.Time, out collectors.Out) error {
	c := b.collection(now)
	c.Scope = b.id
	if b.barred {
		return c.Barred(ctx, inventory.Unknown{Cause: inventory.CauseDenied, Code: "AccessDenied", Action: "AssumeRole", Permission: "sts:AssumeRole"}, out)
	}
	return c.Collect(ctx, out)
}

// firm is a company in the store, with a scheduler that works no job by itself.
type firm struct {
	*house
	s      *Scheduler
	parent store.Scope
	co     *company
	clouds map[inventory.ScopeID]*cloud
	barred map[inventory.ScopeID]bool
}

func newFirm(t *testing.T) *firm {
	t.Helper()
	h := newHouse(t)
	f := &firm{house: h, co: &company{account: account{h.cloud}}, clouds: map[inventory.ScopeID]*cloud{}, barred: map[inventory.ScopeID]bool{}}
	f.s = h.started()
	f.s.Open = func(_ context.Context, scope store.Scope) (pipeline.Gatherer, error) {
		if scope.NaturalID == testCompany {
			return f.co, nil
		}
		if scope.Connection.Role != "reader of "+string(scope.NaturalID) {
			return nil, fmt.Errorf("%s is reached as %q", scope.NaturalID, scope.Connection.Role)
		}
		return branch{account{f.clouds[scope.NaturalID]}, scope.NaturalID, f.barred[scope.NaturalID]}, nil
	}
	h.within(func(tx store.Tx) (err error) {
		f.parent, err = tx.CreateScope(t.Context(), store.Scope{NaturalID: testCompany, Name: "company", Schedule: "0 6 * * *", CreatedAt: day,
			Connection: store.Connection{ExternalID: "the word", MemberRole: "reader"}})
		return err
	})
	return f
}

// open puts accounts into the organisation, each with one bucket that fails and one that passes.
func (f *firm) open(ids ...inventory.ScopeID) {
	f.co.members = nil
	for _, id := range ids {
		f.co.members = append(f.co.members, inventory.Member{Scope: id, Name: "branch", Role: "reader of " + string(id)})
		if f.clouds[id] == nil {
			c := newCloud()
			c.Buckets = map[string]bucket{"bad-" + id.Account(): {"bad-" + id.Account(), no()}, "good-" + id.Account(): {"good-" + id.Account(), yes()}}
			f.clouds[id] = c
		}
	}
}

// work works every run that is queued, one after the other, until none is, and tells how each ended.
func (f *firm) work() (ended []string) {
	f.t.Helper()
	ctx := context.Background()
	for {
		var queued []store.Run
		f.within(func(tx store.Tx) (err error) { queued, err = tx.RunsUnderWay(ctx); return err })
		if len(queued) == 0 {
			slices.Sort(ended)
			return ended
		}
		for _, run := range queued {
			if err := (collector{Scheduler: f.s}).collect(ctx, Collect{Tenant: f.tenant, Scope: run.ScopeID, Run: run.ID}); err != nil {
				f.t.Fatal(err)
			}
			f.within(func(tx store.Tx) error {
				got, err := tx.Run(ctx, run.ID)
				text := fmt.Sprintf("%s %s %s", got.Scope, got.Trigger, got.State)
				if got.Error != "" {
					text += ": " + got.Error
				}
				for _, row := range got.Ledger {
					if !row.Complete {
						text += fmt.Sprintf(" (%s %s %s)", row.Kind, row.Unknown.Cause, row.Unknown.Permission)
					}
				}
				ended = append(ended, text)
				return err
			})
		}
	}
}

// asked collects the organisation on request, and all that follows from it.
func (f *firm) asked() []string {
	f.t.Helper()
	if _, err := f.s.StartRun(f.t.Context(), f.tenant, f.parent.ID); err != nil {
		f.t.Fatal(err)
	}
	return f.work()
}

// due collects the organisation by its schedule, and all that follows from it.
func (f *firm) due() []string {
	f.t.Helper()
	f.within(func(tx store.Tx) error { return f.s.queue(f.t.Context(), tx, uuid.New(), f.parent.ID, "schedule") })
	return f.work()
}

func (f *firm) want(what string, got []string, want ...string) {
	f.t.Helper()
	if !slices.Equal(got, want) {
		f.t.Errorf("%s:\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// fails are the findings that stand, of the check that every bad bucket fails.
func (f *firm) fails() (out []string) {
	f.t.Helper()
	for what, state := range f.standing() {
		if strings.HasPrefix(what, tlsCheck+" bad-") {
			out = append(out, strings.TrimPrefix(what, tlsCheck+" ")+" "+state)
		}
	}
	slices.Sort(out)
	return out
}

func (f *firm) member(id inventory.ScopeID) (s store.Scope) {
	f.t.Helper()
	f.within(func(tx store.Tx) (err error) {
		s, err = tx.Scope(context.Background(), store.ScopeKey(string(id)))
		return err
	})
	return s
}

const complete = " complete"

// TestAnOrganisationIsFollowed runs an organisation by its schedule: accounts that join are collected at once and then
// by their own time; those that close or leave keep what was found in them, are not collected, and come back.
func TestAnOrganisationIsFollowed(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.open(first)
	company, one, two := string(testCompany)+" schedule", string(first)+" schedule", string(second)+" schedule"
	f.want("at first", f.due(), company+complete, one+complete)
	f.open(first, second)
	f.want("a second joins", f.due(), company+complete, two+complete)
	if s := f.member(second); s.Schedule != "0 6 * * *" || s.NextRunAt == nil || s.Connection.ExternalID != "the word" || *s.ParentID != f.parent.ID {
		t.Errorf("the scope of the second is %+v", s)
	}
	f.want("nothing new", f.due(), company+complete)
	bad := []string{"bad-200000000001 fail open", "bad-200000000002 fail open"}
	f.want("findings", f.fails(), bad...)

	f.co.members[1].Closed = "suspended"
	f.want("the second is suspended", f.due(), company+complete)
	left := f.member(second)
	if left.LeftAt == nil || left.LeftWhy != "it is suspended" || left.NextRunAt != nil {
		t.Errorf("a suspended account is %+v", left)
	}
	f.want("findings of a suspended account", f.fails(), bad...)
	if _, err := f.s.StartRun(t.Context(), f.tenant, left.ID); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a suspended account was queued: %v", err)
	}
	f.open(first)
	f.want("the second is gone", f.due(), company+complete)
	f.want("findings of an account that left", f.fails(), bad...)
	if got := f.member(second); got.LeftWhy != "it is no longer in its organisation" || !got.LeftAt.Equal(*left.LeftAt) {
		t.Errorf("an account that left is %+v", got)
	}
	delete(f.clouds[second].Buckets, "bad-200000000002")
	f.open(first, second)
	f.want("the second is back", f.due(), company+complete, two+complete)
	f.want("findings after it came back", f.fails(), bad[0])
}

// TestWhatIsNotShownMayBeHidden lists only what the credentials may read: one that is missing keeps what was found in it
// and is not called gone.
func TestWhatIsNotShownMayBeHidden(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.open(first, second)
	f.asked()
	fails := f.fails()
	f.open(first)
	f.co.missing = "it is not shown: it left, or it is hidden"
	f.asked()
	got := f.member(second)
	if got.LeftAt == nil || got.LeftWhy != f.co.missing {
		t.Errorf("one that is not shown is %+v", got)
	}
	f.want("findings", f.fails(), fails...)
	f.co.missing = ""
	f.asked()
	if again := f.member(second); again.LeftWhy != "it is no longer in its organisation" || !again.LeftAt.Equal(*got.LeftAt) {
		t.Errorf("one that is gone for certain is %+v", again)
	}
}

// TestAListingThatFailsChangesNothing refuses, throttles and breaks the listing of the accounts: every scope stays as it
// is and goes on, and the run says which right is missing.
func TestAListingThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.open(first, second)
	f.asked()
	before := []store.Scope{f.member(first), f.member(second)}
	fails := f.fails()
	f.co.members = f.co.members[:1] // what was listed before it broke
	for _, cause := range []inventory.Cause{inventory.CauseDenied, inventory.CauseThrottled, inventory.CauseFailed} {
		f.co.refusal = &inventory.Unknown{Cause: cause, Code: "No", Action: "ListAccounts", Permission: "organizations:ListAccounts"}
		f.want(string(cause), f.asked(), fmt.Sprintf("%s request partial (aws.organizations.account %s organizations:ListAccounts)", testCompany, cause))
		if after := []store.Scope{f.member(first), f.member(second)}; fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s: the scopes are %v, want %v", cause, after, before)
		}
		f.want("findings", f.fails(), fails...)
	}
	f.co.refusal = nil
	if f.asked(); f.member(second).LeftAt == nil {
		t.Error("a complete listing does not tell who left")
	}
}

// TestARequestCollectsAllOfAnOrganisation asks for the organisation; what is under way is not begun twice, and an
// account that cannot be entered says why without holding up the others.
func TestARequestCollectsAllOfAnOrganisation(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.open(first, second)
	f.barred[second] = true
	company, one, two := string(testCompany)+" request", string(first)+" request", string(second)+" request"
	barred := " partial (aws.ec2.security_group denied sts:AssumeRole) (aws.s3.bucket denied sts:AssumeRole)"
	f.want("at first", f.asked(), company+complete, one+complete, two+barred)
	f.want("findings", f.fails(), "bad-200000000001 fail open")
	unknown := func() (n int) {
		f.within(func(tx store.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM findings WHERE tenant_id = $1 AND scope_id = $2 AND verdict = 'unknown' AND state <> 'resolved'`,
				f.tenant, store.ScopeKey(string(second))).Scan(&n)
		})
		return n
	}
	if unknown() == 0 {
		t.Error("an account that cannot be entered leaves nothing unknown")
	}
	f.barred[second] = false
	f.want("again", f.asked(), company+complete, one+complete, two+complete)
	f.want("findings of both", f.fails(), "bad-200000000001 fail open", "bad-200000000002 fail open")
	was := unknown()
	f.barred[second] = true
	f.want("lost again", f.asked(), company+complete, one+complete, two+barred)
	f.want("findings after it was lost", f.fails(), "bad-200000000001 fail open", "bad-200000000002 fail open")
	if unknown() <= was {
		t.Errorf("%d questions are unknown after the account was lost, %d were before", unknown(), was)
	}
}

// TestWhatLeavesWhileItWaits ends a run that was queued before its account closed, without a call.
func TestWhatLeavesWhileItWaits(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.open(first)
	f.asked()
	if _, err := f.s.StartRun(t.Context(), f.tenant, store.ScopeKey(string(first))); err != nil {
		t.Fatal(err)
	}
	f.within(func(tx store.Tx) error {
		_, err := tx.FollowMembers(t.Context(), f.parent, []inventory.Member{{Scope: first, Closed: "closed"}}, "", nil, day)
		return err
	})
	f.s.Open = func(context.Context, store.Scope) (pipeline.Gatherer, error) {
		t.Error("a closed account was asked")
		return nil, errors.New("closed")
	}
	f.want("the run", f.work(), string(first)+" request cancelled: No longer collected: it is closed.")
}

// TestWhatLeftTurnsStale lets three days pass after an account closed: its controls, and those of the whole, say that
// what they rest on is old. Those of an account that is still read do not.
func TestWhatLeftTurnsStale(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.open(first, second)
	for _, c := range f.clouds {
		for name := range c.Buckets {
			if strings.HasPrefix(name, "bad-") {
				delete(c.Buckets, name)
			}
		}
	}
	stale := func(scope uuid.UUID) (n int) {
		f.within(func(tx store.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM control_statuses WHERE tenant_id = $1 AND scope_id = $2
				AND status = 'stale' AND valid_to = 'infinity'`, f.tenant, scope).Scan(&n)
		})
		return n
	}
	one, two := store.ScopeKey(string(first)), store.ScopeKey(string(second))
	f.asked()
	f.co.members[1].Closed = "suspended"
	f.cloud.mu.Lock()
	f.cloud.now = day.Add(72 * time.Hour)
	f.cloud.mu.Unlock()
	f.asked()
	if stale(one) != 0 || stale(two) == 0 || stale(uuid.Nil) == 0 {
		t.Errorf("stale controls: %d of an account that is read, %d of one that closed, %d of all", stale(one), stale(two), stale(uuid.Nil))
	}
	f.co.members[1].Closed = ""
	f.asked()
	if stale(two) != 0 || stale(uuid.Nil) != 0 {
		t.Errorf("stale controls after it came back: %d, and %d of all", stale(two), stale(uuid.Nil))
	}
}
