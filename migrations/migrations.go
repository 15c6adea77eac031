// Package migrations holds the numbered SQL of the schema, up and down. It knows no query.
package migrations

import "embed"

// FS holds the files, for goose.
//
//go:embed *.sql
var FS embed.FS
