package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, queueAnswers]{
	Kind:        "aws.sqs.queue",
	Class:       inventory.ClassMessageChannel,
	Permissions: []string{"sqs:ListQueues", "sqs:GetQueueAttributes", "sqs:ListQueueTags"},
	ListAction:  "ListQueues", ListPermission: "sqs:ListQueues",
	List:  listQueues,
	Find:  findQueue,
	Ask:   askQueue,
	Facts: queueFacts,
})

// queueAnswers is all that SQS says about one queue, which its listing names by its address.
type queueAnswers struct {
	URL        string
	Attributes collectors.Answer[map[string]string]
	Tags       collectors.Answer[map[string]string]
}

func listQueues(ctx context.Context, c *Clients) iter.Seq2[string, error] {
	p := sqs.NewListQueuesPaginator(c.SQS, &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*sqs.ListQueuesOutput, error) { return p.NextPage(ctx) },
		func(o *sqs.ListQueuesOutput) []string { return o.QueueUrls })
}

func findQueue(ctx context.Context, c *Clients, id string) iter.Seq2[string, error] {
	return only(listQueues(ctx, c), func(url string) bool { return shortID(url) == shortID(id) })
}

// queueAttributes are those that facts are made of: the others count messages and change with each.
var queueAttributes = []types.QueueAttributeName{
	types.QueueAttributeNameQueueArn, types.QueueAttributeNamePolicy, types.QueueAttributeNameKmsMasterKeyId,
	types.QueueAttributeNameSqsManagedSseEnabled,
}

func askQueue(ctx context.Context, c *Clients, url string) queueAnswers {
	a := queueAnswers{URL: url}
	a.Attributes = ask("GetQueueAttributes", "sqs:GetQueueAttributes", func() (*map[string]string, error) {
		out, err := c.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl: aws.String(url), AttributeNames: queueAttributes,
		})
		if err != nil {
			return nil, absent(err, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
		}
		return keptTags(out.Attributes), nil
	})
	a.Tags = ask("ListQueueTags", "sqs:ListQueueTags", func() (*map[string]string, error) {
		out, err := c.SQS.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: aws.String(url)})
		if err != nil {
			return nil, err
		}
		return keptTags(out.Tags), nil
	})
	return a
}

func queueFacts(w collectors.Where, a queueAnswers) *inventory.Resource {
	if a.Attributes.Absent {
		return nil
	}
	facts := &inventory.MessageChannel{}
	name := shortID(a.URL)
	r := inventory.New(arn(w, "sqs", name), name, w.Region, facts)
	defer leftOut(r, "GetQueueAttributes", "sqs:GetQueueAttributes")
	r.SetNotApplicable(noSuchSwitch, "network_restricted")
	tagFacts(r, a.Tags)
	collectors.Know(r, a.Attributes, func(v *map[string]string) {
		facts.EncryptedAtRest = (*v)["KmsMasterKeyId"] != "" || (*v)["SqsManagedSseEnabled"] == "true"
	}, "encrypted_at_rest")
	doc, read := readPolicy(r, a.Attributes, func(v *map[string]string) string { return (*v)["Policy"] },
		"public", "principals", "tls_required")
	if read {
		facts.Public, facts.Principals = doc.public(), doc.foreignAccounts(w.Scope.Account())
		facts.TLSRequired = doc.deniesClearText("sqs:SendMessage", "sqs:ReceiveMessage")
		r.Known("public", "principals", "tls_required")
	}
	return r
}
