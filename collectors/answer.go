package collectors

import (
	"errors"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Answer is what a cloud said to one call: a value, "there is none", or a refusal with its reason. It is stored as
// evidence, so it holds codes but no message: messages carry request ids that change with every call.
type Answer[T any] struct {
	Action     string  `json:"action"`
	Permission string  `json:"permission,omitempty"`
	Value      *T      `json:"value,omitempty"`
	Absent     bool    `json:"absent,omitempty"`
	Failed     *Reason `json:"failed,omitempty"`
}

// Reason is why a call gave no answer.
type Reason struct {
	Cause inventory.Cause `json:"cause"`
	Code  string          `json:"code,omitempty"`
	// Cure is the right, or the command, that the provider itself names as what is missing; empty when it names none.
	Cure string `json:"cure,omitempty"`
}

// ErrAbsent is returned by a call whose answer is that there is no such thing: not configured, not set.
var ErrAbsent = errors.New("absent")

// Failure is an error whose cause a cloud's package has worked out.
type Failure struct {
	Reason
	// Action and Permission are those of the call that failed, where it is not the one that its listing or its answer is
	// known by.
	Action, Permission string
	Err                error
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap gives the provider's own error.
func (f *Failure) Unwrap() error { return f.Err }

// Classify turns any error into a reason. An error that no package classified has failed for a reason unknown.
func Classify(err error) Reason {
	var f *Failure
	if errors.As(err, &f) {
		return f.Reason
	}
	return Reason{Cause: inventory.CauseFailed, Code: "Unclassified"}
}

// Ask makes one call and keeps its answer. permission is the right the call needs, action the API operation; classify
// is the cloud's own reading of its errors.
func Ask[T any](action, permission string, classify func(error) error, call func() (*T, error)) Answer[T] {
	a := Answer[T]{Action: action}
	if permission != action {
		a.Permission = permission
	}
	v, err := call()
	switch {
	case err == nil && v == nil, errors.Is(err, ErrAbsent):
		a.Absent = true
	case err != nil:
		err = classify(err)
		reason := Classify(err)
		a.Failed = &reason
		var f *Failure
		if errors.As(err, &f) && f.Action != "" {
			a.Action, a.Permission = f.Action, f.Permission
		}
	default:
		a.Value = v
	}
	return a
}

// Unknown is the reason the answer leaves a fact unknown; nil when it does not.
func (a Answer[T]) Unknown() *inventory.Unknown {
	if a.Value != nil || a.Absent {
		return nil
	}
	permission := a.Permission
	if permission == "" {
		permission = a.Action
	}
	if a.Failed == nil {
		return &inventory.Unknown{Cause: inventory.CauseNotCollected, Action: a.Action, Permission: permission}
	}
	if a.Failed.Cure != "" {
		permission = a.Failed.Cure
	}
	return &inventory.Unknown{Cause: a.Failed.Cause, Code: a.Failed.Code, Action: a.Action, Permission: permission}
}

// Know states facts from an answer. When the call answered, state is called with the value; when the thing is absent,
// with nil; and the named facts become known. After a failure they stay unknown, with cause, action, permission and
// code.
func Know[T any](r *inventory.Resource, a Answer[T], state func(*T), facts ...string) {
	if why := a.Unknown(); why != nil {
		r.SetUnknown(*why, facts...)
		return
	}
	state(a.Value)
	r.Known(facts...)
}
