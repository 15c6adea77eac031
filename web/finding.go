package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type findingPage struct {
	frame
	Row     findingRow
	Check   *evaluator.Check
	Raised  string
	Reasons []evaluator.Reason
	Unknown []unknownRow
	Changed []changedRow
	Paths   []inventory.Path
	Facts   []factRow
	Known   bool
	NaturalID,
	ResourceHref string
	Observed moment
	NotRead  moment
	Resolved *moment
	Fixes    []choice
	Clicks   []string
	Fix      string
	FixNote  string
	Story    []storyLine
	Controls []controlLine
	SameHref string
	More     int64
	AllHref  string
}

// storyLine is one thing that happened to a finding.
type storyLine struct {
	At          moment
	What, Words string
	Class       string
}

// controlLine is a control that a check is evidence for, with its status.
type controlLine struct {
	ID, Title, Edition, Href string
	Status                   evaluator.Status
}

var findingHTML = parse[findingPage]("finding.html")

// finding shows one finding: what is wrong, why it matters, what it rests on and how to mend it.
func (s *Server) finding(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p := findingPage{}
	if p.frame, err = s.newFrame(r, "findings", "Finding"); err != nil {
		return err
	}
	p.Scripts = []string{"htmx"}
	if err := s.in(r, func(tx store.Tx) error { return s.fillFinding(r, tx, &p, id) }); err != nil {
		return err
	}
	return findingHTML.render(w, p)
}

func (s *Server) fillFinding(r *http.Request, tx store.Tx, p *findingPage, id uuid.UUID) error {
	ctx := r.Context()
	f, err := s.findingAt(r, tx, p.frame, id)
	if err != nil {
		return err
	}
	p.Row = s.findingRows(p.frame, []store.Finding{f})[0]
	p.Title, p.NaturalID, p.ResourceHref = p.Row.Statement, f.NaturalID, p.Row.ResourceHref
	p.Check, p.Reasons, p.Unknown = p.catalogue.Check(f.CheckID), f.Reasons, unknownOf(p.frame, f.Unknown)
	p.Raised = raised(f)
	if f.NotReadSince != nil {
		p.NotRead = p.When(*f.NotReadSince)
	}
	if f.ResolvedAt != nil {
		at := p.When(*f.ResolvedAt)
		p.Resolved = &at
	}
	p.SameHref, p.AllHref = p.To("/findings", "check", f.CheckID), p.To("/findings", "resource", f.ResourceID.String())
	if p.Check != nil {
		p.fixes(p.Check.Fix[f.Kind.Cloud()], f.ResourceName, r.URL.Query().Get("fix"))
		counts, err := tx.CheckCounts(ctx, uuid.Nil, []string{f.CheckID}, p.at)
		if err != nil {
			return err
		}
		t := counts[f.CheckID]
		p.More = t.Fails() + t.Unknown
		if err := p.measure(r, tx); err != nil {
			return err
		}
		p.Changed = p.changed(p.Check)
	}
	if err := p.fillResource(r, tx, f); err != nil {
		return err
	}
	if err := p.fillStory(r, tx, id); err != nil {
		return err
	}
	return s.fillControls(r, tx, p)
}

// findingAt reads the finding as it is, or as it stood on the day that is shown.
func (s *Server) findingAt(r *http.Request, tx store.Tx, f frame, id uuid.UUID) (store.Finding, error) {
	now, err := tx.Finding(r.Context(), id)
	if err != nil || !f.Past() {
		return now, err
	}
	found, _, err := tx.Findings(r.Context(), store.FindingFilter{Resource: now.ResourceID,
		Checks: []string{now.CheckID}, AsOf: f.at}, store.Page{Limit: 1})
	if err != nil {
		return now, err
	}
	if len(found) == 0 {
		return now, notFound("This finding did not stand on that day.")
	}
	return found[0], nil
}

// fillResource reads what the verdict rests on. A resource that is gone still has its last version.
func (p *findingPage) fillResource(r *http.Request, tx store.Tx, f store.Finding) error {
	d, err := tx.Resource(r.Context(), f.ResourceID, p.at)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Known, p.NaturalID, p.Observed = true, d.NaturalID, p.When(d.ObservedAt)
	if p.Check != nil {
		p.Facts = factRows(d, p.Check.Attributes(f.Class))
		if speaksOfReach(p.Check, f.Class) {
			p.Paths = pathsOf(d)
		}
	}
	return nil
}

func (p *findingPage) fillStory(r *http.Request, tx store.Tx, id uuid.UUID) error {
	events, _, err := tx.FindingEvents(r.Context(), id, store.Page{Limit: 200})
	if err != nil {
		return err
	}
	for _, e := range events {
		if !p.Past() || !e.At.After(p.at) {
			p.Story = append(p.Story, newStoryLine(p.frame, e))
		}
	}
	slices.Reverse(p.Story)
	return nil
}

func newStoryLine(f frame, e store.FindingEvent) storyLine {
	line := storyLine{At: f.When(e.At), What: sentence(e.What), Class: "dim"}
	switch e.What {
	case "opened":
		line.What, line.Class = "Opened as "+string(e.ToVerdict), verdictMark(e.ToVerdict).Class
	case "regressed":
		line.Class = "bad"
	case "resolved":
		line.Class = "good"
	case "not_read":
		line.What = "Could no longer be read; it stands"
	case "changed":
		line.What = "Changed"
		if e.FromVerdict != e.ToVerdict {
			line.What, line.Class = "From "+string(e.FromVerdict)+" to "+string(e.ToVerdict), verdictMark(e.ToVerdict).Class
		}
	}
	var words []string
	if e.Severity != "" && e.What != "resolved" {
		words = append(words, string(e.Severity))
	}
	if c, ok := causeWords[e.Cause]; ok && string(e.Cause) != e.What {
		words = append(words, "cause: "+c.Word)
	}
	if e.Actor != "" {
		words = append(words, "by "+e.Actor)
	}
	if e.Note != "" {
		words = append(words, e.Note)
	}
	line.Words = strings.Join(words, " · ")
	return line
}

// raised says how context moved the severity.
func raised(f store.Finding) string {
	switch {
	case f.Severity.Rank() > f.BaseSeverity.Rank():
		return "raised from " + string(f.BaseSeverity)
	case f.Severity.Rank() < f.BaseSeverity.Rank():
		return "lowered from " + string(f.BaseSeverity)
	case len(f.Reasons) > 0:
		return "as the check has it, after weighing the surroundings"
	default:
		return "as the check has it"
	}
}

// fixes sets out the ways to mend it that the check knows for this cloud.
func (p *findingPage) fixes(fix evaluator.Fix, name, chosen string) {
	ways := []struct{ id, word, text string }{{"cli", "Command line", fix.CLI}, {"console", "Console", fix.Console},
		{"terraform", "Terraform", fix.Terraform}}
	known := slices.ContainsFunc(ways, func(w struct{ id, word, text string }) bool {
		return w.id == chosen &&
			w.text != ""
	})
	for _, way := range ways {
		if way.text == "" {
			continue
		}
		current := way.id == chosen || (!known && len(p.Fixes) == 0)
		p.Fixes = append(p.Fixes, choice{way.word, p.With("fix", way.id), current})
		if !current {
			continue
		}
		text := strings.ReplaceAll(strings.TrimRight(way.text, "\n"), "{name}", name)
		if way.id == "console" {
			p.Clicks = strings.Split(text, " > ")
		} else {
			p.Fix = text
		}
	}
	p.FixNote = p.Row.Cloud.Title()
}

// fillControls lists the controls of every edition that the check is evidence for.
func (s *Server) fillControls(r *http.Request, tx store.Tx, p *findingPage) error {
	if p.Check == nil {
		return nil
	}
	var err error
	p.Controls, err = s.controlLines(r, tx, p.frame, p.Check)
	return err
}

func (s *Server) controlLines(r *http.Request, tx store.Tx, f frame, check *evaluator.Check) ([]controlLine, error) {
	var out []controlLine
	for _, framework := range s.catalogue.Frameworks {
		ids := check.Mapped(framework.ID)
		statuses, err := tx.ControlStatuses(r.Context(), framework.ID, uuid.Nil, ids, f.at)
		if err != nil {
			return nil, err
		}
		byID := map[string]evaluator.Status{}
		for _, status := range statuses {
			byID[status.ControlID] = status.Status
		}
		for _, id := range ids {
			control := framework.Control(id)
			status, ok := byID[id]
			if !ok {
				status = evaluator.StatusNotEvaluated
			}
			out = append(out, controlLine{id, control.Title, strconv.Itoa(framework.Edition),
				f.To("/controls/" + framework.ID + "/" + id), status})
		}
	}
	return out, nil
}
