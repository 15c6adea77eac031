package inventory

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestDefaultsAreAllowedAndUnchanged(t *testing.T) {
	t.Parallel()
	s := Defaults()
	if err := s.Validate(); err != nil {
		t.Errorf("the defaults are not allowed: %v", err)
	}
	if changed := s.Changed(); len(changed) != 0 {
		t.Errorf("the defaults count as changed: %v", changed)
	}
}

func TestEveryParameterIsDescribed(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[Settings]()
	n := 0
	for i := range fields.NumField() {
		name := fields.Field(i).Tag.Get("param")
		if name == "" {
			continue
		}
		n++
		if p := ParameterNamed(name); p == nil || p.Meaning == "" {
			t.Errorf("parameter %s is not described", name)
		}
		if json := fields.Field(i).Tag.Get("json"); json != name {
			t.Errorf("parameter %s is stored as %s", name, json)
		}
	}
	if n != 31 || len(Parameters) != n {
		t.Errorf("%d parameters and %d descriptions, want 31 of both", n, len(Parameters))
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*Settings)
		want   string
	}{
		{"too few days", func(s *Settings) { s.KeyAgeDays = 0 },
			"key_age_days: 0 is not allowed: want a number from 1 to 3650"},
		{"too many percent", func(s *Settings) { s.QuotaHeadroomPercent = 101 },
			"quota_headroom_percent: 101 is not allowed: want a number from 0 to 100"},
		{"no keys", func(s *Settings) { s.OwnerKeys = nil },
			"owner_keys: an empty list is not allowed: want at least one word"},
		{"space", func(s *Settings) { s.ApprovedRegistries = []string{" ghcr.io"} },
			`approved_registries: " ghcr.io" is not allowed: want words`},
		{"twice", func(s *Settings) { s.AllowedRegions = []string{"a", "a"} },
			`allowed_regions: "a" is not allowed: want each word once`},
		{"another system", func(s *Settings) { s.MalwareOSFamilies = []string{"beos"} },
			`malware_os_families: "beos" is not allowed: want one of windows, linux, other`},
		{"a severity left out", func(s *Settings) {
			s.FixDays = map[string]int{"critical": 1, "high": 1,
				"medium": 1}
		}, "fix_days.low: nothing is not allowed"},
		{"a severity too many", func(s *Settings) {
			s.FixDays = map[string]int{"critical": 1, "high": 1, "medium": 1, "low": 1, "info": 1}
		}, `fix_days: "info" is not allowed`},
		{"floor above ceiling", func(s *Settings) { s.LogMinDays = 500 },
			"log_min_days: 500 is not allowed: want at most log_max_days (400)"},
		{"another environment", func(s *Settings) { s.Environments = map[ScopeID]string{"aws:1": "prod"} },
			"environments.aws:1: prod is not allowed: want one of production"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := Defaults()
			c.change(&s)
			err := s.Validate()
			var named SettingError
			if !errors.As(err, &named) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestChangedParametersAreListed(t *testing.T) {
	t.Parallel()
	s := Defaults()
	s.KeyAgeDays, s.TimeSources = 30, []string{}
	changed := s.Changed()
	want := []ChangedParameter{{"key_age_days", int64(30), int64(90)}}
	if !reflect.DeepEqual(changed, want) {
		t.Errorf("got %v, want %v", changed, want)
	}
}

func TestParametersAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	defaults := Defaults()
	for _, p := range Parameters {
		var s Settings
		if err := s.SetText(p.Name, ValueText(defaults.Parameter(p.Name))); err != nil {
			t.Error(err)
		}
		if got, want := s.Parameter(p.Name), defaults.Parameter(p.Name); !sameValue(got, want) {
			t.Errorf("%s: read %v, want %v", p.Name, got, want)
		}
	}
	for name, text := range map[string]string{"key_age_days": "soon", "quota_headroom_percent": "a fifth",
		"fix_days": "critical", "nothing": "1"} {
		s := Defaults()
		var named SettingError
		if err := s.SetText(name, text); !errors.As(err, &named) || named.Name != name {
			t.Errorf("%s = %q gives %v, want an error that names it", name, text, err)
		}
	}
}
