package api

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// CheckCounts is a check and what it says of the estate.
type CheckCounts struct {
	ID       string              `json:"id"`
	Title    string              `json:"title"`
	Severity evaluator.Severity  `json:"severity"`
	Class    []inventory.Class   `json:"class" nullable:"false"`
	Controls map[string][]string `json:"controls" doc:"The controls it is evidence for, by framework."`
	Custom   bool                `json:"custom" doc:"The organisation added it."`
	Verdicts verdicts            `json:"verdicts"`
	// Changed are the settings that the verdicts rest on and that are not the defaults.
	Changed []inventory.ChangedParameter `json:"changed_parameters" nullable:"false" doc:"Parameters that its verdicts rest on and that the organisation changed."`
}

func newCheckCounts(c *evaluator.Check, t evaluator.Tally, settings *inventory.Settings) CheckCounts {
	s := evaluator.Score{Pass: t.Pass, Fail: t.Fail, Unknown: t.Unknown, Excepted: t.Excepted, Inherited: t.Inherited}
	return CheckCounts{ID: c.ID, Title: c.Title, Severity: c.Severity, Class: c.Class, Controls: mapped(c), Custom: c.Custom, Verdicts: newVerdicts(s),
		Changed: changed(c, settings)}
}

func mapped(c *evaluator.Check) map[string][]string {
	return map[string][]string{
		evaluator.ISO2022: append([]string{}, c.ISO2022...),
		evaluator.ISO2013: append([]string{}, c.ISO2013...),
	}
}

type listChecksIn struct {
	Severity string `query:"severity" enum:"critical,high,medium,low"`
	Class    string `query:"class" example:"object_storage"`
	Scoped
	Dated
	Paging
}

// listChecks lists the catalogue by id, with what each check says of the estate.
func (s *Server) listChecks(ctx context.Context, in *listChecksIn) (*listOut[CheckCounts], error) {
	if err := s.knowsClass(in.Class); err != nil {
		return nil, err
	}
	var out *listOut[CheckCounts]
	err := s.in(ctx, func(tx store.Tx) error {
		var all []*evaluator.Check
		for _, c := range s.inForce(ctx, tx).Checks {
			if (in.Severity == "" || string(c.Severity) == in.Severity) && (in.Class == "" || c.Speaks(inventory.Class(in.Class))) {
				all = append(all, c)
			}
		}
		rows, next, err := slicePage(all, func(c *evaluator.Check) string { return c.ID }, in.Paging)
		if err != nil {
			return err
		}
		scope, err := s.scopeID(ctx, tx, in.Scope)
		if err != nil {
			return err
		}
		counts, err := tx.CheckCounts(ctx, scope, nil, in.AsOf)
		if err != nil {
			return err
		}
		settings, err := tx.Settings(ctx, in.AsOf)
		if err != nil {
			return err
		}
		out = newPage(rows, next, int64(len(all)), func(c *evaluator.Check) CheckCounts { return newCheckCounts(c, counts[c.ID], &settings) })
		return nil
	})
	return out, err
}

func (s *Server) knowsClass(class string) error {
	if class != "" && inventory.SchemaOf(inventory.Class(class)) == nil {
		return invalid("query.class", "no such class; the checks of GET /v1/checks name them", class)
	}
	return nil
}

type checkDetail struct {
	CheckCounts
	Version     string                            `json:"version" doc:"A hash of what decides."`
	AppliesWhen string                            `json:"applies_when,omitempty" doc:"CEL; which resources the check speaks of."`
	PassesWhen  string                            `json:"passes_when" doc:"CEL; what has to hold."`
	Clouds      map[inventory.Cloud]string        `json:"clouds" doc:"reads, inherent, or why it is not asked there."`
	Why         string                            `json:"why"`
	Fix         map[inventory.Cloud]evaluator.Fix `json:"fix"`
	References  []string                          `json:"references" nullable:"false"`
	Notes       string                            `json:"notes,omitempty"`
}

type showCheckIn struct {
	ID string `path:"id" example:"object-storage-versioned"`
	Scoped
	Dated
}

type showCheckOut struct{ Body checkDetail }

func newCheckDetail(c *evaluator.Check) checkDetail {
	defaults := inventory.Defaults()
	return checkDetail{CheckCounts: newCheckCounts(c, evaluator.Tally{}, &defaults), Version: c.Version, AppliesWhen: c.AppliesWhen,
		PassesWhen: c.PassesWhen, Clouds: c.Clouds, Why: c.Why, Fix: c.Fix, References: append([]string{}, c.References...), Notes: c.Notes}
}

// showCheck shows a check with its rule, its reason and its fix.
func (s *Server) showCheck(ctx context.Context, in *showCheckIn) (*showCheckOut, error) {
	var out *showCheckOut
	err := s.in(ctx, func(tx store.Tx) error {
		catalogue := s.inForce(ctx, tx)
		c := catalogue.Check(in.ID)
		if c == nil {
			return huma.Error404NotFound(fmt.Sprintf("There is no check %q. %s", in.ID, catalogue.Suggest(in.ID)))
		}
		scope, err := s.scopeID(ctx, tx, in.Scope)
		if err != nil {
			return err
		}
		counts, err := tx.CheckCounts(ctx, scope, []string{c.ID}, in.AsOf)
		if err != nil {
			return err
		}
		settings, err := tx.Settings(ctx, in.AsOf)
		if err != nil {
			return err
		}
		out = &showCheckOut{Body: newCheckDetail(c)}
		out.Body.CheckCounts = newCheckCounts(c, counts[c.ID], &settings)
		return nil
	})
	return out, err
}
