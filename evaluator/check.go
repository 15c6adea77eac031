package evaluator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// ClassAny stands in a check for every class whose kinds can carry labels.
const ClassAny inventory.Class = "any"

// Check is one rule over one or more classes, the same on every cloud.
type Check struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
	// Fails is the sentence for a resource that fails; {name} stands for its name.
	Fails    string            `yaml:"fails"`
	Class    []inventory.Class `yaml:"class"`
	Severity Severity          `yaml:"severity"`
	ISO2022  []string          `yaml:"iso27001-2022"`
	ISO2013  []string          `yaml:"iso27001-2013"`
	// AppliesWhen picks the resources the check speaks of; empty means all of its classes. PassesWhen decides.
	AppliesWhen string `yaml:"applies_when"`
	PassesWhen  string `yaml:"passes_when"`
	// Clouds says for each cloud whether a real setting is read, the provider does it for everyone, or why it is not
	// asked there: "reads", "inherent", or "none: <reason>".
	Clouds     map[inventory.Cloud]string `yaml:"clouds"`
	Why        string                     `yaml:"why"`
	Fix        map[inventory.Cloud]Fix    `yaml:"fix"`
	References []string                   `yaml:"references"`
	Notes      string                     `yaml:"notes"`
	Examples   []Example                  `yaml:"examples"`

	// Version is the hash of what decides: classes, rules, severity, mapping and the clouds it is asked on, not the prose.
	Version string `yaml:"-"`
	// Custom marks a check that an organisation added to the catalogue.
	Custom bool `yaml:"-"`

	rules map[inventory.Class]*rule
}

// Fix tells how to repair on one cloud, by three ways.
type Fix struct {
	Console   string `yaml:"console" json:"console,omitempty"`
	CLI       string `yaml:"cli" json:"cli,omitempty"`
	Terraform string `yaml:"terraform" json:"terraform,omitempty"`
}

// Example is a resource and the verdict the check must give on it. A fact that is not given is unknown.
type Example struct {
	Name  string          `yaml:"name"`
	Class inventory.Class `yaml:"class"`
	Given map[string]any  `yaml:"given"`
	// NotApplicable lists attributes the resource does not have.
	NotApplicable []string `yaml:"not_applicable"`
	// At is the moment of judging; the zero time means the start of 2026.
	At   time.Time `yaml:"at"`
	Want string    `yaml:"want"`
	// Line is where the example stands in its file.
	Line int `yaml:"-"`
}

// rule is a check compiled for one class.
type rule struct {
	applies, passes         *program
	appliesNames, passNames []string
}

// ParseCheck reads and compiles one check. Its error names the line and the key that are wrong, and what was probably
// meant.
func ParseCheck(data []byte) (*Check, error) {
	c := &Check{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(c); err != nil {
		return nil, fmt.Errorf("check: %w", explainYAML(err))
	}
	if err := dec.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("check %s: the file holds more than one document; want one check in each file", c.ID)
	}
	places := placesOf(data)
	places.mark(c.Examples)
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("check %s: %w", c.ID, places.of(err))
	}
	if err := c.compile(); err != nil {
		return nil, fmt.Errorf("check %s: %w", c.ID, places.of(err))
	}
	c.Version = c.hash()
	return c, nil
}

func (c *Check) validate() error {
	switch {
	case c.ID == "" || strings.Trim(c.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return wrong("id", "%q is not allowed: want lower-case words joined by hyphens", c.ID)
	case c.Title == "":
		return wrong("title", "is missing; say what is true when the check passes")
	case len(c.Class) == 0:
		return wrong("class", "is missing; name one or more classes")
	case c.PassesWhen == "":
		return wrong("passes_when", "is missing; write a CEL expression that is true when the resource is in order")
	}
	if _, err := ParseSeverity(string(c.Severity)); err != nil {
		return wrong("severity", "%w", err)
	}
	for _, class := range c.Class {
		if class != ClassAny && inventory.Classes[class] == nil {
			return wrong("class", "%q is not known%s", class, suggest(string(class), classNames()))
		}
	}
	for _, e := range c.Examples {
		if !slices.Contains([]string{"pass", "fail", "unknown", "none"}, e.Want) {
			return &keyError{key: "examples", line: e.Line,
				err: fmt.Errorf("%q wants %q: it must be pass, fail, unknown or none", e.Name, e.Want)}
		}
	}
	return nil
}

// compile builds the rule for each class the check speaks of.
func (c *Check) compile() error {
	c.rules = map[inventory.Class]*rule{}
	for _, class := range c.Class {
		classes := []inventory.Class{class}
		if class == ClassAny {
			classes = labelledClasses()
		}
		for _, class := range classes {
			r, err := compileRule(class, c.AppliesWhen, c.PassesWhen)
			if err != nil {
				return err
			}
			c.rules[class] = r
		}
	}
	return nil
}

func compileRule(class inventory.Class, applies, passes string) (*rule, error) {
	r := &rule{}
	var err error
	if applies != "" {
		if r.applies, err = compile(class, applies); err != nil {
			return nil, &keyError{key: "applies_when", err: err}
		}
		r.appliesNames = r.applies.attributes
	}
	if r.passes, err = compile(class, passes); err != nil {
		return nil, &keyError{key: "passes_when", err: err}
	}
	r.passNames = r.passes.attributes
	return r, nil
}

// labelledClasses are the classes that "any" stands for: all but grants, findings and keys (catalogue.md).
func labelledClasses() []inventory.Class {
	var out []inventory.Class
	for class := range inventory.Classes {
		switch class {
		case inventory.ClassAccessGrant, inventory.ClassSecurityFinding, inventory.ClassCredential:
		default:
			out = append(out, class)
		}
	}
	slices.Sort(out)
	return out
}

func classNames() []string {
	out := []string{string(ClassAny)}
	for class := range inventory.Classes {
		out = append(out, string(class))
	}
	slices.Sort(out)
	return out
}

// Speaks says whether the check asks about resources of the class.
func (c *Check) Speaks(class inventory.Class) bool { return c.rules[class] != nil }

// Attributes are the attributes the check reads on a class, sorted.
func (c *Check) Attributes(class inventory.Class) []string {
	r := c.rules[class]
	if r == nil {
		return nil
	}
	out := append(slices.Clone(r.appliesNames), r.passNames...)
	slices.Sort(out)
	return slices.Compact(out)
}

// ReadsMoment says whether the rule reads the moment of judging, so that its verdicts age without any change.
func (c *Check) ReadsMoment() bool {
	for _, r := range c.rules {
		if r.passes.readsAt || (r.applies != nil && r.applies.readsAt) {
			return true
		}
	}
	return false
}

// Asked says whether the check is asked on a cloud, by a setting that is read or by what the provider does.
func (c *Check) Asked(cloud inventory.Cloud) bool {
	if len(c.Clouds) == 0 || cloud == "" {
		return true
	}
	word := c.Clouds[cloud]
	return word != "" && !strings.HasPrefix(word, "none")
}

// Mapped lists the controls of a framework that the check is evidence for.
func (c *Check) Mapped(framework string) []string {
	switch framework {
	case ISO2022:
		return c.ISO2022
	case ISO2013:
		return c.ISO2013
	default:
		return nil
	}
}

func (c *Check) hash() string {
	asked := map[inventory.Cloud]bool{}
	for cloud := range c.Clouds {
		asked[cloud] = c.Asked(cloud)
	}
	h := sha256.New()
	_ = json.NewEncoder(h).Encode([]any{c.ID, c.Class, c.Severity, c.AppliesWhen, c.PassesWhen, c.ISO2022, c.ISO2013,
		asked})
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// Statement is the sentence about a resource that fails.
func (c *Check) Statement(name string) string {
	if c.Fails == "" {
		return c.Title + ": not so for " + name
	}
	statement := strings.ReplaceAll(c.Fails, "{name}", name)
	// A name of our own making, such as "root user", opens a sentence like any other word; a resource's is left alone.
	if strings.HasPrefix(c.Fails, "{name}") && strings.Contains(name, " ") {
		return strings.ToUpper(statement[:1]) + statement[1:]
	}
	return statement
}
