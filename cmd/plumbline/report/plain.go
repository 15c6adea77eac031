package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
)

func (s *Scan) json(w io.Writer) error {
	return streamed(w, struct {
		Head
		Verdicts placeholder `json:"verdicts"`
	}{Head: s.Head}, "  ", func(write func(any) error) error {
		for v := range s.verdicts() {
			if err := write(v); err != nil {
				return err
			}
		}
		return nil
	})
}

// placeholder is written where a list will stand whose items come one after the other.
type placeholder struct{}

const standsFor = "the list stands here"

// MarshalJSON implements json.Marshaler.
func (placeholder) MarshalJSON() ([]byte, error) { return json.Marshal(standsFor) }

// streamed writes a document of JSON, and in the place of its one placeholder the items that each hands to write.
func streamed(w io.Writer, document any, indent string, each func(write func(any) error) error) error {
	whole, err := json.MarshalIndent(document, "", indent)
	if err != nil {
		return err
	}
	before, after, there := bytes.Cut(whole, []byte(strconv.Quote(standsFor)))
	if !there {
		return errors.New("the document has no place for the list")
	}
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	margin := "\n" + string(line[:len(line)-len(bytes.TrimLeft(line, " "))])
	if _, err := w.Write(append(before, '[')); err != nil {
		return err
	}
	between := ""
	var text bytes.Buffer // one for all items: a million of them would leave as many behind
	encoder := json.NewEncoder(&text)
	encoder.SetIndent(margin[1:]+indent, indent)
	err = each(func(item any) error {
		text.Reset()
		text.WriteString(between + margin + indent)
		between = ","
		if err := encoder.Encode(item); err != nil {
			return err
		}
		_, err := w.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
		return err
	})
	if err != nil {
		return err
	}
	if between == "" {
		margin = ""
	}
	_, err = io.WriteString(w, margin+"]"+string(after)+"\n")
	return err
}

// jsonl writes one verdict on each line, for programs that read while the scan is long.
func (s *Scan) jsonl(w io.Writer) error {
	enc := json.NewEncoder(w)
	for v := range s.verdicts() {
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scan) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"check", "verdict", "severity", "base_severity", "scope", "region", "kind", "class", "name", "id",
		"statement", "unknown", "iso27001-2022", "iso27001-2013"}); err != nil {
		return err
	}
	for v := range s.verdicts() {
		if err := out.Write(safeCells([]string{
			v.Check, string(v.Verdict), string(v.Severity), string(v.BaseSeverity), v.Resource.Scope, v.Resource.Region, string(v.Resource.Kind),
			string(v.Resource.Class), v.Resource.Name, v.Resource.ID, s.statement(v), cures(v.Unknown),
			strings.Join(v.Controls[evaluator.ISO2022], " "), strings.Join(v.Controls[evaluator.ISO2013], " "),
		})); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// safeCells keeps spreadsheets from reading a name that starts like a formula as one.
func safeCells(row []string) []string {
	for i, cell := range row {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			row[i] = "'" + cell
		}
	}
	return row
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

func (s *Scan) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	worst := s.worst()
	if len(worst) > 0 {
		fmt.Fprintln(t, "SEVERITY\tVERDICT\tWHAT\tREGION\tCHECK\tBECAUSE")
	}
	for _, one := range worst[:min(len(worst), tableRows)] {
		row := s.row(one)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", row.Severity, row.Verdict.Verdict, row.Statement, row.Resource.Region, row.Check, row.Because)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if hidden := len(worst) - tableRows; hidden > 0 {
		fmt.Fprintf(w, "… and %d more; --format json shows all\n", hidden)
	}
	fmt.Fprintf(w, "\n%d pass, %d fail, %d unknown · coverage %.1f %%", s.Counts["pass"], s.Counts["fail"], s.Counts["unknown"], 100*s.Coverage)
	if !s.Complete {
		fmt.Fprint(w, " · incomplete: some listings failed")
	}
	_, err := fmt.Fprintln(w)
	return err
}
