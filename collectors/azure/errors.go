package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// throttled are the codes by which providers ask for fewer calls; the status 429 says the same.
var throttled = map[string]bool{
	"TooManyRequests": true, "SubscriptionRequestsThrottled": true, "TenantRequestsThrottled": true,
	"OperationNotAllowedThrottled": true, "RateLimiting": true, "ResourceRequestsThrottled": true,
}

// notEnabled are the codes by which Resource Manager says that the subscription does not use a provider.
var notEnabled = map[string]bool{
	"SubscriptionNotRegistered": true, "MissingSubscriptionRegistration": true, "NoRegisteredProviderFound": true,
	"ReadOnlyDisabledSubscription": true, "DisabledSubscription": true,
}

// errMalformed is an answer that is not what its interface promises.
type errMalformed struct{ err error }

func (e *errMalformed) Error() string { return "malformed answer: " + e.err.Error() }

// Unwrap gives what is wrong with the answer.
func (e *errMalformed) Unwrap() error { return e.err }

// errDenied says that the caller lacks a right although no call was refused: Resource Graph leaves out what it may not
// show.
type errDenied struct{ permission string }

func (e *errDenied) Error() string { return fmt.Sprintf("the right %s is missing", e.permission) }

// Classify reads an error of the SDK: what an error code means is decided here and nowhere else.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	var f *collectors.Failure
	if errors.As(err, &f) {
		return err
	}
	reason := collectors.Reason{Cause: inventory.CauseFailed, Code: code(err)}
	var denied *errDenied
	switch {
	case errors.Is(err, errNotExported):
		reason.Cause = inventory.CauseNotCollected
	case errors.As(err, &denied), status(err) == http.StatusForbidden && !notEnabled[reason.Code]:
		reason.Cause = inventory.CauseDenied
	case status(err) == http.StatusTooManyRequests, throttled[reason.Code]:
		reason.Cause = inventory.CauseThrottled
	case notEnabled[reason.Code]:
		reason.Cause = inventory.CauseNotEnabled
	}
	return &collectors.Failure{Reason: reason, Err: err}
}

// status is the status of an answer that refused; 0 where none came.
func status(err error) int {
	var response *azcore.ResponseError
	if errors.As(err, &response) {
		return response.StatusCode
	}
	return 0
}

// code is the provider's error code, or our word for what went wrong on the way.
func code(err error) string {
	var response *azcore.ResponseError
	var malformed *errMalformed
	var syntax *json.SyntaxError
	var dns *net.DNSError
	var timeout net.Error
	var denied *errDenied
	var authentication *azidentity.AuthenticationFailedError
	switch {
	case errors.Is(err, errNotExported):
		return "NotExported"
	case errors.As(err, &denied):
		return "AuthorizationFailed"
	case errors.As(err, &response) && response.ErrorCode != "":
		return response.ErrorCode
	case errors.As(err, &response):
		return fmt.Sprintf("HTTP%d", response.StatusCode)
	case errors.As(err, &malformed), errors.As(err, &syntax):
		return "MalformedAnswer"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "Timeout"
	case errors.As(err, &authentication):
		return "AuthenticationFailed"
	case errors.As(err, &dns):
		return "HostNotFound"
	default:
		return "ConnectionFailed"
	}
}

// absent turns the codes that mean "there is none" into an answer.
func absent(err error, codes ...string) error {
	if err == nil {
		return nil
	}
	got := code(err)
	for _, c := range codes {
		if got == c {
			return collectors.ErrAbsent
		}
	}
	return err
}
