package web

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/robfig/cron/v3"

	"github.com/plumbline-posture/plumbline/store"
)

type startPage struct {
	frame
	First bool
	Guide Guide
	// Clouds lead to the guides of the others.
	Clouds    []option
	Form      connectForm
	Fields    []filled
	Wrong     map[string]string
	Schedules []option
	Probes    []Probe
	Passed    bool
}

// connectForm is what was typed: Values are those of the guide's fields.
type connectForm struct {
	Cloud, Name, ExternalID, Schedule string
	Values                            map[string]string
}

// schedules are the choices of how often to collect; any other cron expression is set by the API.
var schedules = []option{
	{Value: "0 */6 * * *", Word: "Every six hours"}, {Value: "0 * * * *", Word: "Every hour"}, {Value: "0 6 * * *",
		Word: "Every day at 06:00 UTC"},
	{Value: "", Word: "On request only"},
}

var startHTML = parse[startPage]("start.html")

// start walks a newcomer to a first account, of the cloud that was chosen.
func (s *Server) start(w http.ResponseWriter, r *http.Request) error {
	form := connectForm{Cloud: r.URL.Query().Get("cloud"), ExternalID: uuid.NewString(), Schedule: schedules[0].Value}
	form.Values = map[string]string{"external_id": form.ExternalID}
	return s.showStart(w, r, http.StatusOK, startPage{Form: form})
}

func (s *Server) showStart(w http.ResponseWriter, r *http.Request, status int, p startPage) error {
	if err := s.mayEdit(r); err != nil {
		return err
	}
	guides, err := s.connector.Guides(p.Form.ExternalID)
	if err != nil {
		return fmt.Errorf("write the guides: %w", err)
	}
	if p.Guide, err = guideOf(guides, p.Form.Cloud); err != nil {
		return err
	}
	p.Clouds, p.Fields = choices(guides, p.Guide.Cloud), p.Guide.fill(p.Form.Values, p.Wrong)
	if p.frame, err = s.newFrame(r, "scopes", "Connect: "+p.Guide.Scope); err != nil {
		return err
	}
	err = s.in(r, func(tx store.Tx) error {
		n, err := tx.ScopeCount(r.Context())
		p.First = n == 0
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range schedules {
		o.Selected = o.Value == p.Form.Schedule
		p.Schedules = append(p.Schedules, o)
	}
	return startHTML.renderStatus(w, status, p)
}

// connect tests what was typed, or keeps it and starts the first run.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) error {
	if err := s.mayEdit(r); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return badRequest("The form could not be read.")
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	form := connectForm{Cloud: get("cloud"), Name: get("name"), ExternalID: get("external_id"), Schedule: get("schedule")}
	guides, err := s.connector.Guides(form.ExternalID)
	if err != nil {
		return fmt.Errorf("write the guides: %w", err)
	}
	guide, err := guideOf(guides, form.Cloud)
	if err != nil {
		return err
	}
	form.Values = guide.typed(r)
	scope, wrong := form.scope(guide, s.now())
	p := startPage{Form: form, Wrong: wrong}
	if len(wrong) > 0 {
		return s.showStart(w, r, http.StatusUnprocessableEntity, p)
	}
	if get("do") == "test" {
		ctx, cancel := contextFor(r, time.Minute)
		defer cancel()
		probes, err := s.connector.Test(ctx, s.tenant(r), scope)
		if err != nil {
			return fmt.Errorf("test a connection: %w", err)
		}
		p.Probes, p.Passed = probes, allPassed(probes)
		return s.showStart(w, r, http.StatusOK, p)
	}
	return s.createAndRun(w, r, p, scope)
}

func (s *Server) createAndRun(w http.ResponseWriter, r *http.Request, p startPage, scope store.Scope) error {
	err := s.in(r, func(tx store.Tx) (err error) {
		scope, err = tx.CreateScope(r.Context(), scope)
		return err
	})
	if isConflict(err) {
		p.Wrong = map[string]string{"account": "This one is connected already."}
		return s.showStart(w, r, http.StatusConflict, p)
	}
	if err != nil {
		return fmt.Errorf("connect a scope: %w", err)
	}
	run, err := s.runner.StartRun(r.Context(), s.tenant(r), scope.ID)
	if err != nil && !isConflict(err) {
		return fmt.Errorf("start the first run: %w", err)
	}
	target := "/scopes/" + scope.ID.String()
	if err == nil {
		target = "/runs/" + run.String()
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

// scope checks what was typed. What is wrong is told for each field, with the shape it should have.
func (f connectForm) scope(g Guide, now time.Time) (store.Scope, map[string]string) {
	wrong := g.faults(f.Values)
	id, _ := g.scopeID(f.Values["account"]) // a wrong one is among the faults
	scope := store.Scope{NaturalID: id, Name: cmp.Or(f.Name, string(id)), Schedule: f.Schedule, CreatedAt: now.UTC(),
		Connection: connection(f.Values)}
	if f.Schedule != "" {
		schedule, err := cron.ParseStandard(f.Schedule)
		if err != nil {
			wrong["schedule"] = "Choose one of the list."
			return scope, wrong
		}
		next := schedule.Next(now.UTC())
		scope.NextRunAt = &next
	}
	return scope, wrong
}

func allPassed(probes []Probe) bool {
	for _, p := range probes {
		if !p.Passed {
			return false
		}
	}
	return len(probes) > 0
}
