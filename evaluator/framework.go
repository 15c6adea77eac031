package evaluator

import (
	"bytes"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// The frameworks this release knows.
const (
	ISO2022 = "iso27001-2022"
	ISO2013 = "iso27001-2013"
)

// Mode says who answers a control: the checks, a person, the provider, or several of them.
type Mode string

// The modes of a control.
const (
	ModeAutomated Mode = "automated"
	ModeAttested  Mode = "attested"
	ModeInherited Mode = "inherited"
	ModeMixed     Mode = "mixed"
)

// Framework is one edition of a standard: ids, titles and our own words, never the standard's text.
type Framework struct {
	ID       string    `yaml:"id"`
	Name     string    `yaml:"name"`
	Edition  int       `yaml:"edition"`
	Themes   []Theme   `yaml:"themes"`
	Controls []Control `yaml:"controls"`
}

// Theme groups controls.
type Theme struct {
	ID    string `yaml:"id" json:"id"`
	Name  string `yaml:"name" json:"name"`
	Title string `yaml:"title" json:"title"`
}

// Control is one control of a framework.
type Control struct {
	ID    string `yaml:"id"`
	Theme string `yaml:"theme"`
	Title string `yaml:"title"`
	Topic string `yaml:"topic"`
	// Question is what the control comes to, in our own words.
	Question string `yaml:"question"`
	Mode     Mode   `yaml:"mode"`
	// Strength is how much of the control the checks answer inside the clouds: strong, partial or supporting.
	Strength       string       `yaml:"strength"`
	AutomatedScope string       `yaml:"automated_scope"`
	Attestation    *AskedOf     `yaml:"attestation"`
	Inherited      *Inheritance `yaml:"inherited"`
	Counterparts   []string     `yaml:"counterparts"`

	// Checks are the checks mapped to the control, filled when the catalogue is loaded.
	Checks []*Check `yaml:"-"`
}

// AskedOf is what a person must attest, and how often.
type AskedOf struct {
	Evidence    string `yaml:"evidence" json:"evidence"`
	CadenceDays int    `yaml:"cadence_days" json:"cadence_days"`
}

// Inheritance is what a provider answers for, and which of its reports shows it.
type Inheritance struct {
	Scope   string                     `yaml:"scope" json:"scope"`
	Reports map[inventory.Cloud]string `yaml:"reports" json:"reports"`
}

// ParseFramework reads one framework. Unknown keys are refused.
func ParseFramework(data []byte) (*Framework, error) {
	f := &Framework{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(f); err != nil {
		return nil, fmt.Errorf("framework: %w", err)
	}
	seen := map[string]bool{}
	for _, c := range f.Controls {
		if c.ID == "" || seen[c.ID] {
			return nil, fmt.Errorf("framework %s: control %q is empty or stands twice", f.ID, c.ID)
		}
		seen[c.ID] = true
		if !slices.Contains([]Mode{ModeAutomated, ModeAttested, ModeInherited, ModeMixed}, c.Mode) {
			return nil, fmt.Errorf("framework %s: control %s: mode %q is not known", f.ID, c.ID, c.Mode)
		}
	}
	return f, nil
}

// Control returns a control by its id, or nil.
func (f *Framework) Control(id string) *Control {
	for i := range f.Controls {
		if f.Controls[i].ID == id {
			return &f.Controls[i]
		}
	}
	return nil
}

// ThemeOf returns the theme of a control.
func (f *Framework) ThemeOf(c *Control) Theme {
	for _, t := range f.Themes {
		if t.ID == c.Theme {
			return t
		}
	}
	return Theme{ID: c.Theme, Name: c.Theme, Title: c.Theme}
}
