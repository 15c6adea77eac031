package aws

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/plumbline-posture/plumbline/collectors/kubernetes"
)

// entryCure is what lets the collectors' role into a cluster that does not know it.
const entryCure = "EKS access entry with AmazonEKSViewPolicy"

// clusterTimeout bounds one call to a cluster.
const clusterTimeout = 30 * time.Second

// fargate tells pods of Fargate, beside which nothing runs that runs on each node, and where they are told to send what
// they print.
var fargate = kubernetes.Nodeless{
	Label: "eks.amazonaws.com/fargate-profile", LogNamespace: "aws-observability", LogName: "aws-logging",
}

// into makes a client of what runs inside a cluster. Who asks is shown by a request for the caller's identity, signed
// for this cluster alone: the cluster has AWS answer it.
func (c *Clients) into(ctx context.Context, cluster *types.Cluster) (*kubernetes.Client, error) {
	if aws.ToString(cluster.Endpoint) == "" {
		return nil, kubernetes.Unreachable("NoEndpoint", errors.New("the cluster tells no address"))
	}
	token, err := c.clusterToken(ctx, aws.ToString(cluster.Name))
	if err != nil {
		return nil, during("GetCallerIdentity", "sts:GetCallerIdentity", err)
	}
	access := kubernetes.Access{
		Endpoint: aws.ToString(cluster.Endpoint), Token: token, Timeout: clusterTimeout, Cure: entryCure, Nodeless: fargate,
	}
	if a := cluster.CertificateAuthority; a != nil && strings.HasPrefix(access.Endpoint, "https:") {
		// What is not the encoding of a certificate opens no connection, which is reported then.
		access.Authority, _ = base64.StdEncoding.DecodeString(aws.ToString(a.Data))
	}
	access.HTTP = c.carrier(access.Authority)
	return kubernetes.New(access)
}

// ownTransport is the key by which a call carries past recorders how the transport is made that trusts its cluster.
type ownTransport struct{}

// carrier is what carries calls to a cluster with this authority: whoever carries all calls of the connection, a
// recorder for one. Nil, where nobody does, leaves it to the cluster's client.
func (c *Clients) carrier(authority []byte) http.RoundTripper {
	switch c.http.(type) {
	case nil, *awshttp.BuildableClient:
		return nil
	}
	own := sync.OnceValues(func() (http.RoundTripper, error) { return kubernetes.Transport(authority) })
	return transport{func(req *http.Request) (*http.Response, error) {
		return c.http.Do(req.WithContext(context.WithValue(req.Context(), ownTransport{}, own)))
	}}
}

// carried is the client that a recorder stands before: calls that bring a transport of their own go by that.
func carried(next aws.HTTPClient) transport {
	return transport{func(req *http.Request) (*http.Response, error) {
		made, ok := req.Context().Value(ownTransport{}).(func() (http.RoundTripper, error))
		if !ok {
			return next.Do(req)
		}
		own, err := made()
		if err != nil {
			return nil, err
		}
		return own.RoundTrip(req)
	}}
}

// clusterToken is the token by which a cluster knows who asks. It is never kept.
func (c *Clients) clusterToken(ctx context.Context, name string) (string, error) {
	signed, err := c.signer.PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.Presigner = clusterSigner{o.Presigner, name}
	})
	if err != nil {
		return "", err
	}
	return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(signed.URL)), nil
}

// clusterSigner signs a request for one cluster, and for a minute.
type clusterSigner struct {
	signer  sts.HTTPPresignerV4
	cluster string
}

// PresignHTTP implements sts.HTTPPresignerV4.
func (s clusterSigner) PresignHTTP(
	ctx context.Context, who aws.Credentials, r *http.Request, hash, service, region string, at time.Time,
	options ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	r.Header.Set("X-K8s-Aws-Id", s.cluster)
	r.Header.Set("X-Amz-Expires", "60")
	return s.signer.PresignHTTP(ctx, who, r, hash, service, region, at, options...)
}
