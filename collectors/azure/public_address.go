package azure

import (
	"context"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
)

var publicAddresses = rowsOf{typ: "Microsoft.Network/publicIPAddresses", version: "2024-05-01"}

// instanceAddresses are the addresses of instances of uniform scale sets, which have a table of their own.
var instanceAddresses = rowsOf{typ: "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/" +
	"ipConfigurations/publicIPAddresses", version: "2018-10-01", table: "computeresources"}

// ofInstance says whether an address is one of an instance, by its id.
func ofInstance(id string) bool { return strings.Contains(id, "/virtualmachinescalesets/") }

// publicAddress is what is read of an address. One that is given back with its machine has none for that time.
type publicAddress struct {
	Address string `json:"ipAddress,omitempty"`
}

// address is a public address as what wears it sees it.
type address struct {
	ID       string `json:"id"`
	Address  string `json:"address,omitempty"`
	Standard bool   `json:"standard,omitempty"`
	// Zones are those it answers from; none when it does not say.
	Zones []string `json:"zones,omitempty"`
}

// addressesOf looks up public addresses by their ids, each in its table. One that is not there makes the answer
// malformed: what points at it would seem to have none.
func addressesOf(ctx context.Context, c *Clients, ids []string) collectors.Answer[[]address] {
	l := publicAddresses
	if slices.ContainsFunc(ids, ofInstance) {
		l = instanceAddresses
	}
	return ask(l.action(), l.permission(), func() (*[]address, error) {
		out := []address{}
		for _, id := range ids {
			table := publicAddresses
			if ofInstance(id) {
				table = instanceAddresses
			}
			byID, err := addressesByID(ctx, c, table)
			if err != nil {
				return nil, err
			}
			a, found := byID[id]
			if !found {
				return nil, &errMalformed{errNoSuchAddress}
			}
			out = append(out, a)
		}
		return &out, nil
	})
}

// addressesByID are the addresses of one table.
func addressesByID(ctx context.Context, c *Clients, l rowsOf) (map[string]address, error) {
	return once(c, "addresses of "+l.typ, func() (map[string]address, error) {
		rows, err := keep[publicAddress](ctx, c, l)
		found := map[string]address{}
		for _, r := range rows {
			found[armID(r.ID)] = addressIn(r)
		}
		return found, err
	})
}

// addressIn is the address that a row tells of. One that does not tell its kind is of the old one, which is open where
// no group stands.
func addressIn(r row[publicAddress]) address {
	return address{armID(r.ID), r.Properties.Address, r.SKU != nil && lower(r.SKU.Name) != "basic", r.Zones}
}
