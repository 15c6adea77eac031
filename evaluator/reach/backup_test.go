package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func volume(id string, machines ...string) *inventory.Resource {
	return made(id, "aws.ec2.volume", &inventory.Disk{Attached: len(machines) > 0, Machines: machines}, "attached", "machines",
		"encryption_key", "source")
}

func plan(id string, c *inventory.BackupCoverage) *inventory.Resource {
	return made(id, "aws.backup.protected_resource", c, "resources", "selects")
}

func TestBackupCovered(t *testing.T) {
	t.Parallel()
	by := func(class inventory.Class, key, value string) *inventory.BackupCoverage {
		return &inventory.BackupCoverage{Selects: []string{inventory.SelectionID(home, region, class, key, value)}}
	}
	for name, c := range map[string]struct {
		plan *inventory.BackupCoverage
		want bool
	}{
		"none":                {&inventory.BackupCoverage{}, false},
		"named":               {&inventory.BackupCoverage{Resources: []string{"vol-1"}}, true},
		"another is named":    {&inventory.BackupCoverage{Resources: []string{"vol-2"}}, false},
		"by label":            {by(inventory.ClassDisk, "backup", "daily"), true},
		"by another label":    {by(inventory.ClassDisk, "backup", "weekly"), false},
		"all disks":           {by(inventory.ClassDisk, "*", "*"), true},
		"all machines":        {by(inventory.ClassComputeInstance, "*", "*"), true},
		"its machine":         {&inventory.BackupCoverage{Resources: []string{"i-1"}}, true},
		"its machine's label": {by(inventory.ClassComputeInstance, "role", "web"), true},
		"all of another kind": {by(inventory.ClassFileShare, "*", "*"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(labelledAs(volume("vol-1", "i-1"), "backup", "daily"), labelledAs(machine("i-1"), "role", "web"), plan("plan-1", c.plan))
			wantValue(t, e.derive(t, "vol-1"), "backup_covered", c.want)
		})
	}
}

func TestBackupCoverageDenied(t *testing.T) {
	t.Parallel()
	e := newEstate(volume("vol-1"), plan("plan-1", &inventory.BackupCoverage{}))
	e.deny(inventory.ClassBackupCoverage, "ListProtectedResources")
	wantUnknown(t, e.derive(t, "vol-1"), "backup_covered", inventory.CauseDenied)
	e.add(plan("plan-2", &inventory.BackupCoverage{Resources: []string{"vol-1"}}))
	wantValue(t, e.derive(t, "vol-1"), "backup_covered", true)
	// A machine that is not in the inventory might be covered.
	e = newEstate(volume("vol-1", "i-gone"))
	wantUnknown(t, e.derive(t, "vol-1"), "backup_covered", inventory.CauseNotCollected)
}

func share(f *inventory.FileShare, known ...string) *inventory.Resource {
	f.Ports = []string{"tcp/2049"}
	return made("fs-1", "aws.efs.file_system", f, append(known, "ports")...)
}

func TestShareNetwork(t *testing.T) {
	t.Parallel()
	world := group("sg-open", tcp(2049, 2049, "0.0.0.0/0"))
	narrow := group("sg-app", tcp(2049, 2049, "10.0.0.0/16"))
	for name, c := range map[string]struct {
		open           bool
		subnet, filter string
		want           bool
	}{
		"by its own policy":      {true, "subnet-private", "sg-app", false},
		"open where it routes":   {false, "subnet-public", "sg-open", false},
		"open, but does not":     {false, "subnet-private", "sg-open", true},
		"narrow where it routes": {false, "subnet-public", "sg-app", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(network()...)
			e.add(world, narrow, interfaceOf("eni-1", "fs-1", c.subnet, "10.0.1.9", "", c.filter),
				share(&inventory.FileShare{PolicyOpen: c.open, Interfaces: []string{"eni-1"}}, "policy_open", "interfaces"))
			wantValue(t, e.derive(t, "fs-1"), "network_restricted", c.want)
		})
	}
}

func TestShareUnread(t *testing.T) {
	t.Parallel()
	e := newEstate(network()...)
	e.add(share(&inventory.FileShare{Interfaces: []string{"eni-gone"}}, "policy_open", "interfaces"))
	e.deny(inventory.ClassNetworkInterface, "DescribeNetworkInterfaces")
	wantUnknown(t, e.derive(t, "fs-1"), "network_restricted", inventory.CauseDenied)
	e = newEstate(network()...)
	e.add(share(&inventory.FileShare{}, "interfaces"))
	wantUnknown(t, e.derive(t, "fs-1"), "network_restricted", inventory.CauseNotCollected)
	// Without an interface nobody mounts it.
	e.add(share(&inventory.FileShare{}, "policy_open", "interfaces"))
	wantValue(t, e.derive(t, "fs-1"), "network_restricted", true)
}

func TestSecretLifetime(t *testing.T) {
	t.Parallel()
	for days, want := range map[int64]bool{0: false, 30: true, 180: true, 181: false} {
		e := newEstate(made("s-1", "aws.secretsmanager.secret", &inventory.Secret{LifetimeDays: days}, "lifetime_days", "principals"))
		wantValue(t, e.derive(t, "s-1"), "lifetime_bounded", want)
	}
	e := newEstate(made("s-1", "aws.secretsmanager.secret", &inventory.Secret{}, "principals"))
	wantUnknown(t, e.derive(t, "s-1"), "lifetime_bounded", inventory.CauseNotCollected)
}

func TestWhereAuditLies(t *testing.T) {
	t.Parallel()
	logs := func(id string) *inventory.Resource { return made(id, "aws.logs.log_group", &inventory.LogStore{}) }
	trail := made("t-1", "aws.cloudtrail.trail", &inventory.AuditTrail{LogStore: "l-1", Watches: []string{string(home)}}, "log_store", "watches", "data_kinds")
	flow := made("f-1", "aws.ec2.flow_log", &inventory.FlowLog{Destination: "l-2"}, "destination")
	e := newEstate(logs("l-1"), logs("l-2"), logs("l-3"), trail, flow)
	wantValue(t, e.derive(t, "l-1"), "holds_audit", true)
	wantValue(t, e.derive(t, "l-2"), "holds_audit", true)
	wantValue(t, e.derive(t, "l-3"), "holds_audit", false)
	e.deny(inventory.ClassFlowLog, "DescribeFlowLogs")
	wantUnknown(t, e.derive(t, "l-3"), "holds_audit", inventory.CauseDenied)
}

func TestUseOfTablesRecorded(t *testing.T) {
	t.Parallel()
	db := made("db-1", "aws.dynamodb.table", &inventory.Database{Endpoint: "api"}, "endpoint", "public_access")
	trail := func(kinds ...string) *inventory.Resource {
		return made("t-1", "aws.cloudtrail.trail", &inventory.AuditTrail{DataKinds: kinds, Watches: []string{string(home)}}, "watches", "data_kinds")
	}
	wantValue(t, newEstate(db, trail("aws.dynamodb.table")).derive(t, "db-1"), "audit_logged", true)
	wantValue(t, newEstate(db, trail("aws.s3.bucket")).derive(t, "db-1"), "audit_logged", false)
	wantUnknown(t, newEstate(db).derive(t, "db-1"), "audit_logged", inventory.CauseNotCollected)
	// So it is with one that has an address of its own, but not with one that says of itself that it keeps no record.
	const kind = "aws.opensearchserverless.collection"
	listening := made("db-2", kind, &inventory.Database{Endpoint: "network"}, "endpoint")
	wantValue(t, newEstate(listening, trail(kind)).derive(t, "db-2"), "audit_logged", true)
	wantValue(t, newEstate(listening, trail("aws.s3.bucket")).derive(t, "db-2"), "audit_logged", false)
	silent := made("db-3", kind, &inventory.Database{Endpoint: "network"}, "endpoint", "audit_logged")
	wantValue(t, newEstate(silent, trail(kind)).derive(t, "db-3"), "audit_logged", false)
}

func TestTrailQueried(t *testing.T) {
	t.Parallel()
	trail := func(delivered bool, known ...string) *inventory.Resource {
		return made("t-1", "aws.cloudtrail.trail", &inventory.AuditTrail{Delivered: delivered, Watches: []string{string(home)}},
			append(known, "watches", "stored", "destination")...)
	}
	store := func(complete bool, known ...string) *inventory.Resource {
		return made("lake", "aws.cloudtrail.event_data_store", &inventory.AuditTrail{Stored: true, Complete: complete, Watches: []string{string(home)}},
			append(known, "watches", "stored")...)
	}
	far := store(true, "complete")
	far.Facts.(*inventory.AuditTrail).Watches = []string{"aws:999999999999"}
	for name, c := range map[string]struct {
		all  []*inventory.Resource
		want any
	}{
		"arrives":                 {[]*inventory.Resource{trail(true, "delivered")}, true},
		"arrives nowhere":         {[]*inventory.Resource{trail(false, "delivered")}, false},
		"beside a store":          {[]*inventory.Resource{trail(false, "delivered"), store(true, "complete")}, true},
		"beside half a store":     {[]*inventory.Resource{trail(false, "delivered"), store(false, "complete")}, false},
		"beside one unread":       {[]*inventory.Resource{trail(false, "delivered"), store(false)}, nil},
		"another account's store": {[]*inventory.Resource{trail(false, "delivered"), far}, false},
		"not told":                {[]*inventory.Resource{trail(false)}, nil},
		"not told, with a store":  {[]*inventory.Resource{trail(false), store(true, "complete")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newEstate(c.all...).derive(t, "t-1")
			if got, known := r.Value("queryable"); known != (c.want != nil) || known && got != c.want {
				t.Errorf("%v (known %v); want %v", got, known, c.want)
			}
			// A store that could not be listed may be the one that answers.
			unlisted := newEstate(c.all...)
			unlisted.missing[inventory.ClassAuditTrail] = []inventory.Unknown{{Cause: inventory.CauseDenied}}
			if got, known := unlisted.derive(t, "t-1").Value("queryable"); known != (c.want == true) || known && got != true {
				t.Errorf("with a store unlisted %v (known %v)", got, known)
			}
		})
	}
}
