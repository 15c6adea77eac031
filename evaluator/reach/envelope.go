package reach

import (
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// production is the environment that rules ask for by name.
const production = "production"

// environments maps the ways people spell an environment to the word the checks know.
var environments = map[string]string{
	"production": production, "prod": production, "prd": production, "live": production,
	"staging": "staging", "stage": "staging", "stg": "staging", "preprod": "staging", "pre-prod": "staging",
	"preproduction": "staging", "pre-production": "staging", "uat": "staging", "acceptance": "staging", "acc": "staging",
	"test": "test", "testing": "test", "tst": "test", "qa": "test", "qs": "test", "integration": "test", "int": "test",
	"ci":          "test",
	"development": "development", "develop": "development", "dev": "development", "sandbox": "development",
	"sbx": "development",
	"lab": "development", "local": "development", "playground": "development", "nonprod": "development",
	"non-prod": "development", "nonproduction": "development", "non-production": "development",
}

// codeMarks are labels that tools for infrastructure as code leave on what they make.
var codeMarks = []string{
	"aws:cloudformation:stack-id", "goog-terraform-provisioned", "managed-by-cnrm", "helm.toolkit.fluxcd.io/name",
	"kustomize.toolkit.fluxcd.io/name", "argocd.argoproj.io/instance",
}

// kubernetesTool is the label by which what runs in a cluster says which tool manages it.
const kubernetesTool = "app.kubernetes.io/managed-by"

// byHand are values of a label about management that say the opposite.
var byHand = []string{"", "false", "no", "none", "manual", "manually", "hand", "console", "portal", "clickops", "human", "kubectl"}

// envelope works out what labels, the account's labels and the settings say of a resource.
func envelope(r *inventory.Resource, w World) {
	s := w.Settings()
	e := &r.Envelope
	word, why := labelled(r, s.OwnerKeys, w)
	putWord(r, "owner", &e.Owner, word, why)
	word, why = labelled(r, s.ClassificationKeys, w)
	putWord(r, "data_classification", &e.DataClassification, strings.ToLower(word), why)

	env, why := environmentOf(r, w)
	if why != nil {
		unknown(r, []inventory.Unknown{*why}, "environment")
	} else {
		put(r, "environment", &e.Environment, env)
	}
	switch {
	case why == nil:
		put(r, "environment_labelled", &e.EnvironmentLabelled, true)
	case why.Cause == inventory.CauseLabelMissing:
		put(r, "environment_labelled", &e.EnvironmentLabelled, false)
	default:
		unknown(r, []inventory.Unknown{*why}, "environment_labelled")
	}
	managedAsCode(r, s)
	put(r, "region_allowed", &e.RegionAllowed, regionAllowed(r, s.AllowedRegions))
	copiedFrom(r, w)
	if !r.CarriesLabels {
		notAsked(r, "this kind cannot carry labels", "owner", "environment_labelled", "data_classification",
			"managed_as_code")
	}
}

func putWord(r *inventory.Resource, name string, into *string, word string, why *inventory.Unknown) {
	if why != nil {
		unknown(r, []inventory.Unknown{*why}, name)
		return
	}
	put(r, name, into, word)
}

// labelled reads the first of the keys that is set, on the resource, else on its account. It is empty only when both
// were read and neither says anything.
func labelled(r *inventory.Resource, keys []string, w World) (string, *inventory.Unknown) {
	if word := label(r, keys); word != "" {
		return word, nil
	}
	var why *inventory.Unknown
	if r.CarriesLabels && !r.IsKnown("labels_read") {
		u := r.Why("labels_read")
		why = &u
	}
	if r.Class == inventory.ClassCloudAccount {
		return "", why
	}
	word, above := accountLabel(r, keys, w)
	switch {
	case why != nil:
		// A label of its own would outrank the account's.
		return "", why
	case word != "":
		return word, nil
	default:
		return "", above
	}
}

// AccountID is the id of the record that holds what is set once for a scope.
func AccountID(scope inventory.ScopeID) string {
	return string(scope) + "/" + string(inventory.ClassCloudAccount) + "/" + scope.Account()
}

func accountLabel(r *inventory.Resource, keys []string, w World) (string, *inventory.Unknown) {
	account := w.Get(AccountID(r.Scope))
	if account == nil {
		if missing := w.Missing(inventory.ClassCloudAccount, r.Scope, ""); len(missing) > 0 {
			return "", &missing[0]
		}
		return "", nil
	}
	if word := label(account, keys); word != "" {
		return word, nil
	}
	if account.CarriesLabels && !account.IsKnown("labels_read") {
		why := account.Why("labels_read")
		return "", &why
	}
	return "", nil
}

// label reads the first of the keys that is set on the resource itself. Case does not matter: clouds differ in it, and
// people do.
func label(r *inventory.Resource, keys []string) string { return labelIn(r.Labels, keys) }

func labelIn(labels map[string]string, keys []string) string {
	for _, key := range keys {
		if v := strings.TrimSpace(labels[key]); v != "" {
			return v
		}
		// Of two spellings of one key the first in order counts, so that the answer does not hang on chance.
		found := ""
		for k, v := range labels {
			if v = strings.TrimSpace(v); v != "" && strings.EqualFold(k, key) && (found == "" || k < found) {
				found = k
			}
		}
		if found != "" {
			return strings.TrimSpace(labels[found])
		}
	}
	return ""
}

// environmentOf is the environment of a resource in the words of the checks: by its own label, else by the mapping in
// the settings, else by the label of its account. A word nobody knows is no label.
func environmentOf(r *inventory.Resource, w World) (string, *inventory.Unknown) {
	s := w.Settings()
	if env := environments[strings.ToLower(label(r, s.EnvironmentKeys))]; env != "" {
		return env, nil
	}
	if r.CarriesLabels && !r.IsKnown("labels_read") {
		why := r.Why("labels_read")
		return "", &why
	}
	if env := environments[strings.ToLower(strings.TrimSpace(s.Environments[r.Scope]))]; env != "" {
		return env, nil
	}
	if r.Class != inventory.ClassCloudAccount {
		word, why := accountLabel(r, s.EnvironmentKeys, w)
		if why != nil {
			return "", why
		}
		if env := environments[strings.ToLower(word)]; env != "" {
			return env, nil
		}
	}
	return "", &inventory.Unknown{Cause: inventory.CauseLabelMissing}
}

func managedAsCode(r *inventory.Resource, s *inventory.Settings) {
	word, tool := strings.ToLower(label(r, s.IaCKeys)), strings.ToLower(label(r, []string{kubernetesTool}))
	marked := label(r, codeMarks) != "" || !slices.Contains(byHand, word) || !slices.Contains(byHand, tool)
	switch {
	case marked:
		put(r, "managed_as_code", &r.Envelope.ManagedAsCode, true)
	case r.CarriesLabels && !r.IsKnown("labels_read"):
		unknown(r, []inventory.Unknown{r.Why("labels_read")}, "managed_as_code")
	default:
		put(r, "managed_as_code", &r.Envelope.ManagedAsCode, false)
	}
}

// regionAllowed compares the region with the list; an entry may name its cloud, as in "aws:eu-central-1". No list
// allows all, and what belongs to no region is allowed.
func regionAllowed(r *inventory.Resource, allowed []string) bool {
	if len(allowed) == 0 || r.Region == "" || r.Region == "global" {
		return true
	}
	for _, a := range allowed {
		if strings.EqualFold(a, r.Region) || strings.EqualFold(a, string(r.Scope.Cloud())+":"+r.Region) {
			return true
		}
	}
	return false
}

// longestLineage bounds how far a copy is followed to its original.
const longestLineage = 16

// copiedFrom follows a copy to the first thing on its line that says which environment it belongs to.
func copiedFrom(r *inventory.Resource, w World) {
	into := &r.Envelope.CopiedFromEnvironment
	if r.Class == inventory.ClassObjectStorage {
		replicatedFrom(r, w)
		return
	}
	if r.Schema().Attribute("source") == nil {
		notAsked(r, "holds no copy of data", "copied_from_environment")
		return
	}
	at := r
	for range longestLineage {
		source, known := at.Value("source")
		if !known {
			unknown(r, []inventory.Unknown{at.Why("source")}, "copied_from_environment")
			return
		}
		id, _ := source.(string)
		if id == "" {
			break
		}
		next := w.Get(id)
		if next == nil {
			unknown(r, absent(w, at.Class, at), "copied_from_environment")
			return
		}
		env, why := environmentOf(next, w)
		if why == nil {
			put(r, "copied_from_environment", into, env)
			return
		}
		if why.Cause != inventory.CauseLabelMissing || next.Schema().Attribute("source") == nil {
			unknown(r, []inventory.Unknown{*why}, "copied_from_environment")
			return
		}
		at = next
	}
	if at != r {
		unknown(r, []inventory.Unknown{{Cause: inventory.CauseLabelMissing}}, "copied_from_environment")
		return
	}
	put(r, "copied_from_environment", into, "")
}

// replicatedFrom looks for stores that replicate into this one; production among them says the most.
func replicatedFrom(r *inventory.Resource, w World) {
	found := ""
	doubts := w.Missing(inventory.ClassObjectStorage, r.Scope, "")
	for _, from := range w.Into(inventory.ClassObjectStorage, "replicates_to", r.ID) {
		env, why := environmentOf(from, w)
		if why != nil {
			doubts = append(doubts, *why)
			continue
		}
		if found == "" || env == production {
			found = env
		}
	}
	if found != production && len(doubts) > 0 {
		unknown(r, doubts, "copied_from_environment")
		return
	}
	put(r, "copied_from_environment", &r.Envelope.CopiedFromEnvironment, found)
}
