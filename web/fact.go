package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/store"
)

// factRow is one attribute of a resource in whichever state it is.
type factRow struct {
	Name    string
	State   store.FactState
	Value   string
	Derived bool
	// Why says why the fact is not known or not applicable.
	Why     string
	Unknown inventory.Unknown
	// Detail says that no check can name it.
	Detail bool
}

// factRows lists the attributes of a class in the order of its file. names limits them; nil means all.
func factRows(d store.ResourceDetail, names []string) []factRow {
	schema := inventory.SchemaOf(d.Class)
	if schema == nil {
		return nil
	}
	var out []factRow
	for i := range schema.Attributes {
		a := &schema.Attributes[i]
		if names == nil || slices.Contains(names, a.Name) {
			out = append(out, newFactRow(d, a))
		}
	}
	return out
}

func newFactRow(d store.ResourceDetail, a *inventory.Attribute) factRow {
	row := factRow{Name: a.Name, Derived: a.Derived, Detail: !a.CEL}
	for _, stage := range []inventory.Stored{d.Facts, d.Derived} {
		if raw, ok := stage.Known[a.Name]; ok {
			row.State, row.Value = store.FactKnown, compactJSON(raw)
			if slices.Contains(stage.Inherent, a.Name) {
				row.State = store.FactInherent
			}
			return row
		}
		if why, ok := stage.NotApplicable[a.Name]; ok {
			row.State, row.Why = store.FactNotApplicable, why
			return row
		}
		if u, ok := stage.Unknown[a.Name]; ok {
			row.State, row.Unknown, row.Why = store.FactUnknown, u, unknownWord(u.Cause)
			return row
		}
	}
	u := inventory.Unknown{Fact: a.Name, Cause: inventory.CauseNotCollected}
	row.State, row.Unknown, row.Why = store.FactUnknown, u, unknownWord(u.Cause)
	return row
}

// compactJSON writes a value on one line, or over several where one would be too long to read.
func compactJSON(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return string(raw)
	}
	if b.Len() <= 90 {
		return b.String()
	}
	return prettyJSON(raw)
}

func prettyJSON(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return b.String()
}

// pathsOf reads the ways through the network that a resource carries, whatever its class.
func pathsOf(d store.ResourceDetail) []inventory.Path {
	for _, stage := range []inventory.Stored{d.Derived, d.Facts} {
		raw, ok := stage.Known["paths"]
		if !ok {
			continue
		}
		var paths []inventory.Path
		if json.Unmarshal(raw, &paths) == nil {
			return paths
		}
	}
	return nil
}

// speaksOfReach says whether a check rests on what the walk through the network found.
func speaksOfReach(c *evaluator.Check, class inventory.Class) bool {
	schema := inventory.SchemaOf(class)
	if schema == nil || schema.Attribute("paths") == nil {
		return false
	}
	for _, name := range c.Attributes(class) {
		if name == "exposure" || name == "reachable_admin_ports" || name == "reachable_data_ports" ||
			name == "public_address" {
			return true
		}
	}
	return false
}

// valueWord writes a value of an example the way facts are written.
func valueWord(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return compactJSON(raw)
}
