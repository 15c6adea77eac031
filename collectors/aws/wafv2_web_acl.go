package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Web firewalls of content delivery are listed with those of us-east-1, where they live.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, webACLItem, webACLAnswers]{
	Kind:  "aws.wafv2.web_acl",
	Class: inventory.ClassWebFirewall,
	Permissions: []string{
		"wafv2:ListWebACLs", "wafv2:GetWebACL", "wafv2:ListResourcesForWebACL", "wafv2:GetLoggingConfiguration",
	},
	ListAction: "ListWebACLs", ListPermission: "wafv2:ListWebACLs",
	NoLabels: true,
	List:     listWebACLs,
	Find:     findWebACL,
	Ask:      askWebACL,
	Facts:    webACLFacts,
})

// webACLItem names one web firewall and where it works.
type webACLItem struct {
	ARN, ID, Name string
	Scope         types.Scope
}

// webACLAnswers is all that is said about one web firewall.
type webACLAnswers struct {
	Item      webACLItem
	Rules     collectors.Answer[aclRules]
	Resources collectors.Answer[[]string]
	Logging   collectors.Answer[loggingTo]
}

// loggingTo is where requests are recorded; the filter and the fields left out decide nothing here.
type loggingTo struct{ Destinations []string }

// edgeRegion is where everything of content delivery is told.
const edgeRegion = "us-east-1"

func listWebACLs(ctx context.Context, c *Clients) iter.Seq2[webACLItem, error] {
	return func(yield func(webACLItem, error) bool) {
		scopes := []types.Scope{types.ScopeRegional}
		if c.Region == edgeRegion {
			scopes = append(scopes, types.ScopeCloudfront)
		}
		for _, scope := range scopes {
			for item, err := range webACLsOf(ctx, c, scope) {
				if !yield(item, err) || err != nil {
					return
				}
			}
		}
	}
}

// webACLsOf follows the marker by hand: the SDK has no paginator for this listing, and the service gives a marker with
// the last page too.
func webACLsOf(ctx context.Context, c *Clients, scope types.Scope) iter.Seq2[webACLItem, error] {
	in := &wafv2.ListWebACLsInput{Scope: scope, Limit: aws.Int32(100)}
	more := true
	return paged(ctx, func() bool { return more },
		func(ctx context.Context) (*wafv2.ListWebACLsOutput, error) {
			out, err := c.webFirewalls(scope).ListWebACLs(ctx, in)
			if err != nil {
				return nil, err
			}
			more = aws.ToString(out.NextMarker) != "" && len(out.WebACLs) > 0
			in.NextMarker = out.NextMarker
			return out, nil
		},
		func(o *wafv2.ListWebACLsOutput) []webACLItem {
			items := make([]webACLItem, 0, len(o.WebACLs))
			for _, a := range o.WebACLs {
				item := webACLItem{ARN: aws.ToString(a.ARN), ID: aws.ToString(a.Id), Name: aws.ToString(a.Name), Scope: scope}
				items = append(items, item)
			}
			return items
		})
}

// webFirewalls is the client that answers for a scope.
func (c *Clients) webFirewalls(scope types.Scope) *wafv2.Client {
	if scope == types.ScopeCloudfront {
		return c.WAFEdge
	}
	return c.WAF
}

// findWebACL reads scope, name and id from an ARN such as arn:aws:wafv2:…:regional/webacl/name/id.
func findWebACL(ctx context.Context, c *Clients, id string) iter.Seq2[webACLItem, error] {
	return func(yield func(webACLItem, error) bool) {
		item, ok := webACLNamed(id)
		if !ok {
			return
		}
		_, err := getWebACL(ctx, c, item)
		switch {
		case err == nil:
			yield(item, nil)
		case err != nil && !isAbsent(err, "WAFNonexistentItemException"):
			yield(item, err)
		}
	}
}

// resourcePart is the resource part of an ARN.
func resourcePart(id string) string {
	if parts := splitARN(id); parts != nil {
		return parts[5]
	}
	return id
}

func getWebACL(ctx context.Context, c *Clients, item webACLItem) (*wafv2.GetWebACLOutput, error) {
	return c.webFirewalls(item.Scope).GetWebACL(ctx, &wafv2.GetWebACLInput{
		Id: aws.String(item.ID), Name: aws.String(item.Name), Scope: item.Scope,
	})
}

func askWebACL(ctx context.Context, c *Clients, item webACLItem) webACLAnswers {
	a := webACLAnswers{Item: item}
	a.Rules = ask("GetWebACL", "wafv2:GetWebACL", func() (*aclRules, error) {
		out, err := getWebACL(ctx, c, item)
		if err != nil {
			return nil, err
		}
		return rulesOf(out.WebACL), nil
	})
	if item.Scope == types.ScopeRegional {
		a.Resources = ask("ListResourcesForWebACL", "wafv2:ListResourcesForWebACL", func() (*[]string, error) {
			return resourcesOf(ctx, c, item)
		})
	}
	a.Logging = ask("GetLoggingConfiguration", "wafv2:GetLoggingConfiguration", func() (*loggingTo, error) {
		out, err := c.webFirewalls(item.Scope).GetLoggingConfiguration(ctx, &wafv2.GetLoggingConfigurationInput{
			ResourceArn: aws.String(item.ARN),
		})
		if err = absent(err, "WAFNonexistentItemException"); err != nil {
			return nil, err
		}
		if out.LoggingConfiguration == nil {
			return &loggingTo{}, nil
		}
		return &loggingTo{out.LoggingConfiguration.LogDestinationConfigs}, nil
	})
	return a
}

// guardedTypes are the resources behind a web firewall that are entry points here. Of others no check asks, and they
// need rights of their own to be listed.
var guardedTypes = []types.ResourceType{
	types.ResourceTypeApplicationLoadBalancer, types.ResourceTypeApiGateway, types.ResourceTypeAppsync,
}

func resourcesOf(ctx context.Context, c *Clients, item webACLItem) (*[]string, error) {
	all := []string{}
	for _, t := range guardedTypes {
		out, err := c.WAF.ListResourcesForWebACL(ctx, &wafv2.ListResourcesForWebACLInput{
			WebACLArn: aws.String(item.ARN), ResourceType: t,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, out.ResourceArns...)
	}
	return &all, nil
}

func webACLFacts(w collectors.Where, a webACLAnswers) *inventory.Resource {
	facts := &inventory.WebFirewall{}
	r := inventory.New(a.Item.ARN, a.Item.Name, w.Region, facts)
	defer leftOut(r, "GetWebACL", "wafv2:GetWebACL")
	if a.Item.Scope == types.ScopeCloudfront {
		r.SetNotApplicable("each distribution names the web firewall in front of it", "resources")
	} else {
		if a.Resources.Unknown() != nil {
			facts.Unread = string(w.Scope)
			r.Known("unread")
		}
		collectors.Know(r, a.Resources, func(v *[]string) {
			if v != nil {
				facts.Resources = *v
			}
		}, "resources")
	}
	if why := a.Rules.Unknown(); why != nil {
		r.SetUnknown(*why, "blocking")
	} else if blocks, known := a.Rules.Value.blocking(); known {
		facts.Blocking = blocks
		r.Known("blocking")
	}
	collectors.Know(r, a.Logging, func(v *loggingTo) { facts.Logged = v != nil && len(v.Destinations) > 0 }, "logged")
	return r
}
