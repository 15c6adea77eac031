package gcp

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// recordedRoot holds answers that were recorded elsewhere; tests that need them are skipped where they are absent.
const recordedRoot = "../../../shared/recorded"

// here is the place the recorded answers are read as.
var here = collectors.Where{Scope: "gcp:cloud-custodian", Region: collectors.Global}

// swept states the facts of a resource and of what is part of it, as its listing alone tells them.
type swept func(t *testing.T, a asset) []*inventory.Resource

// plain sweeps a source whose listing tells all.
func plain(facts func(collectors.Where, asset) *inventory.Resource) swept {
	return func(t *testing.T, a asset) []*inventory.Resource { return stable(t, a, facts) }
}

// asking sweeps a source that asks further; those questions have no answer here.
func asking[A any](facts func(collectors.Where, A) *inventory.Resource, answers func(asset) A) swept {
	return func(t *testing.T, a asset) []*inventory.Resource { return stable(t, answers(a), facts) }
}

// stable states facts of answers before and after they went through the store, and wants both to be the same.
func stable[A any](t *testing.T, answers A, facts func(collectors.Where, A) *inventory.Resource) []*inventory.Resource {
	t.Helper()
	raw, err := json.Marshal(answers)
	if err != nil {
		t.Fatal(err)
	}
	var stored A
	if err := json.Unmarshal(raw, &stored); err != nil {
		t.Fatal(err)
	}
	r := facts(here, answers)
	if before, after := encoded(t, r), encoded(t, facts(here, stored)); before != after {
		t.Errorf("stored answers state other facts:\nbefore %s\nafter  %s", before, after)
	}
	if r == nil {
		return nil
	}
	return []*inventory.Resource{r}
}

func encoded(t *testing.T, r *inventory.Resource) string {
	t.Helper()
	if r == nil {
		return "nothing"
	}
	r.MarkFacts()
	facts, err := r.EncodeFacts()
	if err != nil {
		t.Fatal(err)
	}
	return r.ID + r.Name + r.Region + string(facts)
}

var (
	target = asking(backendServiceFacts, func(a asset) targetAnswers { return targetAnswers{Item: a} })
	pool   = asking(poolFacts, func(a asset) targetAnswers { return targetAnswers{Item: a} })
	topic  = asking(channelFacts, func(a asset) sharedAnswers { return sharedAnswers{Item: a} })
	entry  = asking(entryFacts, func(a asset) entryAnswers { return entryAnswers{Rule: a} })
)

// sweeps are the normalisers by the type of asset. Regional and global forms share one.
var sweeps = map[string]swept{
	"compute.googleapis.com/Instance": sweepInstance,
	"compute.googleapis.com/Network":  sweepNetwork,
	"compute.googleapis.com/Firewall": plain(firewallFacts), "compute.googleapis.com/Subnetwork": plain(subnetworkFacts),
	"compute.googleapis.com/Disk": plain(diskFacts), "compute.googleapis.com/RegionDisk": plain(diskFacts),
	"compute.googleapis.com/Snapshot": asking(snapshotFacts,
		func(a asset) sharedAnswers { return sharedAnswers{Item: a} }),
	"compute.googleapis.com/Image": asking(imageFacts, func(a asset) sharedAnswers { return sharedAnswers{Item: a} }),
	"compute.googleapis.com/Route": asking(routeTableFacts, func(a asset) routesOfNetwork {
		return routesOfNetwork{computeID(read[routeBody](a).Network), []asset{a}}
	}),
	"compute.googleapis.com/SslPolicy":      plain(tlsPolicyFacts),
	"compute.googleapis.com/ForwardingRule": entry, "compute.googleapis.com/GlobalForwardingRule": entry,
	"compute.googleapis.com/BackendService": target, "compute.googleapis.com/RegionBackendService": target,
	"compute.googleapis.com/TargetPool": pool, "compute.googleapis.com/TargetInstance": pool,
	"compute.googleapis.com/BackendBucket": asking(backendBucketFacts,
		func(a asset) backendBucketAnswers { return backendBucketAnswers{Item: a} }),
	"compute.googleapis.com/VpnTunnel": asking(tunnelFacts,
		func(a asset) tunnelAnswers { return tunnelAnswers{Tunnel: a} }),
	"compute.googleapis.com/SecurityPolicy": asking(webFirewallFacts,
		func(a asset) webFirewallAnswers { return webFirewallAnswers{Policy: a} }),
	"storage.googleapis.com/Bucket": asking(bucketFacts,
		func(a asset) bucketAnswers { return bucketAnswers{Bucket: a} }),
	"sqladmin.googleapis.com/Instance": plain(sqlFacts),
	"redis.googleapis.com/Instance":    plain(redisFacts), "redis.googleapis.com/Cluster": plain(redisFacts),
	"spanner.googleapis.com/Database": plain(spannerFacts), "bigtableadmin.googleapis.com/Instance": plain(bigtableFacts),
	"firestore.googleapis.com/Database": plain(firestoreFacts), "bigquery.googleapis.com/Dataset": plain(datasetFacts),
	"iam.googleapis.com/ServiceAccount": plain(serviceAccountFacts),
	"file.googleapis.com/Instance":      plain(filestoreFacts), "pubsub.googleapis.com/Topic": topic,
	"pubsub.googleapis.com/Subscription": topic, "managedkafka.googleapis.com/Cluster": plain(kafkaFacts),
	"alloydb.googleapis.com/Cluster": asking(alloyFacts, func(a asset) alloyAnswers { return alloyAnswers{Cluster: a} }),
}

func sweepInstance(t *testing.T, a asset) []*inventory.Resource {
	t.Helper()
	item, err := withoutMetadata(a)
	if err != nil {
		t.Fatal(err)
	}
	out := stable(t, item, instanceFacts)
	b := read[instanceBody](a)
	for _, i := range interfacesOf(a, &b) {
		out = append(out, stable(t, i, interfaceFacts)...)
	}
	return out
}

func sweepNetwork(t *testing.T, a asset) []*inventory.Resource {
	t.Helper()
	out := append(stable(t, networkAnswers{Network: a}, networkFacts), stable(t, a, impliedRuleFacts)...)
	out = append(out, stable(t, inheritedAnswers{Network: idOf(a)}, inheritedFacts)...)
	for _, p := range read[networkBody](a).Peerings {
		out = append(out, stable(t, peeringItem{idOf(a), p}, peeringFacts)...)
	}
	return out
}

// recordedTypes are the types behind the methods of recorded answers.
var recordedTypes = map[string]string{
	"compute.instances": "Instance", "compute.networks": "Network", "compute.firewalls": "Firewall",
	"compute.subnetworks": "Subnetwork", "compute.disks": "Disk", "compute.snapshots": "Snapshot",
	"compute.images": "Image",
	"compute.routes": "Route", "compute.sslPolicies": "SslPolicy", "compute.forwardingRules": "ForwardingRule",
	"compute.globalForwardingRules": "GlobalForwardingRule", "compute.backendServices": "BackendService",
	"compute.backendBuckets": "BackendBucket", "compute.targetPools": "TargetPool",
	"compute.targetInstances":  "TargetInstance",
	"compute.securityPolicies": "SecurityPolicy",
}

func recordedType(method string) string {
	collection := method[:strings.LastIndexByte(method, '.')]
	switch {
	case recordedTypes[collection] != "":
		return "compute.googleapis.com/" + recordedTypes[collection]
	case collection == "storage.buckets":
		return "storage.googleapis.com/Bucket"
	case collection == "sql.instances":
		return "sqladmin.googleapis.com/Instance"
	case collection == "redis.projects.locations.instances":
		return "redis.googleapis.com/Instance"
	case collection == "spanner.projects.instances.databases":
		return "spanner.googleapis.com/Database"
	case collection == "bigtableadmin.projects.instances":
		return "bigtableadmin.googleapis.com/Instance"
	case collection == "firestore.projects.databases":
		return "firestore.googleapis.com/Database"
	case collection == "bigquery.datasets":
		return "bigquery.googleapis.com/Dataset"
	case collection == "iam.projects.serviceAccounts":
		return "iam.googleapis.com/ServiceAccount"
	case collection == "pubsub.projects.topics":
		return "pubsub.googleapis.com/Topic"
	case collection == "pubsub.projects.subscriptions":
		return "pubsub.googleapis.com/Subscription"
	case collection == "redis.projects.locations.clusters":
		return "redis.googleapis.com/Cluster"
	}
	return ""
}

// recordedAnswer is what a recorded call answered.
func recordedAnswer(t *testing.T, file string) (status int, body json.RawMessage) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var call struct {
		Response struct {
			Status int             `json:"status"`
			Body   json.RawMessage `json:"body"`
		} `json:"response"`
	}
	if err := json.Unmarshal(data, &call); err != nil {
		t.Fatal(err)
	}
	return call.Response.Status, call.Response.Body
}

// recordedItems are the resources of a recorded answer, whatever its form: one, a list, or lists by place.
func recordedItems(t *testing.T, assetType, method string, body json.RawMessage) []asset {
	t.Helper()
	service, _, _ := strings.Cut(assetType, "/")
	make := func(data json.RawMessage) asset {
		return asset{Type: assetType, Name: nameIn(service, data), Direct: true, Data: withoutSecrets(data)}
	}
	collection := strings.Split(method, ".")[len(strings.Split(method, "."))-2]
	var whole map[string]json.RawMessage
	if json.Unmarshal(body, &whole) != nil {
		return nil
	}
	if strings.HasSuffix(method, ".get") {
		return []asset{make(body)}
	}
	w := &way{types: []string{assetType}, api: service, items: "items", scoped: strings.HasSuffix(method,
		"aggregatedList")}
	if w.scoped || whole[collection] != nil {
		w.items = collection
	} else if collection == "serviceAccounts" {
		w.items = serviceAccountsWay.items
	}
	var places map[string]json.RawMessage
	if json.Unmarshal(whole["items"], &places) == nil {
		w.scoped, w.items = true, collection
	}
	items, _, err := w.page(body)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	var out []asset
	for _, i := range items {
		out = append(out, make(i))
	}
	return out
}

// TestRecordedSweep runs every recorded answer about a kind that is collected through its normaliser: none may panic,
// leave an attribute unspoken of, or change in the store.
func TestRecordedSweep(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(recordedRoot, "gcp", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the recorded answers are not beside the project")
	}
	seen := map[string]int{}
	for _, file := range files {
		_, method, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), "_")
		verb := method[strings.LastIndexByte(method, '.')+1:]
		assetType := recordedType(method)
		if assetType == "" || verb != "list" && verb != "get" && verb != "aggregatedList" {
			continue
		}
		status, body := recordedAnswer(t, file)
		if status != 200 {
			continue
		}
		for _, a := range recordedItems(t, assetType, method, body) {
			seen[assetType]++
			for _, r := range sweeps[assetType](t, a) {
				checkSwept(t, file, r)
			}
		}
	}
	for _, want := range []string{"compute.googleapis.com/Instance", "compute.googleapis.com/Firewall",
		"storage.googleapis.com/Bucket",
		"sqladmin.googleapis.com/Instance", "redis.googleapis.com/Instance", "compute.googleapis.com/Subnetwork"} {
		if seen[want] == 0 {
			t.Errorf("no recorded %s was read; the sweep is of no use to it", want)
		}
	}
}

// TestRecordedAssets does the same for assets of the asset inventory.
func TestRecordedAssets(t *testing.T) {
	t.Parallel()
	assets := recordedAssets(t)
	if assets == nil {
		t.Skip("the recorded assets are not beside the project")
	}
	read := 0
	for _, a := range assets {
		sweep := sweeps[a.Type]
		if sweep == nil || len(a.Data) == 0 {
			continue
		}
		read++
		for _, r := range sweep(t, a) {
			checkSwept(t, a.Name, r)
		}
	}
	if read < 50 {
		t.Errorf("%d assets were read; there are more", read)
	}
}

func checkSwept(t *testing.T, file string, r *inventory.Resource) {
	t.Helper()
	if !strings.HasPrefix(r.ID, "//") || strings.HasSuffix(r.ID, "/") || r.Name == "" {
		t.Errorf("%s: a resource with the id %q and the name %q", file, r.ID, r.Name)
	}
	if left := unstated(r); len(left) > 0 {
		t.Errorf("%s: %s: neither stated nor derived: %v", file, r.ID, left)
	}
}

// unstated lists the attributes that the facts stage said nothing of and that nobody else fills.
func unstated(r *inventory.Resource) []string {
	var out []string
	for _, a := range r.Schema().Attributes {
		if !a.Derived && a.Name != "labels_read" && !r.IsFixed(a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}
