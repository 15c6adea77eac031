package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type checksPage struct {
	frame
	Query    string
	Class    string
	Severity string
	Classes  []option
	Levels   []option
	Clouds   []inventory.Cloud
	Groups   []checkGroup
	Shown    int
	All      int
	Version  string
}

// checkGroup is the checks of one class; a check of several classes stands under its first.
type checkGroup struct {
	ID, Class string
	Lines     []checkLine
}

var checksHTML = parse[checksPage]("checks.html")

// checks lists the catalogue.
func (s *Server) checks(w http.ResponseWriter, r *http.Request) error {
	f, err := s.newFrame(r, "checks", "Checks")
	if err != nil {
		return err
	}
	f.Scripts = []string{"htmx"}
	get := r.URL.Query().Get
	p := checksPage{frame: f, Query: strings.TrimSpace(get("q")), Class: get("class"), Severity: get("severity"),
		Clouds: inventory.Clouds,
		All:    len(f.catalogue.Checks), Version: f.catalogue.Version}
	var list []*evaluator.Check
	for _, check := range f.catalogue.Checks {
		if p.wants(check) {
			list = append(list, check)
		}
	}
	err = s.in(r, func(tx store.Tx) error {
		tallies, err := tx.Tallies(r.Context(), uuid.Nil, nil, f.at)
		if err != nil {
			return err
		}
		p.group(checkLines(f, list, tallies))
		return nil
	})
	if err != nil {
		return err
	}
	p.Shown = len(list)
	p.Classes = options(p.Class, "All classes", classOptions())
	for _, severity := range evaluator.Severities {
		p.Levels = append(p.Levels, option{Value: string(severity), Word: sentence(string(severity))})
	}
	p.Levels = options(p.Severity, "All severities", p.Levels)
	return checksHTML.render(w, p)
}

func (p *checksPage) wants(c *evaluator.Check) bool {
	if p.Class != "" && !slices.Contains(c.Class, inventory.Class(p.Class)) {
		return false
	}
	if p.Severity != "" && string(c.Severity) != p.Severity {
		return false
	}
	words := strings.ToLower(c.ID + " " + c.Title + " " + c.Why)
	return p.Query == "" || strings.Contains(words, strings.ToLower(p.Query))
}

func (p *checksPage) group(lines []checkLine) {
	for _, line := range lines {
		class := line.Check.Class[0]
		i := slices.IndexFunc(p.Groups, func(g checkGroup) bool { return g.ID == string(class) })
		if i < 0 {
			name := className(class)
			if class == evaluator.ClassAny {
				name = "Everything that carries labels"
			}
			p.Groups = append(p.Groups, checkGroup{ID: string(class), Class: name})
			i = len(p.Groups) - 1
		}
		p.Groups[i].Lines = append(p.Groups[i].Lines, line)
	}
	slices.SortFunc(p.Groups, func(a, b checkGroup) int { return strings.Compare(a.Class, b.Class) })
}

type checkPage struct {
	frame
	Check    *evaluator.Check
	Classes  []resourceCount
	Columns  []cloudColumn
	Line     checkLine
	Facts    []string
	Controls []controlLine
	Findings []findingRow
	Open     int64
	OpenHref string
	Fixes    []choice
	Ways     []pair
	FixCloud string
	Examples []exampleRow
	Changed  []changedRow
}

// exampleRow is an example of a check as the reference shows it.
type exampleRow struct {
	Name  string
	Given []pair
	NA    []string
	At    string
	Want  evaluator.Verdict
}

var checkHTML = parse[checkPage]("check.html")

// check shows one check: what it asks, why, what it rests on and how it is tested.
func (s *Server) check(w http.ResponseWriter, r *http.Request) error {
	id := chi.URLParam(r, "id")
	f, err := s.newFrame(r, "checks", "Check")
	if err != nil {
		return err
	}
	check := f.catalogue.Check(id)
	if check == nil {
		text := "The catalogue holds no check of that id."
		if hint := f.catalogue.Suggest(id); hint != "" {
			text += " " + sentence(hint)
		}
		return notFound(text)
	}
	p := checkPage{frame: f, Check: check}
	p.Title = check.Title
	p.Scripts = []string{"htmx"}
	p.Classes = resourceCounts(p.frame, []*evaluator.Check{check})
	p.OpenHref = p.To("/findings", "check", check.ID)
	p.describe()
	if err := s.in(r, func(tx store.Tx) error { return s.fillCheck(r, tx, &p) }); err != nil {
		return err
	}
	return checkHTML.render(w, p)
}

func (s *Server) fillCheck(r *http.Request, tx store.Tx, p *checkPage) error {
	tallies, err := tallied(r, tx, []string{p.Check.ID}, p.at)
	if err != nil {
		return err
	}
	p.Columns = cloudColumns(tallies, nil)
	p.Line = checkLines(p.frame, []*evaluator.Check{p.Check}, tallies)[0]
	for _, t := range tallies {
		p.Open += t.Fails() + t.Unknown
	}
	found, _, err := tx.Findings(r.Context(), store.FindingFilter{Checks: []string{p.Check.ID}, AsOf: p.at},
		store.Page{Limit: 10})
	if err != nil {
		return err
	}
	if err := p.measure(r, tx); err != nil {
		return err
	}
	p.Findings, p.Changed = s.findingRows(p.frame, found), p.changed(p.Check)
	p.Controls, err = s.controlLines(r, tx, p.frame, p.Check)
	return err
}

// describe sets out what the catalogue says of the check.
func (p *checkPage) describe() {
	for _, class := range p.Check.Class {
		for _, name := range p.Check.Attributes(class) {
			if !slices.Contains(p.Facts, name) {
				p.Facts = append(p.Facts, name)
			}
		}
	}
	chosen := inventory.Cloud(p.url.Query().Get("fix"))
	if _, ok := p.Check.Fix[chosen]; !ok {
		chosen = ""
	}
	for _, cloud := range inventory.Clouds {
		fix, ok := p.Check.Fix[cloud]
		if !ok {
			continue
		}
		current := cloud == chosen || (chosen == "" && len(p.Fixes) == 0)
		p.Fixes = append(p.Fixes, choice{cloud.Title(), p.With("fix", string(cloud)), current})
		if !current {
			continue
		}
		for _, way := range []pair{{"Console", fix.Console}, {"Command line", fix.CLI}, {"Terraform", fix.Terraform}} {
			if way.Value != "" {
				p.Ways = append(p.Ways, pair{way.Name, strings.TrimRight(way.Value, "\n")})
			}
		}
	}
	for _, e := range p.Check.Examples {
		p.Examples = append(p.Examples, newExampleRow(e))
	}
}

func newExampleRow(e evaluator.Example) exampleRow {
	row := exampleRow{Name: e.Name, NA: e.NotApplicable}
	if e.Want != "none" {
		row.Want = evaluator.Verdict(e.Want)
	}
	if !e.At.IsZero() {
		row.At = e.At.UTC().Format(time.DateOnly)
	}
	for name, value := range e.Given {
		row.Given = append(row.Given, pair{name, valueWord(value)})
	}
	slices.SortFunc(row.Given, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return row
}
