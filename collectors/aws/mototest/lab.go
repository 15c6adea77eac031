// Package mototest lets tests collect an AWS account that is not there: it runs moto, fills it with an estate, and puts a
// proxy in front that refuses, slows down or garbles calls as AWS does. Only tests may import it.
package mototest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Account and Region are where the estate lies.
const (
	Account = "123456789012"
	Region  = "us-east-1"
)

// WideAccount and WideRegion are where the wide estate lies, WideRole is by what it is entered: moto tells accounts apart
// by the role that somebody took on. WideSupplier is a company of which it knows. BareAccount has nothing in it and is
// entered by BareRole.
const (
	WideAccount  = "234567890123"
	WideRegion   = "eu-central-1"
	WideRole     = "arn:aws:iam::" + WideAccount + ":role/reader"
	WideSupplier = "345678901234"
	BareAccount  = "456789012345"
	BareRole     = "arn:aws:iam::" + BareAccount + ":role/reader"
)

// Lab is a moto server with an estate in it.
type Lab struct {
	URL string
	// Shared says that the estate of the shared folder is in it, besides our own.
	Shared bool

	python  string
	process *exec.Cmd
	memo    memo
}

// Lacks are the kinds whose listing moto has no answer to: a collection of a lab is never complete in them.
var Lacks = map[inventory.Kind]bool{
	"aws.backup.protected_resource": true, "aws.dlm.lifecycle_policy": true, "aws.dlm.selection": true,
	"aws.elasticache.serverless_cache": true, "aws.inspector2.finding": true, "aws.rds.certificate": true,
	"aws.apprunner.service": true, "aws.codeartifact.repository": true, "aws.ssm.managed_node": true,
	"aws.wellarchitected.workload": true, "aws.cloudtrail.event_data_store": true,
	"aws.redshiftserverless.workgroup": true,
}

// shared is the one lab of a test binary that nobody changes.
var shared struct {
	start sync.Once
	lab   *Lab
	err   error

	widen    sync.Once
	widenErr error
}

// errNoTools says that this machine has no moto.
var errNoTools = errors.New("moto_server or a Python with boto3 was not found: run make setup, or set PLUMBLINE_TEST_MOTO and " +
	"PLUMBLINE_TEST_PYTHON")

// Main runs a package's tests without the AWS settings of whoever runs them, and stops the shared lab; call it from
// TestMain. It does not return.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a package that has more to end than the lab: it returns the exit code.
func Run(m *testing.M) int {
	for _, name := range os.Environ() {
		name, _, _ = strings.Cut(name, "=")
		if strings.HasPrefix(name, "AWS_") {
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, "prepare the tests:", err)
			return 1
		}
	}
	code := m.Run()
	if shared.lab != nil {
		shared.lab.stop()
	}
	return code
}

// Estate returns the lab that all tests of the binary share. Nothing in it may be changed.
func Estate(t testing.TB) *Lab {
	t.Helper()
	shared.start.Do(func() { shared.lab, shared.err = start() })
	return usable(t, shared.lab, shared.err)
}

// Wide returns the shared lab with the wide estate in it too: in an account of its own, something good and something bad
// of every service that moto can hold. It takes moto half a minute, so that only who needs it asks for it.
func Wide(t testing.TB) *Lab {
	t.Helper()
	lab := Estate(t)
	shared.widen.Do(func() { shared.widenErr = lab.Run(testdata(filepath.Join("wide", "wide.py"))) })
	if shared.widenErr != nil {
		t.Fatal(shared.widenErr)
	}
	return lab
}

// Own starts a lab for one test, which may change it. It ends with the test.
func Own(t testing.TB) *Lab {
	t.Helper()
	lab, err := start()
	if lab != nil {
		t.Cleanup(lab.stop)
	}
	return usable(t, lab, err)
}

func usable(t testing.TB, lab *Lab, err error) *Lab {
	t.Helper()
	switch {
	case errors.Is(err, errNoTools) && os.Getenv("CI") == "":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return lab
}

// start runs moto and fills it.
func start() (*Lab, error) {
	server, python := tool("PLUMBLINE_TEST_MOTO", "moto_server"), tool("PLUMBLINE_TEST_PYTHON", "python3")
	if server == "" || python == "" {
		return nil, errNoTools
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	lab := &Lab{URL: "http://127.0.0.1:" + port, python: python, memo: memo{answers: map[string]answer{}}}
	lab.process = exec.Command(server, "-H", "127.0.0.1", "-p", port) // #nosec G204 -- the test's own tool
	// Without images of its own moto makes hundreds, and a snapshot for each.
	lab.process.Env = append(os.Environ(), "MOTO_AMIS_PATH="+testdata("amis.json"))
	if err := lab.process.Start(); err != nil {
		return nil, fmt.Errorf("start moto: %w", err)
	}
	if err := lab.fill(); err != nil {
		lab.stop()
		return nil, err
	}
	return lab, nil
}

func (l *Lab) fill() error {
	if err := l.await(30 * time.Second); err != nil {
		return err
	}
	if err := l.Run(testdata("estate.py")); err != nil {
		return err
	}
	if script := filepath.Join(SharedEstate(), "apply_boto3.py"); exists(script) {
		l.Shared = true
		return l.Run(script)
	}
	return nil
}

// Run runs a Python script against the lab, with the lab's address as its argument.
func (l *Lab) Run(script string) error {
	cmd := exec.Command(l.python, script, l.URL) // #nosec G204 -- the test's own tool
	// What the scripts import must leave nothing behind in the sources.
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s: %w\n%s", filepath.Base(script), err, out)
	}
	return nil
}

func (l *Lab) await(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL+"/moto-api/data.json", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			return resp.Body.Close()
		}
		if ctx.Err() != nil {
			return fmt.Errorf("moto does not answer: %w", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (l *Lab) stop() {
	_ = l.process.Process.Kill()
	_ = l.process.Wait()
}

// SharedEstate is the folder of the estate with verdicts known beforehand; it is not everywhere.
func SharedEstate() string {
	return filepath.Join(here(), "..", "..", "..", "..", "shared", "aws-estate")
}

func tool(variable, name string) string {
	if path := os.Getenv(variable); exists(path) {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return path != "" && err == nil
}

func testdata(name string) string { return filepath.Join(here(), "testdata", name) }

func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
