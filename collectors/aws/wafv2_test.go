package aws

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func managed(vendor, name string, change ...func(*types.Rule)) types.Rule {
	r := types.Rule{OverrideAction: &types.OverrideAction{None: &types.NoneAction{}},
		Statement: &types.Statement{ManagedRuleGroupStatement: &types.ManagedRuleGroupStatement{VendorName: aws.String(vendor), Name: aws.String(name)}}}
	for _, c := range change {
		c(&r)
	}
	return r
}

func counting(r *types.Rule) { r.OverrideAction = &types.OverrideAction{Count: &types.CountAction{}} }

func narrow(r *types.Rule) {
	r.Statement.ManagedRuleGroupStatement.ScopeDownStatement = &types.Statement{}
}

func letting(rule string) func(*types.Rule) {
	return func(r *types.Rule) {
		r.Statement.ManagedRuleGroupStatement.RuleActionOverrides = []types.RuleActionOverride{{Name: aws.String(rule), ActionToUse: &types.RuleAction{Count: &types.CountAction{}}}}
	}
}

func TestWebFirewallBlocks(t *testing.T) {
	t.Parallel()
	core, sqli := "AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"
	for name, c := range map[string]struct {
		rules []types.Rule
		want  any
	}{
		"both groups":          {[]types.Rule{managed("AWS", core), managed("AWS", sqli)}, true},
		"core alone":           {[]types.Rule{managed("AWS", core)}, false},
		"injection counts":     {[]types.Rule{managed("AWS", core), managed("AWS", sqli, counting)}, false},
		"core looks at a part": {[]types.Rule{managed("AWS", core, narrow), managed("AWS", sqli)}, false},
		"scripting passes":     {[]types.Rule{managed("AWS", core, letting("CrossSiteScripting_BODY")), managed("AWS", sqli)}, false},
		"size passes":          {[]types.Rule{managed("AWS", core, letting("SizeRestrictions_BODY")), managed("AWS", sqli)}, true},
		"injection passes":     {[]types.Rule{managed("AWS", core), managed("AWS", sqli, letting("SQLi_BODY"))}, false},
		"excluded the old way": {[]types.Rule{managed("AWS", core), managed("AWS", sqli, func(r *types.Rule) {
			r.Statement.ManagedRuleGroupStatement.ExcludedRules = []types.ExcludedRule{{Name: aws.String("SQLi_QUERYARGUMENTS")}}
		})}, false},
		"another vendor":         {[]types.Rule{managed("Fortinet", "all")}, nil},
		"another vendor, counts": {[]types.Rule{managed("Fortinet", "all", counting)}, false},
		"home-made rules":        {[]types.Rule{{Statement: &types.Statement{SqliMatchStatement: &types.SqliMatchStatement{}}}}, false},
		"no rules":               {nil, false},
	} {
		a := webACLAnswers{Item: webACLItem{ARN: "arn:acl", Name: name, Scope: types.ScopeRegional}, Rules: answered(rulesOf(&types.WebACL{Rules: c.rules}))}
		stated{"blocking": c.want}.check(t, webACLFacts(here, a))
		roundTrip(t, a)
	}
	outer := &types.WebACL{PreProcessFirewallManagerRuleGroups: []types.FirewallManagerRuleGroup{
		{FirewallManagerStatement: &types.FirewallManagerStatement{ManagedRuleGroupStatement: managed("AWS", core).Statement.ManagedRuleGroupStatement}},
		{FirewallManagerStatement: &types.FirewallManagerStatement{ManagedRuleGroupStatement: managed("AWS", sqli).Statement.ManagedRuleGroupStatement}},
	}}
	if blocks, known := rulesOf(outer).blocking(); !blocks || !known {
		t.Error("groups that the organisation puts before count")
	}
}

func TestWebACLFacts(t *testing.T) {
	t.Parallel()
	item := webACLItem{ARN: "arn:acl", Name: "acl", Scope: types.ScopeRegional}
	edge := webACLItem{ARN: "arn:edge", Name: "edge", Scope: types.ScopeCloudfront}
	resources := []string{"arn:lb"}
	for name, c := range map[string]struct {
		answers webACLAnswers
		want    stated
	}{
		"complete": {webACLAnswers{Item: item, Rules: answered(&aclRules{}), Resources: answered(&resources), Logging: answered(&loggingTo{[]string{"arn:log"}})},
			stated{"resources": "[arn:lb]", "blocking": false, "logged": true}},
		"denied": {webACLAnswers{Item: item, Rules: refused[aclRules](), Resources: refused[[]string](), Logging: refused[loggingTo]()},
			stated{"resources": nil, "blocking": nil, "logged": nil}},
		"no log": {webACLAnswers{Item: item, Logging: collectors.Answer[loggingTo]{Absent: true}}, stated{"logged": false}},
		"edge":   {webACLAnswers{Item: edge}, stated{"resources": notApplicable}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.check(t, webACLFacts(here, c.answers))
		})
	}
}

func webACLNames(t *testing.T, c *Clients) (names []string, failed error) {
	t.Helper()
	for item, err := range listWebACLs(context.Background(), c) {
		if err != nil {
			return names, err
		}
		names = append(names, fmt.Sprintf("%s/%s", item.Scope, item.Name))
	}
	return names, nil
}

func TestListWebACLs(t *testing.T) {
	t.Parallel()
	lines := script{"ListWebACLs": func(in any) (any, error) {
		q := in.(*wafv2.ListWebACLsInput)
		switch {
		case q.Scope == types.ScopeCloudfront:
			return &wafv2.ListWebACLsOutput{WebACLs: []types.WebACLSummary{{Name: aws.String("edge")}}}, nil
		case q.NextMarker == nil:
			return &wafv2.ListWebACLsOutput{NextMarker: aws.String("a"), WebACLs: []types.WebACLSummary{{Name: aws.String("a")}}}, nil
		}
		return &wafv2.ListWebACLsOutput{NextMarker: aws.String("a")}, nil
	}}
	c, _ := scripted(t, "us-east-1", lines)
	if got, err := webACLNames(t, c); err != nil || !slices.Equal(got, []string{"REGIONAL/a", "CLOUDFRONT/edge"}) {
		t.Errorf("%v %v", got, err)
	}
	c, _ = scripted(t, "eu-west-1", lines)
	if got, err := webACLNames(t, c); err != nil || !slices.Equal(got, []string{"REGIONAL/a"}) {
		t.Errorf("content delivery is told in one region: %v %v", got, err)
	}
	c, _ = scripted(t, "eu-west-1", script{})
	if _, err := webACLNames(t, c); err == nil {
		t.Error("a refused listing must not look empty")
	}
}

func TestAskWebACL(t *testing.T) {
	t.Parallel()
	item := webACLItem{ARN: "arn:acl", ID: "1", Name: "acl", Scope: types.ScopeRegional}
	c, calls := scripted(t, here.Region, script{
		"GetWebACL":               say(&wafv2.GetWebACLOutput{WebACL: &types.WebACL{}}),
		"GetLoggingConfiguration": refuse("WAFNonexistentItemException"),
		"ListResourcesForWebACL": func(in any) (any, error) {
			if in.(*wafv2.ListResourcesForWebACLInput).ResourceType == types.ResourceTypeAppsync {
				return refuse("AccessDenied")(in)
			}
			return &wafv2.ListResourcesForWebACLOutput{ResourceArns: []string{"arn:lb"}}, nil
		},
	})
	a := askWebACL(context.Background(), c, item)
	// One type that may not be listed leaves the whole list unknown.
	stated{"resources": nil, "blocking": false, "logged": false}.check(t, webACLFacts(here, a))
	before := calls("ListResourcesForWebACL")
	item.Scope = types.ScopeCloudfront
	askWebACL(context.Background(), c, item)
	if calls("ListResourcesForWebACL") != before {
		t.Error("the call does not answer for content delivery")
	}
}

func TestFindWebACL(t *testing.T) {
	t.Parallel()
	found := func(lines script, id string) (items []webACLItem, failed error) {
		c, _ := scripted(t, here.Region, lines)
		for item, err := range findWebACL(context.Background(), c, id) {
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	}
	there := script{"GetWebACL": say(&wafv2.GetWebACLOutput{})}
	if items, err := found(there, "arn:aws:wafv2:us-east-1:1:global/webacl/edge/id"); err != nil || len(items) != 1 || items[0].Scope != types.ScopeCloudfront || items[0].Name != "edge" {
		t.Errorf("%v %v", items, err)
	}
	if items, err := found(script{"GetWebACL": refuse("WAFNonexistentItemException")}, "arn:aws:wafv2:us-east-1:1:regional/webacl/a/id"); err != nil || len(items) != 0 {
		t.Errorf("gone: %v %v", items, err)
	}
	if _, err := found(script{}, "arn:aws:wafv2:us-east-1:1:regional/webacl/a/id"); err == nil {
		t.Error("denied is not gone")
	}
}

func TestWebFirewallOfBalancer(t *testing.T) {
	t.Parallel()
	ask := func(line func(any) (any, error)) *inventory.Resource {
		c, _ := scripted(t, here.Region, script{"GetWebACLForResource": line})
		facts := &inventory.EntryPoint{}
		r := inventory.New("lb", "lb", "", facts)
		webFirewallFacts(r, facts, askWebFirewall(context.Background(), c, aws.String("arn:lb")))
		return r
	}
	stated{"waf_attached": false, "waf_blocking": false}.check(t, ask(say(&wafv2.GetWebACLForResourceOutput{})))
	stated{"waf_attached": true, "waf_blocking": false}.check(t, ask(say(&wafv2.GetWebACLForResourceOutput{WebACL: &types.WebACL{}})))
	stated{"waf_attached": true, "waf_blocking": nil}.check(t, ask(say(&wafv2.GetWebACLForResourceOutput{WebACL: &types.WebACL{Rules: []types.Rule{managed("F5", "x")}}})))
	stated{"waf_attached": nil, "waf_blocking": nil}.check(t, ask(refuse("AccessDenied")))
}

func TestAccountPublicAccessBlock(t *testing.T) {
	t.Parallel()
	ask := func(line func(any) (any, error)) *inventory.Resource {
		c, _ := scripted(t, here.Region, script{"GetPublicAccessBlock": line})
		a := askAccountBlock(context.Background(), c, c.Account)
		roundTrip(t, a)
		return accountBlockFacts(here, a)
	}
	on := aws.Bool(true)
	all := &s3controltypes.PublicAccessBlockConfiguration{BlockPublicAcls: on, BlockPublicPolicy: on, IgnorePublicAcls: on, RestrictPublicBuckets: on}
	stated{"block": "{IgnoreACLs:true RestrictPolicy:true BlockACLs:true BlockPolicy:true}"}.check(t, ask(say(&s3control.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: all})))
	off := ask(refuse("NoSuchPublicAccessBlockConfiguration"))
	stated{"block": "{IgnoreACLs:false RestrictPolicy:false BlockACLs:false BlockPolicy:false}"}.check(t, off)
	if off.ID != "aws:644160558196/public_access_guard/644160558196" {
		t.Errorf("id %s", off.ID)
	}
	denied := ask(refuse("AccessDenied"))
	stated{"block": nil}.check(t, denied)
	if why := denied.Why("block"); why.Permission != "s3:GetAccountPublicAccessBlock" {
		t.Errorf("%+v", why)
	}
	one := recorded[s3control.GetPublicAccessBlockOutput](t, "test_account_action_s3_public_block/s3control.GetPublicAccessBlock_1.json")
	two := recorded[s3control.GetPublicAccessBlockOutput](t, "test_account_action_s3_public_block/s3control.GetPublicAccessBlock_2.json")
	stated{"block": "{IgnoreACLs:false RestrictPolicy:false BlockACLs:true BlockPolicy:false}"}.check(t, accountBlockFacts(here, accountBlockAnswers{Account: "1", Block: answered(one)}))
	stated{"block": "{IgnoreACLs:false RestrictPolicy:false BlockACLs:true BlockPolicy:true}"}.check(t, accountBlockFacts(here, accountBlockAnswers{Account: "1", Block: answered(two)}))
}

func TestRecordedWebACLs(t *testing.T) {
	t.Parallel()
	facts := func(file string) *inventory.Resource {
		acl := recorded[wafv2.GetWebACLOutput](t, file).WebACL
		return webACLFacts(here, webACLAnswers{Item: webACLItem{ARN: aws.ToString(acl.ARN), Name: aws.ToString(acl.Name), Scope: types.ScopeRegional}, Rules: answered(rulesOf(acl))})
	}
	for _, file := range []string{"test_wafv2_managed_rule_groups/wafv2.GetWebACL_1.json", "test_wafv2_managed_rule_groups/wafv2.GetWebACL_6.json", "test_appelb_wafv2_value/wafv2.GetWebACL_1.json"} {
		stated{"blocking": false}.check(t, facts(file))
	}
	stated{"blocking": true}.check(t, facts("test_wafv2_regional_tag/wafv2.GetWebACL_1.json"))
	logging := recorded[wafv2.GetLoggingConfigurationOutput](t, "docs-awscli-wafv2/wafv2.GetLoggingConfiguration_1.json").LoggingConfiguration
	stated{"logged": true}.check(t, webACLFacts(here, webACLAnswers{Item: webACLItem{ARN: "arn:acl"}, Logging: answered(&loggingTo{logging.LogDestinationConfigs})}))
	arns := recorded[wafv2.ListResourcesForWebACLOutput](t, "test_appelb_wafv2_value/wafv2.ListResourcesForWebACL_1.json").ResourceArns
	stated{"resources": "[arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/cfb-mxaqrwbd/560445e4830a79c6]"}.check(t, webACLFacts(here, webACLAnswers{Item: webACLItem{ARN: "arn:acl"}, Resources: answered(&arns)}))
}

// Answers for the tests over the whole registry, and what is recorded.
var (
	_ = sample("aws.wafv2.web_acl", webACLFacts, webACLAnswers{Item: webACLItem{ARN: "arn:acl", Name: "acl", Scope: types.ScopeRegional}, Rules: answered(&aclRules{})})
	_ = sample("aws.s3.account_public_access_block", accountBlockFacts, accountBlockAnswers{Account: "1", Block: refused[s3control.GetPublicAccessBlockOutput]()})

	_ = sweep("wafv2.GetWebACL", webACLFacts, func(o *wafv2.GetWebACLOutput) []webACLAnswers {
		return []webACLAnswers{{Item: webACLItem{ARN: aws.ToString(o.WebACL.ARN), Name: aws.ToString(o.WebACL.Name), Scope: types.ScopeRegional}, Rules: answered(rulesOf(o.WebACL))}}
	})
	_ = sweep("wafv2.ListWebACLs", webACLFacts, func(o *wafv2.ListWebACLsOutput) []webACLAnswers {
		return mapped(o.WebACLs, func(s types.WebACLSummary) webACLAnswers {
			return webACLAnswers{Item: webACLItem{ARN: aws.ToString(s.ARN), Name: aws.ToString(s.Name)}}
		})
	})
)
