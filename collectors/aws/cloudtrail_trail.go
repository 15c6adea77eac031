package aws

import (
	"context"
	"iter"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, trailItem, trailAnswers]{
	Kind:  "aws.cloudtrail.trail",
	Class: inventory.ClassAuditTrail,
	Permissions: []string{
		"cloudtrail:DescribeTrails", "cloudtrail:ListTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors", "cloudtrail:ListTags",
		"cloudtrail:ListEventDataStores", "cloudtrail:GetEventDataStore", "ec2:DescribeRegions",
	},
	ListAction: "DescribeTrails", ListPermission: "cloudtrail:DescribeTrails",
	Global: true,
	List:   listTrails,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[trailItem, error] {
		w := collectors.Where{Scope: scopeOf(c.Account)}
		return only(listTrails(ctx, c), func(i trailItem) bool { return i.id(w) == id })
	},
	Ask:   askTrail,
	Facts: trailFacts,
})

// trailItem is one trail; nil inside stands for an account in which no region has any, and no store of events either.
type trailItem struct {
	Trail *types.Trail `json:"trail,omitempty"`
}

func (i trailItem) id(w collectors.Where) string {
	if i.Trail == nil {
		return string(w.Scope) + "/audit_trail/none"
	}
	return aws.ToString(i.Trail.TrailARN)
}

// trailAnswers is all that CloudTrail says about one trail.
type trailAnswers struct {
	Item      trailItem
	Status    collectors.Answer[cloudtrail.GetTrailStatusOutput]
	Selectors collectors.Answer[cloudtrail.GetEventSelectorsOutput]
	Tags      collectors.Answer[trailTags]
}

type trailTags struct {
	Tags []types.Tag `json:"tags,omitempty"`
}

// listTrails yields each trail that covers the account once: those the home region sees, the organisation's and the
// shadows of trails of all regions included, and then the trails of one other region alone.
func listTrails(ctx context.Context, c *Clients) iter.Seq2[trailItem, error] {
	return func(yield func(trailItem, error) bool) {
		out, err := c.CloudTrail.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)})
		if err != nil {
			yield(trailItem{}, during("DescribeTrails", "cloudtrail:DescribeTrails", err))
			return
		}
		seen := map[string]bool{}
		if !yieldTrails(yield, seen, out.TrailList) {
			return
		}
		elsewhere, err := otherTrailRegions(ctx, c, seen)
		if err != nil {
			yield(trailItem{}, err)
			return
		}
		for _, region := range elsewhere {
			out, err := c.CloudTrail.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)}, inTrailRegion(region))
			if err != nil {
				yield(trailItem{}, during("DescribeTrails", "cloudtrail:DescribeTrails", err))
				return
			}
			if !yieldTrails(yield, seen, out.TrailList) {
				return
			}
		}
		if len(seen) == 0 && !anyEventStore(ctx, c) {
			yield(trailItem{}, nil)
		}
	}
}

func yieldTrails(yield func(trailItem, error) bool, seen map[string]bool, trails []types.Trail) bool {
	for _, t := range trails {
		arn := aws.ToString(t.TrailARN)
		if seen[arn] {
			continue
		}
		seen[arn] = true
		if !yield(trailItem{Trail: &t}, nil) {
			return false
		}
	}
	return true
}

// otherTrailRegions are the home regions of the account's trails that were not seen yet.
func otherTrailRegions(ctx context.Context, c *Clients, seen map[string]bool) ([]string, error) {
	set := map[string]bool{}
	p := cloudtrail.NewListTrailsPaginator(c.CloudTrail, &cloudtrail.ListTrailsInput{})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, during("ListTrails", "cloudtrail:ListTrails", err)
		}
		for _, t := range page.Trails {
			if !seen[aws.ToString(t.TrailARN)] {
				set[aws.ToString(t.HomeRegion)] = true
			}
		}
	}
	regions := make([]string, 0, len(set))
	for region := range set {
		regions = append(regions, region)
	}
	sort.Strings(regions)
	return regions, nil
}

// inTrailRegion sends a call to the region a trail lives in, where alone its name is known.
func inTrailRegion(region string) func(*cloudtrail.Options) {
	return func(o *cloudtrail.Options) {
		if region != "" {
			o.Region = region
		}
	}
}

func askTrail(ctx context.Context, c *Clients, i trailItem) trailAnswers {
	a := trailAnswers{Item: i}
	if i.Trail == nil {
		return a
	}
	at, name := inTrailRegion(aws.ToString(i.Trail.HomeRegion)), i.Trail.Name
	if principalAccount(aws.ToString(i.Trail.TrailARN)) != c.Account {
		name = i.Trail.TrailARN
	}
	a.Status = ask("GetTrailStatus", "cloudtrail:GetTrailStatus", func() (*cloudtrail.GetTrailStatusOutput, error) {
		return c.CloudTrail.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: name}, at)
	})
	a.Selectors = ask("GetEventSelectors", "cloudtrail:GetEventSelectors", func() (*cloudtrail.GetEventSelectorsOutput, error) {
		return c.CloudTrail.GetEventSelectors(ctx, &cloudtrail.GetEventSelectorsInput{TrailName: name}, at)
	})
	a.Tags = askTrailTags(ctx, c, aws.ToString(i.Trail.TrailARN), aws.ToString(i.Trail.HomeRegion))
	return a
}

func askTrailTags(ctx context.Context, c *Clients, id, region string) collectors.Answer[trailTags] {
	return ask("ListTags", "cloudtrail:ListTags", func() (*trailTags, error) {
		out := &trailTags{}
		p := cloudtrail.NewListTagsPaginator(c.CloudTrail, &cloudtrail.ListTagsInput{ResourceIdList: []string{id}})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx, inTrailRegion(region))
			if err != nil {
				return nil, err
			}
			for _, t := range page.ResourceTagList {
				out.Tags = append(out.Tags, t.TagsList...)
			}
		}
		return out, nil
	})
}

func trailFacts(w collectors.Where, a trailAnswers) *inventory.Resource {
	if a.Item.Trail == nil {
		return noTrailFacts(w)
	}
	t := a.Item.Trail
	// A trail of the organisation is seen from each account it covers, and told of each.
	facts := &inventory.AuditTrail{Watches: []string{string(w.Scope)}}
	r := inventory.New(aws.ToString(t.TrailARN), aws.ToString(t.Name), aws.ToString(t.HomeRegion), facts)
	r.Known("watches", "stored")
	collectors.Know(r, a.Tags, func(v *trailTags) {
		if v != nil {
			r.Labels = labels(v.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		}
	}, "labels_read")
	missing := inventory.Unknown{Cause: inventory.CauseFailed, Action: "DescribeTrails", Permission: "cloudtrail:DescribeTrails", Code: "MissingField"}
	if t.S3BucketName == nil {
		r.SetUnknown(missing, "destination")
	} else {
		facts.Destination = "arn:aws:s3:::" + *t.S3BucketName
		r.Known("destination")
	}
	if t.LogFileValidationEnabled == nil {
		r.SetUnknown(missing, "validated")
	} else {
		facts.Validated = *t.LogFileValidationEnabled
		r.Known("validated")
	}
	facts.LogStore = logGroupID(aws.ToString(t.CloudWatchLogsLogGroupArn))
	r.Known("log_store")
	trailEventFacts(r, facts, a)
	trailQueryFacts(r, facts, a)
	return r
}

// noTrailFacts describes an account without any trail: that nothing is recorded is an answer.
func noTrailFacts(w collectors.Where) *inventory.Resource {
	r := inventory.New(string(w.Scope)+"/audit_trail/none", "missing audit trail", collectors.Global,
		&inventory.AuditTrail{Watches: []string{string(w.Scope)}})
	r.Known("watches", "complete", "data_events", "integrity_protected", "separate_account", "queryable", "destination",
		"validated", "leaves_out_key_use", "log_store", "data_kinds", "stored", "delivered")
	r.SetNotApplicable("no record is kept", "destination_public", "retention_days", "labels_read")
	return r
}

// trailEventFacts states what the trail records. What the trail itself rules out is known without its selectors.
func trailEventFacts(r *inventory.Resource, facts *inventory.AuditTrail, a trailAnswers) {
	t := a.Item.Trail
	recorded, why := recordedEvents(a)
	trailDataFacts(r, facts, a, recorded, why)
	missing := inventory.Unknown{Cause: inventory.CauseFailed, Action: "DescribeTrails", Permission: "cloudtrail:DescribeTrails", Code: "MissingField"}
	parts := []struct {
		holds *bool
		why   *inventory.Unknown
	}{
		{t.IsMultiRegionTrail, &missing},
		{t.IncludeGlobalServiceEvents, &missing},
		{isLogging(a.Status), orMissing(a.Status.Unknown(), a.Status.Action, a.Status.Permission)},
		{recorded.management(why), why},
	}
	var open *inventory.Unknown
	facts.Complete = true
	for _, p := range parts {
		if p.holds == nil && open == nil {
			open = p.why
		}
		if p.holds != nil && !*p.holds {
			facts.Complete = false
		}
	}
	if facts.Complete && open != nil {
		facts.Complete = false
		r.SetUnknown(*open, "complete")
		return
	}
	r.Known("complete")
}

// trailDataFacts states which use of data and keys is recorded. A trail that is stopped records none, whatever it
// picks, and of one that may be stopped only what it leaves out is sure.
func trailDataFacts(
	r *inventory.Resource, facts *inventory.AuditTrail, a trailAnswers, picked recordings, why *inventory.Unknown,
) {
	names := []string{"data_events", "data_kinds", "leaves_out_key_use"}
	on := isLogging(a.Status)
	if on != nil && !*on {
		picked, why = recordings{}, nil
	}
	if why != nil {
		r.SetUnknown(*why, names...)
		return
	}
	data, kinds := picked.dataReads && picked.dataWrites, picked.dataKinds()
	for i, recorded := range []bool{data, len(kinds) > 0, picked.keyUse} {
		if recorded && on == nil {
			r.SetUnknown(*orMissing(a.Status.Unknown(), a.Status.Action, a.Status.Permission), names[i])
			continue
		}
		r.Known(names[i])
	}
	facts.DataEvents, facts.DataKinds, facts.LeavesOutKeyUse = data, kinds, !picked.keyUse
}

func isLogging(a collectors.Answer[cloudtrail.GetTrailStatusOutput]) *bool {
	if a.Value == nil {
		return nil
	}
	return a.Value.IsLogging
}

func orMissing(why *inventory.Unknown, action, permission string) *inventory.Unknown {
	if why != nil {
		return why
	}
	return &inventory.Unknown{Cause: inventory.CauseFailed, Action: action, Permission: permission, Code: "MissingField"}
}

// trailQueryFacts states whether the record flows to a log group, where rules can raise alerts on it.
func trailQueryFacts(r *inventory.Resource, facts *inventory.AuditTrail, a trailAnswers) {
	if aws.ToString(a.Item.Trail.CloudWatchLogsLogGroupArn) == "" {
		r.Known("delivered")
		return
	}
	collectors.Know(r, a.Status, func(v *cloudtrail.GetTrailStatusOutput) {
		facts.Delivered = v != nil && v.LatestCloudWatchLogsDeliveryTime != nil && aws.ToString(v.LatestCloudWatchLogsDeliveryError) == ""
	}, "delivered")
}

// recordings are the kinds of events that selectors let through.
type recordings struct {
	reads, writes         bool
	dataReads, dataWrites bool
	keyUse                bool
	// readOf and writeOf are the types of resources whose data events are recorded in full.
	readOf, writeOf map[string]bool
}

// trailKinds are the kinds that CloudTrail's types of resources stand for.
var trailKinds = map[string]string{
	"AWS::S3::Object": "aws.s3.bucket", "AWS::DynamoDB::Table": "aws.dynamodb.table",
	"AWS::Lambda::Function": "aws.lambda.function", "AWS::AOSS::Collection": "aws.opensearchserverless.collection",
}

// dataKinds are the kinds whose reading and writing is recorded, whichever resource of the kind it is.
func (e recordings) dataKinds() []string {
	var kinds []string
	for t, kind := range trailKinds {
		if e.readOf[t] && e.writeOf[t] {
			kinds = append(kinds, kind)
		}
	}
	sort.Strings(kinds)
	return kinds
}

func (e *recordings) ofType(name string, reads, writes bool) {
	if e.readOf == nil {
		e.readOf, e.writeOf = map[string]bool{}, map[string]bool{}
	}
	e.readOf[name], e.writeOf[name] = e.readOf[name] || reads, e.writeOf[name] || writes
}

// allOf says whether the values of a basic selector stand for every resource of a type: the bare ARN of its service.
func allOf(values []string) bool {
	for _, v := range values {
		if strings.Count(v, ":") <= 2 || strings.HasSuffix(v, ":::") {
			return true
		}
	}
	return false
}

// management says whether all control-plane events are recorded; nil when that is not known.
func (e recordings) management(why *inventory.Unknown) *bool {
	if why != nil {
		return nil
	}
	return aws.Bool(e.reads && e.writes)
}

// recordedEvents adds up the selectors of a trail. A trail that says it has no selectors of its own has the default
// ones: every control-plane event and nothing else.
func recordedEvents(a trailAnswers) (recordings, *inventory.Unknown) {
	custom := a.Item.Trail.HasCustomEventSelectors
	standard := custom != nil && !*custom
	v := a.Selectors.Value
	if v == nil || len(v.EventSelectors)+len(v.AdvancedEventSelectors) == 0 {
		if standard {
			return recordings{reads: true, writes: true, keyUse: true}, nil
		}
		return recordings{}, orMissing(a.Selectors.Unknown(), a.Selectors.Action, a.Selectors.Permission)
	}
	var e recordings
	for _, s := range v.EventSelectors {
		e.addBasic(s)
	}
	for _, s := range v.AdvancedEventSelectors {
		e.addAdvanced(s)
	}
	return e, nil
}

func (e *recordings) addBasic(s types.EventSelector) {
	// Absent means all and true: those are the documented defaults of the two fields.
	reads := s.ReadWriteType != types.ReadWriteTypeWriteOnly
	writes := s.ReadWriteType != types.ReadWriteTypeReadOnly
	if s.IncludeManagementEvents == nil || *s.IncludeManagementEvents {
		e.reads, e.writes = e.reads || reads, e.writes || writes
		if reads && writes && !contains(s.ExcludeManagementEventSources, "kms.amazonaws.com") {
			e.keyUse = true
		}
	}
	if len(s.DataResources) > 0 {
		e.dataReads, e.dataWrites = e.dataReads || reads, e.dataWrites || writes
	}
	for _, d := range s.DataResources {
		if allOf(d.Values) {
			e.ofType(aws.ToString(d.Type), reads, writes)
		}
	}
}

// addAdvanced reads one advanced selector: field selectors that must all hold. One that picks events by anything but
// category and reading or writing records only some of them; a source left out is looked at for key use.
func (e *recordings) addAdvanced(s types.AdvancedEventSelector) {
	category, reads, writes, partial, keyUse := "", true, true, false, true
	var kinds []string
	some := false
	for _, f := range s.FieldSelectors {
		switch strings.ToLower(aws.ToString(f.Field)) {
		case "eventcategory":
			category = strings.Join(f.Equals, ",")
		case "readonly":
			reads, writes = contains(f.Equals, "true"), contains(f.Equals, "false")
		case "eventsource":
			partial = partial || len(f.NotEquals) == 0
			keyUse = !contains(f.NotEquals, "kms.amazonaws.com")
		case "resources.type":
			// Data events always name a type of resource.
			kinds = f.Equals
		case "resources.arn":
			some = true
		default:
			partial = true
		}
	}
	switch {
	case category == "Management" && !partial:
		e.reads, e.writes = e.reads || reads, e.writes || writes
		e.keyUse = e.keyUse || keyUse && reads && writes
	case category == "Data" && !partial:
		for _, kind := range kinds {
			e.ofType(kind, reads && !some, writes && !some)
		}
		e.dataReads, e.dataWrites = e.dataReads || reads, e.dataWrites || writes
	}
}
