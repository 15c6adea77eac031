package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

const pageSize = 50

type findingsPage struct {
	frame
	Filter  findingQuery
	Bars    []bar
	Picked  []removable
	States  []option
	Classes []option
	Scopes  []option
	Sorts   []option
	Rows    []findingRow
	Total   int64
	Next    string
	First   string
	Any     bool
}

// findingQuery is the filter as it stands in the address.
type findingQuery struct {
	Verdict, Severity, State, Check, Control, Framework string
	Class, Scope, Resource, Region, Query, Sort         string
	// Cause and Permission are what the wanted findings wait for.
	Cause, Permission string
}

// bar is one count by verdict and severity, as a link that shows what it counts.
type bar struct {
	Severity evaluator.Severity
	Unknown  bool
	Word     string
	Count    int64
	Counted  bool
	Href     string
	Current  bool
}

// removable is a part of the filter that can be taken out.
type removable struct{ Word, Value, Href string }

// option is one choice of a list.
type option struct {
	Value, Word string
	Selected    bool
}

// findingRow is a finding as lists show it.
type findingRow struct {
	Href         string
	Statement    string
	Reason       string
	CheckID      string
	Cloud        inventory.Cloud
	Scope        string
	ResourceName string
	ResourceHref string
	Kind         inventory.Kind
	Region       string
	Verdict      evaluator.Verdict
	Severity     evaluator.Severity
	Base         evaluator.Severity
	State        evaluator.State
	Since        moment
	NotRead      bool
	Changed      []changedRow
}

var findingsHTML = parse[findingsPage]("findings.html")

// findings lists what fails or is unknown, by the filter in the address.
func (s *Server) findings(w http.ResponseWriter, r *http.Request) error {
	f, err := s.newFrame(r, "findings", "Findings")
	if err != nil {
		return err
	}
	f.Scripts = []string{"htmx"}
	p := findingsPage{frame: f, Filter: readFindingQuery(r)}
	filter, err := s.findingFilter(p.Filter)
	if err != nil {
		return err
	}
	filter.AsOf = f.at
	err = s.in(r, func(tx store.Tx) error { return s.fillFindings(r, tx, &p, filter) })
	if err != nil {
		return err
	}
	p.States = options(p.Filter.State, "Not resolved", stateOptions)
	p.Classes = options(p.Filter.Class, "All classes", classOptions())
	p.Sorts = options(p.Filter.Sort, "Worst first", []option{{Value: "recent", Word: "Last changed first"}})
	p.Picked = p.picked(s)
	return findingsHTML.render(w, p)
}

func (s *Server) fillFindings(r *http.Request, tx store.Tx, p *findingsPage, filter store.FindingFilter) error {
	ctx := r.Context()
	found, next, err := tx.Findings(ctx, filter, store.Page{Limit: pageSize, Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	if err := p.measure(r, tx); err != nil {
		return err
	}
	p.Rows = s.findingRows(p.frame, found)
	if next != "" {
		p.Next = p.With("cursor", next)
	}
	if r.URL.Query().Get("cursor") != "" {
		p.First = p.With()
	}
	if p.Total, err = tx.FindingEstimate(ctx, filter); err != nil {
		return err
	}
	if p.Scopes, err = s.scopeOptions(r, tx, p.Filter.Scope); err != nil {
		return err
	}
	p.Any = len(p.Scopes) > 1
	return s.fillBars(r, tx, p, filter)
}

// fillBars counts by severity. The counts are kept by scope and check, so with another filter there are none to show.
func (s *Server) fillBars(r *http.Request, tx store.Tx, p *findingsPage, filter store.FindingFilter) error {
	counted := filter.Class == "" && filter.Query == "" && filter.Region == "" && filter.Resource == uuid.Nil &&
		len(filter.States) == 0 &&
		filter.Why == (inventory.Unknown{})
	var sum evaluator.Tally
	if counted {
		counts, err := tx.CheckCounts(r.Context(), filter.Scope, filter.Checks, filter.AsOf)
		if err != nil {
			return err
		}
		for _, t := range counts {
			sum = sum.Add(t)
		}
	}
	q := p.Filter
	p.Bars = append(p.Bars, bar{Word: "All", Href: p.With("verdict", "", "severity", ""),
		Current: q.Verdict == "" && q.Severity == "",
		Counted: counted, Count: sum.Fails() + sum.Unknown})
	for _, severity := range evaluator.Severities {
		p.Bars = append(p.Bars, bar{Severity: severity, Href: p.With("verdict", "fail", "severity", string(severity)),
			Counted: counted, Count: sum.Fail[severity.Rank()], Current: q.Severity == string(severity)})
	}
	p.Bars = append(p.Bars, bar{Unknown: true, Href: p.With("verdict", "unknown", "severity", ""), Counted: counted,
		Count:   sum.Unknown,
		Current: q.Verdict == string(evaluator.Unknown) && q.Severity == ""})
	return nil
}

func readFindingQuery(r *http.Request) findingQuery {
	get := r.URL.Query().Get
	return findingQuery{Verdict: get("verdict"), Severity: get("severity"), State: get("state"), Check: get("check"),
		Control: get("control"), Framework: get("framework"), Class: get("class"), Scope: get("scope"),
		Resource: get("resource"),
		Region:   get("region"), Cause: get("cause"), Permission: get("permission"),
		Query: strings.TrimSpace(get("q")), Sort: get("sort")}
}

// findingFilter checks the words of the address. A word that means nothing is refused: to leave it out would show more
// than was asked for.
func (s *Server) findingFilter(q findingQuery) (store.FindingFilter, error) {
	f := store.FindingFilter{Why: inventory.Unknown{Cause: inventory.Cause(q.Cause), Permission: q.Permission},
		Class: inventory.Class(q.Class), Region: q.Region, Query: q.Query, Sort: store.SortWorst}
	switch evaluator.Verdict(q.Verdict) {
	case evaluator.None, evaluator.Fail, evaluator.Unknown:
		f.Verdict = evaluator.Verdict(q.Verdict)
	default:
		return f, badRequest("The verdict of a finding is fail or unknown.")
	}
	if q.Severity != "" {
		severity, err := evaluator.ParseSeverity(q.Severity)
		if err != nil {
			return f, badRequest("A severity is critical, high, medium or low.")
		}
		f.Severities = []evaluator.Severity{severity}
	}
	if q.State != "" {
		if !slices.ContainsFunc(stateOptions, func(o option) bool { return o.Value == q.State }) {
			return f, badRequest("There is no state of that name.")
		}
		f.States = []evaluator.State{evaluator.State(q.State)}
	}
	if q.Sort == string(store.SortRecent) {
		f.Sort = store.SortRecent
	}
	var err error
	if f.Scope, err = optionalID(q.Scope, store.ScopeKey); err != nil {
		return f, err
	}
	if f.Resource, err = optionalID(q.Resource, store.ResourceID); err != nil {
		return f, err
	}
	return f, s.pickChecks(&f, q)
}

// pickChecks narrows the filter to a check, or to those of a control.
func (s *Server) pickChecks(f *store.FindingFilter, q findingQuery) error {
	if q.Check != "" {
		f.Checks = []string{q.Check}
	}
	if q.Control == "" {
		return nil
	}
	framework, err := s.framework(q.Framework)
	if err != nil {
		return err
	}
	control := framework.Control(q.Control)
	if control == nil {
		return badRequest("There is no such control in " + framework.Name + ".")
	}
	var ids []string
	for _, check := range control.Checks {
		if q.Check == "" || q.Check == check.ID {
			ids = append(ids, check.ID)
		}
	}
	if len(ids) == 0 {
		// No check is mapped: an id that no check has keeps the list empty instead of showing all.
		ids = []string{"-"}
	}
	f.Checks = ids
	return nil
}

// optionalID reads an opaque id, or makes it from a natural one.
func optionalID(word string, key func(string) uuid.UUID) (uuid.UUID, error) {
	if word == "" {
		return uuid.Nil, nil
	}
	if id, err := uuid.Parse(word); err == nil {
		return id, nil
	}
	return key(word), nil
}

func (p *findingsPage) picked(s *Server) []removable {
	var out []removable
	add := func(word, value string, names ...string) {
		if value == "" {
			return
		}
		var pairs []string
		for _, name := range names {
			pairs = append(pairs, name, "")
		}
		out = append(out, removable{word, value, p.With(pairs...)})
	}
	add("Check", p.Filter.Check, "check")
	if framework, err := s.framework(p.Filter.Framework); err == nil && p.Filter.Control != "" {
		add("Control of "+strconv.Itoa(framework.Edition), p.Filter.Control, "control", "framework")
	}
	add("Region", p.Filter.Region, "region")
	add("Missing", cmp.Or(p.Filter.Permission, p.Filter.Cause), "permission", "cause")
	if p.Filter.Resource != "" && len(p.Rows) > 0 {
		add("Resource", p.Rows[0].ResourceName, "resource")
	} else {
		add("Resource", p.Filter.Resource, "resource")
	}
	return out
}

// findingRows turns findings into what a list shows.
func (s *Server) findingRows(f frame, found []store.Finding) []findingRow {
	out := make([]findingRow, len(found))
	for i, x := range found {
		out[i] = findingRow{
			Href: f.ToID("/findings", x.ID), Statement: statement(f.catalogue, x), Reason: shortReason(x), CheckID: x.CheckID,
			Cloud: x.Kind.Cloud(), Scope: string(x.Scope), ResourceName: x.ResourceName,
			ResourceHref: f.ToID("/inventory", x.ResourceID),
			Kind:         x.Kind, Region: x.Region, Verdict: x.Verdict, Severity: x.Severity, Base: x.BaseSeverity, State: x.State,
			Since: f.When(x.Since), NotRead: x.NotReadSince != nil,
			Changed: f.changed(f.catalogue.Check(x.CheckID)),
		}
	}
	return out
}

// statement is the finding as one sentence about this estate.
func statement(catalogue *evaluator.Catalogue, f store.Finding) string {
	check := catalogue.Check(f.CheckID)
	switch {
	case check == nil:
		return f.CheckID + ": " + f.ResourceName
	case f.Verdict == evaluator.Unknown:
		return "Not known for " + f.ResourceName + ": " + lowerFirst(check.Title)
	default:
		return check.Statement(f.ResourceName)
	}
}

// shortReason is the line under the title: what moved the severity, or what keeps the answer from being known.
func shortReason(f store.Finding) string {
	switch {
	case f.NotReadSince != nil:
		return "Failed when last read; can no longer be read. " + cure(f.Unknown)
	case f.Verdict == evaluator.Unknown:
		return cure(f.Unknown)
	case len(f.Reasons) > 0:
		return f.Reasons[len(f.Reasons)-1].Text
	default:
		return ""
	}
}

// cure says what would make the answer known.
func cure(unknown []inventory.Unknown) string {
	if len(unknown) == 0 {
		return ""
	}
	u := unknown[0]
	switch {
	case u.Permission != "":
		return unknownWord(u.Cause) + ": needs " + u.Permission
	case u.Action != "":
		return unknownWord(u.Cause) + ": " + u.Action
	default:
		return unknownWord(u.Cause)
	}
}

// lowerFirst lowers the first letter, unless the word is an abbreviation.
func lowerFirst(s string) string {
	runes := []rune(s)
	if len(runes) < 2 || unicode.IsUpper(runes[1]) || unicode.IsDigit(runes[1]) {
		return s
	}
	runes[0] = unicode.ToLower(runes[0])
	return string(runes)
}

var stateOptions = []option{
	{Value: "open", Word: "Open"}, {Value: "regressed", Word: "Regressed"},
	{Value: "acknowledged", Word: "Acknowledged"}, {Value: "in_progress", Word: "In progress"},
	{Value: "excepted", Word: "Excepted"}, {Value: "resolved", Word: "Resolved"},
}

// options marks the chosen one and puts the choice of none in front.
func options(chosen, none string, list []option) []option {
	out := append([]option{{Word: none, Selected: chosen == ""}}, list...)
	for i := range out {
		out[i].Selected = out[i].Value == chosen
	}
	return out
}

func classOptions() []option {
	var out []option
	for class := range inventory.Classes {
		out = append(out, option{Value: string(class), Word: className(class)})
	}
	slices.SortFunc(out, func(a, b option) int { return strings.Compare(a.Word, b.Word) })
	return out
}

// className writes a class as people do.
func className(c inventory.Class) string {
	return strings.ReplaceAll(sentence(string(c)), "Dns", "DNS")
}
