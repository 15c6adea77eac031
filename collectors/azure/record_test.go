package azure

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/azure/armtest"
)

// TestRecordAndReplay wants a replay to state the same facts as the collection that was recorded, and no secret to be
// in the recording.
func TestRecordAndReplay(t *testing.T) {
	t.Parallel()
	estate := estateOf(t)
	for _, r := range estate.Resources {
		if strings.HasSuffix(r.ID(), "/connections/office") {
			r["properties"].(map[string]any)["sharedKey"] = "let-me-in"
		}
	}
	small := armtest.NewServer(estate)
	small.PageSize = 1
	server := httptest.NewServer(small)
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "recording")
	s, closeRecording, err := ConnectRecording(t.Context(), Connection{Subscription: subscription, Endpoint: server.URL,
		Attempts: 1}, dir)
	if err != nil {
		t.Fatal(err)
	}
	before := &kept{}
	if err := s.Collect(t.Context(), time.Now, before); err != nil {
		t.Fatal(err)
	}
	if err := closeRecording(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, recordingName+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"let-me-in", "Bearer", "loopback"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("the recording holds %q", secret)
		}
	}
	if !strings.Contains(string(raw), scrubbed) {
		t.Error("nothing was taken out of the recording; the test proves nothing")
	}
	server.Close()
	replayed, err := ConnectReplay(t.Context(), Connection{Attempts: 1}, dir)
	if err != nil {
		t.Fatal(err)
	}
	after := &kept{}
	if err := replayed.Collect(t.Context(), time.Now, after); err != nil {
		t.Fatal(err)
	}
	facts := map[string]string{}
	for _, o := range before.seen {
		facts[o.Resource.ID] = encoded(t, o.Resource)
	}
	if len(after.seen) != len(before.seen) || len(facts) < 50 {
		t.Errorf("%d resources were replayed of %d", len(after.seen), len(before.seen))
	}
	for _, o := range after.seen {
		if got := encoded(t, o.Resource); got != facts[o.Resource.ID] {
			t.Errorf("%s: replayed as %s; want %s", o.Resource.ID, got, facts[o.Resource.ID])
		}
	}
	for _, row := range after.rows {
		if !row.Complete {
			t.Errorf("the replayed listing of %s is not complete: %+v", row.Kind, row.Unknown)
		}
	}
}

// TestRecordRefuses wants a folder to be used once, and a recording to answer for its own subscription only.
func TestRecordRefuses(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(armtest.NewServer(armtest.Estate{Subscription: subscription}))
	defer server.Close()
	dir := t.TempDir()
	c := Connection{Subscription: subscription, Endpoint: server.URL, Attempts: 1}
	_, closeRecording, err := ConnectRecording(t.Context(), c, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := closeRecording(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ConnectRecording(t.Context(), c, dir); err == nil || !strings.Contains(err.Error(), "another folder") {
		t.Errorf("a folder is used twice: %v", err)
	}
	other := Connection{Subscription: "99999999-2222-3333-4444-555555555555"}
	if _, err := ConnectReplay(t.Context(), other, dir); err == nil || !strings.Contains(err.Error(),
		"another recording") {
		t.Errorf("a recording answers for another subscription: %v", err)
	}
	replayed, err := ConnectReplay(t.Context(), Connection{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, err := range graphRows[row[disk]](t.Context(), replayed.clients(), disks) {
		rows++
		if err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Errorf("a call that was not recorded is answered: %v", err)
		}
	}
	if rows != 1 {
		t.Error("a call that was not recorded ends without a word")
	}
}
