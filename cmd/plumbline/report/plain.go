package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

func (r *Report) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// jsonl writes one verdict on each line, for programs that read while the scan is long.
func (r *Report) jsonl(w io.Writer) error {
	enc := json.NewEncoder(w)
	for _, v := range r.Verdicts {
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"check", "verdict", "severity", "base_severity", "scope", "region", "kind", "class", "name", "id", "statement", "unknown", "iso27001-2022", "iso27001-2013"}}
	for _, v := range r.Verdicts {
		rows = append(rows, []string{
			v.Check, string(v.Verdict), string(v.Severity), string(v.BaseSeverity), v.Resource.Scope, v.Resource.Region, string(v.Resource.Kind),
			string(v.Resource.Class), v.Resource.Name, v.Resource.ID, r.statement(v), cures(v.Unknown),
			strings.Join(v.Controls[evaluator.ISO2022], " "), strings.Join(v.Controls[evaluator.ISO2013], " "),
		})
	}
	if err := out.WriteAll(safeCells(rows)); err != nil {
		return err
	}
	return out.Error()
}

// safeCells keeps spreadsheets from reading a name that starts like a formula as one.
func safeCells(rows [][]string) [][]string {
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
	}
	return rows
}

// cures names what would answer an unknown verdict.
func cures(unknown []inventory.Unknown) string {
	var out []string
	seen := map[string]bool{}
	for _, u := range unknown {
		text := string(u.Cause)
		if u.Permission != "" {
			text += " " + u.Permission
		} else if u.Fact != "" {
			text += " " + u.Fact
		}
		if !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	return strings.Join(out, "; ")
}

// tableRows bounds what a terminal is shown; the other formats hold everything.
const tableRows = 200

func (r *Report) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	worst := r.worst()
	if len(worst) > 0 {
		fmt.Fprintln(t, "SEVERITY\tVERDICT\tWHAT\tREGION\tCHECK\tBECAUSE")
	}
	for i, v := range worst {
		if i == tableRows {
			break
		}
		because := cures(v.Unknown)
		if v.Verdict == evaluator.Fail && len(v.Reasons) > 0 {
			because = v.Reasons[0].Text
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Severity, v.Verdict, r.statement(v), v.Resource.Region, v.Check, because)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if hidden := len(worst) - tableRows; hidden > 0 {
		fmt.Fprintf(w, "… and %d more; --format json shows all\n", hidden)
	}
	fmt.Fprintf(w, "\n%d pass, %d fail, %d unknown · coverage %.1f %%", r.Counts["pass"], r.Counts["fail"], r.Counts["unknown"], 100*r.Coverage)
	if !r.Complete {
		fmt.Fprint(w, " · incomplete: some listings failed")
	}
	_, err := fmt.Fprintln(w)
	return err
}
