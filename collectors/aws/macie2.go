package aws

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/macie2/types"
	"github.com/aws/smithy-go"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var listMacie = capabilities(askMacie, "sensitive_data_discovery")

var _ = collectors.Register(&Sources, collectors.Source[*Clients, serviceItem[macieSession], serviceItem[macieSession]]{
	Kind:        "aws.macie2",
	Class:       inventory.ClassSecurityService,
	Permissions: []string{"macie2:GetMacieSession", "ec2:DescribeRegions"},
	ListAction:  "GetMacieSession", ListPermission: "macie2:GetMacieSession",
	Global: true, NoLabels: true,
	List:  listMacie,
	Find:  oneCapability(listMacie),
	Facts: macieFacts,
})

// macieSession is Macie of one region.
type macieSession struct {
	Status types.MacieStatus `json:"status"`
}

func askMacie(ctx context.Context, c *Clients) []regionAnswer[macieSession] {
	return everyRegion(ctx, c, "GetMacieSession", "macie2:GetMacieSession",
		func(ctx context.Context, region string) (*macieSession, error) {
			out, err := c.Macie.GetMacieSession(ctx, &macie2.GetMacieSessionInput{}, func(o *macie2.Options) { o.Region = region })
			if err != nil {
				return nil, macieOff(err)
			}
			return &macieSession{Status: out.Status}, nil
		})
}

// macieOff tells "Macie is not enabled" from a denial. Both come with one code, so the words decide; a text that says
// anything else stays a denial.
func macieOff(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) && code(err) == "AccessDeniedException" &&
		strings.EqualFold(strings.TrimRight(strings.TrimSpace(api.ErrorMessage()), "."), "Macie is not enabled") {
		return collectors.ErrAbsent
	}
	return err
}

func macieFacts(w collectors.Where, i serviceItem[macieSession]) *inventory.Resource {
	r, _ := serviceFacts(w, i, "Macie", func(s *macieSession) inventory.ServiceState {
		return inventory.ServiceState{On: s != nil && s.Status == types.MacieStatusEnabled}
	})
	return r
}
