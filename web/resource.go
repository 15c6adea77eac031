package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type resourcePage struct {
	frame
	Row      resourceRow
	Detail   store.ResourceDetail
	Seen     moment
	Observed moment
	Ended    *moment
	Labels   []pair
	Facts    []factRow
	Details  []factRow
	Unknown  int
	Paths    []inventory.Path
	Answer   string
	Outward  []edgeLine
	Inward   []edgeLine
	Checks   []verdictLine
	Tally    evaluator.Tally
	Meter    meter
	Versions []versionLine
	Diff     *diffTable
	RunHref  string
}

// edgeLine is a link to another resource.
type edgeLine struct{ Link, Name, Class, Href string }

// verdictLine is a check with its verdict on the resource.
type verdictLine struct {
	Verdict   evaluator.Verdict
	Severity  evaluator.Severity
	State     evaluator.State
	Title     string
	Href      string
	CheckID   string
	Inherited bool
	Changed   []changedRow
}

// versionLine is one form the resource had.
type versionLine struct {
	From    moment
	Current bool
	Gone    bool
	Shown   bool
	Href    string
	DiffTo  string
}

// diffTable is what changed between two versions.
type diffTable struct {
	From, To moment
	Rows     []diffRow
}

type diffRow struct {
	Name, Was, Is string
	Derived       bool
}

var resourceHTML = parse[resourcePage]("resource.html")

// resource shows all that is known of one thing, and what is not.
func (s *Server) resource(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p := resourcePage{}
	if p.frame, err = s.newFrame(r, "inventory", "Resource"); err != nil {
		return err
	}
	if err := s.in(r, func(tx store.Tx) error { return s.fillResource(r, tx, &p, id) }); err != nil {
		return err
	}
	return resourceHTML.render(w, p)
}

func (s *Server) fillResource(r *http.Request, tx store.Tx, p *resourcePage, id uuid.UUID) error {
	d, err := tx.Resource(r.Context(), id, p.at)
	if err != nil {
		return err
	}
	p.Detail, p.Row, p.Title = d, resourceRows(p.frame, []store.Resource{d.Resource})[0], d.Name
	p.Seen, p.Observed = p.When(d.FirstSeenAt), p.When(d.ObservedAt)
	scope, err := tx.Scope(r.Context(), d.ScopeID)
	switch {
	case err == nil:
		p.Row.Scope = cmp.Or(scope.Name, p.Row.Scope)
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	if d.Gone && d.ValidTo != nil {
		at := p.When(*d.ValidTo)
		p.Ended = &at
	}
	if d.RunID != nil {
		p.RunHref = p.ToID("/runs", *d.RunID)
	}
	for name, value := range d.Labels {
		p.Labels = append(p.Labels, pair{name, value})
	}
	slices.SortFunc(p.Labels, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	for _, row := range factRows(d, nil) {
		switch {
		case row.Detail:
			p.Details = append(p.Details, row)
		default:
			p.Facts = append(p.Facts, row)
			if row.State == store.FactUnknown {
				p.Unknown++
			}
		}
	}
	p.Paths = pathsOf(d)
	if len(d.Answers) > 0 {
		p.Answer = prettyJSON(d.Answers)
	}
	if err := p.fillEdges(r, tx, id); err != nil {
		return err
	}
	if err := s.fillVerdicts(r, tx, p, id); err != nil {
		return err
	}
	return p.fillVersions(r, tx, id)
}

// fillEdges reads the links. They are kept for the present only.
func (p *resourcePage) fillEdges(r *http.Request, tx store.Tx, id uuid.UUID) error {
	if p.Past() {
		return nil
	}
	edges, err := tx.Edges(r.Context(), id, 50)
	if err != nil {
		return err
	}
	for _, e := range edges {
		line := edgeLine{Link: strings.ReplaceAll(e.Link, "_", " "), Name: e.Name, Class: className(e.Class)}
		if e.Class != "" {
			line.Href = p.ToID("/inventory", e.Other)
		}
		if e.Outward {
			p.Outward = append(p.Outward, line)
		} else {
			p.Inward = append(p.Inward, line)
		}
	}
	return nil
}

// fillVerdicts lists what fails, what is unknown and what passes, in this order.
func (s *Server) fillVerdicts(r *http.Request, tx store.Tx, p *resourcePage, id uuid.UUID) error {
	found, _, err := tx.Findings(r.Context(), store.FindingFilter{Resource: id, AsOf: p.at}, store.Page{Limit: 200})
	if err != nil {
		return err
	}
	if err := p.measure(r, tx); err != nil {
		return err
	}
	for _, row := range s.findingRows(p.frame, found) {
		p.Checks = append(p.Checks, verdictLine{Verdict: row.Verdict, Severity: row.Severity, State: row.State,
			Title: row.Statement, Href: row.Href, CheckID: row.CheckID, Changed: row.Changed})
		if row.Verdict == evaluator.Unknown {
			p.Tally.Unknown++
		} else {
			p.Tally.Fail[max(1, row.Severity.Rank())]++
		}
	}
	slices.SortStableFunc(p.Checks, func(a, b verdictLine) int {
		return strings.Compare(string(a.Verdict),
			string(b.Verdict))
	})
	passes, err := tx.Passes(r.Context(), id, p.at)
	if err != nil {
		return err
	}
	for _, pass := range passes {
		line := verdictLine{Verdict: evaluator.Pass, Title: pass.CheckID, Href: p.To("/checks/" + pass.CheckID),
			CheckID: pass.CheckID, Inherited: pass.Inherited}
		if check := p.catalogue.Check(pass.CheckID); check != nil {
			line.Title, line.Changed = check.Title, p.changed(check)
		}
		p.Checks = append(p.Checks, line)
		p.Tally.Pass++
	}
	p.Meter = verdictMeter(p.Tally)
	return nil
}

// fillVersions lists the forms the resource had, and compares the one asked for with the one before it.
func (p *resourcePage) fillVersions(r *http.Request, tx store.Tx, id uuid.UUID) error {
	versions, _, err := tx.ResourceVersions(r.Context(), id, store.Page{Limit: 50})
	if err != nil {
		return err
	}
	asked := r.URL.Query().Get("version")
	for i, v := range versions {
		if p.Past() && v.ValidFrom.After(p.at) {
			continue
		}
		key := v.ValidFrom.UTC().Format("20060102T150405.000000")
		line := versionLine{From: p.When(v.ValidFrom), Current: v.ValidTo == nil, Gone: v.Gone, Shown: key == asked}
		if i+1 < len(versions) {
			line.DiffTo = p.With("version", key) + "#history"
			if line.Shown {
				if err := p.compare(r, tx, id, versions[i+1], v); err != nil {
					return err
				}
			}
		}
		p.Versions = append(p.Versions, line)
	}
	return nil
}

func (p *resourcePage) compare(r *http.Request, tx store.Tx, id uuid.UUID, before, after store.Resource) error {
	change, err := tx.ResourceDiff(r.Context(), id, before.ValidFrom, after.ValidFrom)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Diff = &diffTable{From: p.When(before.ValidFrom), To: p.When(after.ValidFrom)}
	add := func(name, was, is string) {
		if was != is {
			p.Diff.Rows = append(p.Diff.Rows, diffRow{Name: name, Was: was, Is: is})
		}
	}
	add("name", change.From.Name, change.To.Name)
	add("region", change.From.Region, change.To.Region)
	for _, name := range labelNames(change.From.Labels, change.To.Labels) {
		add("label "+name, change.From.Labels[name], change.To.Labels[name])
	}
	for _, f := range change.Facts {
		p.Diff.Rows = append(p.Diff.Rows, diffRow{Name: f.Name, Was: factWord(f.From), Is: factWord(f.To),
			Derived: f.Derived})
	}
	return nil
}

func labelNames(a, b map[string]string) []string {
	var out []string
	for name := range a {
		out = append(out, name)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// factWord writes one side of a change.
func factWord(v store.FactValue) string {
	switch v.State {
	case store.FactKnown, store.FactInherent:
		return compactJSON(v.Value)
	case store.FactUnknown:
		if v.Unknown != nil {
			return "unknown: " + strings.ToLower(unknownWord(v.Unknown.Cause))
		}
		return "unknown"
	case store.FactNotApplicable:
		return "not applicable"
	default:
		return "nothing"
	}
}
