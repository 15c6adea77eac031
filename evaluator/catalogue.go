package evaluator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Catalogue is every check and framework that judges. It does not change once it is loaded.
type Catalogue struct {
	Checks     []*Check
	Frameworks []*Framework
	// Version is a hash of the versions of all checks and mappings, and of the workings.
	Version string

	byID    map[string]*Check
	byClass map[inventory.Class][]*Check
}

// LoadCatalogue reads checks/*.yaml and frameworks/*.yaml. The first file that is wrong ends it, by name.
func LoadCatalogue(files fs.FS) (*Catalogue, error) {
	c := &Catalogue{byID: map[string]*Check{}}
	err := eachYAML(files, "checks", func(name string, data []byte) error {
		check, err := ParseCheck(data)
		if err != nil {
			return err
		}
		if check.ID+".yaml" != name {
			return fmt.Errorf("id %q does not match the file's name", check.ID)
		}
		return c.add(check)
	})
	if err != nil {
		return nil, err
	}
	err = eachYAML(files, "frameworks", func(_ string, data []byte) error {
		f, err := ParseFramework(data)
		if err == nil {
			c.Frameworks = append(c.Frameworks, f)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	// The newest edition leads.
	sort.Slice(c.Frameworks, func(i, j int) bool { return c.Frameworks[i].Edition > c.Frameworks[j].Edition })
	return c, c.finish()
}

func eachYAML(files fs.FS, dir string, take func(name string, data []byte) error) error {
	names, err := fs.Glob(files, path.Join(dir, "*.yaml"))
	if err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("catalogue: %w", err)
		}
		if err := take(path.Base(name), data); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (c *Catalogue) add(check *Check) error {
	if c.byID[check.ID] != nil {
		return fmt.Errorf("check %s stands twice", check.ID)
	}
	c.byID[check.ID] = check
	c.Checks = append(c.Checks, check)
	return nil
}

// With returns a catalogue that holds the custom checks as well.
func (c *Catalogue) With(custom ...*Check) (*Catalogue, error) {
	w := &Catalogue{byID: map[string]*Check{}}
	for _, f := range c.Frameworks {
		copied := *f
		copied.Controls = slices.Clone(f.Controls)
		w.Frameworks = append(w.Frameworks, &copied)
	}
	for _, check := range append(slices.Clone(c.Checks), custom...) {
		if err := w.add(check); err != nil {
			return nil, err
		}
	}
	return w, w.finish()
}

// finish links checks, classes and controls and works out the version.
func (c *Catalogue) finish() error {
	c.byClass = map[inventory.Class][]*Check{}
	sort.Slice(c.Checks, func(i, j int) bool { return c.Checks[i].ID < c.Checks[j].ID })
	h := sha256.New()
	_, _ = fmt.Fprintln(h, Workings)
	for _, check := range c.Checks {
		_, _ = fmt.Fprintln(h, check.ID, check.Version)
		for class := range check.rules {
			c.byClass[class] = append(c.byClass[class], check)
		}
	}
	for _, f := range c.Frameworks {
		if err := c.link(f); err != nil {
			return err
		}
	}
	c.Version = hex.EncodeToString(h.Sum(nil))[:12]
	return nil
}

func (c *Catalogue) link(f *Framework) error {
	for i := range f.Controls {
		f.Controls[i].Checks = nil
	}
	for _, check := range c.Checks {
		for _, id := range check.Mapped(f.ID) {
			control := f.Control(id)
			if control == nil {
				return fmt.Errorf("check %s: %s has no control %q", check.ID, f.ID, id)
			}
			control.Checks = append(control.Checks, check)
		}
	}
	return nil
}

// Check returns a check by its id, or nil.
func (c *Catalogue) Check(id string) *Check { return c.byID[id] }

// Framework returns a framework by its id, or nil.
func (c *Catalogue) Framework(id string) *Framework {
	for _, f := range c.Frameworks {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// Workings is the version of what decides beside the checks: derived facts and context rules. Raise it when one of them
// changes, so that what was judged before is judged again.
const Workings = "4"

// Versions gives the version of every check by its id, and that of the workings under the empty id. A tenant's
// inventory is judged again for what differs from the versions that judged it last.
func (c *Catalogue) Versions() map[string]string {
	out := map[string]string{"": Workings}
	for _, check := range c.Checks {
		out[check.ID] = check.Version
	}
	return out
}

// Changed compares the versions that judged before with the catalogue: the ids of checks that are new, changed or gone,
// and the classes that the new and changed ones speak of. Changed workings concern every class.
func (c *Catalogue) Changed(before map[string]string) (ids []string, classes []inventory.Class) {
	now := c.Versions()
	concerned := map[inventory.Class]bool{}
	for id, version := range now {
		if before[id] == version {
			continue
		}
		ids = append(ids, id)
		for class := range inventory.Classes {
			concerned[class] = concerned[class] || id == "" || c.byID[id].Speaks(class)
		}
	}
	for id := range before {
		if _, stands := now[id]; !stands {
			ids = append(ids, id)
		}
	}
	for class, is := range concerned {
		if is {
			classes = append(classes, class)
		}
	}
	slices.Sort(ids)
	slices.Sort(classes)
	return ids, classes
}

// ByClass lists the checks that speak of a class, in the order of their ids.
func (c *Catalogue) ByClass(class inventory.Class) []*Check { return c.byClass[class] }

// Judge gives the judgements of every check on one resource, severities in context, in the order of the check ids.
func (c *Catalogue) Judge(r *inventory.Resource, settings *inventory.Settings, at time.Time) []Judgement {
	checks := c.byClass[r.Class]
	out := make([]Judgement, 0, len(checks))
	for _, check := range checks {
		j := check.Judge(r, settings, at)
		if j.Verdict == None {
			continue
		}
		out = append(out, InContext(j, r, settings))
	}
	return out
}

// Suggest names the check id closest to a misspelt one, as a phrase, or nothing.
func (c *Catalogue) Suggest(id string) string {
	ids := make([]string, 0, len(c.Checks))
	for _, check := range c.Checks {
		ids = append(ids, check.ID)
	}
	return strings.TrimPrefix(suggest(id, ids), "; ")
}
