package demo

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the archive is part of the binary
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Archive is what the providers answered in each of the simulated weeks. Answers and questions are held once, however
// often they came, and by whichever provider.
type Archive struct {
	Company   string
	Scopes    []Scope
	Weeks     []Week
	Questions []string
	Answers   []Answer
}

// Scope is an account, a subscription or a project of the invented company.
type Scope struct {
	ID   inventory.ScopeID `json:"id"`
	Name string            `json:"name"`
	// Regions bound what is collected where a provider is asked region by region.
	Regions []string `json:"regions,omitempty"`
}

// Week is one look at every scope.
type Week struct {
	At time.Time
	// Happened says what changed, by the provider on which it did.
	Happened map[inventory.Cloud]string
	// Calls holds, by scope, places of a question and of its answer, in pairs.
	Calls map[inventory.ScopeID][][2]int
}

// Answer is one response as a provider gave it, without what differs with every call.
type Answer struct {
	Status int
	Header map[string]string `json:",omitempty"`
	Body   string
}

//go:embed answers.zst
var recorded []byte

// Open returns the archive of this release.
var Open = sync.OnceValues(func() (*Archive, error) { return Read(bytes.NewReader(recorded)) })

// Digest tells archives apart.
func Digest() []byte {
	sum := sha256.Sum256(recorded)
	return sum[:]
}

// Read reads an archive.
func Read(r io.Reader) (*Archive, error) {
	unpacked, err := zstd.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("open the demo's archive: %w", err)
	}
	defer unpacked.Close()
	var a Archive
	if err := json.NewDecoder(unpacked).Decode(&a); err != nil {
		return nil, fmt.Errorf("read the demo's archive: %w", err)
	}
	return &a, a.valid()
}

// Write writes the archive, packed.
func (a *Archive) Write(w io.Writer) error {
	packed, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return fmt.Errorf("write the demo's archive: %w", err)
	}
	if err := json.NewEncoder(packed).Encode(a); err != nil {
		return fmt.Errorf("write the demo's archive: %w", err)
	}
	if err := packed.Close(); err != nil {
		return fmt.Errorf("write the demo's archive: %w", err)
	}
	return nil
}

// valid refuses places that lead nowhere, so that replaying need not look.
func (a *Archive) valid() error {
	if len(a.Weeks) == 0 || len(a.Scopes) == 0 {
		return fmt.Errorf("the demo's archive is empty")
	}
	for n, week := range a.Weeks {
		for scope, calls := range week.Calls {
			for _, c := range calls {
				if c[0] < 0 || c[0] >= len(a.Questions) || c[1] < 0 || c[1] >= len(a.Answers) {
					return fmt.Errorf("the demo's archive: week %d of %s names call %v, which it does not hold", n+1, scope, c)
				}
			}
		}
	}
	return nil
}
