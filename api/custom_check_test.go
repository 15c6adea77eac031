package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/plumbline-posture/plumbline/api"
	"github.com/plumbline-posture/plumbline/api/auth"
	"github.com/plumbline-posture/plumbline/evaluator"
)

const ownCheck = `id: acme-tls
title: Buckets speak TLS as we want it
class: [object_storage]
severity: high
iso27001-2022: [A.8.24]
passes_when: resource.tls_required == true
examples:
  - {name: asked, given: {tls_required: true}, want: pass}
  - {name: not asked, given: {tls_required: false}, want: fail}
  - {name: unread, given: {}, want: unknown}
`

func TestCustomChecksBelongToTheirTenant(t *testing.T) {
	t.Parallel()
	var judged []evaluator.Cause
	s := newService(t, func(o *api.Options, _ *auth.Options) {
		o.Judge = func(_ context.Context, _ uuid.UUID, cause evaluator.Cause) error {
			judged = append(judged, cause)
			return nil
		}
	})
	made := s.do(t, "a", http.MethodPost, "/v1/checks", map[string]any{"source": ownCheck}).want(http.StatusCreated)
	if made["id"] != "acme-tls" || made["custom"] != true || made["version"] == "" {
		t.Errorf("the check is %v", made)
	}
	if len(judged) != 1 || judged[0] != evaluator.CauseCatalogueChanged {
		t.Errorf("a new check is judged because of %v", judged)
	}
	s.do(t, "a", http.MethodGet, "/v1/checks/acme-tls", nil).want(http.StatusOK)
	s.do(t, "b", http.MethodGet, "/v1/checks/acme-tls", nil).want(http.StatusNotFound)
	control := s.do(t, "a", http.MethodGet, "/v1/frameworks/iso27001-2022/controls/A.8.24", nil)
	if control.want(http.StatusOK); !strings.Contains(control.Body.String(), "acme-tls") {
		t.Error("the control does not list the check that is mapped to it")
	}
	if list := s.do(t, "b", http.MethodGet, "/v1/checks?limit=500", nil); strings.Contains(list.Body.String(),
		"acme-tls") {
		t.Error("tenant b sees the check of tenant a")
	}
	if c := s.do(t, "a", http.MethodDelete, "/v1/checks/acme-tls", nil); c.Code != http.StatusNoContent {
		t.Errorf("remove: %d %s", c.Code, c.Body)
	}
	s.do(t, "a", http.MethodGet, "/v1/checks/acme-tls", nil).want(http.StatusNotFound)
	if c := s.do(t, "a", http.MethodDelete, "/v1/checks/object-storage-versioned", nil); c.Code != http.StatusConflict {
		t.Errorf("remove a check of the release: %d, want 409", c.Code)
	}
}

func TestBadChecksAreRefusedByLine(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for name, c := range map[string]struct{ from, to, says string }{
		"attribute": {"resource.tls_required", "resource.tls_requird",
			"line 6: passes_when: class object_storage has no attribute \"tls_requird\"; did you mean \"tls_required\"?"},
		"control": {"A.8.24", "A.9.99", "iso27001-2022 has no control A.9.99"},
		"taken":   {"acme-tls", "object-storage-versioned", "holds a check of this id"},
		"examples": {"tls_required == true", "tls_required == false",
			"line 8: example \"asked\" gives fail, want pass"},
		"none": {"  - {name: unread, given: {}, want: unknown}\n", "", "no example wants unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := map[string]any{"source": strings.Replace(ownCheck, c.from, c.to, 1)}
			told := s.do(t, "a", http.MethodPost, "/v1/checks", body).want(http.StatusUnprocessableEntity)
			if detail, _ := told["detail"].(string); !strings.Contains(detail, c.says) {
				t.Errorf("it says %q, want %q", detail, c.says)
			}
		})
	}
}

func TestATrialShowsWhatItRestsOn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ask := map[string]any{"source": ownCheck,
		"resource": map[string]any{"facts": map[string]any{"tls_required": false}}}
	told := s.do(t, "a", http.MethodPost, "/v1/checks/try", ask).want(http.StatusOK)
	if told["verdict"] != "fail" || told["severity"] != "high" || at(t, told, "facts", "tls_required") != false {
		t.Errorf("the trial is %v", told)
	}
	ask["resource"] = map[string]any{"facts": map[string]any{}}
	told = s.do(t, "a", http.MethodPost, "/v1/checks/try", ask).want(http.StatusOK)
	if told["verdict"] != "unknown" || at(t, told, "unread", 0) != "tls_required" {
		t.Errorf("the trial on a resource of which nothing is known is %v", told)
	}
	a := s.subjects(t, "a")
	s.do(t, "a", http.MethodPost, "/v1/checks/try", map[string]any{"check": "resource-owner-labelled",
		"resource_id": a.resource}).want(http.StatusOK)
	s.do(t, "b", http.MethodPost, "/v1/checks/try", map[string]any{"check": "resource-owner-labelled",
		"resource_id": a.resource}).want(http.StatusNotFound)
	s.do(t, "a", http.MethodPost, "/v1/checks/try",
		map[string]any{"check": "resource-owner-labelled"}).want(http.StatusUnprocessableEntity)
}

func TestSettingsAreVersionsWithATag(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := s.do(t, "a", http.MethodGet, "/v1/settings", nil)
	body, tag := c.want(http.StatusOK), c.Header().Get("ETag")
	settings, ok := body["settings"].(map[string]any)
	if !ok || tag == "" || len(body["changed_parameters"].([]any)) != 0 { //nolint:forcetypeassert // a test may panic
		t.Fatalf("settings before any change: %v, tag %q", body, tag)
	}
	settings["key_age_days"] = 0
	refused := s.do(t, "a", http.MethodPut, "/v1/settings", settings).want(http.StatusUnprocessableEntity)
	if detail, _ := refused["detail"].(string); !strings.Contains(detail,
		"body.key_age_days: want a number from 1 to 3650") {
		t.Errorf("it says %q", detail)
	}
	settings["key_age_days"] = 30
	put := s.do(t, "a", http.MethodPut, "/v1/settings", settings, "If-Match", tag)
	if put.want(http.StatusOK); at(t, put.want(http.StatusOK), "changed_parameters", 0, "name") != "key_age_days" {
		t.Errorf("after the change: %s", put.Body)
	}
	s.do(t, "a", http.MethodPut, "/v1/settings", settings, "If-Match", tag).want(http.StatusPreconditionFailed)
	check := s.do(t, "a", http.MethodGet, "/v1/checks/credential-rotated", nil).want(http.StatusOK)
	if at(t, check, "changed_parameters", 0, "value") != float64(30) {
		t.Errorf("the check does not print the changed parameter: %v", check["changed_parameters"])
	}
	other := s.do(t, "b", http.MethodGet, "/v1/checks/credential-rotated", nil).want(http.StatusOK)
	if len(other["changed_parameters"].([]any)) != 0 { //nolint:forcetypeassert // a test may panic
		t.Errorf("the change of tenant a shows at tenant b: %v", other["changed_parameters"])
	}
}
