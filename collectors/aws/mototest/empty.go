package mototest

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Empty starts a lab for one test with nothing in it, for what needs several accounts and little in each. It ends with
// the test.
func Empty(t testing.TB) *Lab {
	t.Helper()
	lab, err := launch()
	if lab != nil {
		t.Cleanup(lab.stop)
	}
	return usable(t, lab, err)
}

// launch runs moto and waits until it answers.
func launch() (*Lab, error) {
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
	if err := lab.await(30 * time.Second); err != nil {
		lab.stop()
		return nil, err
	}
	return lab, nil
}
