package azure

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// encoded is all that a resource states, in the form in which it is stored.
func encoded(t *testing.T, r *inventory.Resource) string {
	t.Helper()
	if r == nil {
		return "nothing"
	}
	r.MarkFacts()
	facts, err := r.EncodeFacts()
	if err != nil {
		t.Fatal(err)
	}
	rest, err := json.Marshal([]any{r.ID, r.Name, r.Region, r.Labels})
	if err != nil {
		t.Fatal(err)
	}
	return string(rest) + string(facts)
}

// unstated lists the attributes that the facts stage said nothing of and that nobody else fills. Whether labels were
// read is said by the registry.
func unstated(r *inventory.Resource) []string {
	var out []string
	for _, a := range r.Schema().Attributes {
		if a.Name != "labels_read" && !a.Derived && !r.IsFixed(a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}

// readOnly is the shape of a right that changes nothing and reads no content. The one action is a question about a
// network that is put by POST.
var readOnly = regexp.MustCompile(`^Microsoft\.[A-Za-z]+(/[A-Za-z]+)+/read$|` +
	`^Microsoft\.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action$`)

func TestPermissionsAreReadOnly(t *testing.T) {
	t.Parallel()
	for _, e := range Sources.Entries() {
		d := e.Definition()
		for _, p := range d.Permissions {
			if !readOnly.MatchString(p) {
				t.Errorf("%s needs %q, which is not a right to read", d.Kind, p)
			}
		}
		if !slices.Contains(d.Permissions, d.ListPermission) {
			t.Errorf("%s lists with %q, which is not among its permissions", d.Kind, d.ListPermission)
		}
	}
	for _, p := range []string{"*/read", "Microsoft.Storage/storageAccounts/listKeys/action",
		"Microsoft.Sql/servers/write", "Microsoft.Network/*"} {
		if readOnly.MatchString(p) {
			t.Errorf("%q passes for a right to read", p)
		}
	}
}

// TestPolicyNamesEveryRight wants each right in each format, and no other format.
func TestPolicyNamesEveryRight(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "bicep", "terraform"} {
		text, err := Policy(format)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`Microsoft\.[A-Za-z]+(/[A-Za-z]+)+/(read|action)`).FindAllString(string(text), -1)
		slices.Sort(found)
		if !slices.Equal(found, Permissions()) {
			t.Errorf("%s names %d rights; want the %d that are needed", format, len(found), len(Permissions()))
		}
	}
	if _, err := Policy("cloudformation"); err == nil {
		t.Error("a format of another cloud is taken")
	}
}
