package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.ManagedPrefixList, prefixListAnswers]{
	Kind:        "aws.ec2.prefix_list",
	Class:       inventory.ClassAddressList,
	Permissions: []string{"ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"},
	ListAction:  "DescribeManagedPrefixLists", ListPermission: "ec2:DescribeManagedPrefixLists",
	List:  lister[types.ManagedPrefixList](prefixLists).all,
	Find:  lister[types.ManagedPrefixList](prefixLists).one,
	Ask:   askPrefixList,
	Facts: prefixListFacts,
})

// prefixListAnswers is a list with its entries.
type prefixListAnswers struct {
	List    types.ManagedPrefixList
	Entries collectors.Answer[ec2.GetManagedPrefixListEntriesOutput]
}

func prefixLists(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.ManagedPrefixList, error] {
	p := ec2.NewDescribeManagedPrefixListsPaginator(c.EC2, &ec2.DescribeManagedPrefixListsInput{
		PrefixListIds: ids, MaxResults: pageSize(100, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeManagedPrefixListsOutput) []types.ManagedPrefixList {
		return o.PrefixLists
	},
		"InvalidPrefixListID.NotFound", "InvalidPrefixListId.NotFound")
}

// askPrefixList reads the entries, of the provider's own lists as well: a rule that admits one of these admits what the
// list holds.
func askPrefixList(ctx context.Context, c *Clients, l types.ManagedPrefixList) prefixListAnswers {
	return prefixListAnswers{List: l, Entries: ask("GetManagedPrefixListEntries", "ec2:GetManagedPrefixListEntries",
		func() (*ec2.GetManagedPrefixListEntriesOutput, error) {
			all := &ec2.GetManagedPrefixListEntriesOutput{}
			p := ec2.NewGetManagedPrefixListEntriesPaginator(c.EC2, &ec2.GetManagedPrefixListEntriesInput{
				PrefixListId: l.PrefixListId, MaxResults: aws.Int32(100),
			})
			for p.HasMorePages() {
				page, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				all.Entries = append(all.Entries, page.Entries...)
			}
			return all, nil
		})}
}

// prefixListFacts states a list under the id that a rule of this account and region can make from its short id alone,
// though the ARN of a list that another account shares names that account.
func prefixListFacts(w collectors.Where, a prefixListAnswers) *inventory.Resource {
	switch a.List.State {
	case types.PrefixListStateDeleteComplete, types.PrefixListStateDeleteInProgress, types.PrefixListStateCreateFailed:
		return nil
	}
	facts := &inventory.AddressList{}
	id := aws.ToString(a.List.PrefixListId)
	name := aws.ToString(a.List.PrefixListName)
	if name == "" {
		name = id
	}
	r := inventory.New(ec2ARN(w, "prefix-list", id), name, w.Region, facts)
	r.Labels = ec2Labels(a.List.Tags)
	collectors.Know(r, a.Entries, func(o *ec2.GetManagedPrefixListEntriesOutput) {
		if o == nil {
			return
		}
		for _, e := range o.Entries {
			facts.Ranges = append(facts.Ranges, aws.ToString(e.Cidr))
		}
	}, "ranges")
	return r
}
