package aws

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
)

var configCertificate = configType(recordedType{
	name: "AWS::ACM::Certificate", kind: "aws.acm.certificate",
	needs:   []string{"certificateArn", "domainName", "status", "type", "keyAlgorithm"},
	besides: []string{"signatureAlgorithm", "notAfter"},
})

var _ = answersListing("ACM.ListCertificates", listing(configCertificate,
	func(i *recordedItem) (types.CertificateSummary, error) {
		var d types.CertificateDetail
		err := i.into(configCertificate, &d)
		if err == nil && !slices.Contains(heldStates, d.Status) {
			err = errLeftOut
		}
		return types.CertificateSummary{CertificateArn: d.CertificateArn, DomainName: d.DomainName,
			KeyAlgorithm: d.KeyAlgorithm, Type: d.Type, NotAfter: d.NotAfter}, err
	},
	func(o *acm.ListCertificatesOutput, items []types.CertificateSummary) {
		o.CertificateSummaryList = items
	},
	"CertificateStatuses", "Includes"))

var _ = describes("ACM.DescribeCertificate", configCertificate,
	func(in *acm.DescribeCertificateInput) *string { return in.CertificateArn },
	func(i *recordedItem) (*acm.DescribeCertificateOutput, error) {
		out := &types.CertificateDetail{}
		return &acm.DescribeCertificateOutput{Certificate: out}, i.into(configCertificate, out)
	})

var _ = tells("ACM.ListTagsForCertificate", configCertificate,
	func(in *acm.ListTagsForCertificateInput) *string { return in.CertificateArn },
	func(i *recordedItem) (*acm.ListTagsForCertificateOutput, error) {
		out := &acm.ListTagsForCertificateOutput{}
		for key, value := range i.Tags {
			out.Tags = append(out.Tags, types.Tag{Key: &key, Value: &value})
		}
		return out, nil
	})
