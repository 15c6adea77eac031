package api

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

type createCheckIn struct {
	Keyed
	Body struct {
		Source string `json:"source" minLength:"1" maxLength:"65536" doc:"The check as YAML, as in the files of the catalogue. A check of your own with the same id is replaced; its past stays."`
	}
}

// createCheck adds a check of the tenant's own, after it was compiled and its examples were run.
func (s *Server) createCheck(ctx context.Context, in *createCheckIn) (*showCheckOut, error) {
	check, err := s.readCheck(in.Body.Source)
	if err != nil {
		return nil, err
	}
	if s.catalogue.Check(check.ID) != nil {
		return nil, invalid("body.source", "the catalogue of the release holds a check of this id; choose another",
			check.ID)
	}
	if problems := check.Try(); len(problems) > 0 {
		details := make([]error, len(problems))
		for i, p := range problems {
			details[i] = &huma.ErrorDetail{Location: "body.source", Message: p, Value: check.ID}
		}
		return nil, huma.Error422UnprocessableEntity("validation failed", details...)
	}
	body, err := once(ctx, s, in.Key, "create-check", in.Body, func() (checkDetail, error) {
		err := s.in(ctx, func(tx store.Tx) error {
			_, err := tx.PutCustomCheck(ctx, check, in.Body.Source, s.now())
			return err
		})
		return newCheckDetail(check), err
	}, nil)
	if errors.Is(err, store.ErrTooMany) {
		return nil, invalid("body.source", store.ErrTooMany.Error(), check.ID)
	}
	if err != nil {
		return nil, err
	}
	s.judgeChanged(ctx)
	return &showCheckOut{Body: body}, nil
}

// readCheck compiles a check that somebody handed in.
func (s *Server) readCheck(source string) (*evaluator.Check, error) {
	check, err := evaluator.ParseCheck([]byte(source))
	if err != nil {
		return nil, invalid("body.source", strings.TrimPrefix(err.Error(), "check: "), nil)
	}
	for _, f := range s.catalogue.Frameworks {
		for _, id := range check.Mapped(f.ID) {
			if f.Control(id) == nil {
				return nil, invalid("body.source", "check "+check.ID+": "+f.ID+" has no control "+id, id)
			}
		}
	}
	check.Custom = true
	return check, nil
}

// judgeChanged has judged again what a changed catalogue concerns. The sweep does it too, so a failure only delays it.
func (s *Server) judgeChanged(ctx context.Context) {
	if s.judge == nil {
		return
	}
	if err := s.judge(ctx, identity(ctx).Tenant, evaluator.CauseCatalogueChanged); err != nil {
		s.log.WarnContext(ctx, "the judging waits for the next sweep", "request_id", requestID(ctx), "error", err)
	}
}

type removeCheckIn struct {
	ID string `path:"id" example:"acme-buckets-named"`
}

// removeCheck takes a check of the tenant's own away. What it judged stays, as the past.
func (s *Server) removeCheck(ctx context.Context, in *removeCheckIn) (*struct{}, error) {
	if s.catalogue.Check(in.ID) != nil {
		return nil, huma.Error409Conflict("The check belongs to the release; only checks of your own can be removed.")
	}
	err := s.in(ctx, func(tx store.Tx) error { return tx.RemoveCustomCheck(ctx, in.ID, s.now()) })
	if err == nil {
		s.judgeChanged(ctx)
	}
	return nil, err
}

type givenResource struct {
	Class         inventory.Class `json:"class,omitempty" doc:"Left out: the first class of the check." example:"object_storage"`
	Facts         map[string]any  `json:"facts" doc:"What is not given is unknown."`
	NotApplicable []string        `json:"not_applicable,omitempty" nullable:"false" doc:"Attributes the resource does not have."`
}

type tryCheckIn struct {
	Body struct {
		Source   string         `json:"source,omitempty" maxLength:"65536" doc:"The check as YAML."`
		Check    string         `json:"check,omitempty" doc:"Or the id of one in the catalogue."`
		Resource *givenResource `json:"resource,omitempty" doc:"What it judges."`
		ID       *uuid.UUID     `json:"resource_id,omitempty" format:"uuid" doc:"Or the id of a resource of the inventory."`
		At       time.Time      `json:"at,omitempty" doc:"The moment of judging; left out: now."`
	}
}

type trial struct {
	evaluator.Trial
	Problems []string `json:"problems" nullable:"false" doc:"Examples that give another verdict or are missing."`
}

type tryCheckOut struct{ Body trial }

// tryCheck judges one resource and keeps nothing.
func (s *Server) tryCheck(ctx context.Context, in *tryCheckIn) (*tryCheckOut, error) {
	if (in.Body.Source == "") == (in.Body.Check == "") {
		return nil, invalid("body", "give either source or check", nil)
	}
	if in.Body.Resource == nil && in.Body.ID == nil || in.Body.Resource != nil && in.Body.ID != nil {
		return nil, invalid("body", "give either resource or resource_id", nil)
	}
	at := in.Body.At
	if at.IsZero() {
		at = s.now()
	}
	var out tryCheckOut
	err := s.in(ctx, func(tx store.Tx) error {
		check, err := s.checkToTry(ctx, tx, in)
		if err != nil {
			return err
		}
		r, err := s.resourceToTry(ctx, tx, in, check)
		if err != nil {
			return err
		}
		settings, err := tx.Settings(ctx, time.Time{})
		if err != nil {
			return err
		}
		out.Body = trial{Trial: check.Trial(r, &settings, at.UTC()), Problems: append([]string{}, check.Try()...)}
		return nil
	})
	return &out, err
}

func (s *Server) checkToTry(ctx context.Context, tx store.Tx, in *tryCheckIn) (*evaluator.Check, error) {
	if in.Body.Source != "" {
		return s.readCheck(in.Body.Source)
	}
	catalogue := s.inForce(ctx, tx)
	check := catalogue.Check(in.Body.Check)
	if check == nil {
		return nil, invalid("body.check", "no such check. "+catalogue.Suggest(in.Body.Check), in.Body.Check)
	}
	return check, nil
}

func (s *Server) resourceToTry(ctx context.Context, tx store.Tx, in *tryCheckIn,
	check *evaluator.Check) (*inventory.Resource, error) {
	if in.Body.ID != nil {
		found, err := tx.Resource(ctx, *in.Body.ID, time.Time{})
		if err != nil {
			return nil, err
		}
		return found.Inventoried()
	}
	given := in.Body.Resource
	r, err := evaluator.Example{Name: "tried", Class: given.Class, Given: given.Facts,
		NotApplicable: given.NotApplicable}.Resource(check)
	if err != nil {
		return nil, invalid("body.resource", err.Error(), nil)
	}
	return r, nil
}

// inForce is the catalogue of the caller's tenant. When a check of its own can no longer be read, what is shown is the
// release's, and the log says why; nothing is judged until it is mended.
func (s *Server) inForce(ctx context.Context, tx store.Tx) *evaluator.Catalogue {
	catalogue, err := s.catalogues.Of(ctx, tx)
	if err != nil {
		s.log.ErrorContext(ctx, "custom checks cannot be read", "request_id", requestID(ctx), "tenant", tx.Tenant(),
			"error", err)
		return s.catalogue
	}
	return catalogue
}
