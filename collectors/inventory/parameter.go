package inventory

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Parameter describes a setting that checks read: what it means and what is allowed.
type Parameter struct {
	Name    string
	Meaning string
	// Least and Most bound a number.
	Least, Most float64
	// Words are the only words a list may hold; empty allows any.
	Words []string
	// Filled says that an empty list would leave its checks without an answer.
	Filled bool
}

// days bounds a number of days: a decade is longer than any evidence lives.
func days(name, meaning string) Parameter {
	return Parameter{Name: name, Meaning: meaning, Least: 1, Most: 3650}
}

func percent(name, meaning string) Parameter {
	return Parameter{Name: name, Meaning: meaning, Least: 0, Most: 100}
}

// Parameters lists what an organisation may change, in the order in which it is shown.
var Parameters = []Parameter{
	{Name: "owner_keys", Meaning: "tag or label keys that name an owner", Filled: true},
	{Name: "environment_keys", Meaning: "tag or label keys that name an environment", Filled: true},
	{Name: "classification_keys", Meaning: "tag or label keys that carry a classification", Filled: true},
	{Name: "iac_keys", Meaning: "tag or label keys that mark code-managed resources", Filled: true},
	{Name: "sensitive_classifications", Meaning: "labels that count as sensitive", Filled: true},
	{Name: "records_keys", Meaning: "tag or label keys that mark stores which hold records", Filled: true},
	{Name: "approved_registries", Meaning: "registries images may come from, beside those of the own organisation"},
	{Name: "allowed_regions", Meaning: "regions resources may stand in; all while the list is empty"},
	percent("quota_headroom_percent", "smallest free share of a quota"),
	percent("posture_score_percent", "floor of the provider score"),
	days("threat_triage_days", "days to triage a serious threat alert"),
	percent("control_coverage_percent",
		"share of a control's questions that must be answered before it can be conforming"),
	{Name: "fix_days", Meaning: "days to fix a weakness, by severity", Least: 1, Most: 3650,
		Words: []string{"critical", "high", "medium", "low"}, Filled: true},
	days("review_days", "days to handle a serious architecture finding"),
	days("root_idle_days", "days without use of the root user"),
	days("identity_idle_days", "days after which an unused identity or key is idle"),
	days("key_age_days", "oldest long-lived key"),
	days("key_rotation_days", "longest rotation period of an encryption key"),
	days("secret_rotation_days", "longest life of a secret"),
	{Name: "time_sources", Meaning: "further approved time sources"},
	days("patch_days", "days a security update may be missing"),
	{Name: "approved_images",
		Meaning: "publishers, projects or accounts images may come from, beside the provider and the own"},
	days("image_age_days", "oldest machine image"),
	{Name: "malware_os_families", Meaning: "systems commonly affected by malware", Words: []string{"windows", "linux",
		"other"}},
	days("snapshot_max_age_days", "oldest snapshot outside a backup vault"),
	days("backup_retention_days", "shortest backup retention"),
	days("restore_test_days", "longest time since a restore"),
	days("certificate_days", "days before the end of a certificate"),
	days("audit_retention_days", "shortest retention of the audit trail"),
	days("log_min_days", "shortest retention of audit and security logs"),
	days("log_max_days", "longest retention of other logs"),
}

// ParameterNamed returns the description of a parameter, or nil.
func ParameterNamed(name string) *Parameter {
	i := slices.IndexFunc(Parameters, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &Parameters[i]
}

// SettingError says which setting holds what is not allowed, and what is.
type SettingError struct {
	Name    string
	Read    any
	Allowed string
}

func (e SettingError) Error() string {
	return fmt.Sprintf("%s: %v is not allowed: want %s", e.Name, e.Read, e.Allowed)
}

// Validate checks every setting and joins a SettingError for each that holds what is not allowed.
func (s *Settings) Validate() error {
	var wrong []error
	for i := range Parameters {
		p := &Parameters[i]
		if err := p.check(s.Parameter(p.Name)); err != nil {
			wrong = append(wrong, err)
		}
	}
	if s.LogMinDays > s.LogMaxDays {
		wrong = append(wrong, SettingError{"log_min_days", s.LogMinDays, fmt.Sprintf("at most log_max_days (%d)",
			s.LogMaxDays)})
	}
	if s.CadenceHours < 1 || s.CadenceHours > 24*366 {
		wrong = append(wrong, SettingError{"cadence_hours", s.CadenceHours, "a whole number from 1 to 8784"})
	}
	for _, list := range []struct {
		name  string
		words []string
	}{{"suppliers", s.Suppliers}, {"own_accounts", s.OwnAccounts}, {"collector_principals", s.CollectorPrincipals}} {
		if err := (&Parameter{Name: list.name}).check(list.words); err != nil {
			wrong = append(wrong, err)
		}
	}
	for _, scope := range slices.Sorted(maps.Keys(s.Environments)) {
		if word := s.Environments[scope]; !slices.Contains(environmentWords, word) {
			wrong = append(wrong, SettingError{"environments." + string(scope), word, oneOf(environmentWords)})
		}
	}
	return errors.Join(wrong...)
}

var environmentWords = []string{"production", "staging", "test", "development"}

func oneOf(words []string) string { return "one of " + strings.Join(words, ", ") }

// check says what is wrong with a value of the parameter.
func (p *Parameter) check(value any) error {
	switch v := value.(type) {
	case int64:
		return p.bounds(p.Name, float64(v))
	case float64:
		return p.bounds(p.Name, v)
	case []string:
		return p.list(v)
	case map[string]int:
		return p.each(v)
	default:
		return nil
	}
}

func (p *Parameter) bounds(name string, v float64) error {
	if v >= p.Least && v <= p.Most {
		return nil
	}
	return SettingError{name, v, fmt.Sprintf("a number from %g to %g", p.Least, p.Most)}
}

// mostWords bounds a list, so that a rule over it stays cheap.
const mostWords = 500

func (p *Parameter) list(words []string) error {
	if p.Filled && len(words) == 0 {
		return SettingError{p.Name, "an empty list", "at least one word"}
	}
	if len(words) > mostWords {
		return SettingError{p.Name, fmt.Sprintf("a list of %d", len(words)), fmt.Sprintf("at most %d words", mostWords)}
	}
	for i, word := range words {
		switch {
		case word == "" || len(word) > 500 || strings.TrimSpace(word) != word:
			return SettingError{p.Name, strconv.Quote(word), "words of 1 to 500 characters, without space around them"}
		case slices.Contains(words[:i], word):
			return SettingError{p.Name, strconv.Quote(word), "each word once"}
		case len(p.Words) > 0 && !slices.Contains(p.Words, word):
			return SettingError{p.Name, strconv.Quote(word), oneOf(p.Words)}
		}
	}
	return nil
}

func (p *Parameter) each(values map[string]int) error {
	for _, word := range p.Words {
		v, there := values[word]
		if !there {
			return SettingError{p.Name + "." + word, "nothing", fmt.Sprintf("a number from %g to %g", p.Least, p.Most)}
		}
		if err := p.bounds(p.Name+"."+word, float64(v)); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(p.Words, key) {
			return SettingError{p.Name, strconv.Quote(key), oneOf(p.Words)}
		}
	}
	return nil
}

// Parameter gives the value of a parameter by its name, or nil.
func (s *Settings) Parameter(name string) any {
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("param") == name {
			return reflect.ValueOf(s).Elem().Field(i).Interface()
		}
	}
	return nil
}

// ChangedParameter is a parameter that the organisation set to something else than the default.
type ChangedParameter struct {
	Name    string `json:"name"`
	Value   any    `json:"value"`
	Default any    `json:"default"`
}

// Changed lists the parameters that differ from the defaults, in the order of Parameters. An empty list and none are
// the same.
func (s *Settings) Changed() []ChangedParameter {
	defaults := Defaults()
	var out []ChangedParameter
	for _, p := range Parameters {
		value, standard := s.Parameter(p.Name), defaults.Parameter(p.Name)
		if !sameValue(value, standard) {
			out = append(out, ChangedParameter{p.Name, value, standard})
		}
	}
	return out
}

func sameValue(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	empty := func(raw []byte) bool { return string(raw) == "null" || string(raw) == "[]" }
	return errX == nil && errY == nil && (string(x) == string(y) || empty(x) && empty(y))
}

// ValueText writes a value of a parameter as people read and enter it: lists with commas, pairs with equals signs.
func ValueText(value any) string {
	switch v := value.(type) {
	case []string:
		return strings.Join(v, ", ")
	case map[string]int:
		var pairs []string
		for _, key := range slices.SortedFunc(maps.Keys(v), func(a, b string) int { return v[a] - v[b] }) {
			pairs = append(pairs, fmt.Sprintf("%s=%d", key, v[key]))
		}
		return strings.Join(pairs, ", ")
	default:
		return fmt.Sprint(v)
	}
}

// SetText reads a value of a parameter from what people enter. It returns a SettingError when it is none.
func (s *Settings) SetText(name, text string) error {
	switch current := s.Parameter(name).(type) {
	case []string:
		words := []string{}
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); word != "" {
				words = append(words, word)
			}
		}
		s.set(name, words)
	case int64:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return SettingError{name, strconv.Quote(text), "a whole number"}
		}
		s.set(name, n)
	case float64:
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return SettingError{name, strconv.Quote(text), "a number"}
		}
		s.set(name, n)
	case map[string]int:
		values := map[string]int{}
		for pair := range strings.SplitSeq(text, ",") {
			key, value, _ := strings.Cut(pair, "=")
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				return SettingError{name, strconv.Quote(text), "pairs such as " + ValueText(current)}
			}
			values[strings.TrimSpace(key)] = n
		}
		s.set(name, values)
	default:
		return SettingError{name, strconv.Quote(text), "the name of a setting"}
	}
	return nil
}

func (s *Settings) set(name string, value any) {
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("param") == name {
			reflect.ValueOf(s).Elem().Field(i).Set(reflect.ValueOf(value))
		}
	}
}
