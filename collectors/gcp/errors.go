package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// apiError is a refusal: google.rpc.Status as the REST APIs write it, or the older form with a list of errors.
type apiError struct {
	status int
	// word is the canonical code, such as PERMISSION_DENIED; reason narrows it, such as SERVICE_DISABLED.
	word, reason string
	message      string
	// permission is the right the API says is missing, service the API it says is off.
	permission, service string
	after               time.Duration
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%d %s: %s", e.status, e.code(), e.message)
}

// code is the narrowest word the API gave.
func (e *apiError) code() string {
	switch {
	case e.reason != "" && e.reason != "IAM_PERMISSION_DENIED":
		return e.reason
	case e.word != "":
		return e.word
	default:
		return "HTTP" + strconv.Itoa(e.status)
	}
}

// throttled says whether the API asks for fewer calls.
func (e *apiError) throttled() bool {
	switch e.reason {
	case "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED":
		return true
	}
	return e.status == http.StatusTooManyRequests || e.word == "RESOURCE_EXHAUSTED"
}

// passing says whether the same call may succeed in a moment.
func (e *apiError) passing() bool {
	return e.throttled() || e.status == http.StatusServiceUnavailable || e.status == http.StatusBadGateway
}

const longestPause = 30 * time.Second

// pause is how long to wait before the next attempt: what the API asks for, else longer each time.
func (e *apiError) pause(attempt int) time.Duration {
	if e.after > 0 {
		return min(e.after, longestPause)
	}
	first := 250 * time.Millisecond
	if e.throttled() {
		// Quotas are counted by the minute: what is refused for being too much stays so for a while.
		first = 2 * time.Second
	}
	return min(first<<attempt, longestPause)
}

// disabled are the reasons by which an API says that the project has not switched it on.
var disabled = map[string]bool{"SERVICE_DISABLED": true, "accessNotConfigured": true}

type errorBody struct {
	Error struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Status  string `json:"status"`
		Errors  []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
		Details []struct {
			Type       string            `json:"@type"`
			Reason     string            `json:"reason"`
			Metadata   map[string]string `json:"metadata"`
			RetryDelay string            `json:"retryDelay"`
		} `json:"details"`
	} `json:"error"`
}

// readError reads a refusal. An answer that is no refusal of Google's is told by its status alone.
func readError(resp *http.Response, body []byte) *apiError {
	e := &apiError{status: resp.StatusCode}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		e.after = time.Duration(s) * time.Second
	}
	var b errorBody
	if json.Unmarshal(body, &b) != nil {
		return e
	}
	e.word, e.message = b.Error.Status, b.Error.Message
	if len(b.Error.Errors) > 0 {
		e.reason = b.Error.Errors[0].Reason
	}
	for _, d := range b.Error.Details {
		if d.Reason != "" {
			e.reason = d.Reason
		}
		if p := d.Metadata["permission"]; p != "" {
			e.permission = p
		}
		if s := d.Metadata["service"]; s != "" {
			e.service = s
		}
		if wait, err := time.ParseDuration(d.RetryDelay); err == nil {
			e.after = wait
		}
	}
	return e
}

// malformed is an answer that cannot be read.
type malformed struct{ err error }

func (m *malformed) Error() string { return "an answer could not be read: " + m.err.Error() }
func (m *malformed) Unwrap() error { return m.err }

// errNotExported is why a call gives no answer while an export is read.
var errNotExported = errors.New("not part of the export")

// Classify reads an error of a call: what a refusal means is decided here and nowhere else.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	var f *collectors.Failure
	if errors.As(err, &f) {
		return err
	}
	return &collectors.Failure{Reason: reasonOf(err), Err: err}
}

func reasonOf(err error) collectors.Reason {
	var refused *apiError
	var broken *malformed
	var dns *net.DNSError
	var timeout net.Error
	var token *oauth2.RetrieveError
	failed := func(code string) collectors.Reason {
		return collectors.Reason{Cause: inventory.CauseFailed, Code: code}
	}
	switch {
	case errors.As(err, &refused):
		return refused.meaning()
	case errors.As(err, &broken):
		return failed("MalformedAnswer")
	case errors.Is(err, errNotExported):
		return collectors.Reason{Cause: inventory.CauseNotCollected, Code: "NotExported"}
	case errors.As(err, &token):
		return failed("CredentialsRefused")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return failed("Timeout")
	case errors.As(err, &dns):
		return failed("HostNotFound")
	case strings.Contains(err.Error(), "credentials"), strings.Contains(err.Error(), "oauth2"):
		return failed("CredentialsMissing")
	default:
		return failed("ConnectionFailed")
	}
}

// meaning is the cause behind a refusal, with what the API says would cure it.
func (e *apiError) meaning() collectors.Reason {
	r := collectors.Reason{Cause: inventory.CauseFailed, Code: e.code()}
	switch {
	case disabled[e.reason]:
		r.Cause, r.Code = inventory.CauseNotEnabled, "SERVICE_DISABLED"
		if e.service != "" {
			r.Cure = "gcloud services enable " + e.service
		}
	case e.throttled():
		r.Cause = inventory.CauseThrottled
	case e.status == http.StatusForbidden, e.word == "PERMISSION_DENIED":
		r.Cause, r.Code, r.Cure = inventory.CauseDenied, "PERMISSION_DENIED", e.permission
	}
	return r
}

// gone says whether the API answered that there is no such resource.
func gone(err error) bool {
	var refused *apiError
	return errors.As(err, &refused) && (refused.status == http.StatusNotFound || refused.word == "NOT_FOUND")
}

// absent turns "there is no such thing" into an answer.
func absent(err error) error {
	if gone(err) {
		return collectors.ErrAbsent
	}
	return err
}
