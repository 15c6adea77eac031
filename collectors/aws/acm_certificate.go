package aws

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, certificateSummary, certificateAnswers]{
	Kind:        "aws.acm.certificate",
	Class:       inventory.ClassCertificate,
	Permissions: []string{"acm:ListCertificates", "acm:DescribeCertificate", "acm:ListTagsForCertificate"},
	ListAction:  "ListCertificates", ListPermission: "acm:ListCertificates",
	List: listCertificates,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[certificateSummary, error] {
		return only(listCertificates(ctx, c), func(s certificateSummary) bool { return s.ARN == id })
	},
	Ask:   askCertificate,
	Facts: certificateFacts,
})

// certificateSummary is what the listing says about a certificate.
type certificateSummary struct {
	ARN, Domain string
	Key, Type   string     `json:",omitempty"`
	Ends        *time.Time `json:",omitempty"`
}

// certificateDetail is what only the description says.
type certificateDetail struct {
	Key, Signature string
	Ends           *time.Time
}

// certificateAnswers is all that ACM says about one certificate.
type certificateAnswers struct {
	Certificate certificateSummary
	Detail      collectors.Answer[certificateDetail]
	Tags        collectors.Answer[map[string]string]
}

// heldStates are the states of certificates that can be presented, or could until they ended. Requests that nobody
// confirmed and certificates that were revoked are left out.
var heldStates = []types.CertificateStatus{
	types.CertificateStatusIssued, types.CertificateStatusExpired, types.CertificateStatusInactive,
}

// listCertificates names every kind of key: without a filter the service leaves out all but the shorter RSA keys.
func listCertificates(ctx context.Context, c *Clients) iter.Seq2[certificateSummary, error] {
	p := acm.NewListCertificatesPaginator(c.ACM, &acm.ListCertificatesInput{
		CertificateStatuses: heldStates, MaxItems: aws.Int32(1000),
		Includes: &types.Filters{KeyTypes: types.KeyAlgorithm("").Values()},
	})
	return listed(ctx, p, func(o *acm.ListCertificatesOutput) []certificateSummary {
		items := make([]certificateSummary, 0, len(o.CertificateSummaryList))
		for _, s := range o.CertificateSummaryList {
			items = append(items, narrowCertificate(s))
		}
		return items
	})
}

func narrowCertificate(s types.CertificateSummary) certificateSummary {
	return certificateSummary{
		ARN: aws.ToString(s.CertificateArn), Domain: aws.ToString(s.DomainName), Key: string(s.KeyAlgorithm),
		Type: string(s.Type), Ends: s.NotAfter,
	}
}

// complete says whether the listing tells all: Amazon signs with SHA-256 whatever it issues to the public.
func (s certificateSummary) complete() bool {
	return s.Type == string(types.CertificateTypeAmazonIssued) && s.Key != "" && s.Ends != nil
}

func askCertificate(ctx context.Context, c *Clients, s certificateSummary) certificateAnswers {
	a := certificateAnswers{Certificate: s}
	if !s.complete() {
		a.Detail = ask("DescribeCertificate", "acm:DescribeCertificate", func() (*certificateDetail, error) {
			out, err := c.ACM.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: aws.String(s.ARN)})
			if err != nil {
				return nil, err
			}
			return narrowDetail(out.Certificate), nil
		})
	}
	a.Tags = ask("ListTagsForCertificate", "acm:ListTagsForCertificate", func() (*map[string]string, error) {
		out, err := c.ACM.ListTagsForCertificate(ctx, &acm.ListTagsForCertificateInput{CertificateArn: aws.String(s.ARN)})
		if err != nil {
			return nil, err
		}
		tags := labels(out.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
		return &tags, nil
	})
	return a
}

func narrowDetail(d *types.CertificateDetail) *certificateDetail {
	if d == nil {
		return &certificateDetail{}
	}
	return &certificateDetail{Key: string(d.KeyAlgorithm), Signature: aws.ToString(d.SignatureAlgorithm), Ends: d.NotAfter}
}

func certificateFacts(w collectors.Where, a certificateAnswers) *inventory.Resource {
	s := a.Certificate
	facts := &inventory.Certificate{}
	r := inventory.New(s.ARN, s.Domain, w.Region, facts)
	if s.Domain == "" {
		r.Name = shortID(s.ARN)
	}
	defer leftOut(r, "DescribeCertificate", "acm:DescribeCertificate")
	tagFacts(r, a.Tags)
	key, signature, ends := s.Key, "", s.Ends
	if s.Type == string(types.CertificateTypeAmazonIssued) {
		signature = "SHA256"
	}
	if why := a.Detail.Unknown(); why != nil && !s.complete() {
		r.SetUnknown(*why, "expires_at", "strong")
	}
	if d := a.Detail.Value; d != nil {
		key, signature, ends = first(d.Key, key), first(d.Signature, signature), firstTime(d.Ends, ends)
	}
	if ends != nil {
		facts.ExpiresAt = *ends
		r.Known("expires_at")
	}
	strongFact(r, facts, key, signature)
	return r
}

// first is the first of the words that is not empty.
func first(words ...string) string {
	for _, word := range words {
		if word != "" {
			return word
		}
	}
	return ""
}

func firstTime(moments ...*time.Time) *time.Time {
	for _, m := range moments {
		if m != nil {
			return m
		}
	}
	return nil
}

// strongFact states whether key and signature are strong enough, as soon as one of them decides or both are told.
func strongFact(r *inventory.Resource, facts *inventory.Certificate, key, signature string) {
	long, keyTold := strongKey(key)
	digest, signatureTold := strongDigest(signature)
	switch {
	case keyTold && !long, signatureTold && !digest:
		r.Known("strong")
	case keyTold && signatureTold:
		facts.Strong = true
		r.Known("strong")
	}
}

// strongKey reads names such as RSA_2048, RSA-2048 and EC_prime256v1.
func strongKey(key string) (strong, told bool) {
	kind, size, _ := strings.Cut(strings.ReplaceAll(strings.ToUpper(key), "-", "_"), "_")
	switch kind {
	case "EC", "ECDSA", "ED25519", "ML":
		return true, true
	case "RSA":
		bits, err := strconv.Atoi(size)
		return bits >= 2048, err == nil
	}
	return false, false
}

// strongDigest reads names such as SHA256WITHRSA and ECDSA-SHA384.
func strongDigest(signature string) (strong, told bool) {
	name := strings.ToUpper(strings.ReplaceAll(signature, "-", ""))
	for _, good := range []string{"SHA256", "SHA384", "SHA512", "ED25519", "MLDSA"} {
		if strings.Contains(name, good) {
			return true, true
		}
	}
	return false, strings.Contains(name, "SHA1") || strings.Contains(name, "MD5") || strings.Contains(name, "MD2")
}
