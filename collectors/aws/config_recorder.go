package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var listRecorders = capabilities(askRecorders, "configuration_history")

var _ = collectors.Register(&Sources, collectors.Source[*Clients, serviceItem[recorders], serviceItem[recorders]]{
	Kind:  "aws.config",
	Class: inventory.ClassSecurityService,
	Permissions: []string{
		"config:DescribeConfigurationRecorderStatus", "config:DescribeConfigurationRecorders", "ec2:DescribeRegions",
	},
	ListAction: "DescribeConfigurationRecorderStatus", ListPermission: "config:DescribeConfigurationRecorderStatus",
	Global: true, NoLabels: true,
	List:  listRecorders,
	Find:  oneCapability(listRecorders),
	Facts: recorderFacts,
})

// recorders are the configuration recorders of one region and how they do.
type recorders struct {
	Recorders []types.ConfigurationRecorder       `json:"recorders,omitempty"`
	Status    []types.ConfigurationRecorderStatus `json:"status,omitempty"`
}

func askRecorders(ctx context.Context, c *Clients) []regionAnswer[recorders] {
	return everyRegion(ctx, c, "DescribeConfigurationRecorderStatus", "config:DescribeConfigurationRecorderStatus",
		func(ctx context.Context, region string) (*recorders, error) {
			at := func(o *configservice.Options) { o.Region = region }
			status, err := c.Config.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{}, at)
			if err != nil {
				return nil, err
			}
			if len(status.ConfigurationRecordersStatus) == 0 {
				return nil, nil
			}
			all, err := c.Config.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{}, at)
			if err != nil {
				return nil, during("DescribeConfigurationRecorders", "config:DescribeConfigurationRecorders", err)
			}
			return &recorders{all.ConfigurationRecorders, status.ConfigurationRecordersStatus}, nil
		})
}

func recorderFacts(w collectors.Where, i serviceItem[recorders]) *inventory.Resource {
	r, _ := serviceFacts(w, i, "AWS Config", func(found *recorders) inventory.ServiceState {
		return inventory.ServiceState{On: found != nil && found.record()}
	})
	return r
}

// record says whether some recorder keeps the history: it runs, its last delivery went well, and it does not record a
// few hand-picked types only.
func (r *recorders) record() bool {
	for _, s := range r.Status {
		// The service spells the word in capitals, its own list of words does not.
		if s.Recording && strings.EqualFold(string(s.LastStatus), "success") && r.broad(aws.ToString(s.Name)) {
			return true
		}
	}
	return false
}

func (r *recorders) broad(name string) bool {
	for _, rec := range r.Recorders {
		if aws.ToString(rec.Name) != name {
			continue
		}
		g := rec.RecordingGroup
		return g == nil || g.AllSupported ||
			g.RecordingStrategy != nil && g.RecordingStrategy.UseOnly == types.RecordingStrategyTypeExclusionByResourceTypes
	}
	return false
}
