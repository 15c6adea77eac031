package azure

import (
	"context"

	"github.com/plumbline-posture/plumbline/collectors"
)

var privateEndpoints = rowsOf{typ: "Microsoft.Network/privateEndpoints", version: "2024-05-01"}

// privateEndpoint is what is read of the door that a network has to a service.
type privateEndpoint struct {
	Connections []endpointConnection `json:"privateLinkServiceConnections,omitempty"`
	Manual      []endpointConnection `json:"manualPrivateLinkServiceConnections,omitempty"`
}

type endpointConnection struct {
	Properties struct {
		Service string `json:"privateLinkServiceId,omitempty"`
	} `json:"properties"`
}

// target is what a private endpoint leads to.
type target struct {
	ID string `json:"id"`
}

// targetOf asks what a private endpoint leads to; of no endpoint it asks nothing.
func targetOf(ctx context.Context, c *Clients, endpoint string) collectors.Answer[target] {
	return ask(privateEndpoints.action(), privateEndpoints.permission(), func() (*target, error) {
		if endpoint == "" {
			return nil, nil
		}
		byID, err := once(c, "private endpoints", func() (map[string]string, error) {
			rows, err := keep[privateEndpoint](ctx, c, privateEndpoints)
			out := map[string]string{}
			for _, r := range rows {
				for _, connection := range append(r.Properties.Connections, r.Properties.Manual...) {
					out[armID(r.ID)] = armID(connection.Properties.Service)
				}
			}
			return out, err
		})
		if err != nil {
			return nil, err
		}
		return &target{byID[endpoint]}, nil
	})
}
