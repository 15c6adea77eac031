package aws

import (
	"sort"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// sampleEvent is an example of an event that a rule or filter may catch: as CloudTrail writes it, with the envelope that
// EventBridge puts around it. A rule catches the kind of event when it catches the example.
type sampleEvent struct {
	// Source and DetailType are the envelope's.
	Source, DetailType string
	// Fields are the record's, by dotted path; what is not here the record does not have.
	Fields map[string]string
}

// recorded says whether a trail writes the event down: what only the event bus carries it does not.
func (e sampleEvent) recorded() bool { return strings.HasSuffix(e.DetailType, "via CloudTrail") }

// alertedCalls are the operations that each kind of change names, by service: what the CIS benchmark of AWS asks alerts for.
var alertedCalls = []struct{ kind, service, operations string }{
	{"network_change", "ec2", `AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress
		RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup
		CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry
		ReplaceNetworkAclAssociation
		CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway DeleteInternetGateway
		DetachInternetGateway
		CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute
		DisassociateRouteTable
		CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection
		DeleteVpcPeeringConnection RejectVpcPeeringConnection`},
	{"identity_change", "iam", `DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy
		PutUserPolicy CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy
		AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy`},
	{"security_setting_change", "cloudtrail", `CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging`},
	{"security_setting_change", "config", `StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel
		PutConfigurationRecorder`},
	{"data_protection_change", "kms", `DisableKey ScheduleKeyDeletion`},
	{"data_protection_change", "s3", `PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication
		DeleteBucketPolicy DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication`},
}

// The events that no operation of the customer's makes.
const (
	eventRootUse       = "sign-in:root"
	eventFailedSignIn  = "sign-in:failed"
	eventWeakSignIn    = "sign-in:without-second-factor"
	eventHealth        = "health"
	eventThreatFinding = "finding:guardduty"
	eventHubFinding    = "finding:securityhub"
)

// globalEvents is the region in which events of services without regions arise; healthBackup is where Health sends a
// copy of every region's events.
const (
	globalEvents = "us-east-1"
	healthBackup = "us-west-2"
)

// sampleEvents are the examples by the name of the event.
var sampleEvents = makeSampleEvents()

func makeSampleEvents() map[string]sampleEvent {
	out := map[string]sampleEvent{}
	for _, c := range alertedCalls {
		for _, op := range strings.Fields(c.operations) {
			out[c.service+":"+op] = sampleEvent{"aws." + c.service, "AWS API Call via CloudTrail", map[string]string{
				"eventSource": c.service + ".amazonaws.com", "eventName": op, "eventType": "AwsApiCall",
				"userIdentity.type": "AssumedRole", "readOnly": "false",
			}}
		}
	}
	signIn := func(fields map[string]string) sampleEvent {
		all := map[string]string{
			"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn",
			"userIdentity.type": "IAMUser",
		}
		for k, v := range fields {
			all[k] = v
		}
		return sampleEvent{"aws.signin", "AWS Console Sign In via CloudTrail", all}
	}
	out[eventFailedSignIn] = signIn(map[string]string{
		"errorMessage": "Failed authentication", "responseElements.ConsoleLogin": "Failure", "additionalEventData.MFAUsed": "No",
	})
	out[eventWeakSignIn] = signIn(map[string]string{
		"responseElements.ConsoleLogin": "Success", "additionalEventData.MFAUsed": "No",
	})
	out[eventRootUse] = signIn(map[string]string{
		"userIdentity.type": "Root", "responseElements.ConsoleLogin": "Success", "additionalEventData.MFAUsed": "Yes",
	})
	out[eventHealth] = sampleEvent{"aws.health", "AWS Health Event", map[string]string{"eventTypeCategory": "issue"}}
	out[eventThreatFinding] = sampleEvent{"aws.guardduty", "GuardDuty Finding", map[string]string{"severity": "8"}}
	out[eventHubFinding] = sampleEvent{"aws.securityhub", "Security Hub Findings - Imported", map[string]string{
		"findings.Severity.Label": "HIGH", "findings.RecordState": "ACTIVE", "findings.Workflow.Status": "NEW",
	}}
	return out
}

// alertNeeds are the events that must be caught for each kind of alert to be there.
func alertNeeds() []inventory.AlertNeed {
	byKind := map[string][]string{}
	for _, c := range alertedCalls {
		for _, op := range strings.Fields(c.operations) {
			byKind[c.kind] = append(byKind[c.kind], c.service+":"+op)
		}
	}
	var out []inventory.AlertNeed
	for kind, events := range byKind {
		sort.Strings(events)
		need := inventory.AlertNeed{Kind: kind, Events: events}
		if kind == "identity_change" {
			need.Region = globalEvents
		}
		out = append(out, need)
	}
	out = append(out,
		inventory.AlertNeed{Kind: "sign_in_anomaly", Region: globalEvents, Events: []string{eventFailedSignIn, eventRootUse, eventWeakSignIn}},
		inventory.AlertNeed{Kind: "service_health", Events: []string{eventHealth}},
		inventory.AlertNeed{Kind: "service_health", Events: []string{eventHealth}, Region: healthBackup},
		inventory.AlertNeed{Kind: "findings", Events: []string{eventThreatFinding}},
		inventory.AlertNeed{Kind: "findings", Events: []string{eventHubFinding}},
	)
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Kind != out[j].Kind {
			return out[i].Kind < out[j].Kind
		}
		return strings.Join(out[i].Events, " ")+out[i].Region < strings.Join(out[j].Events, " ")+out[j].Region
	})
	return out
}

// caught names the events whose examples pass a test.
func caught(test func(sampleEvent) bool) []string {
	var out []string
	for name, e := range sampleEvents {
		if test(e) {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}
