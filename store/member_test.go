package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store/storetest"
)

const organisation inventory.ScopeID = "aws-org:o-exampleorgid"

// membership is a tenant with an organisation whose members are followed, an hour between one listing and the next.
type membership struct {
	t      *testing.T
	s      *Store
	tenant uuid.UUID
	parent Scope
	at     time.Time
}

func newMembership(t *testing.T, s *Store, name string) *membership {
	t.Helper()
	m := &membership{t: t, s: s, tenant: uuid.NewSHA1(uuid.NameSpaceDNS, []byte(name)), at: seededAt}
	if err := s.CreateTenant(t.Context(), Tenant{ID: m.tenant, Name: name, CreatedAt: seededAt}); err != nil {
		t.Fatal(err)
	}
	m.within(func(tx Tx) (err error) {
		m.parent, err = tx.CreateScope(t.Context(), Scope{NaturalID: organisation, Name: "the company", Schedule: "0 6 * * *",
			Connection: Connection{Role: "arn:aws:iam::100000000000:role/plumbline", ExternalID: "the word", MemberRole: "plumbline",
				Regions: []string{"eu-central-1"}}, CreatedAt: seededAt})
		return err
	})
	return m
}

func (m *membership) within(fn func(Tx) error) {
	m.t.Helper()
	within(m.t, m.s, m.tenant, fn)
}

// follow follows a listing of accounts, each its id, alone or with why it is closed.
func (m *membership) follow(accounts ...string) (begun, left []inventory.ScopeID) {
	m.t.Helper()
	m.at = m.at.Add(time.Hour)
	next := m.at.Add(24 * time.Hour)
	var members []inventory.Member
	for _, a := range accounts {
		id, why, _ := strings.Cut(a, " ")
		members = append(members, inventory.Member{Scope: inventory.ScopeID("aws:" + id), Name: "account " + id[:1],
			Role: "arn:aws:iam::" + id + ":role/plumbline", Closed: why})
	}
	var out Followed
	m.within(func(tx Tx) (err error) {
		out, err = tx.FollowMembers(m.t.Context(), m.parent, members, "", &next, m.at)
		return err
	})
	natural := map[uuid.UUID]inventory.ScopeID{}
	for _, s := range m.members() {
		natural[s.ID] = s.NaturalID
	}
	for _, id := range out.Begun {
		begun = append(begun, natural[id])
	}
	for _, id := range out.Left {
		left = append(left, natural[id])
	}
	slices.Sort(begun)
	slices.Sort(left)
	return begun, left
}

func (m *membership) members() (out []Scope) {
	m.t.Helper()
	m.within(func(tx Tx) error {
		page := Page{Limit: 2}
		for {
			found, next, err := tx.Members(m.t.Context(), m.parent.ID, page)
			if err != nil || next == "" {
				out = append(out, found...)
				return err
			}
			out, page.Cursor = append(out, found...), next
		}
	})
	return out
}

// standing tells of each member since when, in hours, and why it is not collected.
func (m *membership) standing() (out []string) {
	m.t.Helper()
	for _, s := range m.members() {
		text := string(s.NaturalID)
		if s.LeftAt != nil {
			text += fmt.Sprintf(" since %v: %s", s.LeftAt.Sub(seededAt).Hours(), s.LeftWhy)
		}
		if (s.LeftAt == nil) != (s.NextRunAt != nil) {
			text += fmt.Sprintf(" due at %v", s.NextRunAt)
		}
		out = append(out, text)
	}
	return out
}

func (m *membership) want(what string, got, want any) {
	m.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		m.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

const one, two, three = "111111111111", "222222222222", "333333333333"

// TestConnectionOfAMember wants a member to be entered by its own role, and records to be read where the organisation is,
// or where its connection says that they lie.
func TestConnectionOfAMember(t *testing.T) {
	t.Parallel()
	of := Connection{Role: "reads the company", MemberRole: "reader", ExternalID: "word", Regions: []string{"eu-west-1"}, Directory: "ours"}
	for _, c := range []struct{ aggregator, role, want string }{
		{"", "", ""}, {"all", "", "reads the company"}, {"all", "keeps records", "keeps records"},
	} {
		of.Aggregator, of.AggregatorRole = c.aggregator, c.role
		got := of.OfMember(inventory.Member{Role: "of the member"})
		want := Connection{Role: "of the member", ExternalID: "word", Regions: of.Regions, Directory: "ours",
			Aggregator: c.aggregator, AggregatorRole: c.want}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v; want %+v", got, want)
		}
	}
	if got := of.OfMember(inventory.Member{Directory: "theirs"}); got.Directory != "theirs" || of.Directory != "ours" {
		t.Errorf("%+v of %+v", got, of)
	}
}

// TestMembersJoinLeaveAndComeBack follows an organisation over seven listings.
func TestMembersJoinLeaveAndComeBack(t *testing.T) {
	t.Parallel()
	m := newMembership(t, open(t), "a")
	begun, left := m.follow(one, two, three+" suspended")
	m.want("at first begun", begun, []string{"aws:" + one, "aws:" + two})
	m.want("at first left", left, []string{})
	m.want("at first", m.standing(), []string{"aws:" + one, "aws:" + two})
	for _, s := range m.members() {
		want := Connection{Role: "arn:aws:iam::" + s.NaturalID.Account() + ":role/plumbline", ExternalID: "the word", Regions: []string{"eu-central-1"}}
		if fmt.Sprint(s.Connection) != fmt.Sprint(want) || s.Schedule != "0 6 * * *" || *s.ParentID != m.parent.ID || s.Name == "" {
			t.Errorf("%+v", s)
		}
	}

	begun, left = m.follow(one, two, three)
	m.want("a third", fmt.Sprint(begun, left), "[aws:"+three+"] []")
	begun, left = m.follow(one, two+" suspended")
	m.want("one suspended, one gone", fmt.Sprint(begun, left), "[] [aws:"+two+" aws:"+three+"]")
	m.want("then", m.standing(), []string{"aws:" + one, "aws:" + two + " since 3: it is suspended",
		"aws:" + three + " since 3: it is no longer in its organisation"})
	begun, left = m.follow(one, two+" closed")
	m.want("the same again", fmt.Sprint(begun, left), "[] []")
	m.want("the newer reason, the older moment", m.standing()[1], "aws:"+two+" since 3: it is closed")
	begun, left = m.follow(one, two)
	m.want("back", fmt.Sprint(begun, left), "[aws:"+two+"] []")
	begun, left = m.follow(one, two, three)
	m.want("back as well", fmt.Sprint(begun, left), "[aws:"+three+"] []")
	m.want("at the end", m.standing(), []string{"aws:" + one, "aws:" + two, "aws:" + three})
	if begun, left = m.follow(); len(begun) != 0 || len(left) != 3 {
		t.Errorf("an organisation without accounts: %v %v", begun, left)
	}
	m.within(func(tx Tx) error {
		ids, err := tx.OpenMembers(t.Context(), m.parent.ID)
		n, err2 := tx.MemberCount(t.Context(), m.parent.ID)
		m.want("collected, known", fmt.Sprint(len(ids), n), "0 3")
		return errors.Join(err, err2)
	})
}

// TestMembersTakeAfterTheirOrganisation changes the schedule and the connection of an organisation: its members follow,
// and keep their time where the schedule stays.
func TestMembersTakeAfterTheirOrganisation(t *testing.T) {
	t.Parallel()
	m := newMembership(t, open(t), "a")
	m.follow(one)
	due := *m.members()[0].NextRunAt
	m.parent.Connection.ExternalID = "another word"
	m.follow(one)
	got := m.members()[0]
	if got.Connection.ExternalID != "another word" || !got.NextRunAt.Equal(due) {
		t.Errorf("%+v, due at %v, want %v", got.Connection, got.NextRunAt, due)
	}
	m.parent.Schedule = "0 * * * *"
	m.follow(one)
	if got := m.members()[0]; got.Schedule != "0 * * * *" || !got.NextRunAt.Equal(m.at.Add(24*time.Hour)) {
		t.Errorf("%q, due at %v", got.Schedule, got.NextRunAt)
	}
	// An old row that would still be due is not handed out.
	m.follow()
	m.within(func(tx Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE scopes SET next_run_at = '2020-01-01' WHERE tenant_id = $1`, m.tenant)
		return err
	})
	var swept []uuid.UUID
	err := m.s.SweepDue(t.Context(), m.at, func(string) (*time.Time, error) { return nil, nil },
		func(_ Tx, scope uuid.UUID) error { swept = append(swept, scope); return nil })
	if err != nil || len(swept) != 1 || swept[0] != m.parent.ID {
		t.Errorf("swept %v, want the organisation alone: %v", swept, err)
	}
}

// TestPeopleOutrankTheListing leaves alone what somebody connected by itself and what somebody took out, and takes all of
// an organisation along that is removed.
func TestPeopleOutrankTheListing(t *testing.T) {
	t.Parallel()
	m := newMembership(t, open(t), "a")
	ctx := t.Context()
	own := Scope{NaturalID: "aws:" + one, Name: "by itself", Connection: Connection{Role: "own"}, CreatedAt: seededAt}
	m.within(func(tx Tx) error { _, err := tx.CreateScope(ctx, own); return err })
	m.follow(one, two, three)
	m.want("members", m.standing(), []string{"aws:" + two, "aws:" + three})
	m.within(func(tx Tx) error { return tx.RemoveScope(ctx, ScopeKey("aws:"+two), m.at) })
	begun, left := m.follow(two, three)
	m.want("what was taken out", fmt.Sprint(begun, left, m.standing()), "[] [] [aws:"+three+"]")
	m.within(func(tx Tx) error {
		s, err := tx.Scope(ctx, ScopeKey("aws:"+one))
		if s.Name != "by itself" || s.Connection.Role != "own" || s.ParentID != nil || s.LeftAt != nil {
			t.Errorf("what was connected by itself is now %+v", s)
		}
		return err
	})

	m.within(func(tx Tx) error { return tx.RemoveScope(ctx, m.parent.ID, m.at) })
	m.within(func(tx Tx) error {
		_, err := tx.Scope(ctx, ScopeKey("aws:"+three))
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("a member of a removed organisation: %v", err)
		}
		return nil
	})
	m.within(func(tx Tx) (err error) { m.parent, err = tx.CreateScope(ctx, m.parent); return err })
	begun, _ = m.follow(one, two, three)
	m.want("after it was connected again", begun, []string{"aws:" + three})
	m.within(func(tx Tx) error {
		s, err := tx.CreateScope(ctx, Scope{NaturalID: "aws:" + two, Name: "taken back", CreatedAt: seededAt})
		if s.ParentID != nil {
			t.Errorf("what was taken out and connected by itself is still a member: %+v", s)
		}
		return err
	})
}

// TestMembersMoveBetweenOrganisations takes an account up in the one it is in now, once the other has lost it.
func TestMembersMoveBetweenOrganisations(t *testing.T) {
	t.Parallel()
	m := newMembership(t, open(t), "a")
	first := m.parent
	m.follow(one, two)
	var second Scope
	m.within(func(tx Tx) (err error) {
		second, err = tx.CreateScope(t.Context(), Scope{NaturalID: "aws-org:o-theotherone", Name: "the other", CreatedAt: seededAt})
		return err
	})
	m.parent = second
	begun, _ := m.follow(two)
	m.want("while the first still has it", begun, []string{})
	m.parent = first
	m.follow(one)
	m.parent = second
	begun, _ = m.follow(two)
	m.want("after the first lost it", begun, []string{"aws:" + two})
	m.parent = first
	_, left := m.follow(one)
	m.want("the first, again", fmt.Sprint(left, m.standing()), "[] [aws:"+one+"]")
}

// TestMembersOfTenants keeps two tenants apart that follow the same organisation.
func TestMembersOfTenants(t *testing.T) {
	t.Parallel()
	s := open(t)
	a, b := newMembership(t, s, "a"), newMembership(t, s, "b")
	a.follow(one, two)
	b.follow(one)
	b.follow()
	a.want("of a", a.standing(), []string{"aws:" + one, "aws:" + two})
	b.want("of b", len(b.standing()), 1)
}

// TestMembersComeFromTheirIndex asks the planner how the members of one organisation are read among thousands of scopes.
func TestMembersComeFromTheirIndex(t *testing.T) {
	t.Parallel()
	service, owner := storetest.DSNs(t)
	s, err := Open(context.Background(), service)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := newMembership(t, s, "a")
	var accounts []string
	for i := range 3000 {
		accounts = append(accounts, fmt.Sprintf("%012d", i+1))
	}
	if begun, _ := m.follow(accounts...); len(begun) != 3000 {
		t.Fatalf("%d scopes were made", len(begun))
	}
	m.within(func(tx Tx) (err error) {
		m.parent, err = tx.CreateScope(t.Context(), Scope{NaturalID: "aws-org:o-theotherone", CreatedAt: seededAt})
		return err
	})
	m.follow("999999999999")
	analyze(t, owner)
	plan := explained(t, s, m.tenant, membersListed,
		pgx.NamedArgs{"tenant": m.tenant, "parent": m.parent.ID, "after": "", "limit": 51})
	if !strings.Contains(plan, "scopes_by_parent") || strings.Contains(plan, "Seq Scan") {
		t.Errorf("members are not read by their index:\n%s", plan)
	}
}
