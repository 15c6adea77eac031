package report

import (
	_ "embed"
	"html/template"
	"io"
	"iter"

	"github.com/plumbline-posture/plumbline/evaluator"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"percent": func(f float64) int { return int(100 * f) },
	"cures":   cures,
}).Parse(pageHTML))

// pageRow is a verdict with its sentence.
type pageRow struct {
	Verdict
	Statement string
	Because   string
}

// row is a fail or an unknown as people read it.
func (s *Scan) row(one said) pageRow {
	row := pageRow{Verdict: verdictOf(one.resource, one.judgement)}
	row.Statement, row.Because = s.statement(row.Verdict), cures(row.Unknown)
	if one.judgement.Verdict == evaluator.Fail && len(row.Reasons) > 0 {
		row.Because = row.Reasons[0].Text
	}
	return row
}

// html writes one page that stands alone: no script, no address outside it.
func (s *Scan) html(w io.Writer) error {
	worst := s.worst()
	return page.Execute(w, struct {
		*Scan
		Rows iter.Seq[pageRow]
	}{s, func(yield func(pageRow) bool) {
		for _, one := range worst {
			if !yield(s.row(one)) {
				return
			}
		}
	}})
}
