package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless"
	"github.com/aws/aws-sdk-go-v2/service/opensearchserverless/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, collectionItem, collectionAnswers]{
	Kind:  "aws.opensearchserverless.collection",
	Class: inventory.ClassDatabase,
	Permissions: []string{
		"aoss:ListCollections", "aoss:BatchGetCollection", "aoss:ListSecurityPolicies", "aoss:GetSecurityPolicy",
		"aoss:BatchGetVpcEndpoint", "aoss:ListTagsForResource", "kms:DescribeKey",
	},
	ListAction: "ListCollections", ListPermission: "aoss:ListCollections",
	List: func(ctx context.Context, c *Clients) iter.Seq2[collectionItem, error] {
		return offered(c, searchCollections(ctx, c))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[collectionItem, error] {
		return only(searchCollections(ctx, c), func(i collectionItem) bool { return i.arn == id })
	},
	Ask:   askCollection,
	Facts: collectionFacts,
})

// collectionItem is a collection with its description, which is asked for a page at a time.
type collectionItem struct {
	arn, name string
	describe  collectors.Answer[searchCollection]
	listing   *collectionListing
}

// collectionListing remembers what the collections of one listing share.
type collectionListing struct {
	keys  once[keyHolder]
	doors once[[]collectionDoor]
}

// searchCollection is what is kept of a collection. A new one has no key yet.
type searchCollection struct {
	Key       string                   `json:",omitempty"`
	Standby   types.StandbyReplicas    `json:",omitempty"`
	Protected types.DeletionProtection `json:",omitempty"`
}

// collectionAnswers is all that is said about one collection.
type collectionAnswers struct {
	ARN, Name string
	Describe  collectors.Answer[searchCollection]
	Key       collectors.Answer[keyHolder]
	// Access is from where the collection answers, Place where the endpoints stand that it answers alone.
	Access collectors.Answer[collectionAccess]
	Place  collectors.Answer[collectionPlace]
	Tags   collectors.Answer[map[string]string]
}

// searchCollections describes the collections of each page of the listing together.
func searchCollections(ctx context.Context, c *Clients) iter.Seq2[collectionItem, error] {
	return func(yield func(collectionItem, error) bool) {
		listing := &collectionListing{}
		p := opensearchserverless.NewListCollectionsPaginator(c.OpenSearchServerless,
			&opensearchserverless.ListCollectionsInput{MaxResults: aws.Int32(100)})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				yield(collectionItem{}, err)
				return
			}
			for _, item := range describeCollections(ctx, c, page.CollectionSummaries) {
				item.listing = listing
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// describeCollections gives an item for each collection; one that the answer leaves out is gone by now.
func describeCollections(ctx context.Context, c *Clients, all []types.CollectionSummary) []collectionItem {
	if len(all) == 0 {
		return nil
	}
	ids := make([]string, 0, len(all))
	for _, s := range all {
		ids = append(ids, aws.ToString(s.Id))
	}
	details := ask("BatchGetCollection", "aoss:BatchGetCollection", func() (*[]types.CollectionDetail, error) {
		out, err := c.OpenSearchServerless.BatchGetCollection(ctx, &opensearchserverless.BatchGetCollectionInput{Ids: ids})
		if err != nil {
			return nil, err
		}
		return &out.CollectionDetails, nil
	})
	var items []collectionItem
	if details.Value == nil {
		for _, s := range all {
			items = append(items, collectionItem{arn: aws.ToString(s.Arn), name: aws.ToString(s.Name),
				describe: collectors.Answer[searchCollection]{
					Action: details.Action, Permission: details.Permission, Failed: details.Failed,
				}})
		}
		return items
	}
	for _, d := range *details.Value {
		items = append(items, collectionItem{arn: aws.ToString(d.Arn), name: aws.ToString(d.Name),
			describe: collectors.Answer[searchCollection]{
				Action: details.Action, Permission: details.Permission,
				Value: &searchCollection{
					Key: aws.ToString(d.KmsKeyArn), Standby: d.StandbyReplicas, Protected: d.DeletionProtection,
				},
			}})
	}
	return items
}

// serviceKey stands in the place of a key where none of the account's is used.
const serviceKey = "auto"

func askCollection(ctx context.Context, c *Clients, i collectionItem) collectionAnswers {
	a := collectionAnswers{ARN: i.arn, Name: i.name, Describe: i.describe}
	if d := i.describe.Value; d != nil && d.Key != serviceKey {
		a.Key = heldBy(&i.listing.keys, &d.Key, func(key string) collectors.Answer[keyHolder] {
			return askKeyHolder(ctx, c, key)
		})
	}
	a.Access = accessOf(i.listing.doors.ask("", func() collectors.Answer[[]collectionDoor] {
		return askCollectionDoors(ctx, c)
	}), i.name)
	if v := a.Access.Value; v != nil && !v.Public && len(v.Endpoints) > 0 {
		a.Place = askCollectionPlace(ctx, c, v.Endpoints)
	}
	a.Tags = ask("ListTagsForResource", "aoss:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.OpenSearchServerless.ListTagsForResource(ctx,
			&opensearchserverless.ListTagsForResourceInput{ResourceArn: aws.String(i.arn)})
		if err != nil {
			return nil, err
		}
		return keptTags(labels(out.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })), nil
	})
	return a
}

func collectionFacts(w collectors.Where, a collectionAnswers) *inventory.Resource {
	facts := &inventory.Database{Engine: "opensearch", Port: 443}
	r := inventory.New(a.ARN, a.Name, w.Region, facts)
	defer leftOut(r, "BatchGetCollection", "aoss:BatchGetCollection")
	managedStoreFacts(r, facts, "search", "network")
	tagFacts(r, a.Tags)
	// Collections are reached through HTTPS of TLS 1.2 or later by callers who sign or come from a directory, are always
	// encrypted, grow and are updated by the service. Whether their use is recorded is for the account's trails to say.
	facts.TLSRequired, facts.TLSMinVersion, facts.CentralIdentity, facts.AuthRequired = true, 1.2, true, true
	facts.EncryptedAtRest, facts.Autoscaled, facts.VersionSupported = true, true, true
	r.SetInherent("tls_required", "tls_min_version", "central_identity", "auth_required", "encrypted_at_rest",
		"autoscaled", "version_supported")
	// A copy is taken every hour and can be put back into the same collection only. How long it is kept is not told.
	r.Known("engine", "port", "source", "point_in_time", "other_region_copy")
	r.SetUnknown(inventory.Unknown{
		Cause: inventory.CauseFailed, Code: "RetentionNotTold",
		Action: "BatchGetCollection", Permission: "aoss:BatchGetCollection",
	}, "backup_retention_days")
	collectionPlaceFacts(w, r, facts, a)
	collectionKeepFacts(r, facts, a)
	return r
}

// collectionKeepFacts states what the description tells of how the content is kept.
func collectionKeepFacts(r *inventory.Resource, facts *inventory.Database, a collectionAnswers) {
	if why := a.Describe.Unknown(); why != nil {
		r.SetUnknown(*why, "customer_key", "multi_zone", "deletion_protected")
		return
	}
	d := a.Describe.Value
	if d == nil {
		return
	}
	switch d.Key {
	case "":
	case serviceKey:
		ownKeyFact(r, &facts.CustomerKey, nil, a.Key)
	default:
		ownKeyFact(r, &facts.CustomerKey, &d.Key, a.Key)
	}
	if d.Standby != "" {
		facts.MultiZone = d.Standby == types.StandbyReplicasEnabled
		r.Known("multi_zone")
	}
	if d.Protected != "" {
		facts.DeletionProtected = d.Protected == types.DeletionProtectionEnabled
		r.Known("deletion_protected")
	}
}
