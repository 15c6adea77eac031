package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/report"
	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/aws"
	"github.com/plumbline-posture/plumbline/collectors/aws/mototest"
	"github.com/plumbline-posture/plumbline/evaluator"
)

// run runs the program and returns its exit code and what it wrote.
func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = realMain(context.Background(), args, streams{&stdout, &stderr})
	return code, stdout.String(), stderr.String()
}

// scanned runs a scan and reads its report.
func scanned(t *testing.T, args ...string) (int, report.Report) {
	t.Helper()
	always := []string{"scan", "aws", "--region", mototest.Region, "--format", "json", "--attempts", "1"}
	code, out, errs := run(t, append(always, args...)...)
	var r report.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("the report is not JSON: %v\n%s", err, errs)
	}
	return code, r
}

// ended says whether a scan ended otherwise than it should: incomplete in what moto lacks, and in nothing else.
func ended(t *testing.T, code int, r report.Report) (badly bool) {
	t.Helper()
	for _, row := range r.Ledger {
		if !row.Complete && !mototest.Lacks[row.Kind] {
			t.Errorf("the listing of %s ended with %+v", row.Kind, *row.Unknown)
		}
	}
	return r.Complete != (code == exitDone) || code != exitDone && code != exitIncomplete
}

// asked says which check answers a row of the known verdicts, on resources of which name; without a name, on any. No
// check means that none of the catalogue asks it.
type asked struct {
	check, name string
	// part names a resource by a part of its name: a key by its tag or alias, a file system by the id AWS gave it.
	part bool
	// unsaid rows may be unknown: moto lacks one of the answers they need.
	unsaid bool
	// silent rows are right when the check has nothing to say of the resource: what it would hold against it is not there.
	silent bool
}

// answers maps the rows of the known verdicts.
var answers = map[string]asked{
	"PX01": {check: "encryption-key-rotated", name: "px-main"},
	"PX02": {check: "encryption-key-rotated", name: "px-old"},
	"PX03": {check: "object-storage-public-access-blocked", name: "px-audit"},
	"PX04": {check: "object-storage-public-access-blocked", name: "px-assets"},
	"PX05": {check: "object-storage-public-access-blocked", name: "px-dev"},
	"PX06": {check: "object-storage-versioned", name: "px-audit"},
	"PX07": {check: "object-storage-versioned", name: "px-assets"},
	"PX08": {check: "object-storage-not-public-by-policy", name: "px-assets"},
	"PX09": {check: "object-storage-not-public-by-acl", name: "px-dev"},
	"PX10": {check: "object-storage-not-public-by-acl", name: "px-audit"},
	"PX11": {check: "subnet-flow-logged", name: "px-a1"},
	"PX12": {check: "subnet-no-automatic-public-address", name: "px-a1"},
	"PX13": {check: "subnet-no-automatic-public-address", name: "px-a2"},
	"PX14": {check: "firewall-admin-port-world-open", name: "px-ssh"},
	"PX15": {check: "firewall-admin-port-world-open", name: "px-rdp"},
	"PX16": {check: "firewall-admin-port-world-open", name: "px-web"},
	"PX17": {check: "firewall-admin-port-world-open", name: "px-web"},
	"PX18": {check: "instance-metadata-hardened", name: "px-web1"},
	"PX19": {check: "instance-no-public-address", name: "px-web1"},
	"PX20": {check: "instance-metadata-hardened", name: "px-app1"},
	"PX21": {check: "instance-no-public-address", name: "px-app1"},
	"PX22": {check: "data-encrypted-at-rest", name: "px-v1"},
	"PX23": {check: "data-encrypted-at-rest", name: "px-v2"},
	"PX24": {check: "entry-point-plaintext-refused", name: "px-alb"},
	"PX25": {check: "data-encrypted-at-rest", name: "px-db"},
	"PX26": {check: "database-not-public", name: "px-db"},
	"PX27": {check: "database-backup-retained", name: "px-db"},
	"PX28": {check: "password-policy-length", name: "password policy"},
	"PX29": {check: "human-identity-mfa", name: "px-bob"},
	"PX30": {check: "access-grant-through-group", name: "px-star of user px-bob"},
	"PX31": {check: "access-grant-no-wildcard", name: "px-star of user px-bob"},
	"PX32": {check: "access-grant-external-known", name: "px-svc", silent: true},
	"PX33": {check: "root-identity-mfa", name: "root user"},
	"PX34": {check: "audit-trail-complete", name: "px-trail"},
	"PX35": {check: "audit-trail-integrity-protected", name: "px-trail"},
	// CloudTrail encrypts every record; whose key does it is no question of the catalogue.
	"PX36": {},
	"PX37": {check: "threat-detection-enabled"},
	"PX38": {check: "configuration-history-enabled"},
	// How long a log is kept is asked of those that hold audit records, by name or by label.
	"PX39": {},
	// moto does not tell which functions have an address of their own.
	"PX40": {check: "serverless-app-not-anonymous", name: "px-fn", unsaid: true},
	"PX41": {check: "kubernetes-api-not-public", name: "px-k"},
	"PX42": {check: "kubernetes-control-plane-logged", name: "px-k"},
	"PX43": {check: "container-registry-scans-on-push", name: "px/r"},
	"PX44": {check: "container-registry-immutable-tags", name: "px/r"},
	"PX45": {check: "data-encrypted-at-rest", name: "px-t"},
	"PX46": {check: "data-encrypted-at-rest", name: "px-q"},
	"PX47": {check: "secret-lifetime-bounded", name: "px/s"},
	"PX48": {check: "database-backup-retained", name: "px-d"},
	"PX49": {check: "data-encrypted-at-rest", name: "fs-", part: true},
}

// uncollectable are the services of the known verdicts that a release may leave uncollected. Once a kind of one is
// collected, its rows must agree.
var uncollectable = []string{
	"guardduty", "config", "logs", "lambda", "eks", "ecr", "sns", "sqs", "secretsmanager", "dynamodb", "efs",
}

func isCollected(service string) bool {
	return slices.ContainsFunc(aws.Sources.Entries(), func(e collectors.Entry[*aws.Clients]) bool {
		return strings.HasPrefix(string(e.Definition().Kind)+".", "aws."+service+".")
	})
}

// TestScanKnownVerdicts scans an estate of which the verdicts were worked out beforehand, by other means.
func TestScanKnownVerdicts(t *testing.T) {
	lab := mototest.Estate(t)
	if !lab.Shared {
		t.Skip("the estate with known verdicts is not here")
	}
	t.Setenv("AWS_ENDPOINT_URL", lab.Proxy(t).URL)
	code, r := scanned(t)
	if ended(t, code, r) || r.Tool.Catalogue == "" || len(r.Scopes) != 1 || r.Scopes[0] != "aws:"+mototest.Account {
		t.Errorf("exit code %d, complete %v, scopes %v", code, r.Complete, r.Scopes)
	}
	f, err := os.Open(filepath.Join(mototest.SharedEstate(), "expected.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	agree, uncovered := 0, []string{}
	for _, row := range rows[1:] {
		id, service, want := row[0], row[1], strings.TrimPrefix(row[4], "should_")
		how, mapped := answers[id]
		switch {
		case !mapped:
			t.Errorf("%s (%s %s) is mapped to no check", id, service, row[2])
		case how.check == "", slices.Contains(uncollectable, service) && !isCollected(service):
			uncovered = append(uncovered, id+" "+service)
		default:
			verdict := how.verdict(r)
			if how.unsaid && verdict == string(evaluator.Unknown) {
				uncovered = append(uncovered, id+" "+service)
				continue
			}
			if verdict != want {
				t.Errorf("%s %s %s: %q; want %q by %s", id, service, row[2], verdict, want, how.check)
				continue
			}
			agree++
		}
	}
	t.Logf("%d agree, %d not covered: %s", agree, len(uncovered), strings.Join(uncovered, ", "))
	if agree < 35 || agree+len(uncovered) != len(rows)-1 {
		t.Errorf("%d of %d rows agree, %d are not covered", agree, len(rows)-1, len(uncovered))
	}
}

// verdict is what the scan says of a row.
func (a asked) verdict(r report.Report) string {
	found := ""
	for _, v := range r.Verdicts {
		named := v.Resource.Name == a.name || (a.name == "" || a.part || a.silent) && strings.Contains(v.Resource.Name, a.name)
		if v.Check == a.check && named {
			if found != string(evaluator.Fail) {
				found = string(v.Verdict)
			}
		}
	}
	if found == "" && a.silent {
		return string(evaluator.Pass)
	}
	return found
}

// TestScanReplay records a scan and judges it again without the account, its credentials or its endpoint.
func TestScanReplay(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", mototest.Estate(t).Proxy(t).URL)
	dir := filepath.Join(t.TempDir(), "recording")
	code, live := scanned(t, "--record", dir)
	if ended(t, code, live) {
		t.Fatalf("exit code %d", code)
	}
	if code, _, errs := run(t, "scan", "--record", dir); code != exitUsage || !strings.Contains(errs, "another folder") {
		t.Errorf("recording over a recording: %d %s", code, errs)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_REGION", "eu-west-3")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	code, again := scanned(t, "--replay", dir)
	if ended(t, code, again) || again.Coverage != live.Coverage || len(again.Verdicts) != len(live.Verdicts) {
		t.Fatalf("exit code %d; coverage %v, live %v; %d verdicts, live %d",
			code, again.Coverage, live.Coverage, len(again.Verdicts), len(live.Verdicts))
	}
	before := map[question]evaluator.Verdict{}
	for _, v := range live.Verdicts {
		before[question{v.Check, v.Resource.ID}] = v.Verdict
	}
	for _, v := range again.Verdicts {
		if was := before[question{v.Check, v.Resource.ID}]; was != v.Verdict {
			t.Errorf("%s of %s: %s, live %s", v.Check, v.Resource.ID, v.Verdict, was)
		}
	}
	for flag, value := range map[string]string{"--scope": "aws:999999999999", "--region": "eu-west-1"} {
		code, _, errs := run(t, "scan", "--replay", dir, flag, value)
		if code != exitUsage || !strings.Contains(errs, strings.TrimPrefix(value, "aws:")) {
			t.Errorf("replay with %s %s: %d %s", flag, value, code, errs)
		}
	}
}
