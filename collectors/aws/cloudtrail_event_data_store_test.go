package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"

	"github.com/plumbline-posture/plumbline/collectors"
)

const storeARN = "arn:aws:cloudtrail:us-east-1:644160558196:eventdatastore/11111111-2222-3333-4444-555555555555"

// picking is a selector of a store: a category, and what else must hold.
func picking(category string, more ...types.AdvancedFieldSelector) types.AdvancedEventSelector {
	return types.AdvancedEventSelector{FieldSelectors: append([]types.AdvancedFieldSelector{
		{Field: aws.String("eventCategory"), Equals: []string{category}}}, more...)}
}

var everyObject = types.AdvancedFieldSelector{Field: aws.String("resources.type"), Equals: []string{"AWS::S3::Object"}}

func storeWith(change func(*eventStoreAnswers, *eventStore)) eventStoreAnswers {
	s := eventStore{
		Status: types.EventDataStoreStatusEnabled, Selectors: []types.AdvancedEventSelector{picking("Management"), picking("Data", everyObject)},
		EveryRegion: aws.Bool(true), Retention: aws.Int32(2557), Protected: aws.Bool(true),
	}
	a := eventStoreAnswers{ARN: storeARN, Name: "lake", Policy: collectors.Answer[string]{Absent: true}, Tags: answered(&trailTags{})}
	if change != nil {
		change(&a, &s)
	}
	if a.Store.Failed == nil {
		a.Store = answered(&s)
	}
	return a
}

func TestEventStoreFacts(t *testing.T) {
	t.Parallel()
	whole := stated{"complete": true, "data_events": true, "data_kinds": "[aws.s3.bucket]", "leaves_out_key_use": false, "queryable": true,
		"integrity_protected": true, "retention_days": 2557, "separate_account": false, "destination_public": false, "watches": "[aws:644160558196]", "stored": true}
	none := stated{"complete": false, "data_events": false, "data_kinds": "[]", "leaves_out_key_use": true, "queryable": false}
	for name, c := range map[string]struct {
		change func(*eventStoreAnswers, *eventStore)
		want   stated
	}{
		"whole":            {nil, whole},
		"stopped":          {func(_ *eventStoreAnswers, s *eventStore) { s.Status = types.EventDataStoreStatusStoppedIngestion }, none},
		"starting":         {func(_ *eventStoreAnswers, s *eventStore) { s.Status = types.EventDataStoreStatusStartingIngestion }, none},
		"on its way":       {func(_ *eventStoreAnswers, s *eventStore) { s.Status = types.EventDataStoreStatusPendingDeletion }, none},
		"one region":       {func(_ *eventStoreAnswers, s *eventStore) { s.EveryRegion = aws.Bool(false) }, stated{"complete": false, "data_events": true}},
		"regions unsaid":   {func(_ *eventStoreAnswers, s *eventStore) { s.EveryRegion = nil }, stated{"complete": nil}},
		"status unsaid":    {func(_ *eventStoreAnswers, s *eventStore) { s.Status = "" }, stated{"complete": nil, "data_events": nil, "queryable": nil}},
		"selectors unsaid": {func(_ *eventStoreAnswers, s *eventStore) { s.Selectors = nil }, stated{"complete": nil, "data_events": nil, "leaves_out_key_use": nil, "queryable": true}},
		"writes alone": {func(_ *eventStoreAnswers, s *eventStore) {
			s.Selectors = []types.AdvancedEventSelector{picking("Management", types.AdvancedFieldSelector{Field: aws.String("readOnly"), Equals: []string{"false"}})}
		}, stated{"complete": false, "data_events": false}},
		"no keys": {func(_ *eventStoreAnswers, s *eventStore) {
			s.Selectors = []types.AdvancedEventSelector{picking("Management", types.AdvancedFieldSelector{Field: aws.String("eventSource"), NotEquals: []string{"kms.amazonaws.com"}})}
		}, stated{"complete": true, "leaves_out_key_use": true}},
		"can be deleted": {func(_ *eventStoreAnswers, s *eventStore) { s.Protected = aws.Bool(false) }, stated{"integrity_protected": false}},
		"denied":         {func(a *eventStoreAnswers, _ *eventStore) { a.Store = refused[eventStore]() }, stated{"complete": nil, "data_events": nil, "queryable": nil, "integrity_protected": nil, "retention_days": nil, "destination_public": false}},
		"open": {func(a *eventStoreAnswers, _ *eventStore) {
			a.Policy = answered(aws.String(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"cloudtrail:StartQuery","Resource":"*"}]}`))
		}, stated{"destination_public": true}},
		"policy denied": {func(a *eventStoreAnswers, _ *eventStore) { a.Policy = refused[string]() }, stated{"destination_public": nil, "complete": true}},
		"tags denied":   {func(a *eventStoreAnswers, _ *eventStore) { a.Tags = refused[trailTags]() }, stated{"labels_read": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := storeWith(c.change)
			c.want.check(t, eventStoreFacts(here, a))
			roundTrip(t, a)
		})
	}
	configurations := storeWith(func(_ *eventStoreAnswers, s *eventStore) {
		s.Selectors = []types.AdvancedEventSelector{picking("ConfigurationItem")}
	})
	if eventStoreFacts(here, configurations) != nil {
		t.Error("a store of configurations is told as an audit trail")
	}
}

func storeScript() script {
	return script{
		"ListEventDataStores": say(&cloudtrail.ListEventDataStoresOutput{EventDataStores: []types.EventDataStore{{EventDataStoreArn: aws.String(storeARN), Name: aws.String("lake")}}}),
		"GetEventDataStore": say(&cloudtrail.GetEventDataStoreOutput{Status: types.EventDataStoreStatusEnabled, MultiRegionEnabled: aws.Bool(true),
			AdvancedEventSelectors: []types.AdvancedEventSelector{picking("Management")}}),
		"GetResourcePolicy": refuse("ResourcePolicyNotFoundException"),
	}
}

func TestAskEventStore(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, here.Region, storeScript())
	for s, err := range eventStores(context.Background(), c, c.Region) {
		if err != nil {
			t.Fatal(err)
		}
		a := askEventStore(context.Background(), c, s)
		roundTrip(t, a)
		stated{"complete": true, "destination_public": false, "labels_read": nil}.check(t, eventStoreFacts(here, a))
	}
	late := func(any) (any, error) {
		return nil, &smithy.GenericAPIError{Code: "InvalidParameterCombinationException", Message: "CloudTrail Lake is no longer accepting new customers. Existing customers can continue."}
	}
	for _, answer := range []func(any) (any, error){refuse("UnsupportedOperationException"), late} {
		c, _ = scripted(t, here.Region, script{"ListEventDataStores": answer})
		for _, err := range eventStores(context.Background(), c, c.Region) {
			t.Errorf("where there are no such stores: %v", err)
		}
	}
	c, _ = scripted(t, here.Region, script{})
	if _, err := gathered(eventStores(context.Background(), c, c.Region)); err == nil {
		t.Error("a refusal says that there are none")
	}
}

// TestNoTrailButAStore holds that an account whose record is a store of events is not told to have none, and that one of
// which that is not known is.
func TestNoTrailButAStore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(script)
		none   bool
	}{
		"a store":       {func(script) {}, false},
		"nothing":       {func(s script) { s["ListEventDataStores"] = say(&cloudtrail.ListEventDataStoresOutput{}) }, true},
		"not told":      {func(s script) { delete(s, "ListEventDataStores") }, true},
		"not described": {func(s script) { delete(s, "GetEventDataStore") }, true},
		"one that is off": {func(s script) {
			s["GetEventDataStore"] = say(&cloudtrail.GetEventDataStoreOutput{Status: types.EventDataStoreStatusStoppedIngestion,
				AdvancedEventSelectors: []types.AdvancedEventSelector{picking("Management")}})
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := storeScript()
			lines["DescribeTrails"], lines["ListTrails"] = say(&cloudtrail.DescribeTrailsOutput{}), say(&cloudtrail.ListTrailsOutput{})
			c.change(lines)
			items, err := listedAll(t, lines, func(ctx context.Context, c *Clients) func(func(trailItem, error) bool) { return listTrails(ctx, c) })
			if err != nil || (len(items) == 1) != c.none {
				t.Errorf("%d records, %v; want the record of none: %v", len(items), err, c.none)
			}
		})
	}
}

var _ = sample("aws.cloudtrail.event_data_store", eventStoreFacts, storeWith(nil), storeWith(func(a *eventStoreAnswers, _ *eventStore) { a.Store = refused[eventStore]() }))
