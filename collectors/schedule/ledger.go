package schedule

import (
	"sort"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// sortLedger puts rows in the order of kind and region, so that equal ledgers have equal bytes.
func sortLedger(rows []inventory.LedgerRow) {
	sort.Slice(rows, func(i, j int) bool {
		if rows[i].Kind != rows[j].Kind {
			return rows[i].Kind < rows[j].Kind
		}
		return rows[i].Region < rows[j].Region
	})
}
