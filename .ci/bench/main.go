// Command bench runs the benchmarks that the project's speed rests on and prints one table: what was measured, and the
// bar it should reach. Figures move from machine to machine; the ratios in it do not.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"text/tabwriter"
)

// bar is what a figure should reach.
type bar struct {
	what, unit string
	want       float64
	// most says that the figure should be at most that; otherwise at least.
	most bool
}

// bars are in the order of the table.
var bars = []bar{
	{"whole pipeline, everything new", "new/s", 5000, false},
	{"whole pipeline, nothing changed", "unchanged/s", 20000, false},
	{"growth of an unchanged rescan, bytes", "growth-B", 100, true},
	{"whole pipeline, one in a hundred changed", "1%changed/s", 0, false},
	{"memory of the collecting process, MiB", "MiB", 512, true},
	{"Google Cloud, 100,000 rows in pages, collecting alone", "gcp-rows/s", 5000, false},
	{"Google Cloud, memory of collecting them, MiB", "gcp-MiB", 512, true},
	{"Azure, 100,000 rows in pages, collecting alone", "azure-rows/s", 5000, false},
	{"Azure, memory of collecting them, MiB", "azure-MiB", 512, true},
	{"AWS, scan of 1,000 resources, wall s", "aws-1k-s", 0, true},
	{"AWS, scan of 1,000 resources, CPU s", "aws-1k-cpu-s", 0, true},
	{"AWS, scan of 1,000 resources, peak MiB", "aws-1k-MiB", 0, true},
	{"AWS, scan of 10,000 resources, wall s", "aws-10k-s", 0, true},
	{"AWS, scan of 10,000 resources, CPU s", "aws-10k-cpu-s", 0, true},
	{"AWS, scan of 10,000 resources, peak MiB", "aws-10k-MiB", 0, true},
	{"AWS, scan of 100,000 resources, wall s", "aws-100k-s", 0, true},
	{"AWS, scan of 100,000 resources, CPU s", "aws-100k-cpu-s", 0, true},
	{"AWS, scan of 100,000 resources, peak MiB", "aws-100k-MiB", 0, true},
	{"AWS, wall of 100,000 over 10,000", "aws-growth", 11, true},
	{"AWS, CPU of 100,000 over 10,000", "aws-cpu-growth", 11, true},
	{"AWS, peak of collecting 100,000, MiB", "aws-collect-MiB", 512, true},
	{"judging alone, whole catalogue, one core", "verdicts/s", 300000, false},
	{"judging a tenant again from what is stored, resources", "rejudged/s", 16667, false},
	{"a changed resource to its new verdict, p99 ms", "change-p99-ms", 5000, true},
	{"findings, p99 ms", "findings-p99-ms", 20, true},
	{"findings against the bare indexed query", "findings-vs-bare", 3, true},
	{"findings as of a past day, p99 ms", "findings-past-p99-ms", 100, true},
	{"scores, p99 ms", "scores-p99-ms", 20, true},
	{"scores as of a past day, p99 ms", "scores-past-p99-ms", 100, true},
	{"resources the reads were measured on", "resources", 0, false},
}

// runs are the benchmarks, by package; each is run by itself so that none takes the other's processor.
var runs = [][2]string{
	{"./evaluator/catalog", "^BenchmarkJudge$"},
	{"./collectors/schedule", "^BenchmarkPipeline$"},
	{"./collectors/schedule", "^BenchmarkRejudge$"},
	{"./collectors/schedule", "^BenchmarkChange$"},
	{"./store", "^BenchmarkReads$"},
	{"./collectors/gcp", "^BenchmarkScope$"},
	{"./collectors/azure", "^BenchmarkSubscription$"},
	{"./cmd/plumbline", "^BenchmarkScanAWS$"},
}

func main() {
	got := map[string]float64{}
	failed := false
	for _, r := range runs {
		fmt.Fprintf(os.Stderr, "measuring %s\n", r[0])
		if err := measure(r[0], r[1], got); err != nil {
			fmt.Fprintln(os.Stderr, err)
			failed = true
		}
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "work\tmeasured\tbar\treached\t")
	for _, b := range bars {
		value, measured := got[b.unit]
		if !measured {
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", b.what, figure(value), b.words(), b.reached(value))
	}
	if err := t.Flush(); err != nil || failed {
		os.Exit(1)
	}
}

// measure runs one benchmark and adds its metrics.
func measure(pkg, name string, into map[string]float64) error {
	count := "1x"
	if strings.Contains(name, "Judge") {
		count = "3s"
	}
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", name, "-benchtime", count, "-timeout", "60m", pkg) //nolint:gosec // fixed words
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				into[fields[i+1]] = v
			}
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", pkg, err, out)
	}
	return nil
}

func (b bar) words() string {
	switch {
	case b.want == 0:
		return "–"
	case b.most:
		return "≤ " + figure(b.want)
	default:
		return "≥ " + figure(b.want)
	}
}

func (b bar) reached(v float64) string {
	switch {
	case b.want == 0:
		return ""
	case b.most == (v <= b.want) || v == b.want:
		return "yes"
	default:
		return "no"
	}
}

func figure(v float64) string {
	if v >= 100 || v == float64(int64(v)) {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}
