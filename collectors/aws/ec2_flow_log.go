package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.FlowLog, types.FlowLog]{
	Kind:        "aws.ec2.flow_log",
	Class:       inventory.ClassFlowLog,
	Permissions: []string{"ec2:DescribeFlowLogs"},
	ListAction:  "DescribeFlowLogs", ListPermission: "ec2:DescribeFlowLogs",
	List:  lister[types.FlowLog](flowLogs).all,
	Find:  lister[types.FlowLog](flowLogs).one,
	Facts: flowLogFacts,
})

func flowLogs(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.FlowLog, error] {
	p := ec2.NewDescribeFlowLogsPaginator(c.EC2, &ec2.DescribeFlowLogsInput{
		FlowLogIds: ids, MaxResults: pageSize(1000, ids),
	})
	return described(ctx, p, func(o *ec2.DescribeFlowLogsOutput) []types.FlowLog { return o.FlowLogs },
		"InvalidFlowLogId.NotFound", "InvalidFlowLogID.NotFound")
}

func flowLogFacts(w collectors.Where, l types.FlowLog) *inventory.Resource {
	facts := &inventory.FlowLog{Resource: ec2ByPrefix(w, aws.ToString(l.ResourceId))}
	tags := ec2Labels(l.Tags)
	id := aws.ToString(l.FlowLogId)
	r := inventory.New(ec2ARN(w, "vpc-flow-log", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	// A log whose records cannot be delivered is called active all the same.
	facts.Active = aws.ToString(l.FlowLogStatus) == "ACTIVE" && aws.ToString(l.DeliverLogsStatus) != "FAILED"
	facts.Destination = flowLogDestination(w, l)
	r.Known("resource", "active", "destination")
	switch l.TrafficType {
	case types.TrafficTypeAll:
		facts.Traffic = "all"
	case types.TrafficTypeAccept:
		facts.Traffic = "accepted"
	case types.TrafficTypeReject:
		facts.Traffic = "rejected"
	default:
		unsaid(r, "DescribeFlowLogs", "traffic")
		return r
	}
	r.Known("traffic")
	return r
}

// flowLogDestination is the id of the log group or bucket that records go to; a bucket may be followed by a folder.
func flowLogDestination(w collectors.Where, l types.FlowLog) string {
	to := aws.ToString(l.LogDestination)
	switch {
	case strings.HasPrefix(to, "arn:aws:s3:::"):
		to, _, _ = strings.Cut(to, "/")
		return to
	case to != "":
		return logGroupID(to)
	case l.LogGroupName != nil:
		return arn(w, "logs", "log-group:"+*l.LogGroupName)
	}
	return ""
}
