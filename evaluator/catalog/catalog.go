// Package catalog holds the checks and frameworks of this release as data, embedded. It knows no fact and no verdict.
package catalog

import (
	"embed"
	"sync"

	"github.com/plumbline-posture/plumbline/evaluator"
)

//go:embed checks/*.yaml frameworks/*.yaml frameworks/correspondence.csv
var files embed.FS

// Load returns the catalogue of this release, compiled once. An error means that the release itself is broken.
var Load = sync.OnceValues(func() (*evaluator.Catalogue, error) { return evaluator.LoadCatalogue(files) })
