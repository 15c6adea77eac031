package azure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// EndpointSetting names the environment variable that stands for Resource Manager and its token authority.
const EndpointSetting = "PLUMBLINE_AZURE_ENDPOINT"

// endpoint is where calls go instead of the public cloud.
type endpoint struct {
	address string
	// loopback says that it is on this machine and speaks plain http: nothing there checks a token.
	loopback bool
}

// parseEndpoint reads the setting. Plain http is for this machine only: a token must not leave it unencrypted.
func parseEndpoint(address string) (*endpoint, error) {
	if address == "" {
		return nil, nil
	}
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, fmt.Errorf("%s %q: want the address of Resource Manager, such as https://management.example",
			EndpointSetting, address)
	}
	if at.Scheme == "https" {
		return &endpoint{address: address}, nil
	}
	ip := net.ParseIP(at.Hostname())
	if at.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s %q: plain http is for an address of this machine only; use https", EndpointSetting,
			address)
	}
	return &endpoint{address: address, loopback: true}, nil
}

// configuration is the cloud that the endpoint stands for; nil is the public one.
func (e *endpoint) configuration() cloud.Configuration {
	if e == nil {
		return cloud.AzurePublic
	}
	return cloud.Configuration{
		ActiveDirectoryAuthorityHost: e.address,
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Audience: cloud.AzurePublic.Services[cloud.ResourceManager].Audience, Endpoint: e.address},
		},
	}
}

// Static is a credential for endpoints that check none: recordings, and emulators on this machine.
type Static string

// GetToken implements azcore.TokenCredential.
func (s Static) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(s), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// options are those of every client of a connection.
func (c Connection) options(e *endpoint) *arm.ClientOptions {
	attempts := c.Attempts
	if attempts == 0 {
		attempts = 5
	}
	retries := int32(attempts - 1)
	if retries <= 0 {
		retries = -1
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	o := &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			Cloud: e.configuration(), Transport: c.HTTP,
			Retry: policy.RetryOptions{MaxRetries: retries, TryTimeout: timeout, RetryDelay: time.Second,
				MaxRetryDelay: time.Minute},
		},
		// Registering a provider writes to the subscription.
		DisableRPRegistration: true,
	}
	o.InsecureAllowCredentialWithHTTP = e != nil && e.loopback
	return o
}

// credential finds out what the connection signs in with. No secret is kept in a connection: a certificate stays in its
// file, and a workload's token is exchanged when it is needed.
func (c Connection) credential(e *endpoint, o *arm.ClientOptions) (azcore.TokenCredential, error) {
	base := o.ClientOptions
	switch {
	case c.Static != nil:
		return c.Static, nil
	case e != nil && e.loopback:
		return Static("loopback"), nil
	case c.Certificate != "":
		return c.certificate(base, e != nil)
	case c.FederatedTokenFile != "":
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: base, ClientID: c.Client, TenantID: c.Tenant, TokenFilePath: c.FederatedTokenFile,
			DisableInstanceDiscovery: e != nil})
	case c.ManagedIdentity:
		m := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: base}
		if c.Client != "" {
			m.ID = azidentity.ClientID(c.Client)
		}
		return azidentity.NewManagedIdentityCredential(m)
	default:
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: base, TenantID: c.Tenant, DisableInstanceDiscovery: e != nil})
	}
}

func (c Connection) certificate(base policy.ClientOptions, private bool) (azcore.TokenCredential, error) {
	if c.Tenant == "" || c.Client == "" {
		return nil, errors.New("a certificate needs the tenant and the client it is registered for")
	}
	pem, err := os.ReadFile(c.Certificate)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	certificates, key, err := azidentity.ParseCertificates(pem, nil)
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", c.Certificate, err)
	}
	return azidentity.NewClientCertificateCredential(c.Tenant, c.Client, certificates, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: base, DisableInstanceDiscovery: private})
}
