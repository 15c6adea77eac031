package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	tally := newTally(&out)
	err := tally.read(strings.NewReader(`
{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestSkipped","Output":"    a_test.go:7: no moto here\n"}
{"Action":"skip","Package":"p","Test":"TestSkipped"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"    a_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestBad"}
{"Action":"fail","Package":"p","Elapsed":0.1}
{"Action":"build-output","ImportPath":"q","Output":"q.go:1: undefined: x\n"}
{"Action":"build-fail","ImportPath":"q"}
{"Action":"fail","Package":"q","FailedBuild":"q"}
`[1:]))
	if err != nil {
		t.Fatal(err)
	}
	tally.close()
	got := out.String()
	if !strings.HasSuffix(got, "\n1 passed, 2 failed, 1 skipped\n") {
		t.Errorf("the counts are wrong:\n%s", got)
	}
	for _, want := range []string{"got 1, want 2", "undefined: x", "skipped 1: no moto here"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not shown:\n%s", want, got)
		}
	}
	if strings.Contains(got, "chatter") {
		t.Error("what a passing test prints is shown")
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	got := groups([]string{"--", "-race", "--", "-p=1", "./a", "./b", "--", "./c"})
	want := [][]string{{"-p=1", "./a", "./b"}, {"./c"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
