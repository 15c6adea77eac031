package aws

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, vaultItem, vaultAnswers]{
	Kind:  "aws.backup.vault",
	Class: inventory.ClassBackupVault,
	Permissions: []string{
		"backup:ListBackupVaults", "backup:ListBackupPlans", "backup:GetBackupPlan", "backup:ListRestoreJobs",
		"backup:ListRestoreTestingPlans", "backup:GetRestoreTestingPlan", "backup:ListTags",
	},
	ListAction: "ListBackupVaults", ListPermission: "backup:ListBackupVaults",
	List: listVaults,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[vaultItem, error] {
		return only(listVaults(ctx, c), func(i vaultItem) bool { return aws.ToString(i.vault.BackupVaultArn) == id })
	},
	Ask:   askVault,
	Facts: vaultFacts,
})

// vaultItem is a vault with what its listing has learnt of the region's plans and restores.
type vaultItem struct {
	vault   types.BackupVaultListMember
	listing *vaultListing
}

type vaultListing struct {
	plans    once[[]types.BackupRule]
	restores once[restoresDone]
	tests    once[[]restoreTest]
}

// vaultAnswers is all that is said about one vault: of the region's rules those that fill it, and the day on which the
// last restore from it was done; Tests are the plans that try restores from this vault alone.
type vaultAnswers struct {
	Vault types.BackupVaultListMember
	// Settled says that the lock could no longer be lifted when the vault was asked: facts read no clock.
	Settled  bool
	Rules    collectors.Answer[[]types.BackupRule]
	Restored collectors.Answer[time.Time]
	Tests    collectors.Answer[[]restoreTest]
	Tags     collectors.Answer[map[string]string]
}

func listVaults(ctx context.Context, c *Clients) iter.Seq2[vaultItem, error] {
	p := backup.NewListBackupVaultsPaginator(c.Backup, &backup.ListBackupVaultsInput{})
	listing := &vaultListing{}
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*backup.ListBackupVaultsOutput, error) { return p.NextPage(ctx) },
		func(o *backup.ListBackupVaultsOutput) []vaultItem {
			items := make([]vaultItem, 0, len(o.BackupVaultList))
			for _, v := range o.BackupVaultList {
				items = append(items, vaultItem{v, listing})
			}
			return items
		})
}

func askVault(ctx context.Context, c *Clients, i vaultItem) vaultAnswers {
	v := i.vault
	a := vaultAnswers{Vault: v, Settled: v.LockDate != nil && v.LockDate.Before(time.Now())}
	a.Vault.NumberOfRecoveryPoints = 0
	name := aws.ToString(v.BackupVaultName)
	a.Rules = i.listing.plans.ask("", func() collectors.Answer[[]types.BackupRule] { return askPlans(ctx, c) })
	if a.Rules.Value != nil {
		own := []types.BackupRule{}
		for _, rule := range *a.Rules.Value {
			if aws.ToString(rule.TargetBackupVaultName) == name ||
				aws.ToString(rule.TargetLogicallyAirGappedBackupVaultArn) == aws.ToString(v.BackupVaultArn) {
				own = append(own, rule)
			}
		}
		a.Rules.Value = &own
	}
	a.Restored, a.Tests = i.listing.restoredFrom(ctx, c, aws.ToString(v.BackupVaultArn))
	a.Tags = askBackupTags(ctx, c, v.BackupVaultArn)
	return a
}

func askBackupTags(ctx context.Context, c *Clients, id *string) collectors.Answer[map[string]string] {
	return ask("ListTags", "backup:ListTags", func() (*map[string]string, error) {
		tags := map[string]string{}
		p := backup.NewListTagsPaginator(c.Backup, &backup.ListTagsInput{ResourceArn: id})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for k, v := range page.Tags {
				tags[k] = v
			}
		}
		return &tags, nil
	})
}

// askPlans gathers the rules of every plan of the region.
func askPlans(ctx context.Context, c *Clients) collectors.Answer[[]types.BackupRule] {
	var ids []string
	listed := ask("ListBackupPlans", "backup:ListBackupPlans", func() (*[]types.BackupRule, error) {
		p := backup.NewListBackupPlansPaginator(c.Backup, &backup.ListBackupPlansInput{})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, plan := range page.BackupPlansList {
				ids = append(ids, aws.ToString(plan.BackupPlanId))
			}
		}
		return &[]types.BackupRule{}, nil
	})
	if listed.Value == nil {
		return listed
	}
	return ask("GetBackupPlan", "backup:GetBackupPlan", func() (*[]types.BackupRule, error) {
		rules := []types.BackupRule{}
		for _, id := range ids {
			out, err := c.Backup.GetBackupPlan(ctx, &backup.GetBackupPlanInput{BackupPlanId: aws.String(id)})
			switch {
			case isAbsent(err, "ResourceNotFoundException"):
			case err != nil:
				return nil, err
			case out.BackupPlan != nil:
				rules = append(rules, out.BackupPlan.Rules...)
			}
		}
		return &rules, nil
	})
}

// airGapped is the type of vaults that are always locked.
const airGapped = types.VaultTypeLogicallyAirGappedBackupVault

// forEver are the days of what no rule ends: longer than any rule may ask for.
const forEver = 36500

func vaultFacts(w collectors.Where, a vaultAnswers) *inventory.Resource {
	v := a.Vault
	facts := &inventory.BackupVault{}
	name := aws.ToString(v.BackupVaultName)
	id := aws.ToString(v.BackupVaultArn)
	if id == "" {
		id = arn(w, "backup", "backup-vault:"+name)
	}
	r := inventory.New(id, name, w.Region, facts)
	defer leftOut(r, "ListBackupVaults", "backup:ListBackupVaults")
	tagFacts(r, a.Tags)
	switch {
	case v.VaultType == airGapped:
		facts.Immutable = true
		r.Known("immutable")
	case v.Locked != nil:
		// A lock without a date can be lifted by whoever may delete it, and until the date any lock can.
		facts.Immutable = *v.Locked && a.Settled
		r.Known("immutable")
	}
	restoredFacts(r, facts, a)
	if why := a.Rules.Unknown(); why != nil {
		r.SetUnknown(*why, "min_retention_days", "copied_away")
		return r
	}
	var rules []types.BackupRule
	if a.Rules.Value != nil {
		rules = *a.Rules.Value
	}
	vaultRuleFacts(w, r, facts, v, rules)
	return r
}

// vaultRuleFacts states what the rules that fill a vault come to. A vault that no plan fills is filled by hand, or by
// copies whose plan stands elsewhere: its lock alone bounds how long they are kept.
func vaultRuleFacts(
	w collectors.Where, r *inventory.Resource, facts *inventory.BackupVault, v types.BackupVaultListMember, rules []types.BackupRule,
) {
	shortest := int64(forEver)
	for _, rule := range rules {
		facts.CopiedAway = facts.CopiedAway || copiesAway(w, rule)
		days := int64(forEver)
		if rule.Lifecycle != nil && aws.ToInt64(rule.Lifecycle.DeleteAfterDays) > 0 {
			days = *rule.Lifecycle.DeleteAfterDays
		}
		shortest = min(shortest, days)
	}
	locked := aws.ToBool(v.Locked) && aws.ToInt64(v.MinRetentionDays) > 0
	switch {
	case len(rules) > 0:
		facts.MinRetentionDays = shortest
		r.Known("min_retention_days", "copied_away")
	case locked:
		facts.MinRetentionDays = *v.MinRetentionDays
		r.Known("min_retention_days")
		r.SetNotApplicable("no plan fills the vault", "copied_away")
	default:
		r.SetNotApplicable("no plan fills the vault", "min_retention_days", "copied_away")
	}
}

// copiesAway says whether a rule sends a copy to another region or account.
func copiesAway(w collectors.Where, rule types.BackupRule) bool {
	for _, c := range rule.CopyActions {
		parts := splitARN(aws.ToString(c.DestinationBackupVaultArn))
		if parts != nil && (parts[3] != w.Region || strings.Trim(parts[4], "0123456789") == "" && parts[4] != w.Scope.Account()) {
			return true
		}
	}
	return false
}
