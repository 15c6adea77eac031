package aws

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

var (
	_ = sample("aws.route53.hosted_zone", zoneFacts,
		zoneAnswers{Zone: hostedZone{ID: "Z1", Name: "example.com"}, Signing: answered(&zoneSigning{}), Records: answered(&zoneRecords{SPF: []string{"v=spf1 -all"}})},
		zoneAnswers{Zone: hostedZone{ID: "Z2", Name: "inner", Private: true}})
	_ = sweep("route53.ListHostedZones", zoneFacts, func(o *recordedZones) []zoneAnswers {
		return mapped(o.HostedZones, func(z types.HostedZone) zoneAnswers { return zoneAnswers{Zone: narrowZone(z)} })
	})
	_ = sweep("route53.ListResourceRecordSets", zoneFacts, func(o *recordedZones) []zoneAnswers {
		return []zoneAnswers{{Zone: hostedZone{ID: "Z1", Name: "z"}, Records: answered(recordsOf("z", o.ResourceRecordSets))}}
	})
)

// recordedZones reads what is recorded of zones, where numbers are written as words.
type recordedZones struct {
	HostedZones        []types.HostedZone
	ResourceRecordSets []types.ResourceRecordSet
}

func recordsOf(zone string, sets []types.ResourceRecordSet) *zoneRecords {
	r := &zoneRecords{}
	for _, s := range sets {
		r.add(zone, s)
	}
	return r
}

func TestZoneFacts(t *testing.T) {
	t.Parallel()
	set := func(name string, kind types.RRType, values ...string) types.ResourceRecordSet {
		s := types.ResourceRecordSet{Name: aws.String(name), Type: kind}
		for _, v := range values {
			s.ResourceRecords = append(s.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
		}
		return s
	}
	zone := func(sets ...types.ResourceRecordSet) zoneAnswers {
		return zoneAnswers{Zone: hostedZone{ID: "Z1", Name: "Example.com"}, Records: answered(recordsOf("Example.com", sets))}
	}
	signed := func(s zoneSigning) zoneAnswers {
		return zoneAnswers{Zone: hostedZone{ID: "Z1", Name: "example.com"}, Signing: answered(&s)}
	}
	spf, dmarc := set("example.com.", "TXT", `"v=spf1 include:x.example " "-all"`, `"some-verification=1"`), set("_dmarc.example.com.", "TXT", `"v=DMARC1; p=reject; rua=mailto:a@b.example"`)
	for name, c := range map[string]struct {
		answers zoneAnswers
		want    stated
	}{
		"bare answer":        {zoneAnswers{Zone: hostedZone{ID: "Z1", Name: "a"}}, stated{"public": true, "signed": nil, "has_mail": nil, "mail_authenticated": nil, "dangling_records": nil}},
		"inner":              {zoneAnswers{Zone: hostedZone{ID: "Z1", Name: "a", Private: true}}, stated{"public": false, "signed": notApplicable}},
		"signed":             {signed(zoneSigning{Serving: true, Algorithms: []string{"ECDSAP256SHA256"}}), stated{"signed": true}},
		"signed the old way": {signed(zoneSigning{Serving: true, Algorithms: []string{"ECDSAP256SHA256", "RSASHA1"}}), stated{"signed": false}},
		"no key":             {signed(zoneSigning{Serving: true}), stated{"signed": false}},
		"not signed":         {signed(zoneSigning{Algorithms: []string{"ECDSAP256SHA256"}}), stated{"signed": false}},
		"mail, kept well":    {zone(set("example.com.", "MX", "10 mx.example.net."), spf, dmarc), stated{"has_mail": true, "mail_authenticated": true}},
		"mail, no policy":    {zone(set("example.com.", "MX", "10 mx.example.net."), spf), stated{"has_mail": true, "mail_authenticated": false}},
		"policy of none":     {zone(spf, set("_dmarc.example.com.", "TXT", `"v=DMARC1; p=none; sp=reject"`)), stated{"has_mail": false, "mail_authenticated": false}},
		"anyone may send":    {zone(set("example.com.", "TXT", `"v=spf1 +all"`), dmarc), stated{"mail_authenticated": false}},
		"neutral":            {zone(set("example.com.", "TXT", `"v=spf1 mx ?all"`), dmarc), stated{"mail_authenticated": false}},
		"two policies":       {zone(spf, set("example.com.", "TXT", `"v=spf1 -all"`), dmarc), stated{"mail_authenticated": false}},
		"takes no mail":      {zone(set("example.com.", "MX", "0 .")), stated{"has_mail": false}},
		"pointers": {zone(set("a.example.com.", "CNAME", "d1.cloudfront.net."), set("b.example.com.", "CNAME", "elsewhere.example."), set("c.example.com.", "A", "192.0.2.1"),
			types.ResourceRecordSet{Name: aws.String("www.example.com."), Type: "A", AliasTarget: &types.AliasTarget{DNSName: aws.String("s3-website-us-east-1.amazonaws.com.")}}),
			stated{"pointers": "[{From:a.example.com Name:d1.cloudfront.net Class:entry_point ID:} " +
				"{From:www.example.com Name:s3-website-us-east-1.amazonaws.com Class:object_storage ID:arn:aws:s3:::www.example.com}]"}},
		"denied": {zoneAnswers{Zone: hostedZone{ID: "Z1", Name: "a"}, Records: refused[zoneRecords](), Signing: refused[zoneSigning]()}, stated{"signed": nil, "has_mail": nil, "pointers": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, zoneFacts(here, c.answers))
		})
	}
}

func TestRecordedZones(t *testing.T) {
	t.Parallel()
	for file, public := range map[string]bool{"test_route53_filter_query_logging": true, "test_route53_hostedzone_markop": false, "test_route53_hostedzone_untag": true} {
		out := recorded[recordedZones](t, file+"/route53.ListHostedZones_1.json")
		stated{"public": public}.check(t, zoneFacts(here, zoneAnswers{Zone: narrowZone(out.HostedZones[0])}))
	}
	for file, pointers := range map[string]string{"test_r53_resourcerecordset_cname_remove": "[]", "test_route53_hostedzone_delete": "[]"} {
		out := recorded[recordedZones](t, file+"/route53.ListResourceRecordSets_1.json")
		stated{"has_mail": false, "mail_authenticated": false, "pointers": pointers}.check(t, zoneFacts(here, zoneAnswers{Zone: hostedZone{ID: "Z", Name: "z"}, Records: answered(recordsOf("z", out.ResourceRecordSets))}))
	}
}

func TestAskZone(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, "us-east-1", script{
		"ListHostedZones": say(&route53.ListHostedZonesOutput{HostedZones: []types.HostedZone{
			{Id: aws.String("/hostedzone/Z1"), Name: aws.String("example.com.")}, {Id: aws.String("/hostedzone/Z2"), Name: aws.String("inner."), Config: &types.HostedZoneConfig{PrivateZone: true}}}}),
		"GetDNSSEC":              say(&route53.GetDNSSECOutput{Status: &types.DNSSECStatus{ServeSignature: aws.String("SIGNING")}, KeySigningKeys: []types.KeySigningKey{{Status: aws.String("ACTIVE"), SigningAlgorithmMnemonic: aws.String("ECDSAP256SHA256")}}}),
		"ListResourceRecordSets": say(&route53.ListResourceRecordSetsOutput{}),
		"ListTagsForResource":    say(&route53.ListTagsForResourceOutput{ResourceTagSet: &types.ResourceTagSet{Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}}),
	})
	for z, err := range listZones(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		r := zoneFacts(here, askZone(context.Background(), c, z))
		want := stated{"signed": true, "has_mail": false}
		if z.Private {
			want["signed"] = notApplicable
		}
		want.check(t, r)
	}
	if calls("GetDNSSEC") != 1 {
		t.Error("a private zone was asked how it is signed")
	}
}
