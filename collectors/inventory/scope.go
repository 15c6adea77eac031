package inventory

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Cloud names a provider: aws, azure or gcp.
type Cloud string

// The clouds a scope can be of.
const (
	AWS   Cloud = "aws"
	Azure Cloud = "azure"
	GCP   Cloud = "gcp"
)

// Clouds are the providers, in the order in which they stand beside each other.
var Clouds = []Cloud{AWS, Azure, GCP}

// Title is the provider's name as people write it.
func (c Cloud) Title() string {
	switch c {
	case AWS:
		return "AWS"
	case Azure:
		return "Azure"
	case GCP:
		return "Google Cloud"
	default:
		return string(c)
	}
}

// ScopeID is the natural id of what one run collects, such as "aws:123456789012".
type ScopeID string

var scopeShapes = map[string]struct {
	cloud Cloud
	shape *regexp.Regexp
	want  string
}{
	"aws":          {AWS, regexp.MustCompile(`^\d{12}$`), "aws:<12 digits>"},
	"aws-org":      {AWS, regexp.MustCompile(`^o-[a-z0-9]{10,32}$`), "aws-org:o-<id>"},
	"azure":        {Azure, regexp.MustCompile(`^[0-9a-fA-F-]{36}$`), "azure:<subscription uuid>"},
	"azure-tenant": {Azure, regexp.MustCompile(`^[0-9a-fA-F-]{36}$`), "azure-tenant:<uuid>"},
	"gcp":          {GCP, regexp.MustCompile(`^[a-z][a-z0-9:.-]{4,61}[a-z0-9]$`), "gcp:<project id>"},
	"gcp-org":      {GCP, regexp.MustCompile(`^\d+$`), "gcp-org:<number>"},
}

// ParseScope checks the shape of a scope id. The error names the shape it should have.
func ParseScope(s string) (ScopeID, error) {
	prefix, rest, ok := strings.Cut(s, ":")
	shape, known := scopeShapes[prefix]
	if !ok || !known {
		return "", fmt.Errorf("scope %q: want aws:<12 digits>, azure:<subscription uuid> or gcp:<project id>", s)
	}
	if !shape.shape.MatchString(rest) {
		return "", fmt.Errorf("scope %q: want %s", s, shape.want)
	}
	return ScopeID(s), nil
}

// Cloud says which provider the scope belongs to.
func (s ScopeID) Cloud() Cloud {
	prefix, _, _ := strings.Cut(string(s), ":")
	return scopeShapes[prefix].cloud
}

// Account is the provider's own id: the part after the colon.
func (s ScopeID) Account() string {
	_, rest, _ := strings.Cut(string(s), ":")
	return rest
}

// CallErrors counts the failures of one API action during a listing.
type CallErrors struct {
	Action string `json:"action"`
	Code   string `json:"code"`
	Count  int    `json:"count"`
}

// LedgerRow says how completely one kind was listed in one region. Removal and closing are decided by it, never by
// the run as a whole.
type LedgerRow struct {
	Scope     ScopeID      `json:"scope"`
	Kind      Kind         `json:"kind"`
	Class     Class        `json:"class,omitempty"`
	Region    string       `json:"region"`
	Complete  bool         `json:"complete"`
	Listed    int          `json:"listed"`
	Described int          `json:"described"`
	Errors    []CallErrors `json:"errors"`
	// Unknown is why the listing is not complete; nil when it is.
	Unknown *Unknown `json:"unknown,omitempty"`
	// BeganAt is when the first call of the listing was made: what was last observed before it and is not in a
	// complete listing is gone.
	BeganAt time.Time `json:"began_at"`
	// Recorded and Asked are of a listing that the records which a cloud keeps helped with: how many calls about single
	// resources they answered, and how many of the same calls were made all the same.
	Recorded int `json:"recorded,omitempty"`
	Asked    int `json:"asked,omitempty"`
}

// EveryRegion says whether the row speaks of every region of the scope: what is listed once, or the regions that could
// not be listed.
func (r LedgerRow) EveryRegion() bool { return r.Region == "global" || r.Region == "*" }

// OnlyCloses says whether the row lists nothing itself: it tells that nothing stands any more for regions, or for a
// class, that could not be listed before.
func (r LedgerRow) OnlyCloses() bool { return r.Region == "*" && r.Complete }

// Labelled says whether what the row lists is of a class whose resources carry labels.
func (r LedgerRow) Labelled() bool { return Classes[r.Class] != nil }
