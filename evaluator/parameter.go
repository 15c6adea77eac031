package evaluator

import (
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// restsOn names the parameters that derived attributes rest on, beside those that a rule names itself.
var restsOn = map[string][]string{
	"owner":                {"owner_keys"},
	"environment":          {"environment_keys"},
	"environment_labelled": {"environment_keys"},
	"environments":         {"environment_keys"},
	"data_classification":  {"classification_keys"},
	"classification_kept":  {"classification_keys"},
	"managed_as_code":      {"iac_keys"},
	"region_allowed":       {"allowed_regions"},
	"holds_records":        {"records_keys"},
	"approved_registry":    {"approved_registries"},
	"image_policy":         {"approved_registries"},
	"image_approved":       {"approved_images", "image_age_days"},
	"time_source_approved": {"time_sources"},
	"patched":              {"patch_days"},
	"rotated":              {"key_rotation_days"},
	"lifetime_bounded":     {"secret_rotation_days"},
}

// Parameters are the settings that a verdict of the check can rest on, sorted: those its rule names, and those that the
// attributes it reads are derived with.
func (c *Check) Parameters() []string {
	var out []string
	for class, r := range c.rules {
		out = append(out, r.passes.parameters...)
		if r.applies != nil {
			out = append(out, r.applies.parameters...)
		}
		for _, name := range c.Attributes(class) {
			out = append(out, restsOn[name]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ChangedParameters are the parameters a verdict of the check can rest on that the organisation set to something else
// than the default. They are printed wherever a verdict of the check is shown.
func (c *Check) ChangedParameters(settings *inventory.Settings) []inventory.ChangedParameter {
	var out []inventory.ChangedParameter
	names := c.Parameters()
	for _, changed := range settings.Changed() {
		if slices.Contains(names, changed.Name) {
			out = append(out, changed)
		}
	}
	return out
}
