package azure

import (
	"context"

	"github.com/plumbline-posture/plumbline/collectors"
)

var publicAddresses = rowsOf{typ: "Microsoft.Network/publicIPAddresses", version: "2024-05-01"}

// publicAddress is what is read of an address. One that is given back with its machine has none for that time.
type publicAddress struct {
	Address string `json:"ipAddress,omitempty"`
}

// address is a public address as what wears it sees it.
type address struct {
	ID       string `json:"id"`
	Address  string `json:"address,omitempty"`
	Standard bool   `json:"standard,omitempty"`
}

// addressesOf looks up public addresses by their ids. One that is not there makes the answer malformed: what points at
// it would seem to have none.
func addressesOf(ctx context.Context, c *Clients, ids []string) collectors.Answer[[]address] {
	return ask(publicAddresses.action(), publicAddresses.permission(), func() (*[]address, error) {
		out := []address{}
		if len(ids) == 0 {
			return &out, nil
		}
		byID, err := once(c, "public addresses", func() (map[string]address, error) {
			rows, err := keep[publicAddress](ctx, c, publicAddresses)
			found := map[string]address{}
			for _, r := range rows {
				found[armID(r.ID)] = address{armID(r.ID), r.Properties.Address, r.SKU != nil && lower(r.SKU.Name) != "basic"}
			}
			return found, err
		})
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			a, found := byID[id]
			if !found {
				return nil, &errMalformed{errNoSuchAddress}
			}
			out = append(out, a)
		}
		return &out, nil
	})
}
