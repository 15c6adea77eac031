package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var listDetectors = capabilities(askDetectors, "threat_detection", "malware_protection")

var _ = collectors.Register(&Sources, collectors.Source[*Clients, serviceItem[detector], serviceItem[detector]]{
	Kind:        "aws.guardduty",
	Class:       inventory.ClassSecurityService,
	Permissions: []string{"guardduty:ListDetectors", "guardduty:GetDetector", "ec2:DescribeRegions"},
	ListAction:  "ListDetectors", ListPermission: "guardduty:ListDetectors",
	Global: true, NoLabels: true,
	List:  listDetectors,
	Find:  oneCapability(listDetectors),
	Facts: detectorFacts,
})

// detector is GuardDuty of one region; a region has one detector at most.
type detector struct {
	Status   types.DetectorStatus                       `json:"status"`
	Features []types.DetectorFeatureConfigurationResult `json:"features,omitempty"`
	// Older is the form in which answers of before 2023 tell of features.
	Older *types.DataSourceConfigurationsResult `json:"older,omitempty"`
}

func askDetectors(ctx context.Context, c *Clients) []regionAnswer[detector] {
	return everyRegion(ctx, c, "GetDetector", "guardduty:GetDetector",
		func(ctx context.Context, region string) (*detector, error) {
			at := func(o *guardduty.Options) { o.Region = region }
			id, err := detectorIn(ctx, c, region)
			if err != nil || id == "" {
				return nil, err
			}
			out, err := c.GuardDuty.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: aws.String(id)}, at)
			if err != nil {
				return nil, err
			}
			return &detector{Status: out.Status, Features: out.Features, Older: out.DataSources}, nil //nolint:staticcheck // The old form is all that some answers hold.
		})
}

// detectorIn is the id of a region's detector; empty where GuardDuty is not on.
func detectorIn(ctx context.Context, c *Clients, region string) (string, error) {
	out, err := c.GuardDuty.ListDetectors(ctx, &guardduty.ListDetectorsInput{},
		func(o *guardduty.Options) { o.Region = region })
	if err != nil || len(out.DetectorIds) == 0 {
		return "", during("ListDetectors", "guardduty:ListDetectors", err)
	}
	return out.DetectorIds[0], nil
}

// watched are the parts of GuardDuty that watch one workload each. RDS_LOGIN_EVENTS knows the logins of these engines:
// https://docs.aws.amazon.com/guardduty/latest/ug/rds-protection.html
var watched = []inventory.ServicePlan{
	{Name: "S3_DATA_EVENTS", Workload: "object_storage"},
	{Name: "EKS_AUDIT_LOGS", Workload: "kubernetes"},
	{Name: "RDS_LOGIN_EVENTS", Workload: "databases", Engines: []string{"aurora-mysql", "aurora-postgresql", "postgres"}},
	{Name: "LAMBDA_NETWORK_LOGS", Workload: "functions"},
	{Name: "RUNTIME_MONITORING", Workload: "machines"},
}

func detectorFacts(w collectors.Where, i serviceItem[detector]) *inventory.Resource {
	name := "GuardDuty"
	if i.Capability == "malware_protection" {
		name = "GuardDuty malware protection"
	}
	r, _ := serviceFacts(w, i, name, func(d *detector) inventory.ServiceState {
		on := d != nil && d.Status == types.DetectorStatusEnabled
		if i.Capability == "malware_protection" {
			scans := inventory.ServicePlan{Name: "EBS_MALWARE_PROTECTION", Workload: "machines"}
			scans.On = on && d.feature(scans.Name)
			return inventory.ServiceState{
				On: scans.On || on && d.feature("RUNTIME_MONITORING"), Plans: []inventory.ServicePlan{scans},
			}
		}
		st := inventory.ServiceState{On: on}
		for _, p := range watched {
			p.On = on && d.feature(p.Name)
			st.Plans = append(st.Plans, p)
		}
		return st
	})
	return r
}

// feature says whether a part of GuardDuty is on.
func (d *detector) feature(name string) bool {
	for _, f := range d.Features {
		if string(f.Name) == name {
			return f.Status == types.FeatureStatusEnabled
		}
	}
	o := d.Older
	if o == nil {
		return false
	}
	switch name {
	case "S3_DATA_EVENTS":
		return o.S3Logs != nil && o.S3Logs.Status == types.DataSourceStatusEnabled
	case "EKS_AUDIT_LOGS":
		return o.Kubernetes != nil && o.Kubernetes.AuditLogs != nil && o.Kubernetes.AuditLogs.Status == types.DataSourceStatusEnabled
	case "EBS_MALWARE_PROTECTION":
		m := o.MalwareProtection
		return m != nil && m.ScanEc2InstanceWithFindings != nil && m.ScanEc2InstanceWithFindings.EbsVolumes != nil &&
			m.ScanEc2InstanceWithFindings.EbsVolumes.Status == types.DataSourceStatusEnabled
	}
	return false
}
