package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
)

// TestScanBadInput gives a scan what it cannot work with. It must say in one sentence what to mend, end with the code
// of the contract, and write nothing.
func TestScanBadInput(t *testing.T) {
	estate := mototest.Estate(t).Proxy(t).URL
	expired := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>`))
	}))
	t.Cleanup(expired.Close)
	silent := mototest.Estate(t).Proxy(t)
	silent.Fault(func(mototest.Call) mototest.Fault { return mototest.Deny })
	for name, c := range map[string]struct {
		endpoint string
		args     []string
		code     int
		says     string
	}{
		"a word that is no region": {estate, []string{"--region", "mars"}, exitUsage, "eu-central-1"},
		"a region that is not there": {
			estate, []string{"--region", "eu-nowhere-1"}, exitUsage, `"eu-nowhere-1" is not enabled`,
		},
		"an endpoint nobody listens at": {
			"http://127.0.0.1:1", nil, exitFault, "check the network and AWS_ENDPOINT_URL",
		},
		"expired credentials": {expired.URL, nil, exitUsage, "sign in again"},
		"credentials of another account": {
			estate, []string{"--scope", "aws:999999999999"}, exitUsage, "use credentials of that account",
		},
		"an account nobody can confirm": {silent.URL, nil, exitUsage, "--scope aws:<12 digits>"},
		"a scope of no shape":           {estate, []string{"--scope", "aws:12"}, exitUsage, "aws:<12 digits>"},
		"a check that is not there": {
			estate, []string{"--check", "object-storage-verioned"}, exitUsage, "object-storage-versioned",
		},
		"a severity that is not there": {estate, []string{"--fail-on", "bad"}, exitUsage, "critical"},
		"a share above one":            {estate, []string{"--min-coverage", "97"}, exitUsage, "from 0 to 1"},
		"no attempt":                   {estate, []string{"--attempts", "0"}, exitUsage, "from 1 to 20"},
		"a recording that is not there": {
			estate, []string{"--replay", filepath.Join(t.TempDir(), "none")}, exitUsage, "--record",
		},
		"a folder that is not there": {
			estate, []string{"--out", filepath.Join(t.TempDir(), "none", "scan.json")}, exitUsage, "does not exist",
		},
		"a format that is not there": {estate, []string{"--format", "xml"}, exitUsage, "sarif"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL", c.endpoint)
			dir := t.TempDir()
			args := append([]string{"scan", "aws", "--attempts", "1"}, c.args...)
			if name != "a folder that is not there" {
				args = append(args, "--out", filepath.Join(dir, "scan.json"))
			}
			code, out, errs := run(t, args...)
			line := strings.TrimSpace(errs)
			if i := strings.LastIndexByte(line, '\n'); i >= 0 {
				line = line[i+1:]
			}
			if code != c.code || !strings.HasPrefix(line, "plumbline: ") || !strings.Contains(line, c.says) {
				t.Errorf("exit code %d; want %d\n%s\nwant in it: %s", code, c.code, errs, c.says)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 || out != "" {
				t.Errorf("it wrote %v %q (%v)", left, out, err)
			}
		})
	}
}

// TestScanDeniedEverywhere is what a user sees of an account in which the credentials may nothing.
func TestScanDeniedEverywhere(t *testing.T) {
	proxy := mototest.Estate(t).Proxy(t)
	proxy.Fault(func(mototest.Call) mototest.Fault { return mototest.Deny })
	t.Setenv("AWS_ENDPOINT_URL", proxy.URL)
	code, r := scanned(t, "--scope", "aws:"+mototest.Account)
	if code != exitIncomplete || r.Complete || r.Coverage != 0 || len(r.Verdicts) < 100 {
		t.Errorf("exit code %d, complete %v, coverage %v, %d verdicts", code, r.Complete, r.Coverage, len(r.Verdicts))
	}
	_, _, errs := run(t, "scan", "aws", "--region", mototest.Region, "--scope", "aws:"+mototest.Account, "--attempts", "1")
	if !strings.Contains(errs, "permission=sts:GetCallerIdentity") {
		t.Errorf("the log does not say that the account was not confirmed:\n%s", errs)
	}
}

func TestBadCheckFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.yaml")
	if err := os.WriteFile(file, []byte("id: mine\ntitle: Mine\npasses_wen: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"checks", "test", file}, {"checks", "lint", dir}} {
		code, out, errs := run(t, args...)
		if code != exitUsage && code != exitFailing || !strings.Contains(out+errs, "passes_wen") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}
