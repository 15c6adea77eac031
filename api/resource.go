package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// Resource is one version of an observed thing.
type Resource struct {
	ID          uuid.UUID         `json:"id" format:"uuid"`
	NaturalID   string            `json:"natural_id"`
	Name        string            `json:"name"`
	Kind        inventory.Kind    `json:"kind"`
	Class       inventory.Class   `json:"class"`
	Scope       inventory.ScopeID `json:"scope"`
	Region      string            `json:"region"`
	Labels      map[string]string `json:"labels"`
	Placeholder bool              `json:"placeholder" doc:"It stands for a listing that failed: nobody knows what is there."`
	FirstSeenAt time.Time         `json:"first_seen_at"`
	ObservedAt  time.Time         `json:"observed_at"`
	ValidFrom   time.Time         `json:"valid_from" doc:"When this version began."`
	ValidTo     *time.Time        `json:"valid_to" doc:"When it ended; null while it is the current one."`
	Gone        bool              `json:"gone" doc:"The resource went with this version."`
	RunID       *uuid.UUID        `json:"run_id,omitempty" format:"uuid"`
}

func newResource(r store.Resource) Resource {
	labels := r.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return Resource{ID: r.ID, NaturalID: r.NaturalID, Name: r.Name, Kind: r.Kind, Class: r.Class, Scope: r.Scope, Region: r.Region,
		Labels: labels, Placeholder: r.Placeholder, FirstSeenAt: utc(r.FirstSeenAt), ObservedAt: utc(r.ObservedAt),
		ValidFrom: utc(r.ValidFrom), ValidTo: utcOrNil(r.ValidTo), Gone: r.Gone, RunID: r.RunID}
}

type listResourcesIn struct {
	Class  string `query:"class" example:"object_storage"`
	Kind   string `query:"kind" example:"aws.s3.bucket"`
	Region string `query:"region"`
	Query  string `query:"q" maxLength:"2000" doc:"A part of the name, or the whole ARN, ARM id or full name."`
	ID     string `query:"id" maxLength:"2000" doc:"Only this resource, by its id or its ARN, ARM id or full name."`
	Scoped
	Dated
	Paging
}

// resourceID reads the opaque id of a resource, or works it out from the natural one.
func resourceID(id string) uuid.UUID {
	if parsed, err := uuid.Parse(id); err == nil {
		return parsed
	}
	return store.ResourceID(id)
}

// listResources lists the inventory by class and name.
func (s *Server) listResources(ctx context.Context, in *listResourcesIn) (*listOut[Resource], error) {
	if err := s.knowsClass(in.Class); err != nil {
		return nil, err
	}
	f := store.ResourceFilter{Class: inventory.Class(in.Class), Kind: inventory.Kind(in.Kind), Region: in.Region, Query: in.Query, AsOf: in.AsOf}
	if in.ID != "" {
		f.ID = resourceID(in.ID)
	}
	var out *listOut[Resource]
	err := s.in(ctx, func(tx store.Tx) (err error) {
		if f.Scope, err = s.scopeID(ctx, tx, in.Scope); err != nil {
			return err
		}
		found, next, err := tx.Resources(ctx, f, in.page())
		if err != nil {
			return err
		}
		total, err := tx.ResourceEstimate(ctx, f)
		out = newPage(found, next, total, newResource)
		return err
	})
	return out, err
}

type checkPass struct {
	Check     string `json:"check"`
	Inherited bool   `json:"inherited" doc:"The provider does it for everyone."`
}

type resourceDetail struct {
	Resource
	Facts         map[string]json.RawMessage `json:"facts" doc:"What is known, by attribute."`
	Derived       []string                   `json:"derived" nullable:"false" doc:"The attributes among them that were worked out from other resources."`
	Inherent      []string                   `json:"inherent" nullable:"false" doc:"The attributes that the provider fills for everyone."`
	Unknown       []inventory.Unknown        `json:"unknown" nullable:"false" doc:"What is not known, why, and the right that cures it. What nobody asked for is not_collected."`
	NotApplicable map[string]string          `json:"not_applicable" doc:"What this resource does not have, and why."`
	Passes        []checkPass                `json:"passes" nullable:"false" doc:"The checks that pass; the others are findings."`
	Answers       json.RawMessage            `json:"answers" doc:"What the cloud said, stripped of secrets; null when it was not kept."`
}

type showResourceIn struct {
	ByID
	Dated
}

type showResourceOut struct{ Body resourceDetail }

// showResource shows a resource with facts, unknowns, passes and answers.
func (s *Server) showResource(ctx context.Context, in *showResourceIn) (*showResourceOut, error) {
	out := &showResourceOut{}
	err := s.in(ctx, func(tx store.Tx) error {
		d, err := tx.Resource(ctx, in.ID, in.AsOf)
		if err != nil {
			return err
		}
		passes, err := tx.Passes(ctx, in.ID, in.AsOf)
		out.Body = newResourceDetail(d, passes)
		return err
	})
	return out, err
}

func newResourceDetail(d store.ResourceDetail, passes []store.CheckPass) resourceDetail {
	out := resourceDetail{Resource: newResource(d.Resource), Facts: map[string]json.RawMessage{}, Derived: []string{}, Inherent: []string{},
		NotApplicable: map[string]string{}, Passes: make([]checkPass, len(passes)), Answers: d.Answers}
	for i, p := range passes {
		out.Passes[i] = checkPass{p.CheckID, p.Inherited}
	}
	for _, stage := range []inventory.Stored{d.Facts, d.Derived} {
		for name, value := range stage.Known {
			out.Facts[name] = value
		}
		for name, why := range stage.NotApplicable {
			out.NotApplicable[name] = why
		}
		out.Inherent = append(out.Inherent, stage.Inherent...)
	}
	for name := range d.Derived.Known {
		out.Derived = append(out.Derived, name)
	}
	slices.Sort(out.Derived)
	slices.Sort(out.Inherent)
	out.Unknown = unknowns(d)
	return out
}

// unknowns lists every attribute of the class that is neither known nor not applicable, with its reason. One that the
// version does not speak of is not collected: it must not look as if it were in order.
func unknowns(d store.ResourceDetail) []inventory.Unknown {
	out := []inventory.Unknown{}
	said := map[string]bool{}
	for _, stage := range []inventory.Stored{d.Facts, d.Derived} {
		for name := range stage.Known {
			said[name] = true
		}
		for name := range stage.NotApplicable {
			said[name] = true
		}
		for name, why := range stage.Unknown {
			why.Fact, said[name] = name, true
			out = append(out, why)
		}
	}
	if schema := inventory.SchemaOf(d.Class); schema != nil {
		for _, a := range schema.Attributes {
			if !said[a.Name] {
				out = append(out, inventory.Unknown{Fact: a.Name, Cause: inventory.CauseNotCollected})
			}
		}
	}
	inventory.SortUnknowns(out)
	return out
}

// listVersions lists the versions of a resource, newest first.
func (s *Server) listVersions(ctx context.Context, in *listOfIn) (*listOut[Resource], error) {
	var out *listOut[Resource]
	err := s.in(ctx, func(tx store.Tx) error {
		total, err := tx.ResourceVersionCount(ctx, in.ID)
		if err != nil {
			return err
		}
		found, next, err := tx.ResourceVersions(ctx, in.ID, in.page())
		out = newPage(found, next, total, newResource)
		return err
	})
	return out, err
}

type factValue struct {
	State   store.FactState    `json:"state" enum:"known,inherent,unknown,not_applicable,absent"`
	Value   json.RawMessage    `json:"value,omitempty"`
	Unknown *inventory.Unknown `json:"unknown,omitempty"`
	Reason  string             `json:"reason,omitempty"`
}

type factChange struct {
	Attribute string    `json:"attribute"`
	Derived   bool      `json:"derived"`
	From      factValue `json:"from"`
	To        factValue `json:"to"`
}

type diffResourceIn struct {
	ByID
	From time.Time `query:"from" required:"true"`
	To   time.Time `query:"to" doc:"Left out: now."`
}

type diffResourceOut struct {
	Body struct {
		From    Resource     `json:"from"`
		To      Resource     `json:"to"`
		Changes []factChange `json:"changes" nullable:"false" doc:"The attributes that differ, also by whether they are known."`
	}
}

// diffResource compares a resource at two moments.
func (s *Server) diffResource(ctx context.Context, in *diffResourceIn) (*diffResourceOut, error) {
	if !in.To.IsZero() && in.To.Before(in.From) {
		return nil, invalid("query.from", "must not lie after to", in.From)
	}
	out := &diffResourceOut{}
	out.Body.Changes = []factChange{}
	err := s.in(ctx, func(tx store.Tx) error {
		change, err := tx.ResourceDiff(ctx, in.ID, in.From, in.To)
		out.Body.From, out.Body.To = newResource(change.From), newResource(change.To)
		for _, c := range change.Facts {
			out.Body.Changes = append(out.Body.Changes, factChange{c.Name, c.Derived, factValue(c.From), factValue(c.To)})
		}
		return err
	})
	return out, err
}

type showPathsOut struct {
	Body struct {
		State   store.FactState    `json:"state" enum:"known,inherent,unknown,not_applicable,absent" doc:"absent: resources of this class have no ways of their own."`
		Paths   []inventory.Path   `json:"paths" doc:"Null unless the ways are known; empty when there is none."`
		Unknown *inventory.Unknown `json:"unknown,omitempty" doc:"Why the ways are not known."`
		Reason  string             `json:"reason,omitempty"`
	}
}

// showPaths shows how the internet reaches a resource. Ways that could not be worked out are null, never none.
func (s *Server) showPaths(ctx context.Context, in *showResourceIn) (*showPathsOut, error) {
	out := &showPathsOut{}
	err := s.in(ctx, func(tx store.Tx) error {
		d, err := tx.Resource(ctx, in.ID, in.AsOf)
		if err != nil {
			return err
		}
		out.Body.State = store.FactAbsent
		for _, stage := range []inventory.Stored{d.Facts, d.Derived} {
			if raw, ok := stage.Known["paths"]; ok {
				out.Body.State, out.Body.Paths = store.FactKnown, []inventory.Path{}
				if err := json.Unmarshal(raw, &out.Body.Paths); err != nil {
					return fmt.Errorf("ways to resource %s: %w", in.ID, err)
				}
			}
			if reason, ok := stage.NotApplicable["paths"]; ok {
				out.Body.State, out.Body.Reason = store.FactNotApplicable, reason
			}
		}
		for _, why := range unknowns(d) {
			if strings.EqualFold(why.Fact, "paths") {
				out.Body.State, out.Body.Unknown = store.FactUnknown, &why
			}
		}
		return nil
	})
	return out, err
}
