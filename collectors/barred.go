package collectors

import (
	"context"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Barred notes of every source that nothing of it could be listed, for one reason: the scope could not be entered. So
// each check has one unknown there, and what is known of the scope from before stays as it is.
func (c Collection[C]) Barred(ctx context.Context, why inventory.Unknown, out Out) error {
	for _, e := range c.Registry.Entries() {
		d := e.Definition()
		region := Everywhere
		if d.Global {
			region = Global
		}
		row, reason := c.row(d, region), why
		row.Unknown = &reason
		row.Errors = []inventory.CallErrors{{Action: why.Action, Code: why.Code, Count: 1}}
		if err := out.Listed(ctx, row); err != nil {
			return err
		}
	}
	return nil
}
