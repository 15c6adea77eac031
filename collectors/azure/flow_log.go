package azure

import (
	"context"
	"iter"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var flowLogs = rowsOf{typ: "Microsoft.Network/networkWatchers/flowLogs", version: "2024-05-01"}

// flowLog is what is read of a record of traffic.
type flowLog struct {
	Target  string `json:"targetResourceId,omitempty"`
	Storage string `json:"storageId,omitempty"`
	Enabled *bool  `json:"enabled,omitempty"`
}

// flowRecord is a log as far as it speaks of one thing. The log of a group is one of each subnet that the group guards.
type flowRecord struct {
	Log    seen[flowLog]
	Subnet string
}

var _ = collectors.Register(&Sources, collectors.Source[*Clients, flowRecord, flowRecord]{
	Kind: "azure.network.flow_log", Class: inventory.ClassFlowLog,
	Permissions: []string{flowLogs.permission(), resourceGroups.permission(), securityGroups.permission()},
	ListAction:  flowLogs.action(), ListPermission: flowLogs.permission(), Global: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[flowRecord, error] {
		return flowRecords(ctx, c, seenRows[flowLog](ctx, c, flowLogs))
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[flowRecord, error] {
		return only(flowRecords(ctx, c, findRow[flowLog](ctx, c, flowLogs, above(id, "/subnets/"))),
			func(f flowRecord) bool { return f.id() == id })
	},
	Facts: flowLogFacts,
})

func flowLogFacts(_ collectors.Where, f flowRecord) *inventory.Resource {
	facts := &inventory.FlowLog{Resource: firstOf(f.Subnet, armID(f.Log.Row.Properties.Target)), Traffic: "all",
		Destination: armID(f.Log.Row.Properties.Storage)}
	r := described(f.Log, facts)
	r.ID = f.id()
	defer leftOut(r, flowLogs)
	r.Known("traffic", "destination")
	if facts.Resource != "" {
		r.Known("resource")
	}
	state(r, f.Log.Row.Properties.Enabled, &facts.Active, "active")
	return r
}

func (f flowRecord) id() string {
	if f.Subnet == "" {
		return armID(f.Log.Row.ID)
	}
	return armID(f.Log.Row.ID) + "/subnets/" + lastOf(networkOf(f.Subnet)) + "-" + lastOf(f.Subnet)
}

func flowRecords(ctx context.Context, c *Clients, logs iter.Seq2[seen[flowLog], error]) iter.Seq2[flowRecord, error] {
	return func(yield func(flowRecord, error) bool) {
		for s, err := range logs {
			if err != nil {
				yield(flowRecord{}, err)
				return
			}
			if !yield(flowRecord{Log: s}, nil) {
				return
			}
			groups, err := keep[securityGroup](ctx, c, securityGroups)
			for _, g := range groups {
				if armID(g.ID) != armID(s.Row.Properties.Target) {
					continue
				}
				for _, subnet := range g.Properties.Subnets {
					if !yield(flowRecord{s, subnet.id()}, nil) {
						return
					}
				}
			}
			if err != nil {
				yield(flowRecord{}, err)
				return
			}
		}
	}
}
