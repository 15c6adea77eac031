package reach

import (
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func deriveEntryPoint(r *inventory.Resource, w World) {
	e := r.Facts.(*inventory.EntryPoint)
	shielded(r, e, w)
	k := newWalk(r, w)
	listenerFacts(r, e)
	tlsFacts(r, e, w)
	k.entryFilters(r, e)
	webFirewall(r, e, w)
	if r.IsKnown("origins") {
		originsByName(r, e, w)
		return
	}
	k.origins(r, e)
}

// clearText says whether a listener serves HTTP without TLS.
func clearText(l inventory.Listener) bool {
	return !l.TLS && strings.EqualFold(l.Protocol, "http")
}

// listenerFacts states what the listeners alone say.
func listenerFacts(r *inventory.Resource, e *inventory.EntryPoint) {
	if !r.IsKnown("listeners") {
		unknown(r, []inventory.Unknown{r.Why("listeners")}, "plaintext_listener", "plaintext_only_redirects")
		return
	}
	serves, redirects := false, true
	for _, l := range e.Listeners {
		if clearText(l) {
			serves = serves || !l.RedirectsToTLS
			redirects = redirects && l.RedirectsToTLS
		}
	}
	put(r, "plaintext_listener", &e.PlaintextListener, serves)
	put(r, "plaintext_only_redirects", &e.PlaintextOnlyRedirects, redirects)
}

// tlsFacts folds the policies of the listeners that end TLS.
func tlsFacts(r *inventory.Resource, e *inventory.EntryPoint, w World) {
	if !r.IsKnown("listeners") {
		unknown(r, []inventory.Unknown{r.Why("listeners")}, "tls_min_version", "weak_ciphers")
		return
	}
	oldest := 0.0
	weak := []string{}
	var versions, suites []inventory.Unknown
	ends := false
	for _, l := range e.Listeners {
		if !l.TLS {
			continue
		}
		ends = true
		policy := w.Get(l.Policy)
		if policy == nil {
			why := absent(w, inventory.ClassTLSPolicy, r)
			versions, suites = append(versions, why...), append(suites, why...)
			continue
		}
		facts := policy.Facts.(*inventory.TLSPolicy)
		if policy.IsKnown("versions") && len(facts.Versions) > 0 {
			if v := slices.Min(facts.Versions); oldest == 0 || v < oldest {
				oldest = v
			}
		} else {
			versions = append(versions, policy.Why("versions"))
		}
		if policy.IsKnown("suites") {
			weak = append(weak, weakSuites(facts.Suites)...)
		} else {
			suites = append(suites, policy.Why("suites"))
		}
	}
	if !ends {
		notAsked(r, "no listener ends TLS here", "tls_min_version", "weak_ciphers")
		return
	}
	// A version below 1.2 decides, whatever the other listeners accept.
	if len(versions) > 0 && (oldest == 0 || oldest >= 1.2) {
		unknown(r, versions, "tls_min_version")
	} else {
		put(r, "tls_min_version", &e.TLSMinVersion, oldest)
	}
	slices.Sort(weak)
	if weak = slices.Compact(weak); len(suites) > 0 && len(weak) == 0 {
		unknown(r, suites, "weak_ciphers")
	} else {
		put(r, "weak_ciphers", &e.WeakCiphers, weak)
	}
}

// weakParts mark a suite as weak wherever they stand in its name.
var weakParts = []string{"RC4", "3DES", "DES-CBC", "DES_CBC", "NULL", "EXPORT", "EXP-", "ANON", "ADH-", "AECDH-"}

// weakSuites are suites with weak parts, or without forward secrecy: neither an ephemeral exchange nor TLS 1.3.
func weakSuites(suites []string) []string {
	var out []string
	for _, s := range suites {
		name := strings.ToUpper(s)
		weak := slices.ContainsFunc(weakParts, func(part string) bool { return strings.Contains(name, part) })
		ephemeral := strings.Contains(name, "DHE") || strings.Contains(name, "EDH") || tls13(name)
		if weak || !ephemeral {
			out = append(out, s)
		}
	}
	return out
}

// tls13 says whether a suite is one of TLS 1.3, whose names carry no exchange since all of them are ephemeral.
func tls13(name string) bool {
	return strings.HasPrefix(name, "TLS_AES_") || strings.HasPrefix(name, "TLS_CHACHA20_") ||
		strings.HasPrefix(name, "TLS-AES-") || strings.HasPrefix(name, "TLS-CHACHA20-")
}

// entryFilters states what the filters of an entry point admit; where it has none, what it listens on.
func (k *walk) entryFilters(r *inventory.Resource, e *inventory.EntryPoint) {
	if !r.IsKnown("firewalls") {
		unknown(r, []inventory.Unknown{r.Why("firewalls")}, "firewall_ports", "filter_scope")
		return
	}
	if len(e.Firewalls) == 0 {
		if listens, known := listening(r, ""); known {
			put(r, "firewall_ports", &e.FirewallPorts, append([]string{}, listens.words()...))
		} else {
			unknown(r, []inventory.Unknown{r.Why("listeners")}, "firewall_ports")
		}
		put(r, "filter_scope", &e.FilterScope, "world")
		return
	}
	guards := k.layersOf(e.Firewalls, nil, e.Network, k.spotOf(k.entryDoors(r)[0]))
	var sure, maybe ports
	for _, f := range families {
		sure = sure.with(admit(guards, fromWorld(f), true))
		maybe = maybe.with(admit(guards, fromWorld(f), false))
	}
	only443 := parsePort("tcp/443")
	if !maybe.less(sure).empty() && sure.less(only443).empty() {
		unknown(r, doubtsOf(guards), "firewall_ports")
	} else {
		put(r, "firewall_ports", &e.FirewallPorts, append([]string{}, sure.words()...))
	}
	switch {
	case !sure.empty():
		put(r, "filter_scope", &e.FilterScope, "world")
	case !maybe.empty():
		unknown(r, doubtsOf(guards), "filter_scope")
	default:
		put(r, "filter_scope", &e.FilterScope, narrowScope(guards))
	}
}

// narrowScope is listed when any public range is admitted, else private.
func narrowScope(guards []guard) string {
	for _, g := range guards {
		for _, l := range g.(*layer).in {
			for _, f := range families {
				if !l.rule.Deny && len(l.ranges[f].less(private[f])) > 0 {
					return "listed"
				}
			}
		}
	}
	return "private"
}

// webFirewall asks what inspects the entry point.
func webFirewall(r *inventory.Resource, e *inventory.EntryPoint, w World) {
	if r.IsKnown("http") && !e.HTTP {
		notAsked(r, "does not speak HTTP", "waf_attached", "waf_blocking")
		return
	}
	doubts := w.Missing(inventory.ClassWebFirewall, r.Scope, r.Region)
	for _, g := range w.Into(inventory.ClassWebFirewall, "may_inspect", string(r.Scope)) {
		doubts = append(doubts, g.Why("resources"))
	}
	guards := w.Into(inventory.ClassWebFirewall, "inspects", r.ID)
	attached := truthOf(len(guards) > 0)
	if attached == no {
		attached = noUnless(doubts)
	}
	if r.IsFixed("waf_attached") && r.IsKnown("waf_attached") {
		attached = truthOf(e.WAFAttached)
	}
	settle(r, "waf_attached", attached, &e.WAFAttached, doubts)
	blocking := attached
	if attached == yes {
		blocking = no
		for _, g := range guards {
			if g.IsKnown("blocking") {
				blocking = blocking.either(truthOf(g.Facts.(*inventory.WebFirewall).Blocking))
			} else {
				blocking, doubts = blocking.either(unsure), append(doubts, g.Why("blocking"))
			}
		}
		if blocking == no {
			blocking = noUnless(doubts)
		}
	}
	settle(r, "waf_blocking", blocking, &e.WAFBlocking, doubts)
}

// origins looks at the sets of targets behind the listeners: whether traffic goes on encrypted, and whether what it
// goes to is still there. A listener that only redirects has no origin.
func (k *walk) origins(r *inventory.Resource, e *inventory.EntryPoint) {
	if !r.IsKnown("listeners") {
		unknown(r, []inventory.Unknown{r.Why("listeners")}, "origin_tls", "origin_exists")
		return
	}
	var ids []string
	for _, l := range e.Listeners {
		if !l.RedirectsToTLS {
			ids = append(ids, l.Targets...)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		notAsked(r, "forwards to no origin", "origin_tls", "origin_exists")
		return
	}
	encrypted, exists := yes, yes
	var doubts, gone []inventory.Unknown
	for _, id := range ids {
		set := k.w.Get(id)
		if set == nil {
			why := absent(k.w, inventory.ClassForwardingTarget, r)
			doubts, gone = append(doubts, why...), append(gone, why...)
			encrypted = bothOf(encrypted, unsure)
			// A complete listing without it says that it is gone.
			exists = bothOf(exists, noUnless(k.w.Missing(inventory.ClassForwardingTarget, r.Scope, r.Region)))
			continue
		}
		facts, ok := set.Facts.(*inventory.ForwardingTarget)
		if !ok {
			// A store or function stands there itself; how it is spoken to is not told.
			encrypted = bothOf(encrypted, unsure)
			continue
		}
		if set.IsKnown("protocol") {
			encrypted = bothOf(encrypted, truthOf(encryptedOnward(facts.Protocol)))
		} else {
			encrypted, doubts = bothOf(encrypted, unsure), append(doubts, set.Why("protocol"))
		}
		there, why := k.targetsExist(set, r)
		exists, gone = bothOf(exists, there), append(gone, why...)
	}
	if r.IsKnown("http") && !e.HTTP && encrypted != yes {
		notAsked(r, "passes on what callers send, encrypted by them or not", "origin_tls")
	} else {
		settle(r, "origin_tls", encrypted, &e.OriginTLS, doubts)
	}
	settle(r, "origin_exists", exists, &e.OriginExists, gone)
}

// bothOf is yes when both are, and no when either is.
func bothOf(a, b truth) truth { return opposite(opposite(a).either(opposite(b))) }

func encryptedOnward(protocol string) bool {
	switch strings.ToLower(protocol) {
	case "https", "tls", "ssl", "http2", "grpcs":
		return true
	default:
		return false
	}
}

// forwardable are the classes a member of a set of targets can be of.
var forwardable = []inventory.Class{inventory.ClassComputeInstance, inventory.ClassNetworkInterface,
	inventory.ClassServerlessApp, inventory.ClassEntryPoint}

// targetsExist says whether every member that is named by id is in the inventory. A member by address is not judged.
func (k *walk) targetsExist(set, near *inventory.Resource) (truth, []inventory.Unknown) {
	if !set.IsKnown("targets") {
		return unsure, []inventory.Unknown{set.Why("targets")}
	}
	answer := yes
	var doubts []inventory.Unknown
	for _, t := range set.Facts.(*inventory.ForwardingTarget).Targets {
		if t.Resource == "" || k.w.Get(t.Resource) != nil {
			continue
		}
		classes := forwardable
		if t.Class != "" {
			classes = []inventory.Class{t.Class}
		}
		var unread []inventory.Unknown
		for _, class := range classes {
			unread = append(unread, k.w.Missing(class, near.Scope, near.Region)...)
		}
		answer, doubts = bothOf(answer, noUnless(unread)), append(doubts, unread...)
	}
	return answer, distinct(doubts)
}
