package report

import (
	_ "embed"
	"html/template"
	"io"

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

// html writes one page that stands alone: no script, no address outside it.
func (r *Report) html(w io.Writer) error {
	var rows []pageRow
	for _, v := range r.worst() {
		row := pageRow{Verdict: v, Statement: r.statement(v), Because: cures(v.Unknown)}
		if v.Verdict == evaluator.Fail && len(v.Reasons) > 0 {
			row.Because = v.Reasons[0].Text
		}
		rows = append(rows, row)
	}
	return page.Execute(w, struct {
		*Report
		Rows []pageRow
	}{r, rows})
}
