package aws

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// findingsPerRegion bounds how many findings of one service and region are kept. The worst come first; a region with
// more is listed incompletely and says so.
const findingsPerRegion = 5000

// regionalFinding is a finding with the region it was made in. NowhereOn names, in its place, a service that is not on in
// any region: that nothing was found then says nothing.
type regionalFinding[T any] struct {
	Region    string
	Finding   T
	NowhereOn string `json:",omitempty"`
}

// findingsIn lists the findings of one region. on says that the service is there.
type findingsIn[T any] func(ctx context.Context, c *Clients, region string) (on bool, found iter.Seq2[T, error], err error)

// everyFinding lists the findings of every region. A service that is named must be on somewhere.
func everyFinding[T any](ctx context.Context, c *Clients, service string, in findingsIn[T]) iter.Seq2[regionalFinding[T], error] {
	return func(yield func(regionalFinding[T], error) bool) {
		regions, err := enabledRegions(ctx, c)
		if err != nil {
			yield(regionalFinding[T]{}, err)
			return
		}
		anywhere := false
		var failed error
		for _, region := range regions {
			on, found, err := in(ctx, c, region)
			if err != nil {
				// One region's refusal makes the listing incomplete, yet the others are still read.
				failed = err
				continue
			}
			anywhere = anywhere || on
			if !on {
				continue
			}
			n := 0
			for f, err := range found {
				if err == nil {
					if n++; n > findingsPerRegion {
						err = errTooMany
					}
				}
				if err != nil {
					failed = err
					break
				}
				if !yield(regionalFinding[T]{Region: region, Finding: f}, nil) {
					return
				}
			}
		}
		switch {
		case failed != nil:
			yield(regionalFinding[T]{}, failed)
		case !anywhere && service != "":
			yield(regionalFinding[T]{NowhereOn: service}, nil)
		}
	}
}

// findingID is the finding's own id where that is an ARN.
func findingID(w collectors.Where, id string) string {
	if strings.HasPrefix(id, "arn:") {
		return id
	}
	return string(w.Scope) + "/" + string(inventory.ClassSecurityFinding) + "/" + id
}

// findingFacts makes a finding of a kind. A severity that is not one of the four words, and a moment that cannot be
// read, stay unknown.
func findingFacts(w collectors.Where, id, title, region, kind, severity string, open bool, seen, operation, permission string) *inventory.Resource {
	facts := &inventory.SecurityFinding{Kind: kind, Severity: strings.ToLower(severity), Open: open}
	if title == "" {
		title = id
	}
	r := inventory.New(findingID(w, id), title, region, facts)
	r.Known("kind", "open")
	why := inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: operation, Permission: permission}
	switch facts.Severity {
	case "critical", "high", "medium", "low":
		r.Known("severity")
	default:
		r.SetUnknown(why, "severity")
	}
	at, err := time.Parse(time.RFC3339, seen)
	if err != nil {
		r.SetUnknown(why, "first_seen_at")
		return r
	}
	facts.FirstSeenAt = at.UTC()
	r.Known("first_seen_at")
	return r
}

// unlookedFor stands for what a service that is not on anywhere would have found: one serious finding, of which it is
// not known whether it is there and open.
func unlookedFor(w collectors.Where, service, kind string) *inventory.Resource {
	facts := &inventory.SecurityFinding{Kind: kind, Severity: "high"}
	r := inventory.New(findingID(w, service), "whatever "+service+" would find", collectors.Global, facts)
	r.Known("kind", "severity")
	r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotEnabled, Code: service + "NotEnabled"}, "open", "first_seen_at")
	return r
}

// moment writes a time as findings of other services have it.
func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
