package store

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrCursor is returned for a cursor that this list did not give out.
var ErrCursor = errors.New("the cursor is not one this list gave out; start again without it")

// Page says which part of a list is wanted: at most Limit rows after the one the cursor names.
type Page struct {
	Limit  int
	Cursor string
}

// limit keeps a forgotten limit from reading everything.
func (p Page) limit() int {
	if p.Limit <= 0 {
		return 50
	}
	return p.Limit
}

// latest is later than any moment, yet a moment: a row that is still current ends at infinity, which is later than it.
var latest = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// moment turns "now" (the zero time) into a moment at which exactly the current rows hold.
func moment(asOf time.Time) time.Time {
	if asOf.IsZero() {
		return latest
	}
	return asOf
}

// encodeCursor names the last row of a page. It is opaque to callers.
func encodeCursor(list string, position any) (string, error) {
	raw, err := json.Marshal([]any{list, position})
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// decodeCursor reads a cursor of the named list. An empty one leaves position as it is.
func decodeCursor(list, cursor string, position any) error {
	if cursor == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return ErrCursor
	}
	var name string
	parts := []any{&name, position}
	if err := json.Unmarshal(raw, &parts); err != nil || name != list || len(parts) != 2 {
		return ErrCursor
	}
	return nil
}

// cut takes the row too many off a page that was asked for with one more than its limit, and gives the cursor of the
// last row that stays; the cursor is empty on the last page.
func cut[T any](list string, rows []T, limit int, position func(T) any) ([]T, string, error) {
	if len(rows) <= limit {
		return rows, "", nil
	}
	rows = rows[:limit]
	cursor, err := encodeCursor(list, position(rows[limit-1]))
	return rows, cursor, err
}
