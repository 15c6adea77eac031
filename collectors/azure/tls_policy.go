package azure

import (
	"context"
	"iter"
	"slices"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// tlsChoice is how a gateway or a profile of it picks versions and suites: by the name of a policy, or by hand.
type tlsChoice struct {
	Type    string   `json:"policyType,omitempty"`
	Name    string   `json:"policyName,omitempty"`
	Minimum string   `json:"minProtocolVersion,omitempty"`
	Suites  []string `json:"cipherSuites,omitempty"`
	// Refused is how the oldest form says it: versions that are not spoken.
	Refused []string `json:"disabledSslProtocols,omitempty"`
}

// standard says that the choice is Azure's default policy.
func (t *tlsChoice) standard() bool {
	return t == nil || t.Name == "" && t.Minimum == "" && len(t.Suites) == 0 && len(t.Refused) == 0
}

// byHand says that the choice is made here and names no policy.
func (t *tlsChoice) byHand() bool { return !t.standard() && t.Name == "" }

const (
	tlsOptionsType = "Microsoft.Network/applicationGatewayAvailableSslOptions"
	tlsOptionsRead = tlsOptionsType + "/read"
	// predefinedRead is the right to list the predefined policies.
	predefinedType = "Microsoft.Network/applicationGatewayAvailableSslPredefinedPolicy"
	predefinedRead = predefinedType + "/read"
)

// tlsOptions are what gateways of the subscription may choose from.
type tlsOptions struct {
	Properties struct {
		Default string `json:"defaultPolicy"`
	} `json:"properties"`
}

func tlsOptionsPath(c *Clients) string {
	return "/subscriptions/" + c.Subscription + "/providers/" + tlsOptionsType + "/default"
}

func askTLSOptions(ctx context.Context, c *Clients) collectors.Answer[tlsOptions] {
	return ask("GET "+tlsOptionsType, tlsOptionsRead, func() (*tlsOptions, error) {
		return once(c, "tls options", func() (*tlsOptions, error) {
			return get[tlsOptions](ctx, c, tlsOptionsPath(c), applicationGateways.version)
		})
	})
}

// policyID is the id of the record that holds versions and suites of a choice.
func policyID(w collectors.Where, t *tlsChoice, owner, standard string) string {
	switch {
	case t.byHand():
		return owner + "/sslpolicy"
	case t.standard():
		return predefinedID(w, standard)
	default:
		return predefinedID(w, t.Name)
	}
}

func predefinedID(w collectors.Where, name string) string {
	return armID("/subscriptions/" + w.Scope.Account() + "/providers/" + tlsOptionsType +
		"/default/predefinedPolicies/" + name)
}

// predefined is a policy that Azure names.
type predefined struct {
	Name       string `json:"name"`
	Properties struct {
		Minimum string   `json:"minProtocolVersion,omitempty"`
		Suites  []string `json:"cipherSuites,omitempty"`
	} `json:"properties"`
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, predefined, predefined]{
	Kind: "azure.network.tls_policy", Class: inventory.ClassTLSPolicy,
	Permissions: []string{predefinedRead, applicationGateways.permission()},
	ListAction:  "GET " + predefinedType, ListPermission: predefinedRead, Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[predefined, error] {
		return func(yield func(predefined, error) bool) {
			// Without a gateway nothing picks a policy, and the provider may not be registered at all.
			gateways, err := keep[applicationGateway](ctx, c, applicationGateways)
			if err == nil && len(gateways) == 0 {
				return
			}
			policies, err := all[predefined](ctx, c, tlsOptionsPath(c)+"/predefinedPolicies", applicationGateways.version)
			if err != nil {
				yield(predefined{}, err)
				return
			}
			for _, p := range *policies {
				if !yield(p, nil) {
					return
				}
			}
		}
	},
	Facts: func(w collectors.Where, p predefined) *inventory.Resource {
		return tlsPolicyRecord(predefinedID(w, p.Name), p.Name, collectors.Global, p.Properties.Minimum, p.Properties.Suites)
	},
})

// handmade is a choice of versions and suites that one gateway, or one profile of it, makes by itself.
type handmade struct {
	Owner    string
	Name     string
	Location string
	Choice   tlsChoice
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, handmade, handmade]{
	Kind: "azure.network.application_gateway_tls_policy", Class: inventory.ClassTLSPolicy,
	Permissions: []string{applicationGateways.permission()},
	ListAction:  applicationGateways.action(), ListPermission: applicationGateways.permission(), Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[handmade, error] {
		return func(yield func(handmade, error) bool) {
			for s, err := range keptRows[applicationGateway](ctx, c, applicationGateways) {
				if err != nil {
					yield(handmade{}, err)
					return
				}
				for _, h := range handmadeOf(s.Row) {
					if !yield(h, nil) {
						return
					}
				}
			}
		}
	},
	Facts: func(_ collectors.Where, h handmade) *inventory.Resource {
		minimum := h.Choice.Minimum
		if minimum == "" && len(h.Choice.Refused) > 0 {
			minimum = oldestLeft(h.Choice.Refused)
		}
		return tlsPolicyRecord(h.Owner+"/sslpolicy", h.Name, regionOf(h.Location), minimum, h.Choice.Suites)
	},
})

func handmadeOf(r row[applicationGateway]) []handmade {
	var out []handmade
	add := func(owner string, t *tlsChoice) {
		if t.byHand() {
			out = append(out, handmade{armID(owner), r.Name, r.Location, *t})
		}
	}
	add(r.ID, r.Properties.TLS)
	for _, p := range r.Properties.Profiles {
		add(p.ID, p.Properties.TLS)
	}
	return out
}

// tlsVersions are the versions by the names that Azure gives them, oldest first.
var tlsVersions = []struct {
	name    string
	version float64
}{{"tlsv1_0", 1.0}, {"tlsv1_1", 1.1}, {"tlsv1_2", 1.2}, {"tlsv1_3", 1.3}}

func oldestLeft(refused []string) string {
	for _, v := range tlsVersions {
		if !slices.ContainsFunc(refused, func(word string) bool { return lower(word) == v.name }) {
			return v.name
		}
	}
	return ""
}

// tlsPolicyRecord states versions from a minimum on. A policy whose suites are not told leaves them unknown.
func tlsPolicyRecord(id, name, region, minimum string, suites []string) *inventory.Resource {
	facts := &inventory.TLSPolicy{Suites: suites}
	r := inventory.New(id, name, region, facts)
	at := slices.IndexFunc(tlsVersions, func(v struct {
		name    string
		version float64
	}) bool {
		return v.name == lower(minimum)
	})
	why := inventory.Unknown{Cause: inventory.CauseFailed, Code: "FieldAbsent", Action: "GET " + predefinedType,
		Permission: predefinedRead}
	if at < 0 {
		r.SetUnknown(why, "versions")
	} else {
		for _, v := range tlsVersions[at:] {
			facts.Versions = append(facts.Versions, v.version)
		}
		r.Known("versions")
	}
	if len(suites) == 0 {
		r.SetUnknown(why, "suites")
	} else {
		r.Known("suites")
	}
	return r
}
