package aws

import (
	"context"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	aatypes "github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	gdtypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	insptypes "github.com/aws/aws-sdk-go-v2/service/inspector2/types"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	macietypes "github.com/aws/aws-sdk-go-v2/service/macie2/types"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	hubtypes "github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/aws/smithy-go"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// inRegion is what one region answered.
func inRegion[T any](region string, v *T) regionAnswer[T] {
	return regionAnswer[T]{region, collectors.Answer[T]{Action: "Test", Value: v, Absent: v == nil}}
}

// unread is a region that refused to answer.
func unreadRegion[T any](region string) regionAnswer[T] { return regionAnswer[T]{region, refused[T]()} }

var (
	_ = sample("aws.guardduty", detectorFacts,
		serviceItem[detector]{"threat_detection", []regionAnswer[detector]{inRegion("us-east-1", &detector{Status: "ENABLED"}), unreadRegion[detector]("eu-west-1")}},
		serviceItem[detector]{"malware_protection", []regionAnswer[detector]{inRegion[detector]("us-east-1", nil)}})
	_ = sample("aws.inspector2", inspectorFacts, serviceItem[insptypes.AccountState]{"vulnerability_scanning",
		[]regionAnswer[insptypes.AccountState]{inRegion("us-east-1", &insptypes.AccountState{ResourceState: &insptypes.ResourceState{Ec2: &insptypes.State{Status: "ENABLED"}}})}})
	_ = sample("aws.macie2", macieFacts, serviceItem[macieSession]{"sensitive_data_discovery", []regionAnswer[macieSession]{inRegion("us-east-1", &macieSession{"ENABLED"})}})
	_ = sample("aws.accessanalyzer", analyzerFacts, serviceItem[analyzers]{"access_review",
		[]regionAnswer[analyzers]{inRegion("us-east-1", &analyzers{[]analyzer{{ARN: "arn:aws:access-analyzer:us-east-1:1:analyzer/a", Status: "ACTIVE"}}})}})
	_ = sample("aws.config", recorderFacts, serviceItem[recorders]{"configuration_history", []regionAnswer[recorders]{inRegion[recorders]("us-east-1", nil)}})
	_ = sample("aws.securityhub", hubFacts, serviceItem[hub]{"posture_management", []regionAnswer[hub]{
		inRegion("us-east-1", &hub{ARN: "arn:aws:securityhub:us-east-1:1:hub/default", Controls: answered(&hubControls{Failed: []string{"S3.1"}, Passed: []string{"S3.1", "S3.2"}})})}})
)

// on and off are the regions in which a service stands so, and unsaid those that did not say.
func standing(t *testing.T, r *inventory.Resource) (on, off, unsaid []string) {
	t.Helper()
	for _, s := range r.Facts.(*inventory.SecurityService).States {
		switch {
		case s.Unread != nil:
			unsaid = append(unsaid, s.Region)
		case s.On:
			on = append(on, s.Region)
		default:
			off = append(off, s.Region)
		}
	}
	return on, off, unsaid
}

func plansOn(r *inventory.Resource) (on []string) {
	for _, s := range r.Facts.(*inventory.SecurityService).States {
		for _, p := range s.Plans {
			if p.On {
				on = append(on, p.Name)
			}
		}
	}
	return on
}

func wantWords(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %v; want %v", what, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: %v; want %v", what, got, want)
		}
	}
}

// twoRegions says which regions are enabled.
var twoRegions = say(&ec2.DescribeRegionsOutput{Regions: []ec2types.Region{{RegionName: aws.String("eu-west-1")}, {RegionName: aws.String("us-east-1")}}})

func TestDetectorFacts(t *testing.T) {
	t.Parallel()
	feature := func(name string, status gdtypes.FeatureStatus) gdtypes.DetectorFeatureConfigurationResult {
		return gdtypes.DetectorFeatureConfigurationResult{Name: gdtypes.DetectorFeatureResult(name), Status: status}
	}
	older := &gdtypes.DataSourceConfigurationsResult{
		S3Logs:     &gdtypes.S3LogsConfigurationResult{Status: "ENABLED"},
		Kubernetes: &gdtypes.KubernetesConfigurationResult{AuditLogs: &gdtypes.KubernetesAuditLogsConfigurationResult{Status: "ENABLED"}},
		MalwareProtection: &gdtypes.MalwareProtectionConfigurationResult{ScanEc2InstanceWithFindings: &gdtypes.ScanEc2InstanceWithFindingsResult{
			EbsVolumes: &gdtypes.EbsVolumesResult{Status: "ENABLED"}}},
	}
	for name, c := range map[string]struct {
		detector *detector
		on       bool
		malware  bool
		plans    []string
	}{
		"none":      {nil, false, false, nil},
		"suspended": {&detector{Status: "DISABLED", Features: []gdtypes.DetectorFeatureConfigurationResult{feature("S3_DATA_EVENTS", "ENABLED")}}, false, false, nil},
		"bare":      {&detector{Status: "ENABLED"}, true, false, nil},
		"features": {&detector{Status: "ENABLED", Features: []gdtypes.DetectorFeatureConfigurationResult{
			feature("S3_DATA_EVENTS", "ENABLED"), feature("RDS_LOGIN_EVENTS", "DISABLED"), feature("RUNTIME_MONITORING", "ENABLED"),
		}}, true, true, []string{"S3_DATA_EVENTS", "RUNTIME_MONITORING"}},
		"volumes": {&detector{Status: "ENABLED", Features: []gdtypes.DetectorFeatureConfigurationResult{feature("EBS_MALWARE_PROTECTION", "ENABLED")}}, true, true, nil},
		"older":   {&detector{Status: "ENABLED", Older: older}, true, true, []string{"S3_DATA_EVENTS", "EKS_AUDIT_LOGS"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			states := []regionAnswer[detector]{inRegion("us-east-1", c.detector)}
			r := detectorFacts(here, serviceItem[detector]{"threat_detection", states})
			on, _, _ := standing(t, r)
			if (len(on) == 1) != c.on {
				t.Errorf("on in %v; want %v", on, c.on)
			}
			wantWords(t, "plans", plansOn(r), c.plans...)
			malware, _, _ := standing(t, detectorFacts(here, serviceItem[detector]{"malware_protection", states}))
			if (len(malware) == 1) != c.malware {
				t.Errorf("malware protection on in %v; want %v", malware, c.malware)
			}
			stated{"kind": "threat_detection", "score_percent": notApplicable}.check(t, r)
		})
	}
}

func TestDetectorsOfRecordings(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"docs-awscli-guardduty/guardduty.GetDetector_1.json", "test_account_guard_duty_filter/guardduty.GetDetector_1.json"} {
		out := recorded[guardduty.GetDetectorOutput](t, file)
		lines := script{
			"DescribeRegions": twoRegions,
			"ListDetectors":   say(&guardduty.ListDetectorsOutput{DetectorIds: []string{"d"}}), "GetDetector": say(out),
		}
		c, _ := scripted(t, "us-east-1", lines)
		for i, err := range listDetectors(context.Background(), c) {
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, i)
			on, off, _ := standing(t, detectorFacts(here, i))
			if i.Capability == "threat_detection" {
				wantWords(t, file+" on", on, "eu-west-1", "us-east-1")
			} else {
				wantWords(t, file+" off", off, "eu-west-1", "us-east-1")
			}
		}
	}
}

// asked runs a source's listing against a script and gives the facts of its first item.
func asked[T any](t *testing.T, lines script, list func(context.Context, *Clients) func(func(serviceItem[T], error) bool),
	facts func(collectors.Where, serviceItem[T]) *inventory.Resource,
) *inventory.Resource {
	t.Helper()
	if lines["DescribeRegions"] == nil {
		lines["DescribeRegions"] = twoRegions
	}
	c, _ := scripted(t, "us-east-1", lines)
	for i, err := range list(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, i)
		return facts(here, i)
	}
	t.Fatal("the listing yields nothing")
	return nil
}

// TestServicesThatAreOff wants "not switched on" to be an answer, and a denial to be none.
func TestServicesThatAreOff(t *testing.T) {
	t.Parallel()
	words := func(code, message string) func(any) (any, error) {
		return func(any) (any, error) { return nil, &smithy.GenericAPIError{Code: code, Message: message} }
	}
	run := map[string]func(line func(any) (any, error)) *inventory.Resource{
		"guardduty": func(l func(any) (any, error)) *inventory.Resource {
			return asked(t, script{"ListDetectors": l}, seq(listDetectors), detectorFacts)
		},
		"securityhub": func(l func(any) (any, error)) *inventory.Resource {
			return asked(t, script{"DescribeHub": l}, seq(listHubs), hubFacts)
		},
		"macie": func(l func(any) (any, error)) *inventory.Resource {
			return asked(t, script{"GetMacieSession": l}, seq(listMacie), macieFacts)
		},
		"config": func(l func(any) (any, error)) *inventory.Resource {
			return asked(t, script{"DescribeConfigurationRecorderStatus": l}, seq(listRecorders), recorderFacts)
		},
		"inspector": func(l func(any) (any, error)) *inventory.Resource {
			return asked(t, script{"BatchGetAccountStatus": l}, seq(listInspector), inspectorFacts)
		},
		"analyzer": func(l func(any) (any, error)) *inventory.Resource {
			return asked(t, script{"ListAnalyzers": l}, seq(listAnalyzers), analyzerFacts)
		},
	}
	for _, c := range []struct {
		service string
		line    func(any) (any, error)
		off     bool
	}{
		{"guardduty", say(&guardduty.ListDetectorsOutput{}), true},
		{"guardduty", refuse("AccessDeniedException"), false},
		{"guardduty", refuse("InternalServerErrorException"), false},
		{"securityhub", refuse("InvalidAccessException"), true},
		{"securityhub", refuse("AccessDeniedException"), false},
		{"macie", words("AccessDeniedException", "Macie is not enabled"), true},
		{"macie", words("AccessDeniedException", "Macie is not enabled."), true},
		{"macie", words("AccessDeniedException", "User is not authorized to perform: macie2:GetMacieSession"), false},
		{"macie", say(&macie2.GetMacieSessionOutput{Status: macietypes.MacieStatusPaused}), true},
		{"config", say(&configservice.DescribeConfigurationRecorderStatusOutput{}), true},
		{"config", refuse("AccessDeniedException"), false},
		{"inspector", say(&inspector2.BatchGetAccountStatusOutput{Accounts: []insptypes.AccountState{{ResourceState: &insptypes.ResourceState{Ec2: &insptypes.State{Status: "DISABLED"}}}}}), true},
		{"inspector", say(&inspector2.BatchGetAccountStatusOutput{FailedAccounts: []insptypes.FailedAccount{{}}}), false},
		{"analyzer", say(&accessanalyzer.ListAnalyzersOutput{Analyzers: []aatypes.AnalyzerSummary{{Status: aatypes.AnalyzerStatusDisabled}}}), true},
		{"analyzer", refuse("AccessDeniedException"), false},
	} {
		on, off, unsaid := standing(t, run[c.service](c.line))
		wantWords(t, c.service+" on", on)
		if c.off {
			wantWords(t, c.service+" off", off, "eu-west-1", "us-east-1")
		} else {
			wantWords(t, c.service+" unsaid", unsaid, "eu-west-1", "us-east-1")
		}
	}
}

// seq drops the name of the iterator type.
func seq[T any](l func(context.Context, *Clients) iter.Seq2[serviceItem[T], error]) func(context.Context, *Clients) func(func(serviceItem[T], error) bool) {
	return func(ctx context.Context, c *Clients) func(func(serviceItem[T], error) bool) { return l(ctx, c) }
}

func TestRegionsUnlisted(t *testing.T) {
	t.Parallel()
	r := asked(t, script{"DescribeRegions": refuse("UnauthorizedOperation")}, seq(listDetectors), detectorFacts)
	_, _, unsaid := standing(t, r)
	wantWords(t, "unsaid", unsaid, collectors.Everywhere)
	if why := r.Facts.(*inventory.SecurityService).States[0].Unread; why.Permission != "ec2:DescribeRegions" || why.Cause != inventory.CauseDenied {
		t.Errorf("the reason is %+v", why)
	}
}

func TestRecorderFacts(t *testing.T) {
	t.Parallel()
	keep := func(all, recording bool, status configtypes.RecorderStatus) *recorders {
		name := aws.String("default")
		return &recorders{
			[]configtypes.ConfigurationRecorder{{Name: name, RecordingGroup: &configtypes.RecordingGroup{AllSupported: all}}},
			[]configtypes.ConfigurationRecorderStatus{{Name: name, Recording: recording, LastStatus: status}},
		}
	}
	excluding := keep(false, true, "SUCCESS")
	excluding.Recorders[0].RecordingGroup.RecordingStrategy = &configtypes.RecordingStrategy{UseOnly: configtypes.RecordingStrategyTypeExclusionByResourceTypes}
	for name, c := range map[string]struct {
		found *recorders
		on    bool
	}{
		"all":       {keep(true, true, "SUCCESS"), true},
		"excluding": {excluding, true},
		"stopped":   {keep(true, false, "SUCCESS"), false},
		"failing":   {keep(true, true, "FAILURE"), false},
		"a few":     {keep(false, true, "SUCCESS"), false},
	} {
		on, _, _ := standing(t, recorderFacts(here, serviceItem[recorders]{"configuration_history", []regionAnswer[recorders]{inRegion("us-east-1", c.found)}}))
		if (len(on) == 1) != c.on {
			t.Errorf("%s: on in %v; want %v", name, on, c.on)
		}
	}
}

func TestRecordersOfRecordings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scenario, status string
		on               bool
	}{
		{"test_account_config", "1", true}, {"test_config_recorder_toggle_start", "1", false}, {"test_config_recorder_toggle_start", "2", true},
	} {
		found := &recorders{
			recorded[configservice.DescribeConfigurationRecordersOutput](t, c.scenario+"/configservice.DescribeConfigurationRecorders_1.json").ConfigurationRecorders,
			recorded[configservice.DescribeConfigurationRecorderStatusOutput](t, c.scenario+"/configservice.DescribeConfigurationRecorderStatus_"+c.status+".json").ConfigurationRecordersStatus,
		}
		item := serviceItem[recorders]{"configuration_history", []regionAnswer[recorders]{inRegion("us-east-1", found)}}
		roundTrip(t, item)
		on, _, _ := standing(t, recorderFacts(here, item))
		if (len(on) == 1) != c.on {
			t.Errorf("%s %s: on in %v; want %v", c.scenario, c.status, on, c.on)
		}
	}
}

func TestHubScore(t *testing.T) {
	t.Parallel()
	finding := func(control string, workflow hubtypes.WorkflowStatus) hubtypes.AwsSecurityFinding {
		return hubtypes.AwsSecurityFinding{
			Compliance: &hubtypes.Compliance{SecurityControlId: aws.String(control)}, Workflow: &hubtypes.Workflow{Status: workflow},
		}
	}
	findings := func(in any) (any, error) {
		if aws.ToString(in.(*securityhub.GetFindingsInput).Filters.ComplianceStatus[0].Value) == "FAILED" {
			return &securityhub.GetFindingsOutput{Findings: []hubtypes.AwsSecurityFinding{finding("S3.1", "NEW"), finding("S3.2", "SUPPRESSED")}}, nil
		}
		return &securityhub.GetFindingsOutput{Findings: []hubtypes.AwsSecurityFinding{
			finding("S3.1", "NEW"), finding("S3.2", "NEW"), finding("IAM.1", "NEW"), finding("IAM.2", "NEW"),
		}}, nil
	}
	hubThere := say(&securityhub.DescribeHubOutput{HubArn: aws.String("arn:aws:securityhub:us-east-1:1:hub/default")})
	stated{"score_percent": 75.0}.check(t, asked(t, script{"DescribeHub": hubThere, "GetFindings": findings}, seq(listHubs), hubFacts))
	stated{"score_percent": nil}.check(t, asked(t, script{"DescribeHub": hubThere}, seq(listHubs), hubFacts))
	stated{"score_percent": nil}.check(t, asked(t, script{"DescribeHub": refuse("InvalidAccessException")}, seq(listHubs), hubFacts))
	unasked := finding("S3.1", "NEW")
	unasked.Compliance.Status = hubtypes.ComplianceStatusPassed
	all := say(&securityhub.GetFindingsOutput{Findings: []hubtypes.AwsSecurityFinding{unasked}})
	stated{"score_percent": 100.0}.check(t, asked(t, script{"DescribeHub": hubThere, "GetFindings": all}, seq(listHubs), hubFacts))
	endless := func(any) (any, error) {
		return &securityhub.GetFindingsOutput{Findings: []hubtypes.AwsSecurityFinding{finding("S3.1", "NEW")}, NextToken: aws.String("more")}, nil
	}
	r := asked(t, script{"DescribeHub": hubThere, "GetFindings": endless}, seq(listHubs), hubFacts)
	if r.Unknown["score_percent"].Code != "TooManyFindings" {
		t.Errorf("a score of some of the findings: %+v", r.Unknown["score_percent"])
	}
}

func TestServicesOfRecordings(t *testing.T) {
	t.Parallel()
	found := recorded[securityhub.DescribeHubOutput](t, "test_security_hub_master_filter/securityhub.DescribeHub_1.json")
	on, _, _ := standing(t, asked(t, script{"DescribeHub": say(found)}, seq(listHubs), hubFacts))
	wantWords(t, "hub", on, "eu-west-1", "us-east-1")
	off := asked(t, script{"GetMacieSession": recordedRefusal(t, "test_account_check_macie_disabled/macie2.GetMacieSession_1.json")}, seq(listMacie), macieFacts)
	_, none, _ := standing(t, off)
	wantWords(t, "macie", none, "eu-west-1", "us-east-1")
	off = asked(t, script{"DescribeHub": recordedRefusal(t, "test_enable_securityhub/securityhub.DescribeHub_1.json")}, seq(listHubs), hubFacts)
	_, none, _ = standing(t, off)
	wantWords(t, "no hub", none, "eu-west-1", "us-east-1")
	for _, scenario := range []string{"test_access_analyzer_finding_org_analyzer", "test_account_access_analyzer_filter", "test_sqs_analyzer_finding"} {
		all := recorded[accessanalyzer.ListAnalyzersOutput](t, scenario+"/accessanalyzer.ListAnalyzers_1.json")
		on, _, _ = standing(t, asked(t, script{"ListAnalyzers": say(all)}, seq(listAnalyzers), analyzerFacts))
		wantWords(t, scenario, on, "eu-west-1", "us-east-1")
	}
}

// recordedRefusal is a line that fails as a recorded call did.
func recordedRefusal(t *testing.T, file string) func(any) (any, error) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(recordedRoot, file))
	if os.IsNotExist(err) {
		t.Skip("the recorded answers are not beside the project")
	}
	if err != nil {
		t.Fatal(err)
	}
	var call struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(data, &call); err != nil || call.Error.Code == "" {
		t.Fatalf("%s holds no refusal: %v", file, err)
	}
	return func(any) (any, error) {
		return nil, &smithy.GenericAPIError{Code: call.Error.Code, Message: call.Error.Message}
	}
}
