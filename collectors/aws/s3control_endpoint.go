package aws

import (
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// keepHost stops S3 Control from putting the account's id before the host name of an endpoint that is not Amazon's: one
// given by its address, or without such names in its DNS, could not be reached.
func keepHost(o *s3control.Options) {
	endpoint := aws.ToString(o.BaseEndpoint)
	if endpoint == "" {
		return
	}
	o.EndpointResolverV2 = fixedEndpoint(endpoint)
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("PlumblineKeepHost",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
				middleware.InitializeOutput, middleware.Metadata, error,
			) {
				return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
			}), middleware.Before)
	})
}

// fixedEndpoint sends every call to one address.
type fixedEndpoint string

// ResolveEndpoint implements s3control.EndpointResolverV2.
func (e fixedEndpoint) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(string(e))
	if err != nil {
		return smithyendpoints.Endpoint{}, fmt.Errorf("endpoint of S3 Control: %w", err)
	}
	return smithyendpoints.Endpoint{URI: *u}, nil
}
