package gcp

import (
	"context"
	"net/url"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var backendBucketsWay = &way{
	types: []string{"compute.googleapis.com/BackendBucket"}, api: computeAPI,
	path: "/compute/v1/projects/{project}/global/backendBuckets", items: "items",
	permission: "compute.backendBuckets.list", action: "compute.backendBuckets.list",
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, backendBucketAnswers]{
	Kind: "gcp.compute.backend_bucket", Class: inventory.ClassForwardingTarget,
	Permissions: backendBucketsWay.permissions(bucketGet),
	ListAction:  backendBucketsWay.action, ListPermission: backendBucketsWay.permission,
	Global: true, NoLabels: true, List: backendBucketsWay.list, Find: backendBucketsWay.find,
	Ask: askBackendBucket, Facts: backendBucketFacts,
})

// backendBucketAnswers is a bucket as the origin of a balancer, and whether the bucket is still there, in whichever
// project.
type backendBucketAnswers struct {
	Item   asset
	Bucket collectors.Answer[common]
}

type backendBucketBody struct {
	BucketName string `json:"bucketName"`
}

func askBackendBucket(ctx context.Context, c *Clients, a asset) backendBucketAnswers {
	path := "/storage/v1/b/" + url.PathEscape(read[backendBucketBody](a).BucketName)
	return backendBucketAnswers{a, ask(bucketGet, bucketGet, func() (*common, error) {
		b, err := fetch[common](ctx, c, storageAPI, path, url.Values{"projection": {"noAcl"}, "fields": {"name"}})
		return b, absent(err)
	})}
}

// backendBucketFacts states the origin. A bucket that is there needs no member to be looked up: it may stand in a
// project that is not collected. One that is gone is named, so that the lookup fails.
func backendBucketFacts(_ collectors.Where, a backendBucketAnswers) *inventory.Resource {
	// Between Google's front ends and its storage nothing travels in clear text.
	facts := &inventory.ForwardingTarget{
		Protocol: "https", Port: 443, EntryPoints: []string{}, Targets: []inventory.Target{}, Resources: []string{},
	}
	r := begin(a.Item, facts)
	r.Known("protocol", "port", "network", "entry_points", "resources", "preserves_caller")
	collectors.Know(r, a.Bucket, func(b *common) {
		if b == nil {
			gone := "//" + storageAPI + "/" + read[backendBucketBody](a.Item).BucketName
			facts.Targets = append(facts.Targets, inventory.Target{Resource: gone, Port: facts.Port})
		}
	}, "targets")
	return r
}
