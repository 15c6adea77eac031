package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// ExportedAccount is an account as an export tells it. It needs no credentials and no network.
type ExportedAccount struct {
	*Account
	export *Export
}

// FromExport is the account that an export is of. Its sources ask as they ask AWS, and the export answers.
func FromExport(e *Export) (*ExportedAccount, error) {
	a := &Account{id: e.Account, clients: map[string]*Clients{}}
	for r := range e.regions {
		a.regions = append(a.regions, r)
	}
	sort.Strings(a.regions)
	// Which regions the account has enabled, items do not tell.
	a.unlisted = &inventory.Unknown{Cause: errNotExported.Cause, Code: errNotExported.Code,
		Action: "DescribeRegions", Permission: "ec2:DescribeRegions"}
	a.cfg = aws.Config{
		Region: firstOf(a.regions), Credentials: credentials.NewStaticCredentialsProvider("export", "export", ""),
		HTTPClient: transport{func(*http.Request) (*http.Response, error) { return nil, errNotExported }},
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		APIOptions: []func(*middleware.Stack) error{e.install},
	}
	if len(a.regions) > 0 {
		a.cfg.Region = a.regions[0]
	}
	return &ExportedAccount{a, e}, nil
}

// Collect reads the account.
func (a *ExportedAccount) Collect(ctx context.Context, now func() time.Time, out collectors.Out) error {
	return a.Account.Collect(ctx, now, exportedOut{out, a.export})
}

// One is not told of by exports: they are read whole.
func (a *ExportedAccount) One(
	context.Context, inventory.Kind, string, string, func() time.Time, collectors.Out,
) (bool, error) {
	return false, fmt.Errorf("ask about one resource of %s: %w", a.Scope(), errors.New("an export is read whole"))
}

// exportedOut stamps what an export tells with the moments at which it was captured, and takes back what only the
// silence of an item says.
type exportedOut struct {
	out    collectors.Out
	export *Export
}

// Observe implements collectors.Out.
func (o exportedOut) Observe(ctx context.Context, batch []collectors.Observation) error {
	for _, seen := range batch {
		if err := o.export.mark(seen.Resource); err != nil {
			return err
		}
	}
	return o.out.Observe(ctx, batch)
}

// Listed implements collectors.Out. Of a type that Config records, no listing is whole: what is not recorded may be
// there all the same.
func (o exportedOut) Listed(ctx context.Context, row inventory.LedgerRow) error {
	if row.Complete && recordedKinds[row.Kind] != nil && row.Region != collectors.Everywhere {
		row.Complete, row.Unknown = false, o.export.untold(row.Kind)
		for _, t := range recordedKinds[row.Kind] {
			if fault, there := o.export.faults.Load(t.place(row.Region)); there {
				row.Unknown.Cause, row.Unknown.Code = inventory.CauseFailed, collectors.Classify(fault.(error)).Code
			}
		}
	}
	return o.out.Listed(ctx, row)
}

// untold is the reason of what an export does not tell of a kind, with the right by which AWS itself would.
func (e *Export) untold(kind inventory.Kind) *inventory.Unknown {
	d := Sources.Entry(kind).Definition()
	return &inventory.Unknown{Cause: errNotExported.Cause, Code: errNotExported.Code,
		Action: d.ListAction, Permission: d.ListPermission}
}

// mark dates a resource. One that is made of several items, or of none, is as old as the oldest of the account.
func (e *Export) mark(r *inventory.Resource) error {
	r.ObservedAt = e.oldest
	for _, t := range recordedKinds[r.Kind] {
		if k := e.named(t, r.Region, r.ID); k != nil {
			return e.markBy(r, t, k)
		}
	}
	return nil
}

// markBy dates a resource by its item, and takes back what only the silence of the item says. What AWS would have told
// and the item does not was not collected.
func (e *Export) markBy(r *inventory.Resource, t *recordedType, k *keptItem) error {
	r.ObservedAt = k.at
	i, err := e.read(k)
	if err != nil {
		return err
	}
	why := e.untold(r.Kind)
	for _, fact := range t.untold(i.Configuration, r) {
		r.SetUnknown(*why, fact)
	}
	for fact, reason := range r.Unknown {
		if reason.Code == "FieldAbsent" || reason.Code == "NoEndpoint" {
			reason.Cause, reason.Code = errNotExported.Cause, errNotExported.Code
			r.SetUnknown(reason, fact)
		}
	}
	r.MarkFacts()
	return nil
}

// untold are the facts that a configuration leaves open.
func (t *recordedType) untold(configuration map[string]any, r *inventory.Resource) []string {
	var out []string
	for member, facts := range t.silent {
		if !t.holds(configuration, member) {
			for _, fact := range facts {
				if v, known := r.Value(fact); known && isNo(v) {
					out = append(out, fact)
				}
			}
		}
	}
	for member, facts := range t.partial {
		if !t.holds(configuration, member) {
			out = append(out, knownOf(r, facts)...)
		}
	}
	if t.doubt != nil {
		out = append(out, knownOf(r, t.doubt(configuration))...)
	}
	return out
}

func knownOf(r *inventory.Resource, facts []string) []string {
	var out []string
	for _, fact := range facts {
		if r.IsKnown(fact) {
			out = append(out, fact)
		}
	}
	return out
}

// isNo says whether a fact is what silence would make it: off, none, empty.
func isNo(v any) bool {
	value := reflect.ValueOf(v)
	if !value.IsValid() {
		return true
	}
	switch value.Kind() {
	case reflect.Slice, reflect.Map:
		return value.Len() == 0
	default:
		return value.IsZero()
	}
}

// holds says whether a configuration has a member, empty or not. A path with dots goes through objects, and through
// lists: the member must then be in each of their entries. Alternatives are parted by bars.
func (t *recordedType) holds(configuration map[string]any, path string) bool {
	member, rest, deeper := strings.Cut(path, ".")
	v, there := foldedMember(configuration, strings.Split(member, "|"))
	if !there || !deeper {
		return there
	}
	if inner, ok := v.(map[string]any); ok {
		return t.holds(inner, rest)
	}
	entries, _ := v.([]any)
	for _, entry := range entries {
		inner, ok := entry.(map[string]any)
		if !ok || !t.holds(inner, rest) {
			return false
		}
	}
	return true
}

func foldedMember(members map[string]any, names []string) (any, bool) {
	for name, v := range members {
		for _, want := range names {
			if strings.EqualFold(name, want) {
				return v, true
			}
		}
	}
	return nil, false
}
