package aws

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// loadBalancerHeaderFacts states the response headers that every listener which serves content sets. A listener that
// only redirects has no page whose headers matter.
func loadBalancerHeaderFacts(r *inventory.Resource, facts *inventory.EntryPoint, a loadBalancerAnswers) {
	why := a.Listeners.Unknown()
	if why == nil {
		why = a.Rules.Unknown()
	}
	if why == nil {
		why = a.Headers.Unknown()
	}
	if why != nil {
		r.SetUnknown(*why, "security_headers")
		return
	}
	rules := rulesByListener(a)
	var common map[string]bool
	for _, l := range *a.Listeners.Value {
		arn := aws.ToString(l.ListenerArn)
		if redirectsToTLS(l, rules[arn]) {
			continue
		}
		own := listenerHeaders(*a.Headers.Value, arn)
		if common == nil {
			common = own
			continue
		}
		for h := range common {
			common[h] = common[h] && own[h]
		}
	}
	for _, h := range []string{"content-security-policy", "frame-options", "server-removed", "strict-transport-security"} {
		if common[h] {
			facts.SecurityHeaders = append(facts.SecurityHeaders, h)
		}
	}
	r.Known("security_headers")
}

// listenerHeaders are the headers one listener sets, in the words all clouds share.
func listenerHeaders(all []listenerAttributes, listener string) map[string]bool {
	set := map[string]bool{}
	for _, l := range all {
		if l.Listener != listener {
			continue
		}
		for _, at := range l.Attributes {
			if h := headerSet(at); h != "" {
				set[h] = true
			}
			if aws.ToString(at.Key) == "routing.http.response.content_security_policy.header_value" &&
				strings.Contains(strings.ToLower(aws.ToString(at.Value)), "frame-ancestors") {
				set["frame-options"] = true
			}
		}
	}
	return set
}

func headerSet(at types.ListenerAttribute) string {
	value := aws.ToString(at.Value)
	switch aws.ToString(at.Key) {
	case "routing.http.response.content_security_policy.header_value":
		return named("content-security-policy", value != "")
	case "routing.http.response.x_frame_options.header_value":
		return named("frame-options", value != "")
	case "routing.http.response.strict_transport_security.header_value":
		return named("strict-transport-security", value != "")
	case "routing.http.response.server.enabled":
		return named("server-removed", value == "false")
	}
	return ""
}

func named(name string, holds bool) string {
	if holds {
		return name
	}
	return ""
}
