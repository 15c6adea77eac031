package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

var configKey = configType(recordedType{
	name: "AWS::KMS::Key", kind: "aws.kms.key", needs: []string{"keyId", "arn", "keyManager", "keyState", "origin"},
	besides: []string{"keySpec|customerMasterKeySpec"},
})

var _ = answersListing("KMS.ListKeys", listing(configKey, func(i *recordedItem) (types.KeyListEntry, error) {
	var key types.KeyMetadata
	err := i.into(configKey, &key)
	return types.KeyListEntry{KeyId: key.KeyId, KeyArn: key.Arn}, err
}, func(o *kms.ListKeysOutput, keys []types.KeyListEntry) { o.Keys = keys }))

var _ = describes("KMS.DescribeKey", configKey,
	func(in *kms.DescribeKeyInput) *string { return in.KeyId },
	func(i *recordedItem) (*kms.DescribeKeyOutput, error) {
		out := &types.KeyMetadata{}
		return &kms.DescribeKeyOutput{KeyMetadata: out}, i.into(configKey, out)
	})

// Config tells whether a key rotates and not how often: of one that does, the period stays open.
var _ = tells("KMS.GetKeyRotationStatus", configKey,
	func(in *kms.GetKeyRotationStatusInput) *string { return in.KeyId },
	func(i *recordedItem) (*kms.GetKeyRotationStatusOutput, error) {
		out := &kms.GetKeyRotationStatusOutput{}
		if err := i.foldPart("KeyRotationStatus", &out.KeyRotationEnabled); err != nil {
			return nil, err
		}
		if out.KeyRotationEnabled {
			return nil, errNotExported
		}
		return out, nil
	})

var _ = tells("KMS.GetKeyPolicy", configKey,
	func(in *kms.GetKeyPolicyInput) *string { return in.KeyId },
	func(i *recordedItem) (*kms.GetKeyPolicyOutput, error) {
		out := &kms.GetKeyPolicyOutput{}
		return out, i.foldPart("Policy", &out.Policy)
	})

var _ = tells("KMS.ListResourceTags", configKey,
	func(in *kms.ListResourceTagsInput) *string { return in.KeyId },
	func(i *recordedItem) (*kms.ListResourceTagsOutput, error) {
		out := &kms.ListResourceTagsOutput{}
		for key, value := range i.Tags {
			out.Tags = append(out.Tags, types.Tag{TagKey: aws.String(key), TagValue: aws.String(value)})
		}
		return out, nil
	})
