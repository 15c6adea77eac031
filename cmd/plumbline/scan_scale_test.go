package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/report"
	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
	"github.com/plumbline-posture/plumbline/collectors/pipeline"
	"github.com/plumbline-posture/plumbline/evaluator/catalog"
)

// scanAddress names the address of the account for a process that is to scan it, scanWhat what it is to do: the whole
// way, or collecting alone; scanOut is the file of its report, which is read when the process has ended.
const (
	scanAddress = "PLUMBLINE_BENCH_SCAN"
	scanWhat    = "PLUMBLINE_BENCH_SCAN_WHAT"
	scanOut     = "PLUMBLINE_BENCH_SCAN_OUT"
	collectOnly = "collect"
)

// BenchmarkScanAWS scans accounts of 1,000, 10,000 and 100,000 resources that answer without delay, each in a process of
// its own: what the kernel says that process took is the scan's alone, and not that of the server of the answers.
func BenchmarkScanAWS(b *testing.B) {
	if address := os.Getenv(scanAddress); address != "" {
		scanServed(b, address)
		return
	}
	for range b.N {
		took := map[int]spent{}
		for _, size := range []int{1_000, 10_000, 100_000} {
			took[size] = scanApart(b, size, "")
			thousands := size / 1000
			b.ReportMetric(took[size].wall.Seconds(), fmt.Sprintf("aws-%dk-s", thousands))
			b.ReportMetric(took[size].cpu.Seconds(), fmt.Sprintf("aws-%dk-cpu-s", thousands))
			b.ReportMetric(took[size].peak, fmt.Sprintf("aws-%dk-MiB", thousands))
		}
		b.ReportMetric(took[100_000].wall.Seconds()/took[10_000].wall.Seconds(), "aws-growth")
		b.ReportMetric(took[100_000].cpu.Seconds()/took[10_000].cpu.Seconds(), "aws-cpu-growth")
		b.ReportMetric(scanApart(b, 100_000, collectOnly).peak, "aws-collect-MiB")
	}
}

// spent is what a process took.
type spent struct {
	wall, cpu time.Duration
	// peak is the most memory that was resident, in MiB.
	peak float64
}

// scanApart scans an account of a size in a process of its own.
func scanApart(b *testing.B, size int, what string) spent {
	b.Helper()
	server := httptest.NewServer(served{size})
	defer server.Close()
	scan := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "^BenchmarkScanAWS$", "-test.benchtime", "1x") // #nosec G204 G702 -- this very test
	file := filepath.Join(b.TempDir(), "scan.json")
	scan.Env = append(os.Environ(), scanAddress+"="+server.URL, scanWhat+"="+what, scanOut+"="+file, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret")
	began := time.Now()
	if out, err := scan.CombinedOutput(); err != nil {
		b.Fatalf("scan of %d resources: %v\n%s", size, err, out)
	}
	used, ok := scan.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Skip("this system does not say what a process took")
	}
	wall := time.Since(began)
	if what == "" {
		checkServed(b, file)
	}
	return spent{wall, scan.ProcessState.UserTime() + scan.ProcessState.SystemTime(),
		float64(used.Maxrss) / 1024}
}

// scanServed is the scan as the command makes it, from connecting to the last line of the report, without its patience:
// an account in process has no limits to spare.
func scanServed(b *testing.B, address string) {
	account, err := aws.Connect(b.Context(), aws.Connection{
		Endpoint: address, Region: servedRegion, Attempts: 3, CallsPerSecond: 1e6,
	})
	if err != nil {
		b.Fatal(err)
	}
	if os.Getenv(scanWhat) == collectOnly {
		out := &counted{}
		if err := account.Collect(b.Context(), time.Now, out); err != nil || out.seen.Load() < 1000 {
			b.Fatalf("%d resources: %v", out.seen.Load(), err)
		}
		return
	}
	spareMemory()
	catalogue, err := catalog.Load()
	if err != nil {
		b.Fatal(err)
	}
	memory := pipeline.NewScratch(inventory.Defaults())
	p := &pipeline.Pipeline{Catalogue: catalogue, Memory: memory, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if err := p.Run(b.Context(), account); err != nil {
		b.Fatal(err)
	}
	cmd := &scanCmd{Format: "json", Out: os.Getenv(scanOut)}
	if err := cmd.write(report.New(report.Tool{Name: "plumbline"}, catalogue, memory.All(), memory.Ledger(), nil), io.Discard); err != nil {
		b.Fatal(err)
	}
}

// checkServed wants in the report what the account holds. It reads on as it goes: the report is large.
func checkServed(b *testing.B, file string) {
	f, err := os.Open(file) // #nosec G304 -- the test's own file
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	seen := map[inventory.Class]bool{}
	words := json.NewDecoder(f)
	for {
		word, err := words.Token()
		if err != nil {
			b.Fatalf("the report has no verdicts: %v", err)
		}
		if word == "ledger" {
			var ledger []inventory.LedgerRow
			if err := words.Decode(&ledger); err != nil {
				b.Fatal(err)
			}
			for _, row := range ledger {
				if servedKinds[row.Kind] && !row.Complete {
					b.Errorf("the listing of %s is not complete: %+v", row.Kind, row.Unknown)
				}
			}
		}
		if word == "verdicts" {
			break
		}
	}
	if _, err := words.Token(); err != nil {
		b.Fatal(err)
	}
	verdicts := 0
	for ; words.More(); verdicts++ {
		var v report.Verdict
		if err := words.Decode(&v); err != nil {
			b.Fatal(err)
		}
		seen[v.Resource.Class] = true
	}
	if verdicts < 1000 || !seen[inventory.ClassDisk] || !seen[inventory.ClassComputeInstance] || !seen[inventory.ClassFirewall] {
		b.Errorf("%d verdicts on %v", verdicts, seen)
	}
}

// servedKinds are the kinds that the account holds.
var servedKinds = map[inventory.Kind]bool{
	"aws.ec2.instance": true, "aws.ec2.network_interface": true, "aws.ec2.volume": true, "aws.ec2.security_group": true,
	"aws.ec2.subnet": true, "aws.ec2.vpc": true, "aws.ec2.route_table": true, "aws.s3.bucket": true,
}

// counted only counts what a collection hands on.
type counted struct{ seen atomic.Int64 }

func (c *counted) Observe(_ context.Context, batch []collectors.Observation) error {
	c.seen.Add(int64(len(batch)))
	return nil
}

func (c *counted) Listed(context.Context, inventory.LedgerRow) error { return nil }
