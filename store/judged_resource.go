package store

import (
	"encoding/json"
	"fmt"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// Inventoried gives the resource as checks see it: with its facts and its derived facts.
func (d ResourceDetail) Inventoried() (*inventory.Resource, error) {
	facts, err := json.Marshal(d.Facts)
	if err != nil {
		return nil, fmt.Errorf("facts of %s: %w", d.NaturalID, err)
	}
	derived, err := json.Marshal(d.Derived)
	if err != nil {
		return nil, fmt.Errorf("derived facts of %s: %w", d.NaturalID, err)
	}
	row := resourceRow{
		Scope: string(d.Scope), Kind: string(d.Kind), Class: string(d.Class), Region: d.Region, NaturalID: d.NaturalID,
		Name: d.Name, Labels: d.Labels, CarriesLabels: d.CarriesLabels, Placeholder: d.Placeholder,
		ObservedAt: d.ObservedAt, Facts: facts,
	}
	r, err := row.resource()
	if err != nil {
		return nil, err
	}
	return r, r.DecodeDerived(derived)
}
