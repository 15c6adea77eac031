package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// Config tells of secrets in the words of CloudFormation.
var configSecret = configType(recordedType{
	name: "AWS::SecretsManager::Secret", kind: "aws.secretsmanager.secret",
	needs: []string{"ARN", "Name", "RotationEnabled"},
	shape: func(configuration map[string]any) {
		if rules, ok := configuration["RotationRules"].(map[string]any); ok {
			rules["ScheduleExpression"] = rules["RotationScheduleExpression"]
		}
	},
	// Whether a rotation that was due took place, a flag tells instead of its day.
	doubt: func(configuration map[string]any) []string {
		rotates, onTime := textOf(configuration["RotationEnabled"]), textOf(configuration["RotationOccurringAsScheduled"])
		if rotates == "true" && onTime != "true" {
			return []string{"lifetime_days"}
		}
		return nil
	},
})

var _ = answersListing("Secrets Manager.ListSecrets", listing(configSecret,
	func(i *recordedItem) (types.SecretListEntry, error) {
		var s types.SecretListEntry
		err := i.into(configSecret, &s)
		if err == nil && textOf(i.Configuration["Deleted"]) == "true" {
			err = errLeftOut
		}
		return s, err
	}, func(o *secretsmanager.ListSecretsOutput, items []types.SecretListEntry) { o.SecretList = items }))
