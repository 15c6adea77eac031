package demo_test

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// ledger is a receiver that keeps how listings ended.
type ledger struct {
	mu   sync.Mutex
	seen int
	rows []inventory.LedgerRow
}

func (l *ledger) Observe(_ context.Context, batch []collectors.Observation) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen += len(batch)
	return nil
}

func (l *ledger) Listed(_ context.Context, row inventory.LedgerRow) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, row)
	return nil
}

func archived(t testing.TB) *demo.Archive {
	t.Helper()
	a, err := demo.Open()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// darkWeek is the week in which rights were lost, refusals the words by which providers say so.
const darkWeek = 7

var refusals = []string{"AccessDenied", "AccessDeniedException", "AuthorizationFailed"}

func TestArchiveAnswersEveryCall(t *testing.T) {
	t.Parallel()
	a := archived(t)
	clouds := map[inventory.Cloud]bool{}
	for _, scope := range a.Scopes {
		clouds[scope.ID.Cloud()] = true
	}
	if len(a.Weeks) != 12 || len(a.Scopes) != 4 || len(clouds) != 3 {
		t.Fatalf("%d weeks of %d scopes on %d clouds, want 12 of 4 on 3", len(a.Weeks), len(a.Scopes), len(clouds))
	}
	for n, week := range a.Weeks {
		for _, scope := range a.Scopes {
			replay := a.Replay(n, scope.ID)
			account, err := scope.Connect(t.Context(), replay)
			if err != nil {
				t.Fatal(err)
			}
			var got ledger
			if err := account.Collect(t.Context(), func() time.Time { return week.At }, &got); err != nil {
				t.Fatal(err)
			}
			for _, question := range replay.Missing() {
				t.Errorf("week %d of %s: no answer to %q; record the estate again", n+1, scope.ID, question)
			}
			for _, row := range got.rows {
				for _, e := range row.Errors {
					if n+1 != darkWeek || !slices.Contains(refusals, e.Code) {
						t.Errorf("week %d of %s: %s in %s: %s answered %s", n+1, scope.ID, row.Kind, row.Region, e.Action, e.Code)
					}
				}
			}
			if got.seen < 40 {
				t.Errorf("week %d of %s: only %d resources", n+1, scope.ID, got.seen)
			}
		}
	}
}

func TestArchiveIsInventedAndWithoutSecrets(t *testing.T) {
	t.Parallel()
	a := archived(t)
	var packed bytes.Buffer
	if err := a.Write(&packed); err != nil {
		t.Fatal(err)
	}
	if packed.Len() > 4<<20 {
		t.Errorf("the archive is %d bytes", packed.Len())
	}
	forbidden := regexp.MustCompile(`(?i)aws4-hmac-sha256|secretaccesskey>|sessiontoken>|127\.0\.0\.1|localhost|x-moto`)
	public := regexp.MustCompile(`<(?:publicIp|ipAddress)>([^<]*)<|"(?:natIP|IPAddress|ipAddress)":"(\d[^"]*)"`)
	for _, answer := range a.Answers {
		if hit := forbidden.FindString(answer.Body); hit != "" {
			t.Errorf("an answer holds %q", hit)
		}
		for _, m := range public.FindAllStringSubmatch(answer.Body, -1) {
			address := m[1] + m[2]
			if !slices.ContainsFunc([]string{"203.0.113.", "198.51.100.", "10."}, func(net string) bool {
				return strings.HasPrefix(address, net)
			}) {
				t.Errorf("public address %s is not of the ranges for documentation", address)
			}
		}
	}
	again, err := demo.Read(&packed)
	if err != nil || len(again.Answers) != len(a.Answers) || len(again.Weeks) != len(a.Weeks) {
		t.Errorf("what was written does not read back the same: %v", err)
	}
}

func TestReadRefusesWhatIsNoArchive(t *testing.T) {
	t.Parallel()
	if _, err := demo.Read(strings.NewReader("nothing")); err == nil {
		t.Error("text was read as an archive")
	}
	broken := &demo.Archive{
		Scopes: []demo.Scope{{ID: "aws:111122223333"}}, Questions: []string{"q"},
		Weeks: []demo.Week{{Calls: map[inventory.ScopeID][][2]int{"aws:111122223333": {{0, 1}}}}},
	}
	var packed bytes.Buffer
	if err := broken.Write(&packed); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Read(&packed); err == nil {
		t.Error("a call without an answer was read")
	}
}

func TestReplayNamesWhatItLacks(t *testing.T) {
	t.Parallel()
	a := archived(t)
	replay := a.Replay(0, a.Scopes[0].ID)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://iam.example/never", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replay.RoundTrip(req); err == nil || !strings.Contains(err.Error(), "/never") {
		t.Errorf("an unknown call was answered with %v", err)
	}
	if len(replay.Missing()) != 1 {
		t.Errorf("%d calls are missing, want the one", len(replay.Missing()))
	}
}
