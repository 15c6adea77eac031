package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type controlPage struct {
	frame
	Framework    *evaluator.Framework
	Control      *evaluator.Control
	Theme        evaluator.Theme
	Cell         controlCell
	Clouds       []cloudColumn
	Checks       []checkLine
	Findings     []findingRow
	Fails        int64
	FindingsHref string
	UnknownHref  string
	Unknowns     int64
	Resources    []resourceCount
	Reports      []pair
	Counterparts []controlLine
	OtherEdition string
	Strip        []span
	StripLabel   string
	StripDays    []tick
	Story        []storyLine
}

// cloudColumn is what one question comes to on one cloud.
type cloudColumn struct {
	Cloud  inventory.Cloud
	Scopes int
	Status evaluator.Status
	Tally  evaluator.Tally
	Meter  meter
}

// checkLine is a check with its counts on each cloud.
type checkLine struct {
	Check   *evaluator.Check
	Href    string
	Cells   []checkCell
	Changed []changedRow
}

// checkCell is a check on one cloud, in words, as a link to what it counts.
type checkCell struct {
	Cloud   string
	Word    string
	Note    string
	Href    string
	Verdict evaluator.Verdict
}

// resourceCount is a class that the control's checks speak of.
type resourceCount struct {
	Word, Href string
}

var controlHTML = parse[controlPage]("control.html")

// control shows one control: where it stands and why, on each cloud, and what a person still has to add.
func (s *Server) control(w http.ResponseWriter, r *http.Request) error {
	framework, err := s.framework(chi.URLParam(r, "framework"))
	if err != nil {
		return err
	}
	control := framework.Control(chi.URLParam(r, "control"))
	if control == nil {
		return notFound(framework.Name + " has no control of that number.")
	}
	p := controlPage{Framework: framework, Control: control, Theme: framework.ThemeOf(control)}
	if p.frame, err = s.newFrame(r, "controls", control.ID+" "+control.Title); err != nil {
		return err
	}
	// A check of the organisation's own may be evidence as well.
	p.Control = p.catalogue.Framework(framework.ID).Control(control.ID)
	p.FindingsHref = p.To("/findings", "control", control.ID, "framework", framework.ID, "verdict", "fail")
	p.UnknownHref = p.To("/findings", "control", control.ID, "framework", framework.ID, "verdict", "unknown")
	if err := s.in(r, func(tx store.Tx) error { return s.fillControl(r, tx, &p) }); err != nil {
		return err
	}
	return controlHTML.render(w, p)
}

func (s *Server) fillControl(r *http.Request, tx store.Tx, p *controlPage) error {
	ctx := r.Context()
	if err := p.measure(r, tx); err != nil {
		return err
	}
	statuses, err := tx.ControlStatuses(ctx, p.Framework.ID, uuid.Nil, []string{p.Control.ID}, p.at)
	if err != nil {
		return err
	}
	var status store.ControlStatus
	if len(statuses) > 0 {
		status = statuses[0]
	}
	p.Cell = newControlCell(p.frame, p.Framework, p.Control, status)
	byScope, err := tx.ControlByScope(ctx, p.Framework.ID, p.Control.ID, p.at)
	if err != nil {
		return err
	}
	ids := checkIDs(p.Control)
	tallies, err := tallied(r, tx, ids, p.at)
	if err != nil {
		return err
	}
	p.Clouds = cloudColumns(tallies, byScope)
	p.Checks = checkLines(p.frame, p.Control.Checks, tallies)
	worstChecksFirst(p.Checks)
	for _, c := range p.Clouds {
		p.Fails, p.Unknowns = p.Fails+c.Tally.Fails(), p.Unknowns+c.Tally.Unknown
	}
	if len(ids) > 0 {
		found, _, err := tx.Findings(ctx, store.FindingFilter{Checks: ids, Verdict: evaluator.Fail, AsOf: p.at},
			store.Page{Limit: 10})
		if err != nil {
			return err
		}
		p.Findings = s.findingRows(p.frame, found)
	}
	p.Resources = resourceCounts(p.frame, p.Control.Checks)
	if err := s.fillCounterparts(r, tx, p); err != nil {
		return err
	}
	return p.fillHistory(r, tx)
}

// tallied reads the counts of the checks; no checks means none, not all.
func tallied(r *http.Request, tx store.Tx, ids []string, at time.Time) ([]evaluator.Tally, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return tx.Tallies(r.Context(), uuid.Nil, ids, at)
}

func checkIDs(c *evaluator.Control) []string {
	out := make([]string, len(c.Checks))
	for i, check := range c.Checks {
		out[i] = check.ID
	}
	return out
}

// cloudColumns sums the counts by cloud. A cloud's status is the worst of its scopes'.
func cloudColumns(tallies []evaluator.Tally, byScope map[inventory.ScopeID]evaluator.Status) []cloudColumn {
	var out []cloudColumn
	for _, cloud := range inventory.Clouds {
		c := cloudColumn{Cloud: cloud, Status: evaluator.StatusNotEvaluated}
		worst := -1
		for scope, status := range byScope {
			if scope.Cloud() != cloud {
				continue
			}
			c.Scopes++
			if rank := slices.Index(worstFirst, status); worst < 0 || (rank >= 0 && rank < worst) {
				worst, c.Status = rank, status
			}
		}
		for _, t := range tallies {
			if t.Scope.Cloud() == cloud {
				c.Tally = c.Tally.Add(t)
			}
		}
		c.Meter = verdictMeter(c.Tally)
		out = append(out, c)
	}
	return out
}

// worstFirst orders statuses for a sum over scopes.
var worstFirst = []evaluator.Status{evaluator.StatusNonconforming, evaluator.StatusStale, evaluator.StatusNotEvaluated,
	evaluator.StatusNeedsAttestation, evaluator.StatusConforming, evaluator.StatusNotApplicable}

func checkLines(f frame, checks []*evaluator.Check, tallies []evaluator.Tally) []checkLine {
	type key struct {
		check string
		cloud inventory.Cloud
	}
	sums := map[key]evaluator.Tally{}
	for _, t := range tallies {
		k := key{t.Check, t.Scope.Cloud()}
		sums[k] = sums[k].Add(t)
	}
	var out []checkLine
	for _, check := range checks {
		line := checkLine{Check: check, Href: f.To("/checks/" + check.ID), Changed: f.changed(check)}
		for _, cloud := range inventory.Clouds {
			line.Cells = append(line.Cells, newCheckCell(f, check, cloud, sums[key{check.ID, cloud}]))
		}
		out = append(out, line)
	}
	return out
}

// worstChecksFirst puts the checks that fail before those that are unknown, and those that found nothing to ask last.
func worstChecksFirst(lines []checkLine) {
	order := []evaluator.Verdict{evaluator.Fail, evaluator.Unknown, evaluator.Pass, evaluator.None}
	rank := func(line checkLine) int {
		worst := len(order)
		for _, cell := range line.Cells {
			worst = min(worst, slices.Index(order, cell.Verdict))
		}
		return worst*len(evaluator.Severities) - line.Check.Severity.Rank()
	}
	slices.SortStableFunc(lines, func(a, b checkLine) int { return rank(a) - rank(b) })
}

// newCheckCell says what a check comes to on a cloud: how many pass, or why it is not asked there.
func newCheckCell(f frame, check *evaluator.Check, cloud inventory.Cloud, t evaluator.Tally) checkCell {
	cell := checkCell{Cloud: cloud.Title(), Href: f.To("/checks/" + check.ID)}
	asked := t.Pass + t.Fails() + t.Unknown
	switch {
	case !check.Asked(cloud):
		cell.Word = "not asked"
		_, reason, _ := strings.Cut(check.Clouds[cloud], ":")
		cell.Note = strings.TrimSpace(reason)
	case asked == 0:
		cell.Word = "nothing to ask"
		if check.Clouds[cloud] == "inherent" {
			cell.Word = "inherited"
		}
	default:
		cell.Word = count(t.Pass) + " of " + count(asked)
		cell.Verdict = evaluator.Pass
		if t.Inherited == asked {
			cell.Word = "inherited, " + count(asked)
		}
		if t.Fails() > 0 {
			cell.Verdict, cell.Note = evaluator.Fail, plural(t.Fails(), "fails", "fail")
			cell.Href = f.To("/findings", "check", check.ID, "verdict", "fail")
		}
		if t.Unknown > 0 {
			cell.Note = strings.TrimPrefix(cell.Note+", "+count(t.Unknown)+" unknown", ", ")
			if cell.Verdict == evaluator.Pass {
				cell.Verdict, cell.Href = evaluator.Unknown, f.To("/findings", "check", check.ID, "verdict", "unknown")
			}
		}
	}
	return cell
}

func resourceCounts(f frame, checks []*evaluator.Check) []resourceCount {
	var classes []inventory.Class
	for _, check := range checks {
		for _, class := range check.Class {
			if class != evaluator.ClassAny && !slices.Contains(classes, class) {
				classes = append(classes, class)
			}
		}
	}
	slices.Sort(classes)
	out := make([]resourceCount, len(classes))
	for i, class := range classes {
		out[i] = resourceCount{className(class), f.To("/inventory", "class", string(class))}
	}
	return out
}

// fillCounterparts finds the same subject in the other edition.
func (s *Server) fillCounterparts(r *http.Request, tx store.Tx, p *controlPage) error {
	if p.Control.Inherited != nil {
		for _, cloud := range inventory.Clouds {
			if report := p.Control.Inherited.Reports[cloud]; report != "" {
				p.Reports = append(p.Reports, pair{cloud.Title(), report})
			}
		}
	}
	for _, other := range s.catalogue.Frameworks {
		if other.ID == p.Framework.ID || len(p.Control.Counterparts) == 0 {
			continue
		}
		p.OtherEdition = other.Name
		statuses, err := tx.ControlStatuses(r.Context(), other.ID, uuid.Nil, p.Control.Counterparts, p.at)
		if err != nil {
			return err
		}
		byID := map[string]store.ControlStatus{}
		for _, status := range statuses {
			byID[status.ControlID] = status
		}
		for _, id := range p.Control.Counterparts {
			if control := other.Control(id); control != nil {
				cell := newControlCell(p.frame, other, control, byID[id])
				p.Counterparts = append(p.Counterparts, controlLine{id, control.Title, strconv.Itoa(other.Edition), cell.Href,
					cell.Status})
			}
		}
	}
	return nil
}

// fillHistory draws the statuses the control went through over the same weeks as the overview's line.
func (p *controlPage) fillHistory(r *http.Request, tx store.Tx) error {
	history, err := tx.ControlHistory(r.Context(), p.Framework.ID, uuid.Nil, p.Control.ID, 200)
	if err != nil {
		return err
	}
	end := p.At()
	begin := end.AddDate(0, 0, -chartDays)
	whole := end.Sub(begin).Seconds()
	var words []string
	next := end
	for _, h := range history {
		if h.ValidFrom.After(end) {
			continue
		}
		from := h.ValidFrom
		if from.Before(begin) {
			from = begin
		}
		if next.After(from) {
			p.Strip = append(p.Strip, span{X: round1(1000 * from.Sub(begin).Seconds() / whole),
				Width: round1(1000 * next.Sub(from).Seconds() / whole), Class: controlMark(h.Status).Class})
			words = append(words, strings.ToLower(controlMark(h.Status).Word)+" from "+from.Format("2 January"))
		}
		next = from
		p.Story = append(p.Story, storyLine{At: p.When(h.ValidFrom), What: controlMark(h.Status).Word, Words: h.Because,
			Class: controlMark(h.Status).Class})
	}
	slices.Reverse(words)
	p.StripLabel = sentence(strings.Join(words, ", ")) + "."
	p.StripDays = []tick{{At: 0, Word: begin.Format("2 Jan"), Anchor: "start"}, {At: 1000, Word: end.Format("2 Jan"),
		Anchor: "end"}}
	if len(p.Story) > 12 {
		p.Story = p.Story[:12]
	}
	return nil
}
