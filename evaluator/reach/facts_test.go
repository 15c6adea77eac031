package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func bucket(id string, o *inventory.ObjectStorage, known ...string) *inventory.Resource {
	return made(id, "aws.s3.bucket", o, append(known, "principals", "encryption_key", "replicas")...)
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	e := newEstate(labelledAs(bucket("b-1", &inventory.ObjectStorage{}), "Owner", "team-a", "env", "PRD",
		"classification", "Confidential",
		"managed-by", "terraform"), bucket("b-2", &inventory.ObjectStorage{}))
	r := e.derive(t, "b-1")
	wantValue(t, r, "owner", "team-a")
	wantValue(t, r, "environment", "production")
	wantValue(t, r, "environment_labelled", true)
	wantValue(t, r, "data_classification", "confidential")
	wantValue(t, r, "managed_as_code", true)
	wantValue(t, r, "region_allowed", true)
	r = e.derive(t, "b-2")
	wantValue(t, r, "owner", "")
	wantUnknown(t, r, "environment", inventory.CauseLabelMissing)
	wantValue(t, r, "environment_labelled", false)
	wantValue(t, r, "managed_as_code", false)

	e.settings.Environments = map[inventory.ScopeID]string{home: "stg"}
	e.settings.AllowedRegions = []string{"eu-west-1"}
	r = e.derive(t, "b-2")
	wantValue(t, r, "environment", "staging")
	wantValue(t, r, "region_allowed", false)

	account := labelledAs(made(AccountID(home), "aws.account", &inventory.CloudAccount{}), "owner", "platform",
		"classification", "personal")
	e.add(account)
	r = e.derive(t, "b-2")
	wantValue(t, r, "owner", "platform")
	wantValue(t, r, "data_classification", "personal")
	wantValue(t, e.derive(t, "b-1"), "owner", "team-a")
}

// TestManagedAsCode knows tools for infrastructure as code by the labels they leave, and people by what they write there.
func TestManagedAsCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		label, value string
		want         bool
	}{
		{"terraform", "true", true}, {"managed-by", "manual", false}, {"aws:cloudformation:stack-id", "arn", true},
		{"app.kubernetes.io/managed-by", "Helm", true}, {"app.kubernetes.io/managed-by", "kubectl", false},
		{"argocd.argoproj.io/instance", "shop", true}, {"app.kubernetes.io/name", "shop", false},
	} {
		e := newEstate(labelledAs(bucket("b-1", &inventory.ObjectStorage{}), c.label, c.value))
		if got, known := e.derive(t, "b-1").Value("managed_as_code"); !known || got != c.want {
			t.Errorf("with %s=%s it is %v, want %v", c.label, c.value, got, c.want)
		}
	}
}

func TestLabelsUnread(t *testing.T) {
	t.Parallel()
	e := newEstate(labelledAs(made(AccountID(home), "aws.account", &inventory.CloudAccount{}), "owner", "platform"))
	b := inventory.New("b-1", "b-1", region, &inventory.ObjectStorage{})
	b.Kind, b.Scope, b.CarriesLabels = "aws.s3.bucket", home, true
	b.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Action: "GetBucketTagging",
		Permission: "s3:GetBucketTagging"}, "labels_read")
	b.MarkFacts()
	e.add(b)
	e.settings.Environments = map[inventory.ScopeID]string{home: "test"}
	r := e.derive(t, "b-1")
	for _, name := range []string{"owner", "environment", "environment_labelled", "data_classification",
		"managed_as_code"} {
		wantUnknown(t, r, name, inventory.CauseDenied)
	}
	if p := r.Why("owner").Permission; p != "s3:GetBucketTagging" {
		t.Errorf("the cure is %q", p)
	}
	b.CarriesLabels = false
	r = e.derive(t, "b-1")
	if r.NotApplicable["owner"] == "" || r.IsKnown("owner") {
		t.Error("a kind that cannot carry labels is asked for its owner")
	}
	wantValue(t, r, "environment", "test")
}

func TestCopiesKeepTheirOrigin(t *testing.T) {
	t.Parallel()
	snap := func(source string) *inventory.Resource {
		return made("snap-1", "aws.ec2.snapshot", &inventory.Snapshot{Source: source}, "source", "principals")
	}
	e := newEstate(snap("vol-1"), labelledAs(made("vol-1", "aws.ec2.volume", &inventory.Disk{}, "source",
		"encryption_key"),
		"env", "prod", "classification", "personal"))
	r := e.derive(t, "snap-1")
	wantValue(t, r, "copied_from_environment", "production")
	wantValue(t, r, "classification_kept", false)
	labelledAs(e.resources["snap-1"], "classification", "PERSONAL")
	wantValue(t, e.derive(t, "snap-1"), "classification_kept", true)
	wantValue(t, e.derive(t, "vol-1"), "copied_from_environment", "")
	e.add(labelledAs(made("vol-2", "aws.ec2.volume", &inventory.Disk{Source: "snap-1"}, "source", "encryption_key"),
		"env", "dev"))
	wantValue(t, e.derive(t, "vol-2"), "copied_from_environment", "production")
	delete(e.resources, "vol-1")
	wantUnknown(t, e.derive(t, "vol-2"), "copied_from_environment", inventory.CauseNotCollected)
}

func TestPublicStores(t *testing.T) {
	t.Parallel()
	on := inventory.PublicAccessBlock{IgnoreACLs: true, RestrictPolicy: true, BlockACLs: true, BlockPolicy: true}
	known := []string{"policy_public", "acl_public", "block"}
	guard := func(b inventory.PublicAccessBlock) *inventory.Resource {
		return made(GuardID(home), "aws.s3.account", &inventory.PublicAccessGuard{Block: b}, "block")
	}
	open := &inventory.ObjectStorage{PolicyPublic: true, ACLPublic: true}
	e := newEstate(bucket("b", open, known...), guard(inventory.PublicAccessBlock{}))
	r := e.derive(t, "b")
	wantValue(t, r, "public_by_policy", true)
	wantValue(t, r, "public_by_acl", true)
	wantValue(t, r, "public_blocked", false)

	e.add(guard(on))
	r = e.derive(t, "b")
	wantValue(t, r, "public_by_policy", false)
	wantValue(t, r, "public_by_acl", false)
	wantValue(t, r, "public_blocked", true)

	delete(e.resources, GuardID(home))
	e.deny(inventory.ClassPublicAccessGuard, "GetPublicAccessBlock")
	r = e.derive(t, "b")
	for _, name := range []string{"public_by_policy", "public_by_acl", "public_blocked"} {
		wantUnknown(t, r, name, inventory.CauseDenied)
	}
	e.add(bucket("b", &inventory.ObjectStorage{PolicyPublic: true, Block: on}, known...))
	r = e.derive(t, "b")
	wantValue(t, r, "public_by_policy", false)
	wantValue(t, r, "public_blocked", true)
}

func TestStoreRecordsKeysAndCopies(t *testing.T) {
	t.Parallel()
	store := &inventory.ObjectStorage{EncryptionKey: "alias-1", Replicas: []string{"b-far"},
		Principals:      []string{"444455556666", "999999999999"},
		RetentionLocked: true, ExpiryDays: 400, PolicyPublic: false}
	e := newEstate(bucket("b", store, "log_target", "policy_public", "acl_public", "block", "expiry_days",
		"retention_locked"),
		made("key-1", "aws.kms.key", &inventory.EncryptionKey{Manager: "customer", Aliases: []string{"alias-1"},
			RotationDays: 365},
			"manager", "aliases", "rotation_days", "principals"),
		made("trail-1", "aws.cloudtrail.trail", &inventory.AuditTrail{Destination: "b", Complete: true,
			Watches: []string{string(home)}},
			"destination", "complete", "watches", "validated", "leaves_out_key_use", "data_events"))
	far := bucket("b-far", &inventory.ObjectStorage{})
	far.Region = "eu-west-1"
	e.add(far)
	e.settings.Suppliers = []string{"444455556666"}
	r := e.derive(t, "b")
	wantValue(t, r, "customer_key", true)
	wantValue(t, r, "other_region_copy", true)
	wantValue(t, r, "unknown_principals", int64(1))
	wantValue(t, r, "holds_records", true)
	wantValue(t, r, "access_logged", false)
	wantValue(t, e.derive(t, "b-far"), "holds_records", false)
	trail := e.derive(t, "trail-1")
	wantValue(t, trail, "destination_public", false)
	wantValue(t, trail, "integrity_protected", true)
	wantValue(t, trail, "separate_account", false)
	wantValue(t, trail, "retention_days", int64(400))
	key := e.derive(t, "key-1")
	wantValue(t, key, "use_logged", true)
	wantValue(t, key, "rotated", true)

	e.deny(inventory.ClassAuditTrail, "DescribeTrails")
	wantUnknown(t, e.derive(t, "b-far"), "holds_records", inventory.CauseDenied)
	delete(e.resources, "trail-1")
	wantUnknown(t, e.derive(t, "key-1"), "use_logged", inventory.CauseDenied)
}

func TestEntryPoints(t *testing.T) {
	t.Parallel()
	policy := func(suites []string, versions ...float64) *inventory.Resource {
		return made("tls-1", "aws.elbv2.ssl_policy", &inventory.TLSPolicy{Versions: versions, Suites: suites}, "versions",
			"suites")
	}
	lb := entry("lb-1", 80, "tg-1", "sg-lb")
	point := lb.Facts.(*inventory.EntryPoint)
	point.Listeners[0].RedirectsToTLS, point.Listeners[0].Targets = true, nil
	point.Listeners = append(point.Listeners, inventory.Listener{Protocol: "https", Port: 443, TLS: true,
		Policy: "tls-1", Targets: []string{"tg-1"}})
	e := newEstate(network()...)
	e.add(lb, targets("tg-1", "lb-1", 80, "i-1"), machine("i-1"), group("sg-lb", tcp(443, 443, "0.0.0.0/0"), tcp(80, 80,
		"0.0.0.0/0")),
		policy([]string{"ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256", "AES128-SHA", "ECDHE-RSA-DES-CBC3-SHA"},
			1.0, 1.2))
	r := e.derive(t, "lb-1")
	wantValue(t, r, "plaintext_listener", false)
	wantValue(t, r, "plaintext_only_redirects", true)
	wantValue(t, r, "tls_min_version", 1.0)
	wantList(t, r, "weak_ciphers", "AES128-SHA", "ECDHE-RSA-DES-CBC3-SHA")
	wantList(t, r, "firewall_ports", "tcp/80", "tcp/443")
	wantValue(t, r, "filter_scope", "world")
	wantValue(t, r, "waf_attached", false)
	wantValue(t, r, "origin_tls", false)
	wantValue(t, r, "origin_exists", true)

	e.add(made("waf-1", "aws.wafv2.web_acl", &inventory.WebFirewall{Resources: []string{"lb-1"}, Blocking: true},
		"resources", "blocking"),
		group("sg-lb", tcp(443, 443, "198.51.100.0/24")), policy(nil, 1.2, 1.3))
	delete(e.resources, "i-1")
	r = e.derive(t, "lb-1")
	wantValue(t, r, "waf_attached", true)
	wantValue(t, r, "waf_blocking", true)
	wantValue(t, r, "filter_scope", "listed")
	wantList(t, r, "firewall_ports")
	wantValue(t, r, "tls_min_version", 1.2)
	wantList(t, r, "weak_ciphers")
	wantValue(t, r, "origin_exists", false)

	// A target that may be of any class may be of one that could not be listed, unless the provider tells its class.
	e.deny(inventory.ClassServerlessApp, "ListFunctions")
	wantUnknown(t, e.derive(t, "lb-1"), "origin_exists", inventory.CauseDenied)
	e.resources["tg-1"].Facts.(*inventory.ForwardingTarget).Targets[0].Class = inventory.ClassComputeInstance
	wantValue(t, e.derive(t, "lb-1"), "origin_exists", false)

	delete(e.resources, "tls-1")
	e.deny(inventory.ClassTLSPolicy, "DescribeSSLPolicies")
	wantUnknown(t, e.derive(t, "lb-1"), "tls_min_version", inventory.CauseDenied)
	point.Listeners = point.Listeners[:1]
	if r = e.derive(t, "lb-1"); r.NotApplicable["tls_min_version"] == "" || r.NotApplicable["origin_tls"] == "" {
		t.Error("a listener that only redirects in the clear is asked about TLS and origins")
	}
}

func TestGrantsAndIdentities(t *testing.T) {
	t.Parallel()
	e := newEstate(
		labelledAs(made("role-1", "aws.iam.role", &inventory.Identity{Kind: "workload", Grants: []string{"g-1"}}, "kind",
			"grants"), "env", "dev"),
		labelledAs(made("g-1", "aws.iam.grant", &inventory.AccessGrant{Principal: "role-1", PrincipalKind: "workload"},
			"principal", "principal_kind",
			"principal_owner", "admin"), "env", "prod"))
	wantValue(t, e.derive(t, "role-1"), "privileged", false)
	g := e.derive(t, "g-1")
	wantValue(t, g, "crosses_environment", true)
	wantValue(t, g, "collector", false)
	wantValue(t, g, "external_known", true)
	e.settings.CollectorPrincipals = []string{"role-1"}
	wantValue(t, e.derive(t, "g-1"), "collector", true)

	f := e.resources["g-1"].Facts.(*inventory.AccessGrant)
	f.PrincipalKind, f.PrincipalOwner = "external", "999999999999"
	wantValue(t, e.derive(t, "g-1"), "external_known", false)
	e.settings.Suppliers = []string{"999999999999"}
	wantValue(t, e.derive(t, "g-1"), "external_known", true)

	e.deny(inventory.ClassAccessGrant, "ListAttachedRolePolicies")
	wantUnknown(t, e.derive(t, "role-1"), "privileged", inventory.CauseDenied)
	f.Admin = true
	wantValue(t, e.derive(t, "role-1"), "privileged", true)
}

func TestLinksBetweenEnvironments(t *testing.T) {
	t.Parallel()
	net := func(id, env string) *inventory.Resource {
		return labelledAs(made(id, "aws.ec2.vpc", &inventory.Network{}, "default", "ranges"), "env", env)
	}
	e := newEstate(net("vpc-a", "prod"), net("vpc-b", "dev"), made("pcx-1", "aws.ec2.peering",
		&inventory.NetworkLink{Networks: []string{"vpc-a", "vpc-b"}}, "networks", "peer_owners", "active"))
	wantValue(t, e.derive(t, "pcx-1"), "crosses_environment", true)
	e.add(net("vpc-b", "prd"))
	wantValue(t, e.derive(t, "pcx-1"), "crosses_environment", false)
	delete(e.resources, "vpc-b")
	wantUnknown(t, e.derive(t, "pcx-1"), "crosses_environment", inventory.CauseNotCollected)
}

func TestNetworksInUse(t *testing.T) {
	t.Parallel()
	e := hiddenMachine()
	vpc := e.resources["vpc-1"]
	wantValue(t, e.derive(t, "vpc-1"), "default_in_use", false)
	wantValue(t, e.derive(t, "vpc-1"), "reaches_internet", true)
	vpc.Facts.(*inventory.Network).Default = true
	wantValue(t, e.derive(t, "vpc-1"), "default_in_use", true)
	e.add(table("rtb-main", true, ""))
	wantValue(t, e.derive(t, "vpc-1"), "reaches_internet", false)
	delete(e.resources, "eni-1")
	wantValue(t, e.derive(t, "vpc-1"), "default_in_use", false)
	e.deny(inventory.ClassNetworkInterface, "DescribeNetworkInterfaces")
	wantUnknown(t, e.derive(t, "vpc-1"), "default_in_use", inventory.CauseDenied)
}
