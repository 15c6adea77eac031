package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	"github.com/aws/aws-sdk-go-v2/service/dlm/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// A snapshot schedule is where copies of volumes are kept, and nobody is kept from deleting them.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, scheduleItem, scheduleAnswers]{
	Kind:        "aws.dlm.lifecycle_policy",
	Class:       inventory.ClassBackupVault,
	Permissions: []string{"dlm:GetLifecyclePolicies", "dlm:GetLifecyclePolicy"},
	ListAction:  "GetLifecyclePolicies", ListPermission: "dlm:GetLifecyclePolicies",
	List: listSchedules,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[scheduleItem, error] {
		return only(listSchedules(ctx, c), func(i scheduleItem) bool { return i.Policy == shortID(id) })
	},
	Ask:   askSchedule,
	Facts: scheduleFacts,
})

// What a snapshot schedule picks is a record of its own.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, scheduleItem, scheduleAnswers]{
	Kind:        "aws.dlm.selection",
	Class:       inventory.ClassBackupCoverage,
	Permissions: []string{"dlm:GetLifecyclePolicies", "dlm:GetLifecyclePolicy"},
	ListAction:  "GetLifecyclePolicies", ListPermission: "dlm:GetLifecyclePolicies",
	NoLabels: true,
	List:     listSchedules,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[scheduleItem, error] {
		return only(listSchedules(ctx, c), func(i scheduleItem) bool { return i.Policy == shortID(id) })
	},
	Ask:   askSchedule,
	Facts: selectionFacts,
})

// scheduleItem is a policy as the listing names it.
type scheduleItem struct {
	Policy string            `json:"policy"`
	On     bool              `json:"on"`
	Tags   map[string]string `json:"tags,omitempty"`
}

// scheduleAnswers is all that is said about one policy.
type scheduleAnswers struct {
	Item    scheduleItem
	Details collectors.Answer[types.PolicyDetails]
}

func listSchedules(ctx context.Context, c *Clients) iter.Seq2[scheduleItem, error] {
	return offered(c, func(yield func(scheduleItem, error) bool) {
		out, err := c.DLM.GetLifecyclePolicies(ctx, &dlm.GetLifecyclePoliciesInput{})
		if err != nil {
			yield(scheduleItem{}, err)
			return
		}
		for _, p := range out.Policies {
			item := scheduleItem{
				Policy: aws.ToString(p.PolicyId), On: p.State == types.GettablePolicyStateValuesEnabled, Tags: p.Tags,
			}
			if !yield(item, nil) {
				return
			}
		}
	})
}

func askSchedule(ctx context.Context, c *Clients, i scheduleItem) scheduleAnswers {
	a := scheduleAnswers{Item: i}
	a.Details = ask("GetLifecyclePolicy", "dlm:GetLifecyclePolicy", func() (*types.PolicyDetails, error) {
		out, err := c.DLM.GetLifecyclePolicy(ctx, &dlm.GetLifecyclePolicyInput{PolicyId: aws.String(i.Policy)})
		if err != nil || out.Policy == nil {
			return nil, absent(err, "ResourceNotFoundException")
		}
		return out.Policy.PolicyDetails, nil
	})
	return a
}

// keepsCopies says whether a policy makes copies: one that is off does not, nor one that only copies on what others
// share.
func (a scheduleAnswers) keepsCopies() bool {
	d := a.Details.Value
	return a.Item.On && !a.Details.Absent && (d == nil || d.PolicyType != types.PolicyTypeValuesEventBasedPolicy)
}

func scheduleFacts(w collectors.Where, a scheduleAnswers) *inventory.Resource {
	if !a.keepsCopies() {
		return nil
	}
	facts := &inventory.BackupVault{}
	r := inventory.New(arn(w, "dlm", "policy/"+a.Item.Policy), a.Item.Policy, w.Region, facts)
	r.Labels = a.Item.Tags
	r.Known("immutable")
	r.SetNotApplicable("nothing records which volumes are made of snapshots", "last_restored_at")
	collectors.Know(r, a.Details, func(d *types.PolicyDetails) {
		if d == nil {
			return
		}
		facts.MinRetentionDays = scheduleRetention(d)
		facts.CopiedAway = len(d.CrossRegionCopyTargets) > 0
		for _, s := range d.Schedules {
			facts.CopiedAway = facts.CopiedAway || len(s.CrossRegionCopyRules) > 0
		}
	}, "min_retention_days", "copied_away")
	return r
}

// scheduleRetention is the shortest time that a schedule of the policy keeps a copy, in days. A number of copies counts
// as that many times the days between two.
func scheduleRetention(d *types.PolicyDetails) int64 {
	if len(d.Schedules) == 0 {
		// A default policy says it in days.
		return int64(aws.ToInt32(d.RetainInterval))
	}
	shortest := int64(forEver)
	for _, s := range d.Schedules {
		if s.RetainRule == nil {
			continue
		}
		days := retainedDays(s)
		shortest = min(shortest, days)
	}
	return shortest
}

func retainedDays(s types.Schedule) int64 {
	if n := int64(aws.ToInt32(s.RetainRule.Interval)); n > 0 {
		switch s.RetainRule.IntervalUnit {
		case types.RetentionIntervalUnitValuesWeeks:
			return n * 7
		case types.RetentionIntervalUnitValuesMonths:
			return n * 30
		case types.RetentionIntervalUnitValuesYears:
			return n * 365
		}
		return n
	}
	hours := int64(24)
	if c := s.CreateRule; c != nil && aws.ToInt32(c.Interval) > 0 {
		hours = int64(*c.Interval)
	} else if c != nil && c.CronExpression != nil {
		hours = 24 * max(1, scheduleDays(*c.CronExpression))
	}
	return int64(aws.ToInt32(s.RetainRule.Count)) * hours / 24
}

func selectionFacts(w collectors.Where, a scheduleAnswers) *inventory.Resource {
	if !a.keepsCopies() {
		return nil
	}
	facts := &inventory.BackupCoverage{}
	id := string(w.Scope) + "/" + string(inventory.ClassBackupCoverage) + "/" + a.Item.Policy
	r := inventory.New(id, a.Item.Policy, w.Region, facts)
	collectors.Know(r, a.Details, func(d *types.PolicyDetails) {
		if d == nil {
			return
		}
		// A default policy picks all of a kind.
		if d.ResourceType != "" {
			facts.Selects = append(facts.Selects, inventory.SelectionID(w.Scope, w.Region, scheduledClass(d.ResourceType), "*", "*"))
		}
		for _, kind := range d.ResourceTypes {
			class := scheduledClass(kind)
			for _, t := range d.TargetTags {
				facts.Selects = append(facts.Selects,
					inventory.SelectionID(w.Scope, w.Region, class, aws.ToString(t.Key), aws.ToString(t.Value)))
			}
		}
	}, "resources", "selects")
	return r
}

func scheduledClass(kind types.ResourceTypeValues) inventory.Class {
	if kind == types.ResourceTypeValuesInstance {
		return inventory.ClassComputeInstance
	}
	return inventory.ClassDisk
}
