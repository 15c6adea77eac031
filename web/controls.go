package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type controlsPage struct {
	frame
	Framework *evaluator.Framework
	Editions  []choice
	Statuses  []statusCount
	All       statusCount
	Chosen    evaluator.Status
	Total     int64
	Meter     meter
	Themes    []themeRow
}

// themeRow is a theme with its controls, those that the filter leaves.
type themeRow struct {
	Theme      evaluator.Theme
	Cells      []controlCell
	Conforming int
}

// controlCell is a control as walls and lists show it.
type controlCell struct {
	ID, Short, Title, Question, Because string
	Href                                string
	Status                              evaluator.Status
	Look                                look
	Mode                                evaluator.Mode
	Strength                            string
	Checks                              int
	Figure                              scorePanel
	Since                               moment
	Assessed                            bool
}

var controlsHTML = parse[controlsPage]("controls.html")

// controls lists the controls of an edition by theme.
func (s *Server) controls(w http.ResponseWriter, r *http.Request) error {
	framework, err := s.framework(r.URL.Query().Get("framework"))
	if err != nil {
		return err
	}
	p := controlsPage{Framework: framework, Chosen: evaluator.Status(r.URL.Query().Get("status"))}
	if p.frame, err = s.newFrame(r, "controls", "Controls"); err != nil {
		return err
	}
	if p.Chosen != "" && !slices.Contains(evaluator.Statuses, p.Chosen) {
		return badRequest("There is no control status of that name.")
	}
	p.Editions = s.editions(p.frame, func(id string) string {
		return p.To("/controls", "framework", id, "status",
			string(p.Chosen))
	})
	err = s.in(r, func(tx store.Tx) error {
		statuses, err := tx.ControlStatuses(r.Context(), framework.ID, uuid.Nil, controlIDs(framework), p.at)
		if err != nil {
			return err
		}
		p.fill(statuses)
		return nil
	})
	if err != nil {
		return err
	}
	return controlsHTML.render(w, p)
}

func (p *controlsPage) fill(statuses []store.ControlStatus) {
	counts := map[evaluator.Status]int64{}
	for _, theme := range themeRows(p.frame, p.Framework, statuses, "") {
		for _, c := range theme.Cells {
			counts[c.Status]++
			p.Total++
		}
	}
	var parts []part
	for _, status := range evaluator.Statuses {
		p.Statuses = append(p.Statuses, statusCount{status, counts[status], p.With("status", string(status))})
		parts = append(parts, part{counts[status], controlMark(status).Class, strings.ToLower(controlMark(status).Word)})
	}
	p.All = statusCount{Count: p.Total, Href: p.With("status", "")}
	p.Meter = newMeter(parts...)
	p.Themes = themeRows(p.frame, p.Framework, statuses, p.Chosen)
}

func controlIDs(f *evaluator.Framework) []string {
	out := make([]string, len(f.Controls))
	for i := range f.Controls {
		out[i] = f.Controls[i].ID
	}
	return out
}

// themeRows sorts controls under their themes. A control without a status is not evaluated; keep limits them to one
// status, empty keeps all. A theme of which nothing is left is left out.
func themeRows(f frame, framework *evaluator.Framework, statuses []store.ControlStatus,
	keep evaluator.Status) []themeRow {
	byID := make(map[string]store.ControlStatus, len(statuses))
	for _, s := range statuses {
		byID[s.ControlID] = s
	}
	var out []themeRow
	for _, theme := range framework.Themes {
		row := themeRow{Theme: theme}
		for i := range framework.Controls {
			control := &framework.Controls[i]
			if control.Theme != theme.ID {
				continue
			}
			cell := newControlCell(f, framework, control, byID[control.ID])
			if keep != "" && cell.Status != keep {
				continue
			}
			if cell.Status == evaluator.StatusConforming {
				row.Conforming++
			}
			row.Cells = append(row.Cells, cell)
		}
		if len(row.Cells) > 0 {
			out = append(out, row)
		}
	}
	return out
}

func newControlCell(f frame, framework *evaluator.Framework, control *evaluator.Control,
	status store.ControlStatus) controlCell {
	cell := controlCell{
		ID: control.ID, Short: strings.TrimPrefix(control.ID, control.Theme+"."), Title: control.Title,
		Question: control.Question,
		Href:     f.To("/controls/" + framework.ID + "/" + control.ID), Mode: control.Mode, Strength: control.Strength,
		Checks: len(control.Checks),
		Status: cmp.Or(status.Status, evaluator.StatusNotEvaluated), Because: cmp.Or(status.Because,
			"Nothing has been judged yet."),
		Figure: newScorePanel(status.Figure()), Assessed: status.Status != "",
	}
	if cell.Assessed {
		cell.Since = f.When(status.ValidFrom)
	}
	cell.Look = controlMark(cell.Status)
	return cell
}
