package web

import (
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/store"
)

// unknownRow is something that is not known, and what would cure it.
type unknownRow struct {
	Fact, Why, Permission, Action, Code string
	Questions, Scopes                   int64
	Href                                string
}

func unknownRows(f frame, found []store.UnknownCause) []unknownRow {
	out := make([]unknownRow, len(found))
	for i, u := range found {
		out[i] = unknownRow{Why: unknownWord(u.Cause), Permission: u.Permission, Action: u.Action, Code: u.Code,
			Questions: u.Questions, Scopes: u.Scopes, Href: f.To("/findings", "verdict", "unknown", "cause", string(u.Cause),
				"permission", u.Permission)}
	}
	return out
}

func unknownOf(_ frame, found []inventory.Unknown) []unknownRow {
	out := make([]unknownRow, len(found))
	for i, u := range found {
		out[i] = unknownRow{Fact: u.Fact, Why: unknownWord(u.Cause), Permission: u.Permission, Action: u.Action,
			Code: u.Code}
	}
	return out
}
