package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, hostedZone, zoneAnswers]{
	Kind:  "aws.route53.hosted_zone",
	Class: inventory.ClassDNSZone,
	Permissions: []string{
		"route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:GetDNSSEC", "route53:ListTagsForResource",
	},
	ListAction: "ListHostedZones", ListPermission: "route53:ListHostedZones",
	Global: true,
	List:   listZones,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[hostedZone, error] {
		return only(listZones(ctx, c), func(z hostedZone) bool { return z.arn() == id })
	},
	Ask:   askZone,
	Facts: zoneFacts,
})

// hostedZone is what is kept of what the listing says. Comments are left out, and how many records there are.
type hostedZone struct {
	ID, Name string
	Private  bool
}

func (z hostedZone) arn() string { return "arn:aws:route53:::hostedzone/" + z.ID }

// zoneSigning is how a zone is signed.
type zoneSigning struct {
	Serving    bool
	Algorithms []string `json:",omitempty"`
}

// zoneRecords is what is kept of a zone's records: where they point, and what they say about mail.
type zoneRecords struct {
	Pointers   []inventory.Pointer `json:",omitempty"`
	Mail       bool                `json:",omitempty"`
	SPF, DMARC []string            `json:",omitempty"`
}

// zoneAnswers is all that is said about one zone.
type zoneAnswers struct {
	Zone    hostedZone
	Signing collectors.Answer[zoneSigning]
	Records collectors.Answer[zoneRecords]
	Tags    collectors.Answer[map[string]string]
}

func listZones(ctx context.Context, c *Clients) iter.Seq2[hostedZone, error] {
	p := route53.NewListHostedZonesPaginator(c.Route53, &route53.ListHostedZonesInput{})
	return listed(ctx, p, func(o *route53.ListHostedZonesOutput) []hostedZone {
		items := make([]hostedZone, 0, len(o.HostedZones))
		for _, z := range o.HostedZones {
			items = append(items, narrowZone(z))
		}
		return items
	})
}

func narrowZone(z types.HostedZone) hostedZone {
	return hostedZone{
		ID: shortID(aws.ToString(z.Id)), Name: strings.TrimSuffix(aws.ToString(z.Name), "."),
		Private: z.Config != nil && z.Config.PrivateZone,
	}
}

func askZone(ctx context.Context, c *Clients, z hostedZone) zoneAnswers {
	a := zoneAnswers{Zone: z}
	if !z.Private {
		a.Signing = ask("GetDNSSEC", "route53:GetDNSSEC", func() (*zoneSigning, error) {
			out, err := c.Route53.GetDNSSEC(ctx, &route53.GetDNSSECInput{HostedZoneId: aws.String(z.ID)})
			if err != nil {
				return nil, err
			}
			return narrowSigning(out), nil
		})
	}
	a.Records = ask("ListResourceRecordSets", "route53:ListResourceRecordSets", func() (*zoneRecords, error) {
		records := &zoneRecords{}
		p := route53.NewListResourceRecordSetsPaginator(c.Route53,
			&route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(z.ID)})
		for set, err := range listed(ctx, p,
			func(o *route53.ListResourceRecordSetsOutput) []types.ResourceRecordSet { return o.ResourceRecordSets }) {
			if err != nil {
				return nil, err
			}
			records.add(z.Name, set)
		}
		return records, nil
	})
	a.Tags = ask("ListTagsForResource", "route53:ListTagsForResource", func() (*map[string]string, error) {
		out, err := c.Route53.ListTagsForResource(ctx, &route53.ListTagsForResourceInput{
			ResourceType: types.TagResourceTypeHostedzone, ResourceId: aws.String(z.ID),
		})
		if err != nil {
			return nil, err
		}
		tags := map[string]string{}
		if out.ResourceTagSet != nil {
			tags = labels(out.ResourceTagSet.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		}
		return &tags, nil
	})
	return a
}

func narrowSigning(o *route53.GetDNSSECOutput) *zoneSigning {
	s := &zoneSigning{Serving: o.Status != nil && aws.ToString(o.Status.ServeSignature) == "SIGNING"}
	for _, k := range o.KeySigningKeys {
		if aws.ToString(k.Status) == "ACTIVE" {
			s.Algorithms = append(s.Algorithms, aws.ToString(k.SigningAlgorithmMnemonic))
		}
	}
	return s
}

// add keeps what a set of records says about mail and where it points.
func (r *zoneRecords) add(zone string, set types.ResourceRecordSet) {
	name := strings.TrimSuffix(strings.ToLower(aws.ToString(set.Name)), ".")
	if set.AliasTarget != nil {
		r.point(name, aws.ToString(set.AliasTarget.DNSName))
	}
	for _, record := range set.ResourceRecords {
		value := aws.ToString(record.Value)
		switch set.Type {
		case types.RRTypeCname:
			r.point(name, value)
		case types.RRTypeMx:
			// A bare dot says that no mail is taken.
			fields := strings.Fields(value)
			r.Mail = r.Mail || len(fields) > 0 && fields[len(fields)-1] != "."
		case types.RRTypeTxt:
			text := unquoted(value)
			switch {
			case name == strings.ToLower(zone) && strings.HasPrefix(strings.ToLower(text), "v=spf1"):
				r.SPF = append(r.SPF, text)
			case name == "_dmarc."+strings.ToLower(zone) && strings.HasPrefix(strings.ToLower(text), "v=dmarc1"):
				r.DMARC = append(r.DMARC, text)
			}
		}
	}
}

func (r *zoneRecords) point(from, to string) {
	if p := pointer(from, to); p != nil {
		r.Pointers = append(r.Pointers, *p)
	}
}

// unquoted joins the strings of a text record.
func unquoted(value string) string {
	if !strings.HasPrefix(value, `"`) {
		return value
	}
	var b strings.Builder
	for i, part := range strings.Split(value, `"`) {
		if i%2 == 1 {
			b.WriteString(part)
		}
	}
	return b.String()
}

func zoneFacts(_ collectors.Where, a zoneAnswers) *inventory.Resource {
	z := a.Zone
	facts := &inventory.DNSZone{Public: !z.Private}
	r := inventory.New(z.arn(), z.Name, collectors.Global, facts)
	defer leftOut(r, "ListHostedZones", "route53:ListHostedZones")
	r.Known("public")
	tagFacts(r, a.Tags)
	if z.Private {
		r.SetNotApplicable("answers inside networks only", "signed")
	} else {
		collectors.Know(r, a.Signing, func(s *zoneSigning) {
			facts.Signed = s.Serving && len(s.Algorithms) > 0
			for _, algorithm := range s.Algorithms {
				facts.Signed = facts.Signed && !strings.HasSuffix(strings.ToUpper(algorithm), "SHA1")
			}
		}, "signed")
	}
	collectors.Know(r, a.Records, func(v *zoneRecords) {
		facts.HasMail, facts.Pointers = v.Mail, v.Pointers
		facts.MailAuthenticated = v.mailAuthenticated()
	}, "has_mail", "mail_authenticated", "pointers")
	return r
}

// mailAuthenticated says whether a zone publishes by whom its mail is sent, to the exclusion of all others, and what to
// do with the rest. More than one policy is as good as none.
func (r *zoneRecords) mailAuthenticated() bool {
	if len(r.SPF) != 1 || len(r.DMARC) != 1 {
		return false
	}
	terms := strings.Fields(strings.ToLower(r.SPF[0]))
	last := terms[len(terms)-1]
	if last != "~all" && last != "-all" {
		return false
	}
	for _, tag := range strings.Split(strings.ToLower(r.DMARC[0]), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(tag), "=")
		if strings.TrimSpace(name) == "p" {
			value = strings.TrimSpace(value)
			return value == "quarantine" || value == "reject"
		}
	}
	return false
}
