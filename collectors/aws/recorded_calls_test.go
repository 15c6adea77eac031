package aws

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// recordedCall is one recorded answer. Which question it answers is known only where the answer itself, or the order of
// the calls, tells: that is its hint.
type recordedCall struct {
	Region   string                          `json:"region"`
	Response json.RawMessage                 `json:"response"`
	Error    *struct{ Code, Message string } `json:"error"`
	Hint     map[string]json.RawMessage      `json:"params_hint"`

	number int
}

// recordedCalls answers the SDK's clients from one folder of recorded answers. A question is given the first answer that
// can be its own and keeps it; a new question gets the next one. What is not recorded is refused.
type recordedCalls struct {
	calls map[string][]recordedCall
	// from is the number of the first answer that counts, of an operation whose earlier ones are of another state.
	from map[string]int

	mu    sync.Mutex
	given map[string]map[string]int
}

// readCalls reads a folder of recorded answers.
func readCalls(t *testing.T, folder string) *recordedCalls {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(recordedRoot, folder))
	if err != nil {
		t.Fatal(err)
	}
	out := &recordedCalls{calls: map[string][]recordedCall{}}
	for _, entry := range files {
		file := filepath.Join(recordedRoot, folder, entry.Name())
		name := strings.TrimSuffix(entry.Name(), ".json")
		cut := strings.LastIndex(name, "_")
		number, err := strconv.Atoi(name[cut+1:])
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		call := recordedCall{number: number}
		if err := json.Unmarshal(data, &call); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		delete(call.Hint, "_from")
		out.calls[name[:cut]] = append(out.calls[name[:cut]], call)
	}
	for _, calls := range out.calls {
		slices.SortFunc(calls, func(a, b recordedCall) int { return cmp.Compare(a.number, b.number) })
	}
	return out
}

// region is the region most of the answers are of.
func (c *recordedCalls) region() string {
	seen := map[string]int{}
	for _, calls := range c.calls {
		for _, call := range calls {
			seen[call.Region]++
		}
	}
	delete(seen, "")
	best := "us-east-1"
	for region, n := range seen {
		if n > seen[best] || n == seen[best] && region < best {
			best = region
		}
	}
	return best
}

// rewind forgets which question was given which answer.
func (c *recordedCalls) rewind() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.given = map[string]map[string]int{}
}

// find gives a question its answer, and says whether later ones are left for a next page.
func (c *recordedCalls) find(operation string, in any) (call *recordedCall, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls[operation]
	question, err := json.Marshal(in)
	if err != nil {
		return nil, false
	}
	given := c.given[operation]
	if given == nil {
		given = map[string]int{}
		c.given[operation] = given
	}
	if i, ok := given[string(question)]; ok {
		return &calls[i], i == len(calls)-1
	}
	var asked map[string]json.RawMessage
	if err := json.Unmarshal(question, &asked); err != nil {
		return nil, false
	}
	taken := map[int]bool{}
	for _, i := range given {
		taken[i] = true
	}
	for i := range calls {
		if calls[i].number < c.from[operation] || taken[i] || !calls[i].answers(asked) {
			continue
		}
		given[string(question)] = i
		return &calls[i], i == len(calls)-1
	}
	return nil, false
}

// answers says whether a call can be the answer to a question: nothing that is known of it speaks against.
func (call recordedCall) answers(asked map[string]json.RawMessage) bool {
	for name, want := range call.Hint {
		got, ok := asked[name]
		if ok && string(got) != "null" && string(got) != string(want) && !endsAlike(string(got), string(want)) {
			return false
		}
	}
	return true
}

// endsAlike says whether one of two quoted names is the other's ARN.
func endsAlike(a, b string) bool {
	a, b = strings.Trim(a, `"`), strings.Trim(b, `"`)
	return a != "" && b != "" && (strings.HasSuffix(a, "/"+b) || strings.HasSuffix(a, ":"+b) ||
		strings.HasSuffix(b, "/"+a) || strings.HasSuffix(b, ":"+a))
}

// outputs are the types that the operations of the clients answer with, by "ec2.DescribeVpcs".
var outputs = sync.OnceValue(func() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	clients := reflect.TypeOf(Clients{})
	for i := range clients.NumField() {
		client := clients.Field(i).Type
		if client.Kind() != reflect.Pointer || !clients.Field(i).IsExported() {
			continue // what signs and calls nobody has no answers
		}
		path := strings.Split(client.Elem().PkgPath(), "/")
		for j := range client.NumMethod() {
			if m := client.Method(j); m.Type.NumOut() == 2 {
				out[path[len(path)-1]+"."+m.Name] = m.Type.Out(0)
			}
		}
	}
	return out
})

// quotedCount is a count that DNS answers in XML, where the recording keeps it as a text.
var quotedCount = regexp.MustCompile(`"MaxItems": *"([0-9]+)"`)

// decodeCall decodes a recorded response into what the operation answers with.
func decodeCall(operation string, response []byte) (reflect.Value, error) {
	operation = strings.Replace(operation, "elasticsearchservice.", "opensearch.", 1)
	made := reflect.New(outputs()[operation].Elem())
	return made, json.Unmarshal(quotedCount.ReplaceAll(response, []byte(`"MaxItems": $1`)), made.Interface())
}

// answer stands for the network.
func (c *recordedCalls) answer(ctx context.Context, in any) (any, error) {
	service := strings.ToLower(strings.ReplaceAll(awsmiddleware.GetServiceID(ctx), " ", ""))
	operation := service + "." + awsmiddleware.GetOperationName(ctx)
	if operation == "opensearch.ListTags" {
		// It was recorded under the service's older name alone; the answers are alike.
		operation = "elasticsearchservice.ListTags"
	}
	if operation == "ec2.DescribeRegions" && len(c.calls[operation]) == 0 {
		// Where the regions were not asked for, the recording is of one.
		region := ec2types.Region{RegionName: aws.String(c.region())}
		return &ec2.DescribeRegionsOutput{Regions: []ec2types.Region{region}}, nil
	}
	call, last := c.find(operation, in)
	switch {
	case call == nil:
		return nil, &smithy.GenericAPIError{Code: "AccessDenied", Message: "not recorded"}
	case call.Error != nil:
		return nil, &smithy.GenericAPIError{Code: call.Error.Code, Message: call.Error.Message}
	}
	made, err := decodeCall(operation, call.Response)
	if err != nil {
		return nil, &smithy.DeserializationError{Err: err}
	}
	endPages(made.Elem(), in, last || c.from[operation] > 0)
	return made.Interface(), nil
}

// pageMarks are the names by which services say where the next page begins.
var pageMarks = []string{
	"NextToken", "NextMarker", "Marker", "Position", "PaginationToken", "IsTruncated", "LastEvaluatedTableName",
}

// endPages takes the mark away that asks for a page nobody recorded: that of the last answer, and one that asks the same
// question again, as marks do that were blotted out by hand.
func endPages(out reflect.Value, in any, last bool) {
	asked := reflect.ValueOf(in).Elem()
	for _, name := range pageMarks {
		f := out.FieldByName(name)
		if !f.IsValid() || !f.CanSet() {
			continue
		}
		again := asked.FieldByName(name)
		if last || again.IsValid() && f.Kind() == reflect.Pointer && !again.IsNil() && !f.IsNil() &&
			reflect.DeepEqual(again.Interface(), f.Interface()) {
			f.SetZero()
		}
	}
	// Content delivery wraps its pages into a list of their own.
	for i := range out.NumField() {
		list := reflect.Indirect(out.Field(i))
		if out.Field(i).Kind() == reflect.Pointer && list.Kind() == reflect.Struct && list.FieldByName("IsTruncated").IsValid() {
			endPages(list, in, last)
		}
	}
}

// collected is what our collectors make of one folder of recorded answers.
type collected struct {
	byKind map[inventory.Kind][]*inventory.Resource
	rows   map[inventory.Kind]inventory.LedgerRow
}

// Observe implements collectors.Out.
func (c *collected) Observe(_ context.Context, batch []collectors.Observation) error {
	for _, o := range batch {
		c.byKind[o.Resource.Kind] = append(c.byKind[o.Resource.Kind], o.Resource)
	}
	return nil
}

// Listed implements collectors.Out.
func (c *collected) Listed(_ context.Context, row inventory.LedgerRow) error {
	if row.Region != collectors.Everywhere {
		c.rows[row.Kind] = row
	}
	return nil
}

// recordedKey is where a context keeps the recording that answers its calls.
type recordedKey struct{}

// clientsOf are the clients of each region: to make them takes longer than to run them over a recording.
var clientsOf = struct {
	sync.Mutex
	made map[string]*Clients
}{made: map[string]*Clients{}}

// recordedClients are clients of a region whose calls the recording in their context answers.
func recordedClients(region string) *Clients {
	clientsOf.Lock()
	defer clientsOf.Unlock()
	if clientsOf.made[region] == nil {
		clientsOf.made[region] = newClients(aws.Config{
			Region: region, Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""),
			APIOptions: []func(*middleware.Stack) error{func(s *middleware.Stack) error {
				return s.Initialize.Add(middleware.InitializeMiddlewareFunc("Recorded", func(
					ctx context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler,
				) (middleware.InitializeOutput, middleware.Metadata, error) {
					calls := ctx.Value(recordedKey{}).(*recordedCalls)
					out, err := calls.answer(ctx, in.Parameters)
					return middleware.InitializeOutput{Result: out}, middleware.Metadata{}, err
				}), middleware.After)
			}},
		}, here.Scope.Account(), region, false)
	}
	return clientsOf.made[region]
}

// collectRecorded runs every source over one folder of recorded answers, one call after the other: the order of the
// calls decides which answer is whose.
func collectRecorded(t *testing.T, folder string, from map[string]int) *collected {
	t.Helper()
	calls := readCalls(t, folder)
	calls.from = from
	region := calls.region()
	clients := recordedClients(region)
	out := &collected{byKind: map[inventory.Kind][]*inventory.Resource{}, rows: map[inventory.Kind]inventory.LedgerRow{}}
	err := collectors.Collection[*Clients]{
		Scope: here.Scope, Registry: &Sources, Regions: []string{region},
		Clients: func(string) *Clients {
			calls.rewind() // Each listing stands alone: what another asked does not use up its answers.
			return clients
		},
		Classify: Classify, Now: func() time.Time { return time.Time{} }, Listings: 1, Asks: 1,
	}.Collect(context.WithValue(t.Context(), recordedKey{}, calls), out)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
