package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/evaluator"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

// checksCmd holds the commands about the catalogue.
type checksCmd struct {
	List checksListCmd `cmd:"" help:"List the checks of this release."`
	Show checksShowCmd `cmd:"" help:"Show one check: rule, reasons, repair and controls."`
	Test checksTestCmd `cmd:"" help:"Run the examples of a check file, or the check on a resource."`
	Lint checksLintCmd `cmd:"" help:"Read every check of a folder and say what is wrong."`

	Reference checksReferenceCmd `cmd:"" hidden:"" help:"Write the reference pages from the catalogue."`
}

type checksListCmd struct {
	Format string `help:"How the list is written: ${enum}." enum:"table,json" default:"table" env:"PLUMBLINE_CHECKS_FORMAT"`
}

// Help is printed under the flags.
func (checksListCmd) Help() string { return "Example:\n  plumbline checks list --format json" }

// checkSummary is a check as lists show it.
type checkSummary struct {
	ID       string                     `json:"id"`
	Title    string                     `json:"title"`
	Class    []inventory.Class          `json:"class"`
	Severity evaluator.Severity         `json:"severity"`
	Version  string                     `json:"version"`
	Clouds   map[inventory.Cloud]string `json:"clouds"`
	Controls map[string][]string        `json:"controls"`
}

// Run implements the command.
func (c *checksListCmd) Run(s streams) error {
	catalogue, err := catalog.Load()
	if err != nil {
		return fmt.Errorf("catalogue of this release: %w", err)
	}
	out := make([]checkSummary, 0, len(catalogue.Checks))
	for _, check := range catalogue.Checks {
		out = append(out, checkSummary{check.ID, check.Title, check.Class, check.Severity, check.Version, check.Clouds,
			map[string][]string{evaluator.ISO2022: check.ISO2022, evaluator.ISO2013: check.ISO2013}})
	}
	if c.Format == "json" {
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	t := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tSEVERITY\tCLASS\tTITLE")
	for _, check := range out {
		classes := make([]string, len(check.Class))
		for i, class := range check.Class {
			classes[i] = string(class)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", check.ID, check.Severity, strings.Join(classes, ", "), check.Title)
	}
	return t.Flush()
}

type checksShowCmd struct {
	ID string `arg:"" help:"Id of the check."`
}

// Help is printed under the flags.
func (checksShowCmd) Help() string { return "Example:\n  plumbline checks show image-not-public" }

// Run implements the command.
func (c *checksShowCmd) Run(s streams) error {
	catalogue, err := catalog.Load()
	if err != nil {
		return fmt.Errorf("catalogue of this release: %w", err)
	}
	check := catalogue.Check(c.ID)
	if check == nil {
		return usage(fmt.Errorf("there is no check %q; %s", c.ID, orElse(catalogue.Suggest(c.ID), "see plumbline checks list")))
	}
	w := s.out
	fmt.Fprintf(w, "%s\n%s\n\nseverity     %s\nversion      %s\nclass        %v\n", check.ID, check.Title, check.Severity, check.Version, check.Class)
	if check.AppliesWhen != "" {
		fmt.Fprintf(w, "applies when %s\n", oneLine(check.AppliesWhen))
	}
	fmt.Fprintf(w, "passes when  %s\n2022         %s\n2013         %s\n\n%s\n", oneLine(check.PassesWhen), strings.Join(check.ISO2022, " "), strings.Join(check.ISO2013, " "), check.Why)
	for _, cloud := range inventory.Clouds {
		fmt.Fprintf(w, "\n%s: %s\n", cloud.Title(), check.Clouds[cloud])
		fix, ok := check.Fix[cloud]
		if !ok {
			continue
		}
		for _, way := range []struct{ name, text string }{{"Console", fix.Console}, {"CLI", fix.CLI}, {"Terraform", fix.Terraform}} {
			if way.text != "" {
				fmt.Fprintf(w, "  %s\n    %s\n", way.name, strings.ReplaceAll(strings.TrimSpace(way.text), "\n", "\n    "))
			}
		}
	}
	return nil
}

type checksTestCmd struct {
	File     string    `arg:"" help:"Check file." type:"existingfile"`
	Resource string    `help:"Resource to judge: a JSON object with class, facts and, if wanted, kind and not_applicable." type:"existingfile" placeholder:"FILE.json"`
	At       time.Time `help:"Moment of judging, RFC 3339; now if not given." placeholder:"TIME"`
}

// Help is printed under the flags.
func (checksTestCmd) Help() string {
	return `Example:
  plumbline checks test buckets-named.yaml --resource bucket.json
  where bucket.json is {"class": "object_storage", "facts": {"tls_required": true, "tls_min_version": 1.2}}`
}

// Run implements the command.
func (c *checksTestCmd) Run(s streams) error {
	check, err := readCheck(c.File)
	if err != nil {
		return usage(err)
	}
	if c.Resource == "" {
		problems := check.Try()
		for _, p := range problems {
			fmt.Fprintf(s.out, "%s: %s\n", c.File, p)
		}
		if len(problems) > 0 {
			return &exit{exitFailing, fmt.Errorf("%s: %d of its examples are wrong or missing", c.File, len(problems))}
		}
		fmt.Fprintf(s.out, "%s: %d examples give the verdicts they want\n", c.File, len(check.Examples))
		return nil
	}
	return c.judge(check, s)
}

// judge prints the verdict on one resource, the facts the rule reads and what is not known of them.
func (c *checksTestCmd) judge(check *evaluator.Check, s streams) error {
	raw, err := os.ReadFile(c.Resource)
	if err != nil {
		return usage(err)
	}
	var given struct {
		Class         inventory.Class `json:"class"`
		Facts         map[string]any  `json:"facts"`
		NotApplicable []string        `json:"not_applicable"`
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		return usage(fmt.Errorf("%s: %w", c.Resource, err))
	}
	example := evaluator.Example{Name: c.Resource, Class: given.Class, Given: given.Facts, NotApplicable: given.NotApplicable}
	r, err := example.Resource(check)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", c.Resource, err))
	}
	at := c.At
	if at.IsZero() {
		at = time.Now().UTC()
	}
	settings := inventory.Defaults()
	enc := json.NewEncoder(s.out)
	enc.SetIndent("", "  ")
	return enc.Encode(check.Trial(r, &settings, at))
}

type checksLintCmd struct {
	Dir string `arg:"" optional:"" help:"Folder of check files; without it, the checks of this release." type:"existingdir"`
}

// Help is printed under the flags.
func (checksLintCmd) Help() string { return "Example:\n  plumbline checks lint ./checks" }

// Run implements the command.
func (c *checksLintCmd) Run(_ context.Context, s streams) error {
	n, problems, err := c.lint()
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(s.out, p)
	}
	if len(problems) > 0 {
		return &exit{exitFailing, fmt.Errorf("%d checks read, %d problems", n, len(problems))}
	}
	fmt.Fprintf(s.out, "%d checks read, no problem\n", n)
	return nil
}

func (c *checksLintCmd) lint() (int, []string, error) {
	if c.Dir == "" {
		var problems []string
		catalogue, err := catalog.Load()
		if err != nil {
			return 0, nil, fmt.Errorf("catalogue of this release: %w", err)
		}
		for _, check := range catalogue.Checks {
			for _, p := range check.Try() {
				problems = append(problems, check.ID+": "+p)
			}
		}
		return len(catalogue.Checks), problems, nil
	}
	checks, problems, err := readChecks(c.Dir)
	return len(checks), problems, err
}
