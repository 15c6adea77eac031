package aws

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// A store of events is a record of its own beside the trails: it takes in events itself and keeps them where they can
// be asked for. One that takes in something other than what is done in AWS (configurations, events of other systems) is
// no audit trail and is not described.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.EventDataStore, eventStoreAnswers]{
	Kind:  "aws.cloudtrail.event_data_store",
	Class: inventory.ClassAuditTrail,
	Permissions: []string{
		"cloudtrail:ListEventDataStores", "cloudtrail:GetEventDataStore", "cloudtrail:GetResourcePolicy",
		"cloudtrail:ListTags",
	},
	ListAction: "ListEventDataStores", ListPermission: "cloudtrail:ListEventDataStores",
	List: func(ctx context.Context, c *Clients) iter.Seq2[types.EventDataStore, error] {
		return eventStores(ctx, c, c.Region)
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.EventDataStore, error] {
		return only(eventStores(ctx, c, c.Region), func(s types.EventDataStore) bool {
			return aws.ToString(s.EventDataStoreArn) == id
		})
	},
	Ask:   askEventStore,
	Facts: eventStoreFacts,
})

// eventStoreAnswers is all that CloudTrail says about one store. A listing names it and tells no more.
type eventStoreAnswers struct {
	ARN, Name string
	Store     collectors.Answer[eventStore]
	Policy    collectors.Answer[string]
	Tags      collectors.Answer[trailTags]
}

// eventStore is what is kept of a store.
type eventStore struct {
	Status      types.EventDataStoreStatus
	Selectors   []types.AdvancedEventSelector `json:",omitempty"`
	EveryRegion *bool                         `json:",omitempty"`
	Retention   *int32                        `json:",omitempty"`
	Protected   *bool                         `json:",omitempty"`
}

// closedToNew is what CloudTrail says since May 2026 to accounts that had no store until then, and can have none now:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-service-availability-change.html
const closedToNew = "no longer accepting new customers"

func eventStores(ctx context.Context, c *Clients, region string) iter.Seq2[types.EventDataStore, error] {
	p := cloudtrail.NewListEventDataStoresPaginator(c.CloudTrail, &cloudtrail.ListEventDataStoresInput{})
	next := func(ctx context.Context) (*cloudtrail.ListEventDataStoresOutput, error) {
		return p.NextPage(ctx, inTrailRegion(region))
	}
	stores := func(o *cloudtrail.ListEventDataStoresOutput) []types.EventDataStore { return o.EventDataStores }
	// A partition or region without such stores says so in this word.
	seq := gone(paged(ctx, p.HasMorePages, next, stores), "UnsupportedOperationException")
	return func(yield func(types.EventDataStore, error) bool) {
		for s, err := range seq {
			if err != nil && strings.Contains(err.Error(), closedToNew) || !yield(s, err) {
				return
			}
		}
	}
}

func askEventStore(ctx context.Context, c *Clients, s types.EventDataStore) eventStoreAnswers {
	id := s.EventDataStoreArn
	return eventStoreAnswers{
		ARN: aws.ToString(id), Name: aws.ToString(s.Name),
		Store: ask("GetEventDataStore", "cloudtrail:GetEventDataStore", func() (*eventStore, error) {
			return describeEventStore(ctx, c, id, c.Region)
		}),
		Policy: ask("GetResourcePolicy", "cloudtrail:GetResourcePolicy", func() (*string, error) {
			out, err := c.CloudTrail.GetResourcePolicy(ctx, &cloudtrail.GetResourcePolicyInput{ResourceArn: id})
			if err != nil {
				return nil, absent(err, "ResourcePolicyNotFoundException")
			}
			return aws.String(aws.ToString(out.ResourcePolicy)), nil
		}),
		Tags: askTrailTags(ctx, c, aws.ToString(id), c.Region),
	}
}

func describeEventStore(ctx context.Context, c *Clients, id *string, region string) (*eventStore, error) {
	in := &cloudtrail.GetEventDataStoreInput{EventDataStore: id}
	out, err := c.CloudTrail.GetEventDataStore(ctx, in, inTrailRegion(region))
	if err != nil {
		return nil, err
	}
	return &eventStore{
		Status: out.Status, Selectors: out.AdvancedEventSelectors, EveryRegion: out.MultiRegionEnabled,
		Retention: out.RetentionPeriod, Protected: out.TerminationProtectionEnabled,
	}, nil
}

// audits says whether the store is for what is done in AWS: some selector picks control-plane or data events.
func (s *eventStore) audits() bool {
	return slices.ContainsFunc(s.Selectors, func(one types.AdvancedEventSelector) bool {
		return slices.ContainsFunc(one.FieldSelectors, func(f types.AdvancedFieldSelector) bool {
			return aws.ToString(f.Field) == "eventCategory" && (contains(f.Equals, "Management") || contains(f.Equals, "Data"))
		})
	})
}

// takesIn says whether events go into the store now; nil when that was not said.
func (s *eventStore) takesIn() *bool {
	if s.Status == "" {
		return nil
	}
	return aws.Bool(s.Status == types.EventDataStoreStatusEnabled)
}

// anyEventStore says whether a store of some region takes in what is done in AWS. What cannot be read is none.
func anyEventStore(ctx context.Context, c *Clients) bool {
	regions, err := enabledRegions(ctx, c)
	if err != nil {
		return false
	}
	for _, region := range regions {
		for s, err := range eventStores(ctx, c, region) {
			if err != nil {
				break
			}
			store, err := describeEventStore(ctx, c, s.EventDataStoreArn, region)
			if err == nil && store.audits() && aws.ToBool(store.takesIn()) {
				return true
			}
		}
	}
	return false
}

func eventStoreFacts(w collectors.Where, a eventStoreAnswers) *inventory.Resource {
	if a.Store.Value != nil && len(a.Store.Value.Selectors) > 0 && !a.Store.Value.audits() {
		return nil
	}
	facts := &inventory.AuditTrail{Watches: []string{string(w.Scope)}, Stored: true}
	r := inventory.New(a.ARN, a.Name, w.Region, facts)
	defer leftOut(r, "GetEventDataStore", "cloudtrail:GetEventDataStore")
	// It is kept in no bucket and no log group, and not as files that could be signed.
	r.Known("watches", "stored", "destination", "log_store", "validated", "delivered")
	facts.SeparateAccount = principalAccount(a.ARN) != w.Scope.Account()
	r.Known("separate_account")
	collectors.Know(r, a.Tags, func(v *trailTags) {
		if v != nil {
			r.Labels = labels(v.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		}
	}, "labels_read")
	if doc, read := readPolicy(r, a.Policy, func(v *string) string { return *v }, "destination_public"); read {
		facts.DestinationPublic = doc.public()
		r.Known("destination_public")
	}
	if why := a.Store.Unknown(); why != nil {
		r.SetUnknown(*why, "complete", "data_events", "data_kinds", "leaves_out_key_use", "queryable",
			"integrity_protected", "retention_days")
		return r
	}
	eventStoreKeepFacts(r, facts, a.Store.Value)
	eventStoreRecordFacts(r, facts, a.Store.Value)
	return r
}

// eventStoreKeepFacts states how long the events are kept, and whether they can be lost. Nobody can change an event in
// a store, or take out a single one; the whole store goes when it is deleted, unless that is forbidden.
func eventStoreKeepFacts(r *inventory.Resource, facts *inventory.AuditTrail, s *eventStore) {
	if s.Retention != nil {
		facts.RetentionDays = int64(*s.Retention)
		r.Known("retention_days")
	}
	stateFlag(r, "integrity_protected", s.Protected, &facts.IntegrityProtected)
	stateFlag(r, "queryable", s.takesIn(), &facts.Queryable)
}

// eventStoreRecordFacts states what the store records. One that takes nothing in records nothing, whatever it picks.
func eventStoreRecordFacts(r *inventory.Resource, facts *inventory.AuditTrail, s *eventStore) {
	on := s.takesIn()
	var e recordings
	for _, one := range s.Selectors {
		e.addAdvanced(one)
	}
	told := len(s.Selectors) > 0
	if on != nil && !*on {
		e, told = recordings{}, true
	}
	if on != nil && told {
		facts.DataEvents, facts.DataKinds, facts.LeavesOutKeyUse = e.dataReads && e.dataWrites, e.dataKinds(), !e.keyUse
		r.Known("data_events", "data_kinds", "leaves_out_key_use")
	}
	switch {
	case told && !(e.reads && e.writes), s.EveryRegion != nil && !*s.EveryRegion, on != nil && !*on:
		r.Known("complete")
	case told && on != nil && s.EveryRegion != nil:
		facts.Complete = true
		r.Known("complete")
	}
}
