package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/plumbline-posture/plumbline/collectors"
)

// keyHolder says whose key a key is.
type keyHolder struct {
	// Manager is AWS for the keys a service makes for itself, CUSTOMER for the account's own.
	Manager string
}

// askKeyHolder asks whose key encrypts a resource. The alias of a service's own key tells without a call.
func askKeyHolder(ctx context.Context, c *Clients, key string) collectors.Answer[keyHolder] {
	return ask("DescribeKey", "kms:DescribeKey", func() (*keyHolder, error) {
		if strings.HasPrefix(shortAlias(key), "alias/aws/") {
			return &keyHolder{Manager: "AWS"}, nil
		}
		out, err := c.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(key)})
		if err != nil || out.KeyMetadata == nil {
			return &keyHolder{}, err
		}
		return &keyHolder{Manager: string(out.KeyMetadata.KeyManager)}, nil
	})
}

// shortAlias is the alias in an ARN of one, or what was given.
func shortAlias(key string) string {
	if i := strings.Index(key, ":alias/"); i >= 0 {
		return key[i+1:]
	}
	return key
}
