package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// errNotExported is why a call gives no answer while an export is read.
var errNotExported = &collectors.Failure{
	Reason: collectors.Reason{Cause: inventory.CauseNotCollected, Code: "NotInExport"},
	Err:    errors.New("not part of the export"),
}

// errLeftOut says that AWS itself would not list what an item tells of.
var errLeftOut = errors.New("not listed")

// recordedType is a type of resource in AWS Config whose items tell what a kind is made of.
type recordedType struct {
	// name is Config's, such as AWS::EC2::Instance; kind is ours.
	name string
	kind inventory.Kind
	// global says that the type belongs to the account and to no region.
	global bool
	// needs are members that every configuration of the type has: one without them was cut short by the query that gave
	// it, and what it lacks would read as a setting that is off.
	needs []string
	// shape puts a configuration into the words of the API where more than the case of names differs. Nil where it does
	// not.
	shape func(configuration map[string]any)
	// silent names members that Config is not known to record, or left out before it did, and the facts for which their
	// absence would read as no. Without the member such a fact is unknown, unless other members make it a yes.
	silent map[string][]string
	// partial is the same of facts that the member is a part of: without it they are unknown, whatever they say.
	partial map[string][]string
	// doubt names the facts that a configuration leaves open in another way. Nil where there is none.
	doubt func(configuration map[string]any) []string
	// besides names members that AWS itself always tells and Config may not: without one of them an item does not stand
	// for the description where AWS can be asked.
	besides []string
}

// whole says whether a configuration leaves nothing open, so that it can stand for the description itself.
func (t *recordedType) whole(configuration map[string]any) bool {
	for _, member := range t.besides {
		if !t.holds(configuration, member) {
			return false
		}
	}
	for member := range t.silent {
		if !t.holds(configuration, member) {
			return false
		}
	}
	for member := range t.partial {
		if !t.holds(configuration, member) {
			return false
		}
	}
	return t.doubt == nil || len(t.doubt(configuration)) == 0
}

// place is where the items of the type lie that a question in a region is about.
func (t *recordedType) place(region string) itemPlace {
	if t.global {
		region = ""
	}
	return itemPlace{t.name, region}
}

// recordedTypes are the types that are read, by their names and by our kinds; each file adds its own.
var (
	recordedTypes = map[string]*recordedType{}
	recordedKinds = map[inventory.Kind][]*recordedType{}
)

// configType adds a type.
func configType(t recordedType) *recordedType {
	recordedTypes[t.name] = &t
	if t.kind != "" {
		recordedKinds[t.kind] = append(recordedKinds[t.kind], &t)
	}
	return &t
}

// exportAnswer answers a call from an export, in the type that the SDK would give.
type exportAnswer func(e *Export, region string, in any) (any, error)

// exportAnswers are the calls that an export answers, by service and operation; each file adds its own.
var exportAnswers = map[string]exportAnswer{}

// install lets the export answer every call of the SDK's clients, before anything is written or sent. What the export
// does not tell is not collected.
func (e *Export) install(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("PlumblineExport",
		func(ctx context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler) (
			middleware.InitializeOutput, middleware.Metadata, error,
		) {
			answer := exportAnswers[awsmiddleware.GetServiceID(ctx)+"."+awsmiddleware.GetOperationName(ctx)]
			if answer == nil {
				return middleware.InitializeOutput{}, middleware.Metadata{}, errNotExported
			}
			out, err := answer(e, awsmiddleware.GetRegion(ctx), in.Parameters)
			return middleware.InitializeOutput{Result: out}, middleware.Metadata{}, err
		}), middleware.After)
}

// lists lets the items of a type answer a listing: each is folded into the SDK's type.
func lists[O, T any](operation string, t *recordedType, put func(*O, []T), besides ...string) struct{} {
	exportAnswers[operation] = listing(t, func(i *recordedItem) (item T, err error) {
		return item, i.into(t, &item)
	}, put, besides...)
	return struct{}{}
}

// answersListing adds a listing that is more than lists can say.
func answersListing(operation string, answer exportAnswer) struct{} {
	exportAnswers[operation] = answer
	return struct{}{}
}

// listing answers a listing with what read makes of each item. besides names the members of the question that do not
// narrow it; a question that is narrowed is not answered. A listing never ends without an error: that no more is
// recorded does not say that there is no more.
func listing[O, T any](
	t *recordedType, read func(*recordedItem) (T, error), put func(*O, []T), besides ...string,
) exportAnswer {
	return func(e *Export, region string, in any) (any, error) {
		start, err := pageStart(in, besides)
		if err != nil {
			return nil, err
		}
		at := t.place(region)
		kept := e.byPlace[at]
		if start >= len(kept) {
			return nil, e.end(at)
		}
		next := min(start+exportPage, len(kept))
		out := new(O)
		put(out, readAll(e, t, kept[start:next], read))
		setNext(reflect.ValueOf(out).Elem(), strconv.Itoa(next))
		return out, nil
	}
}

// readAll reads items, and notes the first that cannot be read as a fault of its place.
func readAll[T any](e *Export, t *recordedType, kept []*keptItem, read func(*recordedItem) (T, error)) (items []T) {
	for _, k := range kept {
		item, err := readAs(e, k, read)
		switch {
		case errors.Is(err, errLeftOut):
		case err != nil:
			e.faults.LoadOrStore(t.place(k.region), misread(t, k, err))
		default:
			items = append(items, item)
		}
	}
	return items
}

// asFarAsRecorded ends a listing without an error, so that what is asked after it is asked as well. It is for one of
// several listings that make a kind: as an export tells it, that is never whole.
func asFarAsRecorded[O any](answer exportAnswer) exportAnswer {
	return func(e *Export, region string, in any) (any, error) {
		out, err := answer(e, region, in)
		if errors.Is(err, errNotExported) {
			return new(O), nil
		}
		return out, err
	}
}

func readAs[T any](e *Export, k *keptItem, read func(*recordedItem) (T, error)) (item T, err error) {
	i, err := e.read(k)
	if err != nil {
		return item, err
	}
	return read(i)
}

// exportPage is how many items a page of a listing holds.
const exportPage = 100

// end is how a listing ends: by the first item that could not be read, or as one that may lack something.
func (e *Export) end(at itemPlace) error {
	if fault, there := e.faults.Load(at); there {
		return fault.(error)
	}
	return errNotExported
}

// tells lets the item of one resource answer a call about it, in an export and among records alike: what it answers it
// answers whole. The error ErrAbsent says that the item tells of none.
func tells[I, O any](
	operation string, t *recordedType, name func(*I) *string, tell func(*recordedItem) (*O, error),
) struct{} {
	answer := answerOf(t, name, tell)
	exportAnswers[operation], recordAnswers[operation] = answer, recordAnswer{typ: t, answer: answer}
	return struct{}{}
}

// describes is tells for what the configuration itself holds. Where that leaves a fact open, an export answers all the
// same, without the fact; a record does not, for AWS can be asked.
func describes[I, O any](
	operation string, t *recordedType, name func(*I) *string, tell func(*recordedItem) (*O, error),
) struct{} {
	exportAnswers[operation] = answerOf(t, name, tell)
	recordAnswers[operation] = recordAnswer{typ: t, answer: answerOf(t, name, func(i *recordedItem) (*O, error) {
		if !t.whole(i.Configuration) {
			return nil, errNotExported
		}
		return tell(i)
	})}
	return struct{}{}
}

// tellsExport is tells for an export alone.
func tellsExport[I, O any](
	operation string, t *recordedType, name func(*I) *string, tell func(*recordedItem) (*O, error),
) struct{} {
	exportAnswers[operation] = answerOf(t, name, tell)
	return struct{}{}
}

// alsoTells is tells for another type whose resources the same call is about.
func alsoTells[I, O any](
	operation string, t *recordedType, name func(*I) *string, tell func(*recordedItem) (*O, error),
) struct{} {
	first, second := exportAnswers[operation], answerOf(t, name, tell)
	either := func(e *Export, region string, in any) (any, error) {
		out, err := first(e, region, in)
		if errors.Is(err, errNotExported) {
			return second(e, region, in)
		}
		return out, err
	}
	exportAnswers[operation] = either
	recordAnswers[operation] = recordAnswer{recordAnswers[operation].typ, either, []*recordedType{t}}
	return struct{}{}
}

func answerOf[I, O any](
	t *recordedType, name func(*I) *string, tell func(*recordedItem) (*O, error),
) exportAnswer {
	return func(e *Export, region string, in any) (any, error) {
		question, ok := in.(*I)
		if !ok || name(question) == nil {
			return nil, errNotExported
		}
		k := e.named(t, region, *name(question))
		if k == nil {
			return nil, errNotExported
		}
		i, err := e.read(k)
		if err != nil {
			return nil, misread(t, k, err)
		}
		out, err := tell(i)
		var known *collectors.Failure
		switch {
		case errors.As(err, &known), errors.Is(err, collectors.ErrAbsent):
			return nil, err
		case err != nil:
			return nil, misread(t, k, err)
		}
		return out, nil
	}
}

// misread says that an item could not be read.
func misread(t *recordedType, k *keptItem, err error) error {
	return &collectors.Failure{
		Reason: collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"},
		Err:    fmt.Errorf("%s %s: %w", t.name, k.id, err),
	}
}

// into folds the configuration into a type of the SDK, with the tags where that has some and they are not told beside
// the rest.
func (i *recordedItem) into(t *recordedType, out any) error {
	for _, member := range t.needs {
		if v, there := foldedMember(i.Configuration, []string{member}); !there || v == nil || v == "" {
			return fmt.Errorf("the configuration has no %s", member)
		}
	}
	if t.shape != nil {
		t.shape(i.Configuration)
	}
	target := reflect.ValueOf(out).Elem()
	if err := fold(i.Configuration, target); err != nil {
		return err
	}
	if target.Kind() == reflect.Struct {
		addTags(target, i.Tags)
	}
	return nil
}

// addTags fills the tags of a type of the SDK: a list of pairs under one of three names, or a map.
func addTags(target reflect.Value, tags map[string]string) {
	for _, name := range []string{"Tags", "TagList", "TagSet"} {
		field := target.FieldByName(name)
		if field.IsValid() && field.Type() == reflect.TypeFor[map[string]string]() {
			field.Set(reflect.ValueOf(tags))
			return
		}
		if !field.IsValid() || field.Kind() != reflect.Slice || field.Type().Elem().Kind() != reflect.Struct {
			continue
		}
		list := reflect.MakeSlice(field.Type(), 0, len(tags))
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			pair := reflect.New(field.Type().Elem()).Elem()
			for n, word := range map[string]string{"Key": key, "Value": tags[key]} {
				if member := pair.FieldByName(n); member.IsValid() && member.Type() == reflect.TypeFor[*string]() {
					member.Set(reflect.ValueOf(&word))
				}
			}
			list = reflect.Append(list, pair)
		}
		field.Set(list)
		return
	}
}

// pagingMembers carry where a page begins, sizeMembers how much is asked for and what is listed as well: neither
// narrows a question.
var (
	pagingMembers = []string{"NextToken", "Marker", "ContinuationToken", "ExclusiveStartTableName", "Position"}
	sizeMembers   = []string{
		"MaxResults", "MaxRecords", "MaxItems", "MaxBuckets", "Limit", "PageSize", "IncludeManagedResources",
	}
)

// pageStart is where the page begins that a question asks for.
func pageStart(in any, besides []string) (start int, err error) {
	question := reflect.ValueOf(in).Elem()
	for n := range question.NumField() {
		name, value := question.Type().Field(n).Name, question.Field(n)
		switch {
		case !question.Type().Field(n).IsExported(), value.IsZero():
		case contains(pagingMembers, name):
			token, ok := value.Interface().(*string)
			if !ok {
				return 0, errNotExported
			}
			if start, err = strconv.Atoi(strings.TrimSpace(*token)); err != nil {
				return 0, errNotExported
			}
		case !contains(sizeMembers, name) && !contains(besides, name):
			return 0, errNotExported
		}
	}
	return start, nil
}

// setNext says in an answer that more follows, in the way of its service.
func setNext(out reflect.Value, token string) {
	if list := out.FieldByName("DistributionList"); list.IsValid() {
		out = list.Elem()
	}
	for _, name := range []string{
		"NextToken", "NextMarker", "Marker", "ContinuationToken", "LastEvaluatedTableName", "Position",
	} {
		if f := out.FieldByName(name); f.IsValid() && f.Type() == reflect.TypeFor[*string]() {
			f.Set(reflect.ValueOf(&token))
			break
		}
	}
	for _, name := range []string{"IsTruncated", "Truncated"} {
		f := out.FieldByName(name)
		switch {
		case !f.IsValid():
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		case f.Type() == reflect.TypeFor[*bool]():
			more := true
			f.Set(reflect.ValueOf(&more))
		}
	}
}

// foldPart folds a supplementary part into a type of the SDK. A part that is not there is not told: Config leaves out
// what is not set, and what it did not ask about.
func (i *recordedItem) foldPart(name string, out any) error {
	part, there := i.supplement(name)
	if !there || part == nil {
		return errNotExported
	}
	return fold(part, reflect.ValueOf(out).Elem())
}
