package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type settingsBody struct {
	Settings inventory.Settings           `json:"settings" doc:"In force: the parameters that checks read, and the registers that facts rest on."`
	Changed  []inventory.ChangedParameter `json:"changed_parameters" nullable:"false" doc:"What differs from the defaults."`
}

func newSettings(s inventory.Settings) settingsBody {
	return settingsBody{Settings: s, Changed: append([]inventory.ChangedParameter{}, s.Changed()...)}
}

func settingsTag(s inventory.Settings) (string, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	return etag(raw), nil
}

type settingsOut struct {
	ETag string `header:"ETag"`
	Body settingsBody
}

func newSettingsOut(s inventory.Settings) (*settingsOut, error) {
	tag, err := settingsTag(s)
	return &settingsOut{ETag: tag, Body: newSettings(s)}, err
}

// showSettings shows the settings in force.
func (s *Server) showSettings(ctx context.Context, in *struct{ Dated }) (*settingsOut, error) {
	var out *settingsOut
	err := s.in(ctx, func(tx store.Tx) error {
		settings, err := tx.Settings(ctx, in.AsOf)
		if err != nil {
			return err
		}
		out, err = newSettingsOut(settings)
		return err
	})
	return out, err
}

type putSettingsIn struct {
	IfMatch string             `header:"If-Match" doc:"The ETag the edit is of; when the settings have changed since, the edit is refused."`
	Body    inventory.Settings `doc:"All settings; they replace those in force as a whole."`
}

// putSettings makes settings those in force, as a new version, and has everything judged again.
func (s *Server) putSettings(ctx context.Context, in *putSettingsIn) (*settingsOut, error) {
	if err := in.Body.Validate(); err != nil {
		return nil, wrongSettings(err)
	}
	var out *settingsOut
	err := s.in(ctx, func(tx store.Tx) error {
		if err := tx.LockSettings(ctx); err != nil {
			return err
		}
		before, err := tx.Settings(ctx, time.Time{})
		if err != nil {
			return err
		}
		tag, err := settingsTag(before)
		if err != nil {
			return err
		}
		if in.IfMatch != "" && !matches(in.IfMatch, tag) {
			return huma.Error412PreconditionFailed("The settings have changed since; read them again and repeat the edit on what they are now.")
		}
		if err := tx.PutSettings(ctx, in.Body, s.now()); err != nil {
			return err
		}
		after, err := tx.Settings(ctx, time.Time{})
		if err != nil {
			return err
		}
		out, err = newSettingsOut(after)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.judgeSoon(ctx)
	return out, nil
}

// judgeSoon wakes the judging of what is due. What is due stands in the store already, so a failure only delays it until
// the next sweep.
func (s *Server) judgeSoon(ctx context.Context) {
	if s.judge == nil {
		return
	}
	if err := s.judge(ctx, identity(ctx).Tenant, ""); err != nil {
		s.log.WarnContext(ctx, "the judging waits for the next sweep", "request_id", requestID(ctx), "error", err)
	}
}

// wrongSettings names each setting that holds what is not allowed.
func wrongSettings(err error) error {
	var details []error
	var walk func(error)
	walk = func(err error) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, one := range joined.Unwrap() {
				walk(one)
			}
			return
		}
		var wrong inventory.SettingError
		if errors.As(err, &wrong) {
			details = append(details, &huma.ErrorDetail{Location: "body." + wrong.Name,
				Message: "want " + wrong.Allowed, Value: wrong.Read})
		}
	}
	walk(err)
	return huma.Error422UnprocessableEntity("validation failed", details...)
}

// changed are the changed parameters that verdicts of a check rest on.
func changed(c *evaluator.Check, settings *inventory.Settings) []inventory.ChangedParameter {
	return append([]inventory.ChangedParameter{}, c.ChangedParameters(settings)...)
}
