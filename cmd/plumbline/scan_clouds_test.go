package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/report"
	"github.com/plumbline-posture/plumbline/collectors/azure"
	"github.com/plumbline-posture/plumbline/collectors/azure/armtest"
	"github.com/plumbline-posture/plumbline/collectors/gcp"
	"github.com/plumbline-posture/plumbline/collectors/gcp/gcptest"
	"github.com/plumbline-posture/plumbline/evaluator"
)

const (
	subscriptionScope = "azure:11111111-2222-3333-4444-555555555555"
	projectScope      = "gcp:shop-prod"
	armEstate         = "../../collectors/azure/armtest/testdata/estate.json"
	projectEstate     = "../../collectors/pipeline/testdata/gcp_estate.jsonl"
)

// program runs the program to its end.
func program(args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = realMain(context.Background(), args, streams{&stdout, &stderr})
	return code, stdout.String(), stderr.String()
}

// reported runs a scan and reads its report.
func reported(t *testing.T, want int, args ...string) report.Report {
	t.Helper()
	code, out, errs := program(append([]string{"scan", "--format", "json", "--attempts", "1"}, args...)...)
	var r report.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != want {
		t.Fatalf("%v: exit code %d; want %d with a report: %v\n%s", args, code, want, err, errs)
	}
	return r
}

// twoClouds serves a subscription and a project, and points the environment at them.
func twoClouds(t *testing.T) (*armtest.Server, *gcptest.Server) {
	t.Helper()
	estate, err := armtest.Read(armEstate)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(projectEstate)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	project, err := gcptest.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	manager, google := armtest.NewServer(estate), gcptest.NewServer(project)
	at, atGoogle := httptest.NewServer(manager), httptest.NewServer(google)
	t.Cleanup(at.Close)
	t.Cleanup(atGoogle.Close)
	t.Setenv(azure.EndpointSetting, at.URL)
	t.Setenv(gcp.EndpointSetting, atGoogle.URL)
	return manager, google
}

// told are the verdicts of a report by check and resource, with what a verdict rests on.
func told(r report.Report) map[string]string {
	out := map[string]string{}
	for _, v := range r.Verdicts {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		out[v.Check+" "+v.Resource.ID] = string(raw)
	}
	return out
}

func passes(r report.Report) (n int) {
	for _, v := range r.Verdicts {
		if v.Verdict == evaluator.Pass {
			n++
		}
	}
	return n
}

// TestScanSeveralClouds gives one report of two clouds: the verdicts of each alone, and a coverage of all in one.
func TestScanSeveralClouds(t *testing.T) {
	twoClouds(t)
	both := reported(t, exitDone, "azure", "gcp", "--scope", projectScope)
	alone := told(reported(t, exitDone, "azure", "--scope", subscriptionScope))
	project := reported(t, exitDone, "--scope", projectScope)
	for key, verdict := range told(project) {
		alone[key] = verdict
	}
	got := told(both)
	if len(got) != len(alone) || len(got) < 500 || passes(both) < 100 {
		t.Errorf("%d verdicts, %d passes; each alone gives %d", len(got), passes(both), len(alone))
	}
	for key, want := range alone {
		if got[key] != want {
			t.Errorf("%s\n     is %s\nalone %s", key, got[key], want)
		}
	}
	if len(both.Scopes) != 2 || both.Coverage <= 0.1 || both.Coverage >= 1 {
		t.Errorf("scopes %v with a coverage of %v", both.Scopes, both.Coverage)
	}
	if r := reported(t, exitFailing, "gcp", "--scope", projectScope, "--fail-on", "high"); len(r.Verdicts) == 0 {
		t.Error("no verdict")
	}
}

// TestScanCloudsReplay records two clouds in one folder, and judges them again without either.
func TestScanCloudsReplay(t *testing.T) {
	manager, google := twoClouds(t)
	dir := filepath.Join(t.TempDir(), "recording")
	live := reported(t, exitDone, "azure", "gcp", "--scope", projectScope, "--record", dir)
	for _, sub := range []string{"azure", "gcp-shop-prod"} {
		if _, err := os.Stat(filepath.Join(dir, sub, "calls.yaml")); err != nil {
			t.Error(err)
		}
	}
	if code, _, errs := program("scan", "azure", "--record", dir, "--attempts", "1"); code != exitUsage ||
		!strings.Contains(errs, "another folder") {
		t.Errorf("recording over a recording: %d %s", code, errs)
	}
	manager.Refuse(".*", http.StatusInternalServerError, "MustNotBeAsked")
	google.Disable("cloudresourcemanager.googleapis.com", "compute.googleapis.com", "cloudasset.googleapis.com")
	t.Setenv(azure.EndpointSetting, "http://127.0.0.1:1")
	t.Setenv(gcp.EndpointSetting, "http://127.0.0.1:1")
	want, got := told(live), told(reported(t, exitDone, "--replay", dir))
	for key, verdict := range want {
		if got[key] != verdict {
			t.Errorf("%s\n  is %s\nwas %s", key, got[key], verdict)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d verdicts were replayed of %d", len(got), len(want))
	}
	if one := reported(t, exitDone, "--replay", dir, "--scope", projectScope); len(one.Scopes) != 1 {
		t.Errorf("one scope was named, and %v replayed", one.Scopes)
	}
	if code, _, errs := program("scan", "--replay", dir, "--scope", "gcp:other-project"); code != exitUsage ||
		!strings.Contains(errs, "shop-prod") {
		t.Errorf("replay of another project: %d %s", code, errs)
	}
}

// TestScanCloudsDenied is a subscription and a project in which the credentials may nothing.
func TestScanCloudsDenied(t *testing.T) {
	manager, google := twoClouds(t)
	manager.Deny(azure.Permissions()...)
	google.Deny(append(gcp.Permissions(), "")...)
	for _, scope := range []string{subscriptionScope, projectScope} {
		r := reported(t, exitIncomplete, "--scope", scope)
		if r.Coverage != 0 || passes(r) != 0 || r.Complete || len(r.Verdicts) < 100 {
			t.Errorf("%s: coverage %v, %d passes, %d verdicts", scope, r.Coverage, passes(r), len(r.Verdicts))
		}
		for _, v := range r.Verdicts {
			if v.Verdict != evaluator.Unknown {
				t.Errorf("%s is a %s of %s", v.Resource.ID, v.Verdict, v.Check)
			}
		}
	}
}

// TestScanCloudsBadInput gives a scan what it cannot work with. It says in one sentence what to mend.
func TestScanCloudsBadInput(t *testing.T) {
	twoClouds(t)
	t.Setenv("GOOGLE_CLOUD_PROJECT", "")
	t.Setenv("CLOUDSDK_CORE_PROJECT", "")
	assets := filepath.Join(t.TempDir(), "assets.jsonl")
	if err := os.WriteFile(assets, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args       []string
		code       int
		says       string
		azure, gcp string
	}{
		"a cloud that is not there": {args: []string{"mars"}, code: exitUsage, says: "aws, azure, gcp"},
		"a scope of a cloud that is not": {
			args: []string{"aws", "--scope", projectScope},
			code: exitUsage, says: "add gcp",
		},
		"an organisation that is not there": {
			args: []string{"--scope", "gcp-org:1"},
			code: exitUsage, says: "there is no organisation 1",
		},
		"an organisation that nobody sees": {
			args: []string{"gcp", "--organization"},
			code: exitUsage, says: "--scope gcp-org:<number>",
		},
		"a name where the number should be": {
			args: []string{"--scope", "gcp-org:example.com"},
			code: exitUsage, says: "gcp-org:<number>",
		},
		"a project nobody names": {
			args: []string{"gcp"},
			code: exitUsage, says: "--scope gcp:<project id>",
		},
		"two accounts": {
			args: []string{"--scope", "aws:123456789012", "--scope", "aws:123456789013"},
			code: exitUsage, says: "one account",
		},
		"a region where there is none": {
			args: []string{"azure", "--region", "westeurope"},
			code: exitUsage, says: "leave it out",
		},
		"another subscription": {
			args: []string{"--scope", "azure:99999999-2222-3333-4444-555555555555"},
			code: exitUsage, says: "check the id and the tenant",
		},
		"plain http over a network": {
			args: []string{"azure"},
			code: exitUsage, says: "use https", azure: "http://192.0.2.1",
		},
		"plain http to Google": {
			args: []string{"--scope", projectScope},
			code: exitUsage, says: "use https", gcp: "http://192.0.2.1",
		},
		"nobody where Azure should be": {
			args: []string{"azure"},
			code: exitFault, says: "PLUMBLINE_AZURE_ENDPOINT", azure: "http://127.0.0.1:1",
		},
		"nobody where Google should be": {
			args: []string{"--scope", projectScope},
			code: exitFault, says: "PLUMBLINE_GCP_ENDPOINT", gcp: "http://127.0.0.1:1",
		},
		"an export of a kind that is not": {
			args: []string{"--from", "tarball=x"},
			code: exitUsage, says: "aws-config, azure-resource-graph, gcp-assets",
		},
		"a file that is no snapshot": {
			args: []string{"--from", "aws-config=" + assets},
			code: exitUsage, says: "want a configuration snapshot",
		},
		"an aggregator and an export": {
			args: []string{"--from", "gcp-assets=" + assets, "--aggregator", "all"},
			code: exitUsage, says: "leave out --from",
		},
		"a role of an aggregator that is not named": {
			args: []string{"aws", "--aggregator-role", "arn:aws:iam::111122223333:role/keeper"},
			code: exitUsage, says: "name the aggregator as well",
		},
		"an aggregator where there is none": {
			args: []string{"--scope", projectScope, "--aggregator", "all"},
			code: exitUsage, says: "no cloud that is scanned has such records",
		},
		"an export without a file": {
			args: []string{"--from", "gcp-assets"},
			code: exitUsage, says: "KIND=FILE",
		},
		"a file that is not there": {
			args: []string{"--from", "gcp-assets=none.jsonl"},
			code: exitUsage, says: "no such file",
		},
		"a file that is no export": {
			args: []string{"--from", "gcp-assets=" + assets},
			code: exitUsage, says: "line 1",
		},
		"an export and a cloud": {
			args: []string{"gcp", "--from", "gcp-assets=" + assets},
			code: exitUsage, says: "leave out clouds",
		},
		"rights in a form of another cloud": {args: nil, code: exitUsage, says: "bicep"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.azure != "" {
				t.Setenv(azure.EndpointSetting, c.azure)
			}
			if c.gcp != "" {
				t.Setenv(gcp.EndpointSetting, c.gcp)
			}
			args := append([]string{"scan", "--attempts", "1"}, c.args...)
			if c.args == nil {
				args = []string{"permissions", "azure", "--format", "gcloud"}
			}
			code, out, errs := program(args...)
			line := strings.TrimSpace(errs)
			line = line[strings.LastIndexByte(line, '\n')+1:]
			if code != c.code || out != "" || !strings.HasPrefix(line, "plumbline: ") || !strings.Contains(line, c.says) {
				t.Errorf("exit code %d; want %d\n%s\nwant in it: %s", code, c.code, errs, c.says)
			}
		})
	}
}

// TestScanExports reads the estates as exports. Whatever an export answers, the cloud itself answers alike: what it
// lacks is unknown and never better.
func TestScanExports(t *testing.T) {
	twoClouds(t)
	dir := t.TempDir()
	rows, assets := filepath.Join(dir, "rows.json"), filepath.Join(dir, "assets.jsonl")
	exportRows(t, rows)
	exportAssets(t, assets)
	live := reported(t, exitDone, "--scope", subscriptionScope, "--scope", projectScope)
	read := reported(t, exitIncomplete, "--from", "azure-resource-graph="+rows, "--from", "gcp-assets="+assets)
	if !slices.Equal(read.Scopes, live.Scopes) {
		t.Errorf("the exports tell of %v", read.Scopes)
	}
	verdicts := map[string]evaluator.Verdict{}
	for _, v := range live.Verdicts {
		verdicts[v.Check+" "+v.Resource.ID] = v.Verdict
	}
	judged := map[string]int{}
	for _, v := range read.Verdicts {
		if v.Verdict == evaluator.Unknown {
			continue
		}
		cloud, _, _ := strings.Cut(string(v.Resource.Kind), ".")
		judged[cloud]++
		if was := verdicts[v.Check+" "+v.Resource.ID]; was != v.Verdict {
			t.Errorf("%s of %s is a %s by the export and a %q by the cloud", v.Check, v.Resource.ID, v.Verdict, was)
		}
	}
	if judged["azure"] < 50 || judged["gcp"] < 50 {
		t.Errorf("judged by the exports: %v", judged)
	}
	if len(read.Verdicts) == 0 || read.Coverage >= live.Coverage {
		t.Errorf("the exports cover %v, the clouds %v", read.Coverage, live.Coverage)
	}
}

func exportRows(t *testing.T, file string) {
	t.Helper()
	estate, err := armtest.Read(armEstate)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	for _, r := range estate.Resources {
		row := map[string]any{"kind": "", "tags": nil, "sku": nil, "identity": nil, "zones": nil, "managedBy": "",
			"location": "", "properties": map[string]any{}}
		for k, v := range r {
			row[k] = v
		}
		row["name"], row["type"] = r.ID()[strings.LastIndexByte(r.ID(), '/')+1:], strings.ToLower(r.Type())
		// What hangs below a resource is in no table of Resource Graph.
		if strings.Count(r.Type(), "/") == 1 {
			rows = append(rows, row)
		}
	}
	raw, err := json.Marshal(map[string]any{"data": rows})
	if err == nil {
		err = os.WriteFile(file, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func exportAssets(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(projectEstate)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	estate, err := gcptest.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	for _, a := range estate.Assets {
		line := map[string]any{"name": a.Name, "asset_type": a.Type, "resource": map[string]any{"data": a.Data}}
		if len(a.Policy) > 0 {
			line["iam_policy"] = a.Policy
		}
		if err := json.NewEncoder(&lines).Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
