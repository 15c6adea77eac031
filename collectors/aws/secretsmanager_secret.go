package aws

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.SecretListEntry, secretAnswers]{
	Kind:        "aws.secretsmanager.secret",
	Class:       inventory.ClassSecret,
	Permissions: []string{"secretsmanager:ListSecrets", "secretsmanager:GetResourcePolicy"},
	ListAction:  "ListSecrets", ListPermission: "secretsmanager:ListSecrets",
	List: listSecrets,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[types.SecretListEntry, error] {
		return only(listSecrets(ctx, c), func(s types.SecretListEntry) bool { return aws.ToString(s.ARN) == id })
	},
	Ask:   askSecret,
	Facts: secretFacts,
})

// secretAnswers is all that is said about one secret, never its value. Whether a rotation that was due had not happened
// is kept as it stood when it was asked: facts read no clock.
type secretAnswers struct {
	Secret  types.SecretListEntry
	Overdue bool
	Policy  collectors.Answer[secretsmanager.GetResourcePolicyOutput]
}

func listSecrets(ctx context.Context, c *Clients) iter.Seq2[types.SecretListEntry, error] {
	p := secretsmanager.NewListSecretsPaginator(c.SecretsManager, &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(100)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*secretsmanager.ListSecretsOutput, error) { return p.NextPage(ctx) },
		func(o *secretsmanager.ListSecretsOutput) []types.SecretListEntry { return o.SecretList })
}

// rotationGrace is how long after its day a rotation may still be on the way.
const rotationGrace = 48 * time.Hour

func askSecret(ctx context.Context, c *Clients, s types.SecretListEntry) secretAnswers {
	a := secretAnswers{Secret: s}
	a.Overdue = s.NextRotationDate != nil && s.NextRotationDate.Add(rotationGrace).Before(time.Now())
	a.Secret.LastAccessedDate, a.Secret.SecretVersionsToStages, a.Secret.Description = nil, nil, nil
	a.Policy = ask("GetResourcePolicy", "secretsmanager:GetResourcePolicy",
		func() (*secretsmanager.GetResourcePolicyOutput, error) {
			out, err := c.SecretsManager.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: s.ARN})
			return out, absent(err, "ResourceNotFoundException")
		})
	return a
}

func secretFacts(w collectors.Where, a secretAnswers) *inventory.Resource {
	s := a.Secret
	if s.DeletedDate != nil {
		return nil
	}
	facts := &inventory.Secret{}
	id := aws.ToString(s.ARN)
	if id == "" {
		id = arn(w, "secretsmanager", "secret:"+aws.ToString(s.Name))
	}
	r := inventory.New(id, aws.ToString(s.Name), w.Region, facts)
	defer leftOut(r, "ListSecrets", "secretsmanager:ListSecrets")
	r.SetNotApplicable(noSuchSwitch, "network_restricted")
	r.Labels = labels(s.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
	// A secret that never rotated tells nothing of rotation. One that failed to rotate on its day does not rotate.
	if !aws.ToBool(s.RotationEnabled) || a.Overdue {
		r.Known("lifetime_days")
	} else if days := rotationDays(s.RotationRules); days > 0 {
		facts.LifetimeDays = days
		r.Known("lifetime_days")
	}
	doc, read := readPolicy(r, a.Policy,
		func(v *secretsmanager.GetResourcePolicyOutput) string { return aws.ToString(v.ResourcePolicy) }, "public", "principals")
	if read {
		facts.Public, facts.Principals = doc.public(), doc.foreignAccounts(w.Scope.Account())
		r.Known("public", "principals")
	}
	return r
}

// rotationDays is the longest time between two rotations: a number of days, or a schedule. 0 stands for a schedule that
// is none of ours to read.
func rotationDays(rules *types.RotationRulesType) int64 {
	if rules == nil {
		return 0
	}
	if days := aws.ToInt64(rules.AutomaticallyAfterDays); days > 0 {
		return days
	}
	return scheduleDays(aws.ToString(rules.ScheduleExpression))
}

// scheduleDays is the longest time between two runs of a schedule, in days and at least one: "rate(10 days)", or
// "cron(minute hour day month weekday year)". It is 0 for what it cannot read.
func scheduleDays(expression string) int64 {
	word, inside, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(expression), ")"), "(")
	if !ok {
		return 0
	}
	fields := strings.Fields(inside)
	switch {
	case word == "rate" && len(fields) == 2:
		n, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || n <= 0 {
			return 0
		}
		if strings.HasPrefix(fields[1], "day") {
			return n
		}
		if strings.HasPrefix(fields[1], "hour") {
			return (n + 23) / 24
		}
		return 1
	case word == "cron" && len(fields) == 6:
		return cronDays(fields[2], fields[3], fields[4], fields[5])
	}
	return 0
}

// cronDays reads the day, month, weekday and year of a schedule.
func cronDays(day, month, weekday, year string) int64 {
	every := func(field string) bool { return field == "*" || field == "?" || field == "1/1" || field == "*/1" }
	switch {
	case !every(year):
		return 0
	case !every(month):
		if n, ok := strings.CutPrefix(strings.TrimPrefix(month, "1"), "/"); ok {
			if months, err := strconv.ParseInt(strings.TrimPrefix(n, "*/"), 10, 64); err == nil && months > 0 && months <= 12 {
				return months * 31
			}
		}
		return 366
	case every(day) && every(weekday):
		return 1
	case strings.Contains(day+weekday, "#"), strings.Contains(day, "L"), strings.Contains(day, "W"):
		return 31
	case every(day):
		return 7
	default:
		return 31
	}
}
