package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// script answers the calls of a Clients by "Service.Operation", or by "Operation" alone; what it has no line for is
// refused.
type script map[string]func(in any) (any, error)

// scripted gives clients that answer from a script and never touch the network, and the count of calls made of each
// operation.
func scripted(t *testing.T, region string, lines script) (*Clients, func(operation string) int) {
	t.Helper()
	var mu sync.Mutex
	calls := map[string]int{}
	answer := middleware.InitializeMiddlewareFunc("Script",
		func(ctx context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			op := awsmiddleware.GetOperationName(ctx)
			mu.Lock()
			calls[op]++
			mu.Unlock()
			line := lines[awsmiddleware.GetServiceID(ctx)+"."+op]
			if line == nil {
				line = lines[op]
			}
			if line == nil {
				line = refuse("AccessDenied")
			}
			out, err := line(in.Parameters)
			return middleware.InitializeOutput{Result: out}, middleware.Metadata{}, err
		})
	cfg := aws.Config{
		Region: region, Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""),
		APIOptions: []func(*middleware.Stack) error{func(s *middleware.Stack) error { return s.Initialize.Add(answer, middleware.After) }},
	}
	return newClients(cfg, here.Scope.Account(), region, false), func(operation string) int {
		mu.Lock()
		defer mu.Unlock()
		return calls[operation]
	}
}

// say is a line that always gives the same answer.
func say(out any) func(any) (any, error) { return func(any) (any, error) { return out, nil } }

// refuse is a line that always fails with an error code.
func refuse(code string) func(any) (any, error) {
	return func(any) (any, error) { return nil, &smithy.GenericAPIError{Code: code, Message: "no"} }
}

// answered is an answer that holds a value.
func answered[T any](v *T) collectors.Answer[T] {
	return collectors.Answer[T]{Action: "Test", Value: v}
}

// refused is an answer that was denied.
func refused[T any]() collectors.Answer[T] {
	return collectors.Answer[T]{Action: "Test", Failed: &collectors.Reason{Cause: inventory.CauseDenied, Code: "AccessDenied"}}
}

// stated compares facts of a resource by name; the value nil wants the fact unknown, notApplicable wants it so.
type stated map[string]any

const notApplicable = "<not applicable>"

func (want stated) check(t *testing.T, r *inventory.Resource) {
	t.Helper()
	for name, value := range want {
		got, known := r.Value(name)
		switch {
		case value == nil:
			if _, na := r.NotApplicable[name]; known || na {
				t.Errorf("%s: %s is %v; want it unknown", r.Name, name, got)
			}
		case value == notApplicable:
			if r.NotApplicable[name] == "" {
				t.Errorf("%s: %s is %v (known %v); want it not applicable", r.Name, name, got, known)
			}
		case !known:
			t.Errorf("%s: %s is unknown (%+v); want %v", r.Name, name, r.Why(name), value)
		case fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", value):
			t.Errorf("%s: %s is %+v; want %+v", r.Name, name, got, value)
		}
	}
}

// roundTrip wants answers to survive the store: their JSON must give the same answers again.
func roundTrip[A any](t *testing.T, answers A) {
	t.Helper()
	raw, err := json.Marshal(answers)
	if err != nil {
		t.Fatal(err)
	}
	var again A
	if err := json.Unmarshal(raw, &again); err != nil {
		t.Fatal(err)
	}
	rawAgain, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != string(rawAgain) || !reflect.DeepEqual(reflect.TypeOf(answers), reflect.TypeOf(again)) {
		t.Errorf("the answers changed in the store:\n%s\n%s", raw, rawAgain)
	}
}
