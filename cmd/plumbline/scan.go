package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/report"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// scanCmd collects and judges without a database.
type scanCmd struct {
	catalogueSettings
	Clouds []string `arg:"" optional:"" help:"Clouds to scan: aws, azure, gcp, one or several. The credentials are found as each cloud's own tools find them. Without any, the clouds of --scope, else aws."`

	From           []string `help:"Export to read instead of calling, as KIND=FILE: aws-config (configuration snapshot), azure-resource-graph (rows) or gcp-assets (asset export, JSON lines); may be given several times." placeholder:"KIND=FILE" sep:"none" env:"PLUMBLINE_SCAN_FROM"`
	Scope          []string `help:"Scope that must be scanned, such as aws:123456789012, azure:<subscription> or gcp:<project>; may be given several times. The credentials must reach it." placeholder:"SCOPE" env:"PLUMBLINE_SCAN_SCOPE"`
	Organization   bool     `help:"Scan all that lies in the organisation or directory that the credentials belong to; on AWS --role-name names the role in each account. Or name it with --scope, as aws-org:o-<id>, azure-tenant:<id> or gcp-org:<number>." env:"PLUMBLINE_SCAN_ORGANIZATION"`
	Region         []string `help:"Only this region of AWS; may be given several times. Without it, every region the account has enabled." placeholder:"REGION" env:"PLUMBLINE_SCAN_REGION"`
	Check          []string `help:"Only this check; may be given several times." placeholder:"ID" env:"PLUMBLINE_SCAN_CHECK"`
	Format         string   `help:"How results are written: ${enum}." enum:"table,json,jsonl,csv,sarif,ocsf,html" default:"table" env:"PLUMBLINE_SCAN_FORMAT"`
	Out            string   `help:"File the results are written to, instead of standard output." placeholder:"FILE" env:"PLUMBLINE_SCAN_OUT"`
	FailOn         string   `help:"Exit with 1 when a verdict fails at this severity or worse: critical, high, medium or low." placeholder:"SEVERITY" env:"PLUMBLINE_SCAN_FAIL_ON"`
	MinCoverage    float64  `help:"Exit with 4 when less than this share of the questions was answered, from 0 to 1." default:"0" env:"PLUMBLINE_SCAN_MIN_COVERAGE"`
	RoleARN        string   `name:"role-arn" help:"AWS role to assume first; for an organisation, the one in its management account or a delegated one." placeholder:"ARN" env:"PLUMBLINE_SCAN_ROLE_ARN"`
	RoleName       string   `name:"role-name" help:"Name of the role that is assumed in each account of an organisation; left out, that of --role-arn." placeholder:"NAME" env:"PLUMBLINE_SCAN_ROLE_NAME"`
	ExternalID     string   `name:"external-id" help:"External id that the role's trust policy asks for." placeholder:"WORD" env:"PLUMBLINE_SCAN_EXTERNAL_ID"`
	Aggregator     string   `help:"Aggregator of AWS Config whose records answer calls about single resources: in the account, for an organisation in the one it is read from. They lag by minutes, or by a day where Config records daily." placeholder:"NAME" env:"PLUMBLINE_SCAN_AGGREGATOR"`
	AggregatorRole string   `name:"aggregator-role" help:"AWS role to assume where the aggregator lies, if that is another account." placeholder:"ARN" env:"PLUMBLINE_SCAN_AGGREGATOR_ROLE"`
	Impersonate    string   `help:"Google Cloud service account to act as." placeholder:"ACCOUNT" env:"PLUMBLINE_SCAN_IMPERSONATE"`
	Attempts       int      `help:"How often a call that fails is tried in all, from 1 to 20." default:"5" env:"PLUMBLINE_SCAN_ATTEMPTS"`
	Record         string   `help:"Folder in which the raw answers are kept, without secrets." placeholder:"DIR" env:"PLUMBLINE_SCAN_RECORD" xor:"recording"`
	Replay         string   `help:"Folder of recorded answers to read instead of asking the cloud." placeholder:"DIR" env:"PLUMBLINE_SCAN_REPLAY" xor:"recording"`
}

// Help is printed under the flags.
func (scanCmd) Help() string {
	return `Example:
  plumbline scan aws --region eu-central-1 --format json --out scan.json --fail-on high
  plumbline scan aws azure gcp --scope gcp:shop-prod --format html --out report.html
  plumbline scan aws --organization --role-name plumbline-collector --external-id WORD
  plumbline scan --from gcp-assets=assets.jsonl

Exits with 0 when done, 1 when a verdict fails at --fail-on, 2 for wrong use, 3 for a fault, 4 when done but incomplete.`
}

// Run implements the command.
func (c *scanCmd) Run(ctx context.Context, s streams, log *slog.Logger) error {
	catalogue, err := c.load()
	if err != nil {
		return err
	}
	if err := c.validate(catalogue); err != nil {
		return usage(err)
	}
	started := time.Now().UTC()
	spareMemory()
	memory := pipeline.NewScratch(inventory.Defaults())
	p := &pipeline.Pipeline{Catalogue: catalogue, Memory: memory, Now: func() time.Time { return time.Now().UTC() }, Log: log}
	open, err := c.connect(ctx, log)
	if err != nil {
		return err
	}
	var scopes []inventory.ScopeID
	for i := 0; i < len(open); i++ { // organisations lengthen the list
		g := open[i].gatherer
		log.Info("collecting", "scope", g.Scope())
		if err := p.Run(ctx, g); err != nil {
			return errors.Join(err, open.close())
		}
		scopes = append(scopes, g.Scope())
		if o, ok := g.(pipeline.Organization); ok {
			members, err := c.members(ctx, p, o, log)
			open = append(open, members...)
			if err != nil {
				return errors.Join(err, open.close())
			}
		}
	}
	if err := open.close(); err != nil {
		return fmt.Errorf("keep the recording: %w", err)
	}
	r := report.New(report.Tool{Name: "plumbline", Version: version}, catalogue, memory.All(), memory.Ledger(), c.keep())
	r.Scopes, r.StartedAt, r.EndedAt = scopes, started, time.Now().UTC()
	if err := c.write(r, s.out); err != nil {
		return err
	}
	return c.outcome(r)
}

// spareMemory lets the process grow less before memory is tidied up: a scan holds the whole estate, so that what is not
// needed any more would weigh as much again. A setting of the environment outranks it.
func spareMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(scanGCPercent)
	}
}

// scanGCPercent is by how much the memory of a scan may outgrow what is in use.
const scanGCPercent = 40

func (c *scanCmd) validate(catalogue *evaluator.Catalogue) error {
	for _, id := range c.Check {
		if catalogue.Check(id) == nil {
			return fmt.Errorf("--check %q: there is no such check; %s", id, orElse(catalogue.Suggest(id), "see plumbline checks list"))
		}
	}
	for _, scope := range c.Scope {
		if _, err := inventory.ParseScope(scope); err != nil {
			return fmt.Errorf("--scope: %w", err)
		}
	}
	if len(c.From) > 0 && (len(c.Clouds) > 0 || c.Record != "" || c.Replay != "" || c.Organization) {
		return errors.New("--from reads exports and calls no cloud: leave out clouds, --organization, --record and --replay")
	}
	if c.FailOn != "" {
		if _, err := evaluator.ParseSeverity(c.FailOn); err != nil {
			return fmt.Errorf("--fail-on: %w", err)
		}
	}
	if c.Aggregator != "" && (len(c.From) > 0 || c.Record != "" || c.Replay != "") {
		return errors.New("--aggregator saves calls to a cloud: leave out --from, --record and --replay")
	}
	if c.AggregatorRole != "" && c.Aggregator == "" {
		return errors.New("--aggregator-role: name the aggregator as well, with --aggregator")
	}
	if c.MinCoverage < 0 || c.MinCoverage > 1 {
		return fmt.Errorf("--min-coverage %v: want a share from 0 to 1", c.MinCoverage)
	}
	if c.Attempts < 1 || c.Attempts > 20 {
		return fmt.Errorf("--attempts %d: want a number from 1 to 20", c.Attempts)
	}
	if c.Out != "" {
		if info, err := os.Stat(filepath.Dir(c.Out)); err != nil || !info.IsDir() {
			return fmt.Errorf("--out %s: its folder does not exist", c.Out)
		}
	}
	if c.Replay != "" {
		if info, err := os.Stat(c.Replay); err != nil || !info.IsDir() {
			return fmt.Errorf("--replay %s: there is no such folder; record one with --record", c.Replay)
		}
	}
	return nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// keep selects the checks that were asked for; nil selects all.
func (c *scanCmd) keep() func(*evaluator.Check) bool {
	if len(c.Check) == 0 {
		return nil
	}
	return func(check *evaluator.Check) bool { return slices.Contains(c.Check, check.ID) }
}

// write writes to the file whole or not at all: a name beside it is renamed when the report is complete.
func (c *scanCmd) write(r *report.Scan, out io.Writer) error {
	if c.Out == "" {
		return r.Write(out, c.Format)
	}
	f, err := os.CreateTemp(filepath.Dir(c.Out), "."+filepath.Base(c.Out)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", c.Out, err)
	}
	err = errors.Join(r.Write(f, c.Format), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), c.Out)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", c.Out, err), os.Remove(f.Name()))
	}
	return nil
}

// outcome gives the exit code: failing outranks incomplete, since it is what --fail-on asked about.
func (c *scanCmd) outcome(r *report.Scan) error {
	if c.FailOn != "" && r.Failing(evaluator.Severity(c.FailOn)) {
		return &exit{code: exitFailing}
	}
	if !r.Complete {
		return &exit{exitIncomplete, fmt.Errorf("done, but incomplete: %s", incomplete(r.Ledger))}
	}
	if r.Coverage < c.MinCoverage {
		return &exit{exitIncomplete, fmt.Errorf("done, but coverage %.3f is below --min-coverage %v", r.Coverage, c.MinCoverage)}
	}
	return nil
}

// incomplete counts the listings that failed and names what would cure them.
func incomplete(ledger []inventory.LedgerRow) string {
	n := 0
	cures := map[string]bool{}
	for _, row := range ledger {
		if row.Complete {
			continue
		}
		n++
		if row.Unknown != nil {
			cures[fmt.Sprintf("%s %s", row.Unknown.Permission, row.Unknown.Cause)] = true
		}
	}
	var names []string
	for name := range cures {
		names = append(names, name)
	}
	slices.Sort(names)
	shown := names[:min(len(names), 5)]
	text := fmt.Sprintf("%d listings failed (%s", n, strings.Join(shown, ", "))
	if len(names) > len(shown) {
		text += fmt.Sprintf(" and %d more", len(names)-len(shown))
	}
	return text + ")"
}
