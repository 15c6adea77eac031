package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

// applications is the type of inventory that names what is installed.
const applications = "AWS:Application"

// askDatabaseHosts asks once for a region which machines have a package installed that is named like a database: a
// machine may hold a thousand packages, and only of these few the names are read.
func askDatabaseHosts(ctx context.Context, c *Clients) collectors.Answer[map[string]bool] {
	return ask("GetInventory", "ssm:GetInventory", func() (*map[string]bool, error) {
		hosts := map[string]bool{}
		p := ssm.NewGetInventoryPaginator(c.SSM, &ssm.GetInventoryInput{
			MaxResults: aws.Int32(50),
			Filters: []types.InventoryFilter{{
				Key: aws.String(applications + ".Name"), Type: types.InventoryQueryOperatorTypeBeginWith,
				Values: collectors.DatabasePackages,
			}},
		})
		entities := func(o *ssm.GetInventoryOutput) []types.InventoryResultEntity { return o.Entities }
		for e, err := range listed(ctx, p, entities) {
			if err != nil {
				return nil, err
			}
			hosts[aws.ToString(e.Id)] = true
		}
		return &hosts, nil
	})
}

// askEngines names the databases that are installed on a machine. One without an inventory has none that is seen.
func askEngines(
	ctx context.Context, c *Clients, hosts collectors.Answer[map[string]bool], id string,
) collectors.Answer[[]string] {
	if hosts.Value == nil {
		return passedOn[[]string](hosts)
	}
	if !(*hosts.Value)[id] {
		none := passedOn[[]string](hosts)
		none.Value = &[]string{}
		return none
	}
	return ask("ListInventoryEntries", "ssm:ListInventoryEntries", func() (*[]string, error) {
		engines := []string{}
		in := &ssm.ListInventoryEntriesInput{
			InstanceId: aws.String(id), TypeName: aws.String(applications), MaxResults: aws.Int32(50),
		}
		for {
			out, err := c.SSM.ListInventoryEntries(ctx, in)
			if err != nil {
				return nil, err
			}
			for _, entry := range out.Entries {
				if engine := collectors.DatabaseOf(entry["Name"]); engine != "" {
					engines = append(engines, engine)
				}
			}
			if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
				break
			}
		}
		slices.Sort(engines)
		return kept(slices.Compact(engines)), nil
	})
}
