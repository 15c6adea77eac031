package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// exactBelow is the estimate up to which rows are counted: a few thousand index entries are under 2 ms.
const exactBelow = 2000

// estimate is about how many rows a filter picks: exact where there are few, the planner's estimate where counting
// would cost more than the page itself. explain and count are the same rows, explained and counted up to @limit.
func (tx Tx) estimate(ctx context.Context, of, explain, count string, args pgx.NamedArgs) (int64, error) {
	var plan []byte
	if err := tx.QueryRow(ctx, explain, pgx.QueryExecModeCacheDescribe, args).Scan(&plan); err != nil {
		return 0, fmt.Errorf("estimate of %s: %w", of, err)
	}
	planned, err := plannedRows(plan)
	if err != nil || planned > exactBelow {
		return planned, err
	}
	args["limit"] = exactBelow * 4
	var n int64
	if err := tx.QueryRow(ctx, count, pgx.QueryExecModeCacheDescribe, args).Scan(&n); err != nil {
		return 0, fmt.Errorf("count of %s: %w", of, err)
	}
	return n, nil
}

// plannedRows reads the number of rows out of a plan.
func plannedRows(plan []byte) (int64, error) {
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal(plan, &plans); err != nil {
		return 0, fmt.Errorf("read a plan: %w", err)
	}
	if len(plans) == 0 {
		return 0, fmt.Errorf("read a plan: %w", ErrNotFound)
	}
	return int64(plans[0].Plan.Rows), nil
}

// containing is the pattern of texts that hold a text anywhere; nothing for nothing.
func containing(text string) string {
	if text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

func orNullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
