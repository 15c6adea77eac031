package aws

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// denied are the codes by which services say that the caller lacks a right.
var denied = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "AccessDeniedFault": true, "UnauthorizedOperation": true,
	"UnauthorizedAccess": true, "AuthorizationError": true, "NotAuthorized": true, "Forbidden": true, "403": true,
	"ForbiddenException": true, "UnauthorizedException": true, "WAFUnauthorizedException": true,
	"InsufficientPermissionsException": true, "InsufficientPrivilegesException": true, "KMSAccessDeniedException": true,
}

// throttled are the codes by which services ask for fewer calls.
var throttled = map[string]bool{
	"Throttling": true, "ThrottlingException": true, "ThrottledException": true, "RequestLimitExceeded": true,
	"TooManyRequestsException": true, "RequestThrottled": true, "RequestThrottledException": true, "SlowDown": true,
	"ProvisionedThroughputExceededException": true, "LimitExceededException": true, "BandwidthLimitExceeded": true,
	"PriorRequestNotComplete": true, "EC2ThrottledException": true, "WAFLimitsExceededException": true,
}

// notEnabled are the codes by which services say that the account or region has not switched them on.
var notEnabled = map[string]bool{
	"OptInRequired": true, "SubscriptionRequiredException": true, "NotSignedUp": true, "InvalidClientTokenId.OptIn": true,
	"AWSOrganizationsNotInUseException": true,
}

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
	switch {
	case denied[reason.Code]:
		reason.Cause = inventory.CauseDenied
	case throttled[reason.Code]:
		reason.Cause = inventory.CauseThrottled
	case notEnabled[reason.Code]:
		reason.Cause = inventory.CauseNotEnabled
	}
	return &collectors.Failure{Reason: reason, Err: err}
}

// during names the call that failed where a listing makes more than the one it is known by.
func during(operation, permission string, err error) error {
	if err == nil {
		return nil
	}
	f := &collectors.Failure{Err: err, Action: operation, Permission: permission}
	f.Reason = collectors.Classify(Classify(err))
	return f
}

// code is the provider's error code, or our word for what went wrong on the way.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "" && api.ErrorCode() != "UnknownError" {
		return strings.TrimPrefix(api.ErrorCode(), "Client.")
	}
	var deserialize *smithy.DeserializationError
	var dns *net.DNSError
	var timeout net.Error
	var response *smithyhttp.ResponseError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "Timeout"
	case errors.As(err, &response) && response.HTTPStatusCode() == 403:
		return "403"
	case errors.As(err, &deserialize):
		return "MalformedAnswer"
	case errors.As(err, &dns):
		return "HostNotFound"
	case errors.As(err, &response) && response.HTTPStatusCode() != 0:
		return "HTTP" + statusText(response.HTTPStatusCode())
	default:
		return "ConnectionFailed"
	}
}

func statusText(status int) string {
	const digits = "0123456789"
	return string([]byte{digits[status/100%10], digits[status/10%10], digits[status%10]})
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

// isAbsent says whether the error is one of the codes that mean "there is none".
func isAbsent(err error, codes ...string) bool {
	return err != nil && errors.Is(absent(err, codes...), collectors.ErrAbsent)
}
