package aws

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// restoresDone are the days of the last restores that were completed: by the vault they came from, and, of jobs that
// name no vault, by the plan that tries restores and had them made.
type restoresDone struct {
	fromVault, byPlan map[string]time.Time
}

// restoreTest is a plan that tries restores and has run.
type restoreTest struct {
	Plan string `json:"plan"`
	// Vaults are the patterns of the vaults it restores from.
	Vaults []string `json:"vaults,omitempty"`
	// Restored is the day of its last restore that was completed and names no vault; zero for none. That a plan has run
	// is no restore: its jobs may have failed, or have found nothing to restore.
	Restored time.Time `json:"restored,omitzero"`
}

// restoredFrom tells when the last restore from a vault was done, and which plans try restores from it and nothing
// else.
func (l *vaultListing) restoredFrom(
	ctx context.Context, c *Clients, vault string,
) (collectors.Answer[time.Time], collectors.Answer[[]restoreTest]) {
	all := l.restores.ask("", func() collectors.Answer[restoresDone] { return askRestores(ctx, c) })
	restored := collectors.Answer[time.Time]{Action: all.Action, Permission: all.Permission, Failed: all.Failed}
	if all.Value == nil {
		return restored, collectors.Answer[[]restoreTest]{}
	}
	at := all.Value.fromVault[vault]
	restored.Value = &at
	tests := l.tests.ask("", func() collectors.Answer[[]restoreTest] { return askRestoreTests(ctx, c) })
	if tests.Value == nil {
		return restored, tests
	}
	own := []restoreTest{}
	for _, t := range *tests.Value {
		if slices.Equal(t.Vaults, []string{vault}) {
			t.Restored = all.Value.byPlan[t.Plan]
			own = append(own, t)
		}
	}
	tests.Value = &own
	return restored, tests
}

// askRestores gathers the day of the last restore that was done from each vault.
func askRestores(ctx context.Context, c *Clients) collectors.Answer[restoresDone] {
	return ask("ListRestoreJobs", "backup:ListRestoreJobs", func() (*restoresDone, error) {
		done := &restoresDone{map[string]time.Time{}, map[string]time.Time{}}
		p := backup.NewListRestoreJobsPaginator(c.Backup, &backup.ListRestoreJobsInput{
			ByStatus: types.RestoreJobStatusCompleted,
		})
		jobs := func(o *backup.ListRestoreJobsOutput) []types.RestoreJobsListMember { return o.RestoreJobs }
		for j, err := range listed(ctx, p, jobs) {
			if err != nil {
				return nil, err
			}
			done.add(j)
		}
		return done, nil
	})
}

func (d *restoresDone) add(j types.RestoreJobsListMember) {
	into, key := d.fromVault, aws.ToString(j.BackupVaultArn)
	if key == "" && j.CreatedBy != nil {
		into, key = d.byPlan, aws.ToString(j.CreatedBy.RestoreTestingPlanArn)
	}
	if key != "" && j.CompletionDate != nil && j.CompletionDate.After(into[key]) {
		into[key] = inventory.Day(*j.CompletionDate)
	}
}

// askRestoreTests gathers the region's plans that try restores and have run.
func askRestoreTests(ctx context.Context, c *Clients) collectors.Answer[[]restoreTest] {
	var names []*string
	listedPlans := ask("ListRestoreTestingPlans", "backup:ListRestoreTestingPlans", func() (*[]restoreTest, error) {
		p := backup.NewListRestoreTestingPlansPaginator(c.Backup, &backup.ListRestoreTestingPlansInput{})
		plans := func(o *backup.ListRestoreTestingPlansOutput) []types.RestoreTestingPlanForList {
			return o.RestoreTestingPlans
		}
		for plan, err := range listed(ctx, p, plans) {
			if err != nil {
				return nil, err
			}
			if plan.LastExecutionTime != nil {
				names = append(names, plan.RestoreTestingPlanName)
			}
		}
		return &[]restoreTest{}, nil
	})
	if listedPlans.Value == nil || len(names) == 0 {
		return listedPlans
	}
	return ask("GetRestoreTestingPlan", "backup:GetRestoreTestingPlan", func() (*[]restoreTest, error) {
		tests := []restoreTest{}
		for _, name := range names {
			out, err := c.Backup.GetRestoreTestingPlan(ctx, &backup.GetRestoreTestingPlanInput{RestoreTestingPlanName: name})
			switch {
			case isAbsent(err, "ResourceNotFoundException"):
			case err != nil:
				return nil, err
			case out.RestoreTestingPlan != nil:
				tests = append(tests, narrowTest(*out.RestoreTestingPlan))
			}
		}
		return &tests, nil
	})
}

func narrowTest(p types.RestoreTestingPlanForGet) restoreTest {
	t := restoreTest{Plan: aws.ToString(p.RestoreTestingPlanArn)}
	if s := p.RecoveryPointSelection; s != nil {
		t.Vaults = slices.DeleteFunc(slices.Clone(s.IncludeVaults),
			func(v string) bool { return slices.Contains(s.ExcludeVaults, v) })
	}
	return t
}

// restoredFacts states when the last restore from a vault was done. A job that names the vault says so by itself. Where
// none does, jobs of plans are looked at too, and a plan speaks for a vault only where it restores from that vault
// alone: which of several a job came from, nobody tells.
func restoredFacts(r *inventory.Resource, facts *inventory.BackupVault, a vaultAnswers) {
	const name = "last_restored_at"
	collectors.Know(r, a.Restored, func(at *time.Time) {
		if at != nil {
			facts.LastRestoredAt = *at
		}
	}, name)
	if !r.IsKnown(name) {
		return
	}
	if why := a.Tests.Unknown(); why != nil {
		if facts.LastRestoredAt.IsZero() {
			r.SetUnknown(*why, name)
		}
		return
	}
	if a.Tests.Value == nil {
		return
	}
	for _, t := range *a.Tests.Value {
		if t.Restored.After(facts.LastRestoredAt) {
			facts.LastRestoredAt = t.Restored
		}
	}
}
