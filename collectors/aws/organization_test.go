package aws

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

const (
	testOrganization = "o-exampleorgid"
	managing         = "111111111111"
	managingRole     = "arn:aws:iam::111111111111:role/readers/plumbline"
)

// wire answers as STS and Organizations do on the wire, for an organisation whose roles ask for an external id.
type wire struct {
	mu sync.Mutex
	// pages are the answers of ListAccounts by token; described answers DescribeOrganization. A text that is no JSON
	// object is an error code.
	pages     map[string]string
	described string
	// barred are the accounts whose role cannot be assumed, with the code.
	barred  map[string]string
	assumed []string
	listed  int
}

func newWire() *wire {
	return &wire{
		described: fmt.Sprintf(`{"Organization":{"Id":%q,"MasterAccountId":%q}}`, testOrganization, managing),
		pages:     map[string]string{"": accountsPage("", managing+" ACTIVE", "222222222222 ACTIVE")},
	}
}

// accountsPage is an answer of ListAccounts; each account is its id and its state.
func accountsPage(next string, accounts ...string) string {
	var rows []string
	for _, a := range accounts {
		id, state, _ := strings.Cut(a, " ")
		rows = append(rows, fmt.Sprintf(`{"Id":%q,"Name":"account %s","State":%q,"Status":"ACTIVE"}`, id, id[:3], state))
	}
	end := ""
	if next != "" {
		end = fmt.Sprintf(`,"NextToken":%q`, next)
	}
	return `{"Accounts":[` + strings.Join(rows, ",") + `]` + end + `}`
}

func (s *wire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	target := r.Header.Get("X-Amz-Target")
	switch {
	case strings.HasSuffix(target, ".DescribeOrganization"):
		sayJSON(w, s.described)
	case strings.HasSuffix(target, ".ListAccounts"):
		s.listed++
		var body [4096]byte
		n, _ := r.Body.Read(body[:])
		token := ""
		if _, after, ok := strings.Cut(string(body[:n]), `"NextToken":"`); ok {
			token, _, _ = strings.Cut(after, `"`)
		}
		sayJSON(w, s.pages[token])
	default:
		_ = r.ParseForm()
		s.sts(w, r.Form, r.Header.Get("Authorization"))
	}
}

func sayJSON(w http.ResponseWriter, answer string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if answer != "" && !strings.ContainsAny(answer, "{<") {
		w.WriteHeader(http.StatusBadRequest)
		answer = fmt.Sprintf(`{"__type":%q}`, answer)
	}
	_, _ = w.Write([]byte(answer))
}

// sts gives out keys that hold the account's id, and tells whose keys sign a call.
func (s *wire) sts(w http.ResponseWriter, form url.Values, authorization string) {
	w.Header().Set("Content-Type", "text/xml")
	refuse := func(code string) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error></ErrorResponse>`, code)
	}
	switch form.Get("Action") {
	case "AssumeRole":
		arn := form.Get("RoleArn")
		account := strings.Split(arn+":::::", ":")[4]
		s.assumed = append(s.assumed, arn+" "+form.Get("ExternalId"))
		code := s.barred[account]
		if form.Get("ExternalId") != "the word" {
			code = "AccessDenied"
		}
		if code != "" {
			refuse(code)
			return
		}
		fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>OF%s</AccessKeyId>`+
			`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`+
			`</Credentials></AssumeRoleResult></AssumeRoleResponse>`, account)
	case "AssumeRoleWithWebIdentity":
		s.assumed = append(s.assumed, form.Get("RoleArn")+" by token "+form.Get("WebIdentityToken"))
		if form.Get("WebIdentityToken") != "signed by the platform" {
			refuse("InvalidIdentityToken")
			return
		}
		fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>`+
			`<AccessKeyId>OF%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>`+
			`<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>`+
			`</AssumeRoleWithWebIdentityResponse>`, managing)
	case "GetCallerIdentity":
		account := managing
		if _, after, ok := strings.Cut(authorization, "Credential=OF"); ok {
			account = after[:12]
		}
		fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account></GetCallerIdentityResult>`+
			`</GetCallerIdentityResponse>`, account)
	case "DescribeRegions":
		fmt.Fprint(w, `<DescribeRegionsResponse><regionInfo><item><regionName>eu-central-1</regionName></item>`+
			`<item><regionName>us-east-1</regionName></item></regionInfo></DescribeRegionsResponse>`)
	default:
		refuse("AccessDenied")
	}
}

// serve gives a connection to the wire that takes nothing from the environment.
func (s *wire) serve(t *testing.T) Connection {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return Connection{Endpoint: server.URL, Sealed: true, Attempts: 1, RoleARN: managingRole, ExternalID: "the word", CallsPerSecond: 1000}
}

func sixOnMarchFirst() time.Time { return time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC) }

// TestAccountsOfAnOrganisation lists accounts over pages, and tells how each is read and which cannot be.
func TestAccountsOfAnOrganisation(t *testing.T) {
	t.Parallel()
	s := newWire()
	s.pages = map[string]string{
		"":  accountsPage("2", managing+" ACTIVE", "222222222222 ACTIVE", "333333333333 SUSPENDED"),
		"2": accountsPage("3"),
		"3": accountsPage("", "444444444444 PENDING_CLOSURE", "555555555555 CLOSED", "222222222222 ACTIVE", "666666666666 LOCKED", "777777777777 PENDING_ACTIVATION"),
	}
	o, err := ConnectOrganization(t.Context(), s.serve(t))
	if err != nil {
		t.Fatal(err)
	}
	members, row := o.Members(t.Context(), sixOnMarchFirst)
	if o.Scope() != "aws-org:"+testOrganization || !row.Complete || row.Listed != 7 || row.Kind != KindAccount || !row.BeganAt.Equal(sixOnMarchFirst()) {
		t.Fatalf("%s: %+v", o.Scope(), row)
	}
	want := []inventory.Member{
		{Scope: "aws:111111111111", Name: "account 111", Role: managingRole},
		{Scope: "aws:222222222222", Name: "account 222", Role: "arn:aws:iam::222222222222:role/readers/plumbline"},
		{Scope: "aws:333333333333", Name: "account 333", Role: "arn:aws:iam::333333333333:role/readers/plumbline", Closed: "suspended"},
		{Scope: "aws:444444444444", Name: "account 444", Role: "arn:aws:iam::444444444444:role/readers/plumbline", Closed: "being closed"},
		{Scope: "aws:555555555555", Name: "account 555", Role: "arn:aws:iam::555555555555:role/readers/plumbline", Closed: "closed"},
		{Scope: "aws:666666666666", Name: "account 666", Role: "arn:aws:iam::666666666666:role/readers/plumbline"},
		{Scope: "aws:777777777777", Name: "account 777", Role: "arn:aws:iam::777777777777:role/readers/plumbline", Closed: "not active yet"},
	}
	if fmt.Sprint(members) != fmt.Sprint(want) {
		t.Errorf("members are\n%v, want\n%v", members, want)
	}
	if len(s.assumed) != 1 || s.assumed[0] != managingRole+" the word" {
		t.Errorf("assumed %v", s.assumed)
	}
}

// TestAnAccountListingThatIsNotWhole gives no member and says why, whatever came before it broke.
func TestAnAccountListingThatIsNotWhole(t *testing.T) {
	t.Parallel()
	first := accountsPage("2", managing+" ACTIVE", "222222222222 ACTIVE")
	for name, tt := range map[string]struct {
		pages map[string]string
		cause inventory.Cause
		code  string
	}{
		"denied":               {map[string]string{"": "AccessDeniedException"}, inventory.CauseDenied, "AccessDeniedException"},
		"throttled":            {map[string]string{"": "TooManyRequestsException"}, inventory.CauseThrottled, "TooManyRequestsException"},
		"malformed":            {map[string]string{"": "<html>{"}, inventory.CauseFailed, "MalformedAnswer"},
		"denied at the second": {map[string]string{"": first, "2": "AccessDeniedException"}, inventory.CauseDenied, "AccessDeniedException"},
		"round in a circle":    {map[string]string{"": first, "2": first}, inventory.CauseFailed, "MalformedAnswer"},
		"empty":                {map[string]string{"": `{}`}, inventory.CauseFailed, "MalformedAnswer"},
		"without the asking":   {map[string]string{"": accountsPage("", "222222222222 ACTIVE")}, inventory.CauseFailed, "MalformedAnswer"},
		"without an id":        {map[string]string{"": `{"Accounts":[{"Id":"111111111111","State":"ACTIVE"},{"State":"ACTIVE"}]}`}, inventory.CauseFailed, "MalformedAnswer"},
		"without a state":      {map[string]string{"": `{"Accounts":[{"Id":"111111111111","State":"ACTIVE"},{"Id":"222222222222"}]}`}, inventory.CauseFailed, "MalformedAnswer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWire()
			s.pages = tt.pages
			o, err := ConnectOrganization(t.Context(), s.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			members, row := o.Members(t.Context(), sixOnMarchFirst)
			if members != nil || row.Complete || row.Unknown == nil {
				t.Fatalf("%v %+v", members, row)
			}
			want := inventory.Unknown{Cause: tt.cause, Code: tt.code, Action: "ListAccounts", Permission: "organizations:ListAccounts"}
			if *row.Unknown != want || len(row.Errors) != 1 || row.Errors[0].Code != tt.code {
				t.Errorf("%+v %+v, want %+v", *row.Unknown, row.Errors, want)
			}
		})
	}
}

// TestAnOrganisationIsConfirmed wants the setting to mend in each error, and a named organisation believed where it
// cannot be asked.
func TestAnOrganisationIsConfirmed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		described string
		change    func(*Connection)
		want      string
	}{
		"named":               {newWire().described, func(c *Connection) { c.Organization = testOrganization }, ""},
		"another":             {newWire().described, func(c *Connection) { c.Organization = "o-anotherone1" }, "is in organisation " + testOrganization},
		"no id":               {newWire().described, func(c *Connection) { c.Organization = "shop" }, "o-abcdefghij"},
		"in none":             {"AWSOrganizationsNotInUseException", func(*Connection) {}, "is in no organisation"},
		"unsaid":              {"AccessDeniedException", func(*Connection) {}, "organizations:DescribeOrganization"},
		"unsaid but named":    {"AccessDeniedException", func(c *Connection) { c.Organization = testOrganization }, ""},
		"empty":               {`{}`, func(*Connection) {}, "could not be read"},
		"no role at all":      {newWire().described, func(c *Connection) { c.RoleARN = "" }, "name it"},
		"role of no shape":    {newWire().described, func(c *Connection) { c.RoleARN = "plumbline" }, "arn:aws:iam::"},
		"name of no shape":    {newWire().described, func(c *Connection) { c.MemberRole = "arn:aws:iam::1:role/x" }, "is not a name"},
		"wrong word":          {newWire().described, func(c *Connection) { c.ExternalID = "another" }, "external id"},
		"credentials as such": {newWire().described, func(c *Connection) { c.RoleARN, c.MemberRole = "", "reader" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWire()
			s.described = tt.described
			c := s.serve(t)
			tt.change(&c)
			o, err := ConnectOrganization(t.Context(), c)
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Fatalf("%v, want %q in it", err, tt.want)
			case tt.want == "" && o.Scope() != "aws-org:"+testOrganization:
				t.Errorf("it is %s", o.Scope())
			}
		})
	}
}

// TestRolesInTheAccounts names the role in each account: by the word given, in the partition asked from, and none for
// the account whose own credentials ask.
func TestRolesInTheAccounts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change        func(*Connection)
		asking, other string
	}{
		"another name":   {func(c *Connection) { c.MemberRole = "/deep/reader" }, managingRole, "arn:aws:iam::222222222222:role/deep/reader"},
		"own":            {func(c *Connection) { c.RoleARN, c.MemberRole = "", "reader" }, "", "arn:aws:iam::222222222222:role/reader"},
		"other regions":  {func(c *Connection) { c.RoleARN, c.MemberRole, c.Region = "", "reader", "cn-north-1" }, "", "arn:aws-cn:iam::222222222222:role/reader"},
		"its government": {func(c *Connection) { c.RoleARN = "arn:aws-us-gov:iam::111111111111:role/r" }, "arn:aws-us-gov:iam::111111111111:role/r", "arn:aws-us-gov:iam::222222222222:role/r"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newWire().serve(t)
			tt.change(&c)
			o, err := ConnectOrganization(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			members, _ := o.Members(t.Context(), sixOnMarchFirst)
			if len(members) != 2 || members[0].Role != tt.asking || members[1].Role != tt.other {
				t.Errorf("members are %+v", members)
			}
		})
	}
}

// rows keeps what a collection hands on.
type rows struct {
	mu       sync.Mutex
	listed   []inventory.LedgerRow
	observed int
}

func (r *rows) Observe(_ context.Context, batch []collectors.Observation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observed += len(batch)
	return nil
}

func (r *rows) Listed(_ context.Context, row inventory.LedgerRow) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listed = append(r.listed, row)
	return nil
}

// TestAnAccountThatCannotBeEntered is collected all the same when it is one of an organisation's: every kind says which
// right is missing. By itself it is an error.
func TestAnAccountThatCannotBeEntered(t *testing.T) {
	t.Parallel()
	s := newWire()
	s.barred = map[string]string{"222222222222": "AccessDenied"}
	c := s.serve(t)
	c.Account, c.RoleARN = "222222222222", "arn:aws:iam::222222222222:role/plumbline"
	if _, err := Connect(t.Context(), c); err == nil || !strings.Contains(err.Error(), "cannot be assumed") {
		t.Errorf("by itself: %v", err)
	}
	c.Member = true
	a, err := Connect(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	out := &rows{}
	if err := a.Collect(t.Context(), sixOnMarchFirst, out); err != nil {
		t.Fatal(err)
	}
	if len(out.listed) != len(Sources.Entries()) || out.observed != 0 || a.Scope() != "aws:222222222222" {
		t.Fatalf("%d rows, %d observations", len(out.listed), out.observed)
	}
	want := inventory.Unknown{Cause: inventory.CauseDenied, Code: "AccessDenied", Action: "AssumeRole", Permission: "sts:AssumeRole"}
	for _, row := range out.listed {
		if row.Complete || row.Unknown == nil || *row.Unknown != want || !row.EveryRegion() || row.Scope != a.Scope() {
			t.Fatalf("%+v", row)
		}
	}
	if _, err := a.One(t.Context(), "aws.s3.bucket", collectors.Global, "x", sixOnMarchFirst, out); err == nil || !strings.Contains(err.Error(), "sts:AssumeRole") {
		t.Errorf("asked about one resource: %v", err)
	}
}

// TestRegionsOfAMember takes of an allow list what the account has enabled: one list serves every account of an
// organisation. An account by itself must have enabled what is asked of it.
func TestRegionsOfAMember(t *testing.T) {
	t.Parallel()
	c := newWire().serve(t)
	c.Account, c.RoleARN, c.Member = "222222222222", "arn:aws:iam::222222222222:role/plumbline", true
	for name, tt := range map[string]struct{ wanted, want []string }{
		"all":     {nil, []string{"eu-central-1", "us-east-1"}},
		"some":    {[]string{"us-east-1", "ap-east-1"}, []string{"us-east-1"}},
		"nothing": {[]string{"ap-east-1"}, nil},
	} {
		c.Regions = tt.wanted
		a, err := Connect(t.Context(), c)
		if err != nil || fmt.Sprint(a.Regions()) != fmt.Sprint(tt.want) || !a.RegionsListed() {
			t.Errorf("%s: %v %v, want %v", name, a, err, tt.want)
		}
	}
	c.Member, c.Regions = false, []string{"us-east-1", "ap-east-1"}
	if _, err := Connect(t.Context(), c); err == nil || !strings.Contains(err.Error(), "ap-east-1") {
		t.Errorf("an account by itself: %v", err)
	}
}
