package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// overviewScopes is how many scopes the overview shows, the lowest score first.
const overviewScopes = 8

// chartDays is how far the line of the overview reaches back, compareDays what the score is compared with.
const (
	chartDays   = 84
	compareDays = 30
)

type overviewPage struct {
	frame
	Framework *evaluator.Framework
	Editions  []choice
	Clouds    string
	Connected bool
	Score     scorePanel
	Statuses  []statusCount
	Controls  int64
	Conform   int64
	Compliant meter
	Posture   scorePanel
	Chart     chart
	Causes    []causeCount
	Since     time.Time
	Unknowns  []unknownRow
	Themes    []themeRow
	Findings  []findingRow
	Standing  int64
	Scopes    []scopeRow
	AllScopes int
}

// scorePanel is a figure with all it must never stand without: coverage, formula, movement.
type scorePanel struct {
	Known    bool
	Value    float64
	Coverage float64
	evaluator.Score
	Fails    int64
	Moved    bool
	Movement float64
	Meter    meter
	Formula  string
	Evidence bool
	Newest   moment
	Oldest   moment
}

// statusCount is how many controls have a status, as a link to them.
type statusCount struct {
	Status evaluator.Status
	Count  int64
	Href   string
}

// choice is one of several things of which one is shown.
type choice struct {
	Name, Href string
	Current    bool
}

var overviewHTML = parse[overviewPage]("overview.html")

// overview shows where the tenant stands.
func (s *Server) overview(w http.ResponseWriter, r *http.Request) error {
	p, err := s.readOverview(r, chartDays)
	if err != nil {
		return err
	}
	p.Scripts = []string{"chart"}
	return overviewHTML.render(w, *p)
}

func (s *Server) readOverview(r *http.Request, back int) (*overviewPage, error) {
	framework, err := s.framework(r.URL.Query().Get("framework"))
	if err != nil {
		return nil, err
	}
	p := &overviewPage{Framework: framework}
	if p.frame, err = s.newFrame(r, "overview", framework.Name); err != nil {
		return nil, err
	}
	p.Editions = s.editions(p.frame, func(id string) string { return p.To(r.URL.Path, "framework", id) })
	err = s.in(r, func(tx store.Tx) error { return s.fillOverview(r, tx, p, back) })
	return p, err
}

func (s *Server) fillOverview(r *http.Request, tx store.Tx, p *overviewPage, back int) error {
	ctx, id := r.Context(), p.Framework.ID
	if err := s.fillScores(r, tx, p); err != nil {
		return err
	}
	spans := days(p.At(), back)
	stored, err := tx.ScoreHistory(ctx, id, uuid.Nil, spans)
	if err != nil {
		return err
	}
	p.Chart = newChart(chartPoints(spans, stored))
	recent := p.Chart.Points[max(0, len(p.Chart.Points)-compareDays):]
	p.Causes = causes(sum(recent))
	if len(recent) > 0 {
		p.Since = recent[0].At
	}
	statuses, err := tx.ControlStatuses(ctx, id, uuid.Nil, controlIDs(p.Framework), p.at)
	if err != nil {
		return err
	}
	p.Themes = themeRows(p.frame, p.Framework, statuses, "")
	p.fillStatuses()
	if !p.Past() {
		found, err := tx.UnknownCauses(ctx, uuid.Nil, 6)
		if err != nil {
			return err
		}
		p.Unknowns = unknownRows(p.frame, found)
	}
	found, _, err := tx.Findings(ctx, store.FindingFilter{Verdict: evaluator.Fail, AsOf: p.at}, store.Page{Limit: 6})
	if err != nil {
		return err
	}
	if err := p.measure(r, tx); err != nil {
		return err
	}
	p.Findings = s.findingRows(p.frame, found)
	return s.fillScopes(r, tx, p)
}

// fillScores reads the two figures and what the first one was a month ago.
func (s *Server) fillScores(r *http.Request, tx store.Tx, p *overviewPage) error {
	ctx, id := r.Context(), p.Framework.ID
	scores, err := tx.Scores(ctx, []string{id, store.Posture}, uuid.Nil, p.at)
	if err != nil {
		return err
	}
	for _, score := range scores {
		if score.Framework == id {
			p.Score = newScorePanel(score.Figure())
		} else {
			p.Posture = newScorePanel(score.Figure())
		}
	}
	p.Standing = p.Posture.Fails + p.Posture.Unknown
	before, err := tx.Score(ctx, id, uuid.Nil, p.At().AddDate(0, 0, -compareDays))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil {
		p.Score.compare(before.Figure())
	}
	age, err := tx.EvidenceAge(ctx, p.at)
	if err != nil {
		return err
	}
	if !age.Newest.IsZero() {
		p.Score.Evidence, p.Score.Newest, p.Score.Oldest = true, p.When(age.Newest), p.When(age.Oldest)
	}
	return nil
}

func newScorePanel(f evaluator.Score) scorePanel {
	p := scorePanel{Score: f, Coverage: f.Coverage(), Formula: sentence(evaluator.ScoreFormula) + "."}
	p.Value, p.Known = f.Value()
	p.Fails = f.Fail[1] + f.Fail[2] + f.Fail[3] + f.Fail[4]
	p.Meter = newMeter(part{f.Pass, "good", "pass"}, part{p.Fails, "bad", "fail"}, part{f.Unknown, "dim", "unknown"})
	return p
}

func (p *scorePanel) compare(before evaluator.Score) {
	value, known := before.Value()
	if known && p.Known {
		p.Moved, p.Movement = true, p.Value-value
	}
}

func (p *overviewPage) fillStatuses() {
	counts := map[evaluator.Status]int64{}
	for _, theme := range p.Themes {
		for _, c := range theme.Cells {
			counts[c.Status]++
			p.Controls++
		}
	}
	var parts []part
	for _, status := range evaluator.Statuses {
		n := counts[status]
		href := p.To("/controls", "framework", p.Framework.ID, "status", string(status))
		p.Statuses = append(p.Statuses, statusCount{status, n, href})
		parts = append(parts, part{n, controlMark(status).Class, strings.ToLower(controlMark(status).Word)})
	}
	p.Conform = counts[evaluator.StatusConforming]
	p.Compliant = newMeter(parts...)
}

// fillScopes reads the scopes with the coverage and score of each.
func (s *Server) fillScopes(r *http.Request, tx store.Tx, p *overviewPage) error {
	rows, err := s.readScopes(r, tx, p.frame, p.Framework)
	if err != nil {
		return err
	}
	p.Connected, p.AllScopes = len(rows) > 0, len(rows)
	var clouds []string
	for _, row := range rows {
		if title := row.Cloud.Title(); !slices.Contains(clouds, title) {
			clouds = append(clouds, title)
		}
	}
	slices.Sort(clouds)
	p.Clouds = and(clouds)
	slices.SortStableFunc(rows, func(a, b scopeRow) int { return cmp.Compare(a.Score, b.Score) })
	p.Scopes = rows[:min(len(rows), overviewScopes)]
	return nil
}

// framework returns the framework of that id; no id means the newest edition.
func (s *Server) framework(id string) (*evaluator.Framework, error) {
	if id == "" && len(s.catalogue.Frameworks) > 0 {
		return s.catalogue.Frameworks[0], nil
	}
	if f := s.catalogue.Framework(id); f != nil {
		return f, nil
	}
	return nil, notFound("No framework of this release has that id.")
}

// editions are the frameworks to switch between.
func (s *Server) editions(f frame, href func(id string) string) []choice {
	current := f.url.Query().Get("framework")
	var out []choice
	for i, framework := range s.catalogue.Frameworks {
		shown := framework.ID == current || (current == "" && i == 0)
		out = append(out, choice{strconv.Itoa(framework.Edition), href(framework.ID), shown})
	}
	return out
}

// history shows the line of the overview as a table, with what moved it.
func (s *Server) history(w http.ResponseWriter, r *http.Request) error {
	p, err := s.readOverview(r, chartDays)
	if err != nil {
		return err
	}
	p.Title = "Twelve weeks of " + p.Framework.Name
	slices.Reverse(p.Chart.Points)
	return historyHTML.render(w, *p)
}

var historyHTML = parse[overviewPage]("history.html")

// and joins words as a sentence does.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
