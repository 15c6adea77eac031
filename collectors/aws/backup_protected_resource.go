package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, protectedItem, protectedItem]{
	Kind:        "aws.backup.protected_resource",
	Class:       inventory.ClassBackupCoverage,
	Permissions: []string{"backup:ListProtectedResources"},
	ListAction:  "ListProtectedResources", ListPermission: "backup:ListProtectedResources",
	NoLabels: true,
	List:     listProtected,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[protectedItem, error] {
		return only(listProtected(ctx, c), func(i protectedItem) bool { return i.id(c.where()) == id })
	},
	Facts: protectedFacts,
})

// protectedItem is something of which the service holds a copy. When the last was made moves every day and is left out.
type protectedItem struct {
	Resource string `json:"resource"`
	Name     string `json:"name,omitempty"`
	Type     string `json:"type,omitempty"`
}

func (i protectedItem) id(w collectors.Where) string {
	return string(w.Scope) + "/" + string(inventory.ClassBackupCoverage) + "/" + i.Resource
}

func listProtected(ctx context.Context, c *Clients) iter.Seq2[protectedItem, error] {
	p := backup.NewListProtectedResourcesPaginator(c.Backup, &backup.ListProtectedResourcesInput{MaxResults: aws.Int32(1000)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*backup.ListProtectedResourcesOutput, error) { return p.NextPage(ctx) },
		func(o *backup.ListProtectedResourcesOutput) []protectedItem { return protectedItems(o.Results) })
}

func protectedItems(results []types.ProtectedResource) []protectedItem {
	items := make([]protectedItem, 0, len(results))
	for _, p := range results {
		items = append(items, protectedItem{
			Resource: aws.ToString(p.ResourceArn), Name: aws.ToString(p.ResourceName), Type: aws.ToString(p.ResourceType),
		})
	}
	return items
}

func protectedFacts(w collectors.Where, i protectedItem) *inventory.Resource {
	if i.Resource == "" {
		return nil
	}
	facts := &inventory.BackupCoverage{Resources: []string{i.Resource}}
	name := i.Name
	if name == "" {
		name = shortID(i.Resource)
	}
	r := inventory.New(i.id(w), name, w.Region, facts)
	r.Known("resources", "selects")
	return r
}
