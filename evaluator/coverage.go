package evaluator

import "github.com/plumbline-posture/plumbline/collectors/inventory"

// CoverageRow counts the controls of a theme that a machine answers, by cloud.
type CoverageRow struct {
	// Theme is the zero Theme in the last row, which counts the whole framework.
	Theme    Theme
	Controls int
	// Covered have at least one check that reads a real setting on the cloud; what the provider does for everyone is not
	// counted.
	Covered map[inventory.Cloud]int
	// Firm are those among them whose evidence is strong or partial.
	Firm map[inventory.Cloud]int
}

// Coverage counts by theme, and for all together in the last row.
func Coverage(f *Framework) []CoverageRow {
	themes := append(append([]Theme{}, f.Themes...), Theme{})
	out := make([]CoverageRow, 0, len(themes))
	for _, theme := range themes {
		row := CoverageRow{Theme: theme, Covered: map[inventory.Cloud]int{}, Firm: map[inventory.Cloud]int{}}
		for i := range f.Controls {
			control := &f.Controls[i]
			if theme.ID != "" && control.Theme != theme.ID {
				continue
			}
			row.Controls++
			for cloud := range reading(control) {
				row.Covered[cloud]++
				if control.Strength == "strong" || control.Strength == "partial" {
					row.Firm[cloud]++
				}
			}
		}
		out = append(out, row)
	}
	return out
}

// reading are the clouds on which a check of the control reads a real setting.
func reading(control *Control) map[inventory.Cloud]bool {
	out := map[inventory.Cloud]bool{}
	for _, check := range control.Checks {
		for cloud := range check.Clouds {
			if check.Reads(cloud) {
				out[cloud] = true
			}
		}
	}
	return out
}

// Reads says whether the check reads a real setting on the cloud.
func (c *Check) Reads(cloud inventory.Cloud) bool { return c.Clouds[cloud] == "reads" }
