package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// subject is the resource of a finding.
type subject struct {
	ID        uuid.UUID       `json:"id" format:"uuid"`
	NaturalID string          `json:"natural_id" doc:"The ARN, ARM id or full name; empty once the resource is gone."`
	Name      string          `json:"name"`
	Kind      inventory.Kind  `json:"kind"`
	Class     inventory.Class `json:"class"`
	Region    string          `json:"region"`
}

type finding struct {
	ID           uuid.UUID           `json:"id" format:"uuid"`
	Check        string              `json:"check"`
	Statement    string              `json:"statement" doc:"What is wrong, in a sentence about this resource."`
	Resource     subject             `json:"resource"`
	Scope        inventory.ScopeID   `json:"scope"`
	Verdict      evaluator.Verdict   `json:"verdict" enum:"fail,unknown"`
	Severity     evaluator.Severity  `json:"severity" enum:"critical,high,medium,low" doc:"In context."`
	BaseSeverity evaluator.Severity  `json:"base_severity" enum:"critical,high,medium,low" doc:"Of the check."`
	Reasons      []evaluator.Reason  `json:"reasons" nullable:"false" doc:"The steps between the two."`
	Unknown      []inventory.Unknown `json:"unknown" nullable:"false" doc:"What was not read, why, and the right that cures it."`
	State        evaluator.State     `json:"state" enum:"open,acknowledged,in_progress,excepted,resolved,regressed"`
	Since        time.Time           `json:"since"`
	NotReadSince *time.Time          `json:"not_read_since,omitempty" doc:"A fail that can no longer be read still counts."`
	ResolvedAt   *time.Time          `json:"resolved_at,omitempty"`
	ChangedAt    time.Time           `json:"changed_at"`
	Controls     map[string][]string `json:"controls" doc:"By framework."`
	// Changed are the settings that the verdict rests on and that are not the defaults.
	Changed []inventory.ChangedParameter `json:"changed_parameters" nullable:"false" doc:"Parameters that the verdict rests on and that the organisation changed."`
}

// judging is what findings are told with.
type judging struct {
	catalogue *evaluator.Catalogue
	settings  inventory.Settings
}

func (s *Server) judging(ctx context.Context, tx store.Tx, asOf time.Time) (judging, error) {
	settings, err := tx.Settings(ctx, asOf)
	return judging{s.inForce(ctx, tx), settings}, err
}

func (j judging) newFinding(f store.Finding) finding {
	out := finding{ID: f.ID, Check: f.CheckID, Statement: f.CheckID + ": " + f.ResourceName,
		Resource: subject{f.ResourceID, f.NaturalID, f.ResourceName, f.Kind, f.Class, f.Region},
		Scope:    f.Scope, Verdict: f.Verdict, Severity: f.Severity, BaseSeverity: f.BaseSeverity,
		Reasons: append([]evaluator.Reason{}, f.Reasons...), Unknown: append([]inventory.Unknown{}, f.Unknown...), State: f.State,
		Since: utc(f.Since), NotReadSince: utcOrNil(f.NotReadSince), ResolvedAt: utcOrNil(f.ResolvedAt), ChangedAt: utc(f.ChangedAt),
		Controls: map[string][]string{}, Changed: []inventory.ChangedParameter{}}
	if c := j.catalogue.Check(f.CheckID); c != nil {
		out.Controls, out.Changed = mapped(c), changed(c, &j.settings)
		out.Statement = c.Statement(f.ResourceName)
		if f.Verdict == evaluator.Unknown {
			out.Statement = c.Title + ": could not be read for " + f.ResourceName
		}
	}
	return out
}

type listFindingsIn struct {
	State        []string  `query:"state" nullable:"false" enum:"open,acknowledged,in_progress,excepted,resolved,regressed" doc:"Left out: all but resolved; with changed_since all."`
	Verdict      string    `query:"verdict" enum:"fail,unknown"`
	Severity     []string  `query:"severity" nullable:"false" enum:"critical,high,medium,low"`
	Check        []string  `query:"check" nullable:"false" example:"object-storage-versioned"`
	Control      string    `query:"control" doc:"Only checks that are evidence for this control." example:"A.8.20"`
	Framework    string    `query:"framework" default:"iso27001-2022" doc:"The framework that control is of."`
	Class        string    `query:"class" example:"object_storage"`
	Kind         string    `query:"kind" example:"aws.s3.bucket"`
	Region       string    `query:"region"`
	Resource     string    `query:"resource" maxLength:"2000" doc:"Only findings on this resource, by its id or its ARN, ARM id or full name."`
	Query        string    `query:"q" maxLength:"200" doc:"A part of the resource's name."`
	ChangedSince time.Time `query:"changed_since" doc:"For those who mirror: what changed at or after this moment, resolved ones too, first changed first."`
	Sort         string    `query:"sort" enum:"worst,recent,changed" doc:"worst: worst and oldest first; recent: last changed first; changed: first changed first. Left out: worst, and changed with changed_since."`
	Scoped
	Dated
	Paging
}

// listFindings lists what stands, worst and oldest first, unless asked for otherwise.
func (s *Server) listFindings(ctx context.Context, in *listFindingsIn) (*listOut[finding], error) {
	var out *listOut[finding]
	err := s.in(ctx, func(tx store.Tx) error {
		told, err := s.judging(ctx, tx, in.AsOf)
		if err != nil {
			return err
		}
		f, err := s.findingFilter(in, told.catalogue)
		if err != nil {
			return err
		}
		if f.Scope, err = s.scopeID(ctx, tx, in.Scope); err != nil {
			return err
		}
		found, next, err := tx.Findings(ctx, f, in.page())
		if err != nil {
			return err
		}
		total, err := tx.FindingEstimate(ctx, f)
		out = newPage(found, next, total, told.newFinding)
		return err
	})
	return out, err
}

func (s *Server) findingFilter(in *listFindingsIn, catalogue *evaluator.Catalogue) (store.FindingFilter, error) {
	f := store.FindingFilter{Verdict: evaluator.Verdict(in.Verdict), Class: inventory.Class(in.Class), Kind: inventory.Kind(in.Kind),
		Region: in.Region, Query: in.Query, ChangedSince: in.ChangedSince, AsOf: in.AsOf}
	f.Sort = map[string]store.FindingSort{"worst": store.SortWorst, "recent": store.SortRecent, "changed": store.SortMirrored}[in.Sort]
	for _, state := range in.State {
		f.States = append(f.States, evaluator.State(state))
	}
	for _, severity := range in.Severity {
		f.Severities = append(f.Severities, evaluator.Severity(severity))
	}
	if in.Resource != "" {
		f.Resource = resourceID(in.Resource)
	}
	if err := s.pastFilter(in); err != nil {
		return f, err
	}
	if err := s.knowsClass(in.Class); err != nil {
		return f, err
	}
	return f, pickChecks(&f, in, catalogue)
}

// pastFilter refuses what the past cannot answer, rather than answer something else.
func (s *Server) pastFilter(in *listFindingsIn) error {
	switch {
	case !in.ChangedSince.IsZero() && in.Sort == "worst":
		return invalid("query.sort", "changed_since is listed by change; leave sort out, or take recent or changed", in.Sort)
	case in.AsOf.IsZero():
		return nil
	case in.Sort != "" && in.Sort != "worst":
		return invalid("query.sort", "the past is listed worst first; leave sort out", in.Sort)
	case !in.ChangedSince.IsZero():
		return invalid("query.changed_since", "cannot be asked together with as_of", in.ChangedSince)
	case slices.Contains(in.State, "resolved"):
		return invalid("query.state", "the past lists what stood then; leave resolved out", in.State)
	}
	return nil
}

// nothing is a check id that no finding has.
const nothing = "-"

// pickChecks narrows the filter to the checks asked for, by name or by control.
func pickChecks(f *store.FindingFilter, in *listFindingsIn, catalogue *evaluator.Catalogue) error {
	for _, id := range in.Check {
		if catalogue.Check(id) == nil {
			return invalid("query.check", "no such check; GET /v1/checks lists them. "+catalogue.Suggest(id), id)
		}
	}
	f.Checks = in.Check
	if in.Control == "" {
		return nil
	}
	framework := catalogue.Framework(in.Framework)
	if framework == nil {
		return invalid("query.framework", "no such framework; GET /v1/frameworks lists them", in.Framework)
	}
	control := framework.Control(in.Control)
	if control == nil {
		return invalid("query.control", fmt.Sprintf("%s has no such control", framework.ID), in.Control)
	}
	// A control without checks has no findings; an empty list of checks would mean all of them.
	f.Checks = []string{nothing}
	for _, c := range control.Checks {
		if len(in.Check) == 0 || slices.Contains(in.Check, c.ID) {
			f.Checks = append(f.Checks, c.ID)
		}
	}
	return nil
}

type showFindingOut struct{ Body finding }

func (s *Server) showFinding(ctx context.Context, in *ByID) (*showFindingOut, error) {
	out := &showFindingOut{}
	err := s.in(ctx, func(tx store.Tx) error {
		f, err := tx.Finding(ctx, in.ID)
		if err != nil {
			return err
		}
		told, err := s.judging(ctx, tx, time.Time{})
		out.Body = told.newFinding(f)
		return err
	})
	return out, err
}

type findingEvent struct {
	At          time.Time          `json:"at"`
	What        string             `json:"what"`
	Cause       evaluator.Cause    `json:"cause"`
	FromVerdict evaluator.Verdict  `json:"from_verdict"`
	ToVerdict   evaluator.Verdict  `json:"to_verdict"`
	Severity    evaluator.Severity `json:"severity"`
	Actor       string             `json:"actor,omitempty"`
	Note        string             `json:"note,omitempty"`
}

type listOfIn struct {
	ByID
	Paging
}

// listFindingEvents tells what happened to a finding, oldest first.
func (s *Server) listFindingEvents(ctx context.Context, in *listOfIn) (*listOut[findingEvent], error) {
	var out *listOut[findingEvent]
	err := s.in(ctx, func(tx store.Tx) error {
		if _, err := tx.Finding(ctx, in.ID); err != nil {
			return err
		}
		events, next, err := tx.FindingEvents(ctx, in.ID, in.page())
		if err != nil {
			return err
		}
		total, err := tx.FindingEventCount(ctx, in.ID)
		out = newPage(events, next, total, func(e store.FindingEvent) findingEvent {
			return findingEvent{utc(e.At), e.What, e.Cause, e.FromVerdict, e.ToVerdict, e.Severity, e.Actor, e.Note}
		})
		return err
	})
	return out, err
}
