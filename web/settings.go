package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type settingsPage struct {
	frame
	Rows []settingRow
	// Tag names the settings the form was filled from, so that an edit of somebody else is not lost.
	Tag     string
	May     bool
	Saved   bool
	Problem string
	Changed int
}

// settingRow is one parameter: its value as people enter it, and how many checks rest on it.
type settingRow struct {
	Name, Meaning  string
	Value, Default string
	Changed        bool
	Checks         int
	Wrong          string
}

var settingsHTML = parse[settingsPage]("settings.html")

// settings shows the parameters of the organisation.
func (s *Server) settings(w http.ResponseWriter, r *http.Request) error {
	p := settingsPage{Saved: r.URL.Query().Get("saved") != ""}
	return s.showSettings(w, r, http.StatusOK, p, nil)
}

// showSettings fills the page with what is in force, or with what was entered.
func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, status int, p settingsPage,
	entered map[string]string) error {
	var err error
	if p.frame, err = s.newFrame(r, "settings", "Settings"); err != nil {
		return err
	}
	var settings inventory.Settings
	err = s.in(r, func(tx store.Tx) error {
		settings, err = tx.Settings(r.Context(), p.at)
		return err
	})
	if err != nil {
		return err
	}
	if p.Tag, err = settingsTag(settings); err != nil {
		return err
	}
	p.May = !p.Past() && mayAdminister(r)
	wrong := map[string]string{}
	for _, row := range p.Rows {
		wrong[row.Name] = row.Wrong
	}
	p.Rows, p.Changed = s.settingRows(p.frame, &settings), len(settings.Changed())
	for i := range p.Rows {
		p.Rows[i].Wrong = wrong[p.Rows[i].Name]
		if text, there := entered[p.Rows[i].Name]; there {
			p.Rows[i].Value = text
		}
	}
	return settingsHTML.renderStatus(w, status, p)
}

func (s *Server) settingRows(f frame, settings *inventory.Settings) []settingRow {
	defaults := inventory.Defaults()
	rest := map[string]int{}
	for _, check := range f.catalogue.Checks {
		for _, name := range check.Parameters() {
			rest[name]++
		}
	}
	changed := map[string]bool{}
	for _, c := range settings.Changed() {
		changed[c.Name] = true
	}
	var out []settingRow
	for _, parameter := range inventory.Parameters {
		out = append(out, settingRow{Name: parameter.Name, Meaning: sentence(parameter.Meaning),
			Checks:  rest[parameter.Name],
			Value:   inventory.ValueText(settings.Parameter(parameter.Name)),
			Default: inventory.ValueText(defaults.Parameter(parameter.Name)), Changed: changed[parameter.Name]})
	}
	return out
}

// saveSettings makes what was entered the settings in force, and has judged again what is stored.
func (s *Server) saveSettings(w http.ResponseWriter, r *http.Request) error {
	if !mayAdminister(r) {
		return pageError{http.StatusForbidden, "You may read, not change",
			"Ask an administrator to change the settings."}
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		return badRequest("The form could not be read.")
	}
	entered := map[string]string{}
	for _, parameter := range inventory.Parameters {
		if r.PostForm.Has(parameter.Name) {
			entered[parameter.Name] = r.PostForm.Get(parameter.Name)
		}
	}
	var wrong []settingRow
	err := s.in(r, func(tx store.Tx) (err error) {
		wrong, err = keepSettings(r, tx, entered, s.now().UTC())
		return err
	})
	switch {
	case errors.Is(err, store.ErrConflict):
		return s.showSettings(w, r, http.StatusConflict, settingsPage{
			Problem: "Somebody else changed the settings in the meantime. What you entered stands below; look at it and save again."}, entered)
	case err != nil:
		return fmt.Errorf("save the settings: %w", err)
	case len(wrong) > 0:
		return s.showSettings(w, r, http.StatusUnprocessableEntity, settingsPage{Rows: wrong,
			Problem: "Nothing was saved yet."}, entered)
	}
	if s.judge != nil {
		// What is due stands in the store already: a failure only delays it until the next sweep.
		if err := s.judge(r.Context(), s.tenant(r), ""); err != nil {
			s.log.WarnContext(r.Context(), "the judging waits for the next sweep", "request", requestID(r.Context()),
				"error", err)
		}
	}
	http.Redirect(w, r, "/settings?saved=1", http.StatusSeeOther)
	return nil
}

// keepSettings puts what was entered over what is in force. It returns what is wrong, by setting.
func keepSettings(r *http.Request, tx store.Tx, entered map[string]string, now time.Time) ([]settingRow, error) {
	if err := tx.LockSettings(r.Context()); err != nil {
		return nil, err
	}
	settings, err := tx.Settings(r.Context(), time.Time{})
	if err != nil {
		return nil, err
	}
	tag, err := settingsTag(settings)
	if err != nil {
		return nil, err
	}
	if r.PostForm.Get("tag") != tag {
		return nil, store.ErrConflict
	}
	var wrong []settingRow
	say := func(err error) {
		var e inventory.SettingError
		if errors.As(err, &e) {
			name := e.Name
			if inventory.ParameterNamed(name) == nil {
				name = parameterOf(name)
			}
			wrong = append(wrong, settingRow{Name: name, Wrong: "Want " + e.Allowed + "."})
		}
	}
	for name, text := range entered {
		if err := settings.SetText(name, text); err != nil {
			say(err)
		}
	}
	if joined, ok := settings.Validate().(interface{ Unwrap() []error }); ok && len(wrong) == 0 {
		for _, one := range joined.Unwrap() {
			say(one)
		}
	}
	if len(wrong) > 0 {
		return wrong, nil
	}
	return nil, tx.PutSettings(r.Context(), settings, now)
}

// parameterOf is the parameter a part such as fix_days.low belongs to.
func parameterOf(name string) string {
	for i := range name {
		if name[i] == '.' {
			return name[:i]
		}
	}
	return name
}

func mayAdminister(r *http.Request) bool {
	id, ok := auth.From(r.Context())
	return ok && id.Role.Allows(auth.Admin)
}

func settingsTag(settings inventory.Settings) (string, error) {
	raw, err := json.Marshal(settings)
	if err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8]), nil
}

// changedRow is a changed parameter beside a verdict that rests on it.
type changedRow struct{ Name, Value, Default, Href string }

// measure reads the settings in force at the moment that is shown, for pages with verdicts.
func (f *frame) measure(r *http.Request, tx store.Tx) error {
	settings, err := tx.Settings(r.Context(), f.at)
	if err != nil {
		return err
	}
	f.settings = &settings
	return nil
}

// changed lists the changed parameters that verdicts of a check rest on.
func (f frame) changed(check *evaluator.Check) []changedRow {
	if check == nil || f.settings == nil {
		return nil
	}
	var out []changedRow
	for _, c := range check.ChangedParameters(f.settings) {
		out = append(out, changedRow{c.Name, inventory.ValueText(c.Value), inventory.ValueText(c.Default),
			f.To("/settings") + "#" + c.Name})
	}
	return out
}
