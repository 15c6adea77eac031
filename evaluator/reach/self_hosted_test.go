package reach

import (
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestSelfHostedDatabase(t *testing.T) {
	t.Parallel()
	node := func(engines []string, known ...string) *inventory.Resource {
		return made("node", "aws.ssm.managed_node", &inventory.ManagedNode{Machine: "i-1", Engines: engines}, append(known, "machine")...)
	}
	unread := node(nil)
	unread.SetUnknown(inventory.Unknown{Cause: inventory.CauseDenied, Permission: "ssm:ListInventoryEntries"}, "engines")
	unread.MarkFacts()
	image := func(title string) *inventory.Resource {
		return made("image", "aws.ec2.source_image", &inventory.SourceImage{Image: "ami-1", Title: title}, "image", "title")
	}
	foreign := image("redis-7")
	foreign.Scope = "aws:999999999999"
	for name, c := range map[string]struct {
		with []*inventory.Resource
		deny inventory.Class
		want any
	}{
		"nothing seen":                {nil, "", ""},
		"installed":                   {[]*inventory.Resource{node([]string{"mysql", "redis"}, "engines")}, "", "mysql, redis"},
		"nothing installed":           {[]*inventory.Resource{node(nil, "engines")}, "", ""},
		"inventory denied":            {[]*inventory.Resource{unread}, "", nil},
		"inventory never asked for":   {[]*inventory.Resource{node(nil)}, "", ""},
		"agents denied":               {nil, inventory.ClassManagedNode, nil},
		"installed, then denied":      {[]*inventory.Resource{node([]string{"etcd"}, "engines")}, inventory.ClassManagedNode, "etcd"},
		"by the image":                {[]*inventory.Resource{image("bitnami-mongodb-7.0-debian")}, "", "mongodb"},
		"another image":               {[]*inventory.Resource{image("al2023-ami-2023.5")}, "", ""},
		"the image of another's view": {[]*inventory.Resource{foreign}, "", ""},
		"images denied":               {nil, inventory.ClassSourceImage, nil},
		"an engine nobody knows":      {[]*inventory.Resource{node([]string{"abacus"}, "engines")}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := made("i-1", "aws.ec2.instance", &inventory.ComputeInstance{Interfaces: []string{"eni-1"}, Running: true, ImageID: "ami-1"},
				"interfaces", "running", "identity", "image_id")
			e := newEstate(network()...)
			e.add(append(c.with, m, group("sg-1"), interfaceOf("eni-1", "i-1", "subnet-private", "10.0.2.9", "", "sg-1"))...)
			if c.deny != "" {
				e.deny(c.deny, "List")
			}
			r := e.derive(t, "i-1")
			if got, known := r.Value("self_hosted_database"); known != (c.want != nil) || known && got != c.want {
				t.Errorf("%v (known %v); want %v", got, known, c.want)
			}
		})
	}
}
