package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/wafv2"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// askWebFirewall asks which web firewall inspects an entry point. The entry point's own answer tells "none" from "not
// allowed to see", which a list of web firewalls cannot: what that leaves out looks unguarded.
func askWebFirewall(ctx context.Context, c *Clients, arn *string) collectors.Answer[aclRules] {
	return ask("GetWebACLForResource", "wafv2:GetWebACLForResource", func() (*aclRules, error) {
		out, err := c.WAF.GetWebACLForResource(ctx, &wafv2.GetWebACLForResourceInput{ResourceArn: arn})
		if err = absent(err, "WAFNonexistentItemException"); err != nil {
			return nil, err
		}
		if out.WebACL == nil {
			return nil, collectors.ErrAbsent
		}
		return rulesOf(out.WebACL), nil
	})
}

// webFirewallFacts states whether a web firewall stands in front, and whether it blocks.
func webFirewallFacts(r *inventory.Resource, facts *inventory.EntryPoint, acl collectors.Answer[aclRules]) {
	collectors.Know(r, acl, func(v *aclRules) { facts.WAFAttached = v != nil }, "waf_attached")
	switch blocks, known := acl.Value.blocking(); {
	case acl.Unknown() != nil:
		r.SetUnknown(*acl.Unknown(), "waf_blocking")
	case acl.Absent:
		r.Known("waf_blocking")
	case known:
		facts.WAFBlocking = blocks
		r.Known("waf_blocking")
	default:
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "VendorRulesNotTold", Action: acl.Action, Permission: acl.Permission,
		}, "waf_blocking")
	}
}
