// Command count runs go test and ends with a line that says how many tests passed, failed and were skipped. It knows no
// package of the project. Arguments are groups after "--", each the arguments of one go test.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	t := newTally(os.Stdout)
	for _, group := range groups(os.Args[1:]) {
		if err := t.test(group); err != nil {
			fmt.Fprintln(os.Stdout, "go test:", err)
			t.failed++
		}
	}
	t.close()
	if t.failed > 0 {
		os.Exit(1)
	}
}

// groups splits arguments at "--" and leaves out groups that name no package.
func groups(args []string) (all [][]string) {
	var group []string
	keep := func() {
		if slices.ContainsFunc(group, func(arg string) bool { return !strings.HasPrefix(arg, "-") }) {
			all = append(all, group)
		}
		group = nil
	}
	for _, arg := range args {
		if arg == "--" {
			keep()
			continue
		}
		group = append(group, arg)
	}
	keep()
	return all
}

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// tally counts, and keeps what a test printed until it is known whether anyone wants to read it.
type tally struct {
	out                     io.Writer
	passed, failed, skipped int
	printed                 map[string]*strings.Builder // by package and test, or by what was compiled
	faults                  map[string]int              // failed tests by package
	reasons                 map[string]int              // why tests were skipped
}

func newTally(out io.Writer) *tally {
	return &tally{
		out: out, printed: map[string]*strings.Builder{}, faults: map[string]int{}, reasons: map[string]int{},
	}
}

func (t *tally) test(args []string) error {
	cmd := exec.Command("go", append([]string{"test", "-json", "-shuffle=on"}, args...)...)
	cmd.Stderr = os.Stderr
	stream, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	before := t.failed
	if err := t.read(stream); err != nil {
		return errors.Join(err, cmd.Wait())
	}
	// The exit code says nothing new about tests that failed, but is all there is when no package was found.
	if err := cmd.Wait(); err != nil && t.failed == before {
		return err
	}
	return nil
}

func (t *tally) read(stream io.Reader) error {
	lines := bufio.NewReader(stream)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				t.add(e)
			} else {
				fmt.Fprintf(t.out, "%s", line) // go itself speaks, not a test
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) add(e event) {
	switch {
	case e.Action == "output" && strings.HasPrefix(e.Output, "=== "):
		// run, pause and continue are told by their own events
	case e.Action == "output":
		t.keep(e.Package+" "+e.Test, e.Output)
	case e.Action == "build-output":
		t.keep("build", e.Output)
	case e.Action == "build-fail":
		t.show("build")
	case e.Test != "":
		t.addTest(e)
	default:
		t.addPackage(e)
	}
}

func (t *tally) addTest(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		t.reasons[reason(t.printed[key])]++
	case "fail":
		t.failed++
		t.faults[e.Package]++
		t.show(key)
	default:
		return // run, pause, cont
	}
	delete(t.printed, key)
}

func (t *tally) addPackage(e event) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(t.out, "ok    %6.1f s  %s\n", e.Elapsed, e.Package)
	case "fail":
		fmt.Fprintf(t.out, "FAIL  %6.1f s  %s\n", e.Elapsed, e.Package)
		// What fails outside of any test (it does not compile, TestMain exits, a goroutine panics) counts as one.
		if t.faults[e.Package] == 0 {
			t.failed++
		}
		t.show(e.Package + " ")
	}
}

func (t *tally) keep(key, text string) {
	if t.printed[key] == nil {
		t.printed[key] = &strings.Builder{}
	}
	t.printed[key].WriteString(text)
}

func (t *tally) show(key string) {
	if text := t.printed[key]; text != nil {
		fmt.Fprint(t.out, text.String())
		delete(t.printed, key)
	}
}

// reason is what a test said when it skipped itself, without the place where it said so.
func reason(printed *strings.Builder) string {
	if printed == nil {
		return "no reason given"
	}
	said := "no reason given"
	for line := range strings.Lines(printed.String()) {
		line = strings.TrimSpace(line)
		if place, text, ok := strings.Cut(line, ": "); ok && strings.Contains(place, "_test.go:") {
			said = text
		}
	}
	return said
}

func (t *tally) close() {
	for _, why := range slices.Sorted(maps.Keys(t.reasons)) {
		fmt.Fprintf(t.out, "skipped %d: %s\n", t.reasons[why], why)
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
}
