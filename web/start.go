package web

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/robfig/cron/v3"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// firstCloud is the one whose account the first steps are written for.
const firstCloud = inventory.AWS

type startPage struct {
	frame
	First     bool
	Grant     Grant
	Form      connectForm
	Wrong     map[string]string
	Schedules []option
	Probes    []Probe
	Passed    bool
}

// connectForm is what was typed.
type connectForm struct{ Account, Name, Role, ExternalID, Regions, Schedule string }

// schedules are the choices of how often to collect; any other cron expression is set by the API.
var schedules = []option{
	{Value: "0 */6 * * *", Word: "Every six hours"}, {Value: "0 * * * *", Word: "Every hour"}, {Value: "0 6 * * *",
		Word: "Every day at 06:00 UTC"},
	{Value: "", Word: "On request only"},
}

var startHTML = parse[startPage]("start.html")

// start walks a newcomer to a first account.
func (s *Server) start(w http.ResponseWriter, r *http.Request) error {
	form := connectForm{ExternalID: uuid.NewString(), Schedule: schedules[0].Value}
	return s.showStart(w, r, http.StatusOK, startPage{Form: form})
}

func (s *Server) showStart(w http.ResponseWriter, r *http.Request, status int, p startPage) error {
	if err := s.mayEdit(r); err != nil {
		return err
	}
	var err error
	if p.frame, err = s.newFrame(r, "scopes", "Connect an AWS account"); err != nil {
		return err
	}
	if p.Grant, err = s.connector.Grant(firstCloud, p.Form.ExternalID); err != nil {
		return fmt.Errorf("write the policy: %w", err)
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
	form := connectForm{get("account"), get("name"), get("role"), get("external_id"), get("regions"), get("schedule")}
	scope, wrong := form.scope(s.now())
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
		p.Wrong = map[string]string{"account": "This account is connected already."}
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

var (
	roleShape   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$`)
	regionShape = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
)

// scope checks what was typed. What is wrong is told for each field, with the shape it should have.
func (f connectForm) scope(now time.Time) (store.Scope, map[string]string) {
	wrong := map[string]string{}
	id, err := inventory.ParseScope(string(firstCloud) + ":" + strings.ReplaceAll(f.Account, "-", ""))
	if err != nil {
		wrong["account"] = "An account id has twelve digits, such as 123456789012."
	}
	if f.Role != "" && !roleShape.MatchString(f.Role) {
		wrong["role"] = "A role looks like arn:aws:iam::123456789012:role/plumbline."
	}
	regions := strings.FieldsFunc(f.Regions, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	for _, region := range regions {
		if !regionShape.MatchString(region) {
			wrong["regions"] = "A region looks like eu-central-1; separate several with commas."
		}
	}
	scope := store.Scope{NaturalID: id, Name: cmp.Or(f.Name, string(id)), Schedule: f.Schedule, CreatedAt: now.UTC(),
		Connection: store.Connection{Role: f.Role, ExternalID: f.ExternalID, Regions: regions}}
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
