package aws

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, managedNode, managedNode]{
	Kind:  "aws.ssm.managed_node",
	Class: inventory.ClassManagedNode,
	Permissions: []string{
		"ssm:DescribeInstanceInformation", "ssm:DescribeInstancePatchStates", "ssm:GetServiceSetting", "ssm:GetInventory",
		"ssm:ListInventoryEntries",
	},
	ListAction: "DescribeInstanceInformation", ListPermission: "ssm:DescribeInstanceInformation",
	NoLabels: true,
	List: func(ctx context.Context, c *Clients) iter.Seq2[managedNode, error] {
		return managedNodes(ctx, c, &ssm.DescribeInstanceInformationInput{MaxResults: aws.Int32(50)})
	},
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[managedNode, error] {
		return managedNodes(ctx, c, &ssm.DescribeInstanceInformationInput{
			Filters: []types.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{shortID(id)}}},
		})
	},
	Facts: managedNodeFacts,
})

// managedNode is what is kept of a machine with an agent. When it was last heard of moves all the time and stays out.
type managedNode struct {
	ID     string
	Online *bool
	Patch  collectors.Answer[patchState]
	// Sessions says whether the region lets its agents broker sessions without the machines' doing.
	Sessions collectors.Answer[bool]
	// Engines are the databases among what is installed.
	Engines collectors.Answer[[]string]
	SeenAt  time.Time
}

// patchState is what the last look for updates came to.
type patchState struct {
	// Important is nil where old agents do not tell important updates from others; Missing counts all of them.
	Important              *int64 `json:",omitempty"`
	Missing, PendingReboot int64
	ScannedAt              *time.Time `json:",omitempty"`
}

// managedNodes asks about the updates of a page of nodes at a time: a call takes fifty, which is what a page holds.
func managedNodes(
	ctx context.Context, c *Clients, in *ssm.DescribeInstanceInformationInput,
) iter.Seq2[managedNode, error] {
	return func(yield func(managedNode, error) bool) {
		var sessions *collectors.Answer[bool]
		var hosts *collectors.Answer[map[string]bool]
		p := ssm.NewDescribeInstanceInformationPaginator(c.SSM, in)
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				yield(managedNode{}, err)
				return
			}
			var ids []string
			for _, i := range page.InstanceInformationList {
				if strings.HasPrefix(aws.ToString(i.InstanceId), "i-") {
					ids = append(ids, *i.InstanceId)
				}
			}
			if len(ids) == 0 {
				continue
			}
			if sessions == nil {
				asked, found := askSessions(ctx, c), askDatabaseHosts(ctx, c)
				sessions, hosts = &asked, &found
			}
			states := askPatchStates(ctx, c, ids)
			for _, i := range page.InstanceInformationList {
				id := aws.ToString(i.InstanceId)
				if !strings.HasPrefix(id, "i-") {
					continue
				}
				node := managedNode{ID: id, Patch: passedOn[patchState](states), Sessions: *sessions,
					Engines: askEngines(ctx, c, *hosts, id), SeenAt: inventory.Week(time.Now())}
				if i.PingStatus != "" {
					node.Online = aws.Bool(i.PingStatus == types.PingStatusOnline)
				}
				if states.Value != nil {
					if state, looked := (*states.Value)[id]; looked {
						node.Patch.Value = &state
					} else {
						node.Patch.Absent = true
					}
				}
				if !yield(node, nil) {
					return
				}
			}
		}
	}
}

func askPatchStates(ctx context.Context, c *Clients, ids []string) collectors.Answer[map[string]patchState] {
	return ask("DescribeInstancePatchStates", "ssm:DescribeInstancePatchStates", func() (*map[string]patchState, error) {
		out := map[string]patchState{}
		p := ssm.NewDescribeInstancePatchStatesPaginator(c.SSM, &ssm.DescribeInstancePatchStatesInput{InstanceIds: ids,
			MaxResults: aws.Int32(50)})
		for s, err := range listed(ctx, p, func(o *ssm.DescribeInstancePatchStatesOutput) []types.InstancePatchState {
			return o.InstancePatchStates
		}) {
			if err != nil {
				return nil, err
			}
			out[aws.ToString(s.InstanceId)] = narrowPatchState(s)
		}
		return &out, nil
	})
}

func narrowPatchState(s types.InstancePatchState) patchState {
	out := patchState{Missing: int64(s.MissingCount), PendingReboot: int64(aws.ToInt32(s.InstalledPendingRebootCount))}
	if s.CriticalNonCompliantCount != nil && s.SecurityNonCompliantCount != nil {
		out.Important = aws.Int64(int64(*s.CriticalNonCompliantCount) + int64(*s.SecurityNonCompliantCount))
	}
	if s.OperationEndTime != nil {
		out.ScannedAt = aws.Time(inventory.Week(*s.OperationEndTime))
	}
	return out
}

// hostManagement is the setting of a region under which every machine's agent may report.
const hostManagement = "ssm/managed-instance/default-ec2-instance-management-role"

func askSessions(ctx context.Context, c *Clients) collectors.Answer[bool] {
	return ask("GetServiceSetting", "ssm:GetServiceSetting", func() (*bool, error) {
		w := collectors.Where{Scope: scopeOf(c.Account), Region: c.Region}
		out, err := c.SSM.GetServiceSetting(ctx, &ssm.GetServiceSettingInput{SettingId: aws.String(arn(w, "ssm",
			"servicesetting/"+hostManagement))})
		if err != nil {
			return nil, absent(err, "ServiceSettingNotFound")
		}
		on := false
		if s := out.ServiceSetting; s != nil {
			value := aws.ToString(s.SettingValue)
			on = value != "" && value != "$None"
		}
		return &on, nil
	})
}

func managedNodeFacts(w collectors.Where, n managedNode) *inventory.Resource {
	facts := &inventory.ManagedNode{Machine: ec2ARN(w, "instance", n.ID), SeenAt: n.SeenAt}
	r := inventory.New(arn(w, "ssm", "managed-instance/"+n.ID), n.ID, w.Region, facts)
	defer leftOut(r, "DescribeInstanceInformation", "ssm:DescribeInstanceInformation")
	r.Known("machine", "seen_at")
	stateFlag(r, "online", n.Online, &facts.Online)
	collectors.Know(r, n.Sessions, func(on *bool) { facts.CentralSessions = on != nil && *on }, "central_sessions")
	collectors.Know(r, n.Engines, func(engines *[]string) {
		if engines != nil {
			facts.Engines = *engines
		}
	}, "engines")
	if n.Patch.Absent {
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseNotEnabled, Code: "NeverScanned", Action: n.Patch.Action,
			Permission: "ssm:DescribeInstancePatchStates",
		}, "missing_patches", "pending_restart", "scanned_at")
		return r
	}
	collectors.Know(r, n.Patch, func(s *patchState) {
		facts.MissingPatches, facts.PendingRestart = s.Missing, s.PendingReboot
		if s.Important != nil {
			facts.MissingPatches = *s.Important
		}
		if s.ScannedAt != nil {
			facts.ScannedAt = *s.ScannedAt
			r.Known("scanned_at")
		}
	}, "missing_patches", "pending_restart")
	return r
}
