package main

import (
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// served is an AWS account of a size that answers in process, over HTTP and in the protocols of AWS, page by page as
// AWS pages. What it does not hold it answers for with an empty list.
type served struct{ size int }

const (
	servedAccount = "111122223333"
	servedRegion  = "eu-central-1"
)

// The shares of the estate, in thousandths: machines with an interface each, disks, groups and buckets.
const (
	machineShare = 200
	diskShare    = 560
	groupShare   = 20
	bucketShare  = 20
)

func (s served) count(share int) int { return s.size * share / 1000 }

// ServeHTTP implements http.Handler.
func (s served) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch service := signedFor(r); {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		_, _ = w.Write([]byte{0xa0})
	case r.Header.Get("X-Amz-Target") != "":
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte("{}"))), 10))
		_, _ = io.WriteString(w, "{}")
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		form, _ := url.ParseQuery(string(body))
		s.query(w, form)
	case service == "s3":
		s.buckets(w, r)
	case service == "cloudfront", service == "route53":
		_, _ = io.WriteString(w, "<Empty/>")
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}
}

// signedFor is the service that a request is signed for.
func signedFor(r *http.Request) string {
	_, after, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if parts := strings.Split(after, "/"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}

// query answers in the two XML protocols that name the action in a form.
func (s served) query(w http.ResponseWriter, form url.Values) {
	w.Header().Set("Content-Type", "text/xml")
	action := form.Get("Action")
	page := func(list string, share, most int, item func(n int) string) {
		s.page(w, form, action, list, s.count(share), most, item)
	}
	switch action {
	case "GetCallerIdentity":
		_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>`+servedAccount+
			`</Account><Arn>arn:aws:iam::`+servedAccount+`:user/reader</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case "GenerateCredentialReport":
		_, _ = io.WriteString(w, `<GenerateCredentialReportResponse><GenerateCredentialReportResult><State>COMPLETE</State>`+
			`</GenerateCredentialReportResult></GenerateCredentialReportResponse>`)
	case "GetCredentialReport":
		_, _ = io.WriteString(w, `<GetCredentialReportResponse><GetCredentialReportResult><ReportFormat>text/csv</ReportFormat>`+
			`<Content>dXNlcixhcm4K</Content><GeneratedTime>2026-01-01T00:00:00Z</GeneratedTime></GetCredentialReportResult>`+
			`</GetCredentialReportResponse>`)
	case "DescribeRegions":
		_, _ = io.WriteString(w, `<DescribeRegionsResponse><regionInfo><item><regionName>`+servedRegion+
			`</regionName></item></regionInfo></DescribeRegionsResponse>`)
	case "DescribeVpcs":
		s.page(w, form, action, "vpcSet", 1, 1000, func(int) string {
			return `<vpcId>vpc-1</vpcId><cidrBlock>10.0.0.0/8</cidrBlock><isDefault>false</isDefault><cidrBlockAssociationSet>` +
				`<item><cidrBlock>10.0.0.0/8</cidrBlock></item></cidrBlockAssociationSet>`
		})
	case "DescribeSubnets":
		s.page(w, form, action, "subnetSet", 20, 1000, func(n int) string {
			return fmt.Sprintf(`<subnetId>subnet-%d</subnetId><vpcId>vpc-1</vpcId><cidrBlock>10.%d.0.0/16</cidrBlock>`+
				`<availabilityZone>eu-central-1a</availabilityZone><mapPublicIpOnLaunch>false</mapPublicIpOnLaunch>`, n, n)
		})
	case "DescribeRouteTables":
		s.page(w, form, action, "routeTableSet", 1, 100, func(int) string {
			return `<routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><routeSet><item><destinationCidrBlock>10.0.0.0/8` +
				`</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state></item></routeSet><associationSet>` +
				`<item><main>true</main><routeTableId>rtb-1</routeTableId></item></associationSet>`
		})
	case "DescribeInstances":
		page("reservationSet", machineShare, 1000, machineXML)
	case "DescribeNetworkInterfaces":
		page("networkInterfaceSet", machineShare, 1000, s.interfaceXML)
	case "DescribeVolumes":
		page("volumeSet", diskShare, 1000, s.volumeXML)
	case "DescribeSecurityGroups":
		page("securityGroupInfo", groupShare, 1000, groupXML)
	default:
		_, _ = fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult/></%[1]sResponse>", action)
	}
}

// page answers one page of a listing. A token is the number of the item the page begins with.
func (s served) page(w http.ResponseWriter, form url.Values, action, list string, items, most int,
	item func(n int) string) {
	from, _ := strconv.Atoi(form.Get("NextToken"))
	if asked, _ := strconv.Atoi(form.Get("MaxResults")); asked > 0 {
		most = min(most, asked)
	}
	to := min(from+most, items)
	var b strings.Builder
	fmt.Fprintf(&b, "<%sResponse><%s>", action, list)
	for n := from; n < to; n++ {
		b.WriteString("<item>" + item(n) + "</item>")
	}
	fmt.Fprintf(&b, "</%s>", list)
	if to < items {
		fmt.Fprintf(&b, "<nextToken>%d</nextToken>", to)
	}
	fmt.Fprintf(&b, "</%sResponse>", action)
	_, _ = io.WriteString(w, b.String())
}

func tagsXML(n int) string {
	return fmt.Sprintf(`<tagSet><item><key>Name</key><value>thing %d</value></item><item><key>owner</key><value>team-%d`+
		`</value></item><item><key>environment</key><value>production</value></item></tagSet>`, n, n%20)
}

// addressOf is the private address of a machine.
func addressOf(n int) string { return fmt.Sprintf("10.%d.%d.%d", n%20, n/20/250%250, n/20%250+4) }

func machineXML(n int) string {
	return fmt.Sprintf(`<reservationId>r-%08[1]x</reservationId><ownerId>`+servedAccount+`</ownerId><instancesSet><item>`+
		`<instanceId>i-%08[1]x</instanceId><imageId>ami-%08[2]x</imageId><instanceState><code>16</code><name>running</name>`+
		`</instanceState><instanceType>m7i.large</instanceType><launchTime>2026-01-01T00:00:00Z</launchTime>`+
		`<privateIpAddress>%[3]s</privateIpAddress><subnetId>subnet-%[4]d</subnetId><vpcId>vpc-1</vpcId>`+
		`<networkInterfaceSet><item><networkInterfaceId>eni-%08[1]x</networkInterfaceId></item></networkInterfaceSet>`+
		`<groupSet><item><groupId>sg-%08[5]x</groupId></item></groupSet><metadataOptions><state>applied</state>`+
		`<httpTokens>required</httpTokens><httpEndpoint>enabled</httpEndpoint><httpPutResponseHopLimit>1`+
		`</httpPutResponseHopLimit></metadataOptions>%[6]s</item></instancesSet>`, n, n%40, addressOf(n), n%20, n%20, tagsXML(n))
}

func (s served) interfaceXML(n int) string {
	return fmt.Sprintf(`<networkInterfaceId>eni-%08[1]x</networkInterfaceId><subnetId>subnet-%[2]d</subnetId>`+
		`<vpcId>vpc-1</vpcId><ownerId>`+servedAccount+`</ownerId><status>in-use</status><interfaceType>interface</interfaceType>`+
		`<privateIpAddress>%[3]s</privateIpAddress><groupSet><item><groupId>sg-%08[4]x</groupId></item></groupSet>`+
		`<attachment><attachmentId>eni-attach-%[1]d</attachmentId><instanceId>i-%08[1]x</instanceId><instanceOwnerId>`+
		servedAccount+`</instanceOwnerId><status>attached</status></attachment><privateIpAddressesSet><item>`+
		`<privateIpAddress>%[3]s</privateIpAddress><primary>true</primary></item></privateIpAddressesSet>%[5]s`,
		n, n%20, addressOf(n), n%max(s.count(groupShare), 1), tagsXML(n))
}

func (s served) volumeXML(n int) string {
	return fmt.Sprintf(`<volumeId>vol-%08[1]x</volumeId><size>100</size><status>in-use</status><volumeType>gp3</volumeType>`+
		`<encrypted>%[2]t</encrypted><availabilityZone>eu-central-1a</availabilityZone><attachmentSet><item><volumeId>`+
		`vol-%08[1]x</volumeId><instanceId>i-%08[3]x</instanceId><status>attached</status></item></attachmentSet>%[4]s`,
		n, n%50 != 0, n%max(s.count(machineShare), 1), tagsXML(n))
}

func groupXML(n int) string {
	from := "10.0.0.0/8"
	if n%50 == 0 {
		from = "0.0.0.0/0"
	}
	return fmt.Sprintf(`<groupId>sg-%08[1]x</groupId><groupName>group %[1]d</groupName><ownerId>`+servedAccount+`</ownerId>`+
		`<vpcId>vpc-1</vpcId><ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>`+
		`<ipRanges><item><cidrIp>%[2]s</cidrIp></item></ipRanges></item></ipPermissions><ipPermissionsEgress><item>`+
		`<ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>`+
		`</ipPermissionsEgress>%[3]s`, n, from, tagsXML(n))
}

// buckets answers for S3: pages of buckets, and of each bucket that little is set.
func (s served) buckets(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/xml")
	q := r.URL.Query()
	switch {
	case strings.Trim(r.URL.Path, "/") == "":
		from, _ := strconv.Atoi(q.Get("continuation-token"))
		most := 10_000
		if asked, _ := strconv.Atoi(q.Get("max-buckets")); asked > 0 {
			most = min(most, asked)
		}
		to := min(from+most, s.count(bucketShare))
		_, _ = io.WriteString(w, "<ListAllMyBucketsResult><Buckets>")
		for n := from; n < to; n++ {
			_, _ = fmt.Fprintf(w, "<Bucket><Name>bucket-%d</Name><CreationDate>2026-01-01T00:00:00Z</CreationDate>"+
				"<BucketRegion>"+servedRegion+"</BucketRegion></Bucket>", n)
		}
		_, _ = io.WriteString(w, "</Buckets>")
		if to < s.count(bucketShare) {
			_, _ = fmt.Fprintf(w, "<ContinuationToken>%d</ContinuationToken>", to)
		}
		_, _ = io.WriteString(w, "</ListAllMyBucketsResult>")
	case q.Has("location"):
		_, _ = io.WriteString(w, `<LocationConstraint>`+servedRegion+`</LocationConstraint>`)
	case q.Has("acl"):
		_, _ = io.WriteString(w, `<AccessControlPolicy><Owner><ID>own</ID></Owner><AccessControlList/></AccessControlPolicy>`)
	case q.Has("versioning"), q.Has("logging"):
		_, _ = io.WriteString(w, "<Status/>")
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>"+unset(q)+"</Code></Error>")
	}
}

// unset is the code by which S3 says that something was never set on a bucket.
func unset(q url.Values) string {
	for name, code := range map[string]string{
		"policy": "NoSuchBucketPolicy", "policyStatus": "NoSuchBucketPolicy",
		"publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
		"ownershipControls": "OwnershipControlsNotFoundError", "lifecycle": "NoSuchLifecycleConfiguration",
		"encryption":  "ServerSideEncryptionConfigurationNotFoundError",
		"object-lock": "ObjectLockConfigurationNotFoundError", "replication": "ReplicationConfigurationNotFoundError",
		"tagging": "NoSuchTagSet",
	} {
		if q.Has(name) {
			return code
		}
	}
	return "NoSuchBucket"
}
