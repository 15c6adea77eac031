package evaluator

import (
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// TestLabelsTouchOnlyWhatAsksForThem compares two forms of a resource: a label touches its scope by its name, in whatever
// case, and only when it changes.
func TestLabelsTouchOnlyWhatAsksForThem(t *testing.T) {
	t.Parallel()
	const here, there = inventory.ScopeID("aws:111122223333"), inventory.ScopeID("aws:444455556666")
	made := func(scope inventory.ScopeID, labels map[string]string) *inventory.Resource {
		r := inventory.New("bucket", "bucket", "eu-central-1", &inventory.ObjectStorage{})
		r.Scope, r.Labels, r.CarriesLabels = scope, labels, true
		r.Known("labels_read")
		return r
	}
	unread, dumb := made(here, nil), made(here, map[string]string{"env": "test"})
	unread.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied}, "labels_read")
	dumb.CarriesLabels = false
	test := map[string]string{"Env": "test", "team": "web"}
	for name, c := range map[string]struct {
		before, after *inventory.Resource
		want          []Key
	}{
		"it comes":            {nil, made(here, test), []Key{LabelKey(here, "ENV"), LabelKey(here, "team")}},
		"it goes":             {made(here, test), nil, []Key{LabelKey(here, "env"), LabelKey(here, "team")}},
		"it stays":            {made(here, test), made(here, test), nil},
		"one label changes":   {made(here, test), made(here, map[string]string{"Env": "live", "team": "web"}), []Key{LabelKey(here, "env")}},
		"one label goes":      {made(here, test), made(here, map[string]string{"Env": "test"}), []Key{LabelKey(here, "team")}},
		"an empty one comes":  {made(here, test), made(here, map[string]string{"Env": "test", "team": "web", "stage": ""}), nil},
		"labels are not read": {made(here, nil), unread, []Key{LabelKey(here, "")}},
		"it carries none":     {nil, dumb, nil},
		"it moves":            {made(here, map[string]string{"env": "a"}), made(there, map[string]string{"env": "a"}), []Key{LabelKey(here, "env"), LabelKey(there, "env")}},
	} {
		got := slices.DeleteFunc(KeysOf(c.before, c.after), func(k Key) bool { return k == ResourceKey("bucket") })
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v is touched; want %v", name, got, c.want)
		}
	}
}
