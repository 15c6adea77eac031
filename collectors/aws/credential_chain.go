package aws

import (
	"cmp"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// tokenExchange lets the SDK's default chain exchange the token of a workload where every other call goes. By itself it
// does so before it has read AWS_ENDPOINT_URL, and would send the token past a private endpoint to Amazon's own.
func (c Connection) tokenExchange(o *config.LoadOptions) error {
	endpoint := cmp.Or(c.Endpoint, os.Getenv("AWS_ENDPOINT_URL_STS"), os.Getenv("AWS_ENDPOINT_URL"))
	if endpoint == "" {
		return nil
	}
	client := sts.New(sts.Options{Region: cmp.Or(c.Region, os.Getenv("AWS_REGION"), firstOf(c.Regions)),
		BaseEndpoint: aws.String(endpoint), HTTPClient: c.HTTP})
	return config.WithWebIdentityRoleCredentialOptions(func(o *stscreds.WebIdentityRoleOptions) { o.Client = client })(o)
}
