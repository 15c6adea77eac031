package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

type runPage struct {
	frame
	Run        store.RunDetail
	Line       runLine
	Live       bool
	ScopeHref  string
	Cloud      inventory.Cloud
	Incomplete []inventory.LedgerRow
	Complete   []inventory.LedgerRow
	Listed     int
	Described  int
	// Recorded and Asked count the calls that records answered, and those of the same kinds that were made.
	Recorded int
	Asked    int
	Began    *moment
	Ended    *moment
	Meter    meter
}

var runHTML = parse[runPage]("run.html")

// run shows one collection, while it goes on and afterwards.
func (s *Server) run(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p := runPage{}
	if p.frame, err = s.newFrame(r, "scopes", "Run"); err != nil {
		return err
	}
	p.Scripts = []string{"htmx"}
	err = s.in(r, func(tx store.Tx) error {
		p.Run, err = tx.Run(r.Context(), id)
		return err
	})
	if err != nil {
		return err
	}
	p.fill()
	return runHTML.render(w, p)
}

func (p *runPage) fill() {
	run := p.Run.Run
	p.Title, p.Line, p.Live = "Run of "+string(run.Scope), newRunLine(p.frame, run), live(run.State)
	p.ScopeHref, p.Cloud = p.ToID("/scopes", run.ScopeID), run.Scope.Cloud()
	if run.BeganAt != nil {
		at := p.When(*run.BeganAt)
		p.Began = &at
	}
	if run.EndedAt != nil {
		at := p.When(*run.EndedAt)
		p.Ended = &at
	}
	for _, row := range p.Run.Ledger {
		p.Listed, p.Described = p.Listed+row.Listed, p.Described+row.Described
		p.Recorded, p.Asked = p.Recorded+row.Recorded, p.Asked+row.Asked
		if row.Complete {
			p.Complete = append(p.Complete, row)
		} else {
			p.Incomplete = append(p.Incomplete, row)
		}
	}
	byKind := func(a, b inventory.LedgerRow) int {
		return strings.Compare(string(a.Kind)+a.Region, string(b.Kind)+b.Region)
	}
	slices.SortFunc(p.Complete, byKind)
	slices.SortFunc(p.Incomplete, byKind)
	p.Meter = newMeter(part{int64(len(p.Complete)), "good", "listed completely"}, part{int64(len(p.Incomplete)), "dim",
		"not complete"})
}

// startRun begins a collection and shows it.
func (s *Server) startRun(w http.ResponseWriter, r *http.Request) error {
	if err := s.mayEdit(r); err != nil {
		return err
	}
	id, err := pathID(r)
	if err != nil {
		return err
	}
	run, err := s.runner.StartRun(r.Context(), s.tenant(r), id)
	if err != nil {
		return fmt.Errorf("start a run: %w", err)
	}
	http.Redirect(w, r, "/runs/"+run.String(), http.StatusSeeOther)
	return nil
}

// cancelRun asks a collection to end and shows it.
func (s *Server) cancelRun(w http.ResponseWriter, r *http.Request) error {
	if err := s.mayEdit(r); err != nil {
		return err
	}
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := s.runner.CancelRun(r.Context(), s.tenant(r), id); err != nil {
		return fmt.Errorf("cancel a run: %w", err)
	}
	http.Redirect(w, r, "/runs/"+id.String(), http.StatusSeeOther)
	return nil
}

// mayEdit refuses visitors who may only read.
func (s *Server) mayEdit(r *http.Request) error {
	if s.visitor(r.Context()).Edits {
		return nil
	}
	return pageError{http.StatusForbidden, "You may read, not change",
		"Ask an administrator for a token with the role editor."}
}

// took writes how long something took.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
}
