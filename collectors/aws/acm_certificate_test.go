package aws

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
)

var (
	ends = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)

	_ = sample("aws.acm.certificate", certificateFacts,
		certificateAnswers{Certificate: certificateSummary{ARN: "arn:aws:acm:us-east-1:644160558196:certificate/1", Domain: "a.example", Key: "RSA_2048", Type: "AMAZON_ISSUED", Ends: &ends}},
		certificateAnswers{Certificate: certificateSummary{ARN: "arn:aws:acm:us-east-1:644160558196:certificate/2"}})
	_ = sample("aws.iam.server_certificate", serverCertificateFacts,
		serverCertificateAnswers{Certificate: serverCertificate{ARN: "arn:aws:iam::1:server-certificate/a", Name: "a", Ends: &ends}, Content: answered(&certificateContent{Key: "RSA_2048", Signature: "SHA256-RSA"})},
		serverCertificateAnswers{Certificate: serverCertificate{ARN: "arn:aws:iam::1:server-certificate/b", Name: "b"}})
	_ = sample("aws.rds.certificate", authorityFacts, authority{Name: "rds-ca-rsa2048-g1", Ends: &ends}, authority{Name: "rds-ca-none"})

	_ = sweep("acm.ListCertificates", certificateFacts, func(o *acm.ListCertificatesOutput) []certificateAnswers {
		return mapped(o.CertificateSummaryList, func(s types.CertificateSummary) certificateAnswers {
			return certificateAnswers{Certificate: narrowCertificate(s)}
		})
	})
	_ = sweep("acm.DescribeCertificate", certificateFacts, func(o *acm.DescribeCertificateOutput) []certificateAnswers {
		return []certificateAnswers{{Certificate: certificateSummary{ARN: *o.Certificate.CertificateArn, Domain: *o.Certificate.DomainName}, Detail: answered(narrowDetail(o.Certificate))}}
	})
	_ = sweep("iam.ListServerCertificates", serverCertificateFacts, func(o *iam.ListServerCertificatesOutput) []serverCertificateAnswers {
		return mapped(o.ServerCertificateMetadataList, func(m iamtypes.ServerCertificateMetadata) serverCertificateAnswers {
			return serverCertificateAnswers{Certificate: serverCertificate{*m.Arn, *m.ServerCertificateName, m.Expiration}}
		})
	})
)

func TestCertificateFacts(t *testing.T) {
	t.Parallel()
	own := certificateSummary{ARN: "arn:c", Domain: "a.example", Key: "RSA_2048", Type: "IMPORTED", Ends: &ends}
	with := func(key, signature string) certificateAnswers {
		return certificateAnswers{Certificate: own, Detail: answered(&certificateDetail{Key: key, Signature: signature, Ends: &ends})}
	}
	for name, c := range map[string]struct {
		answers certificateAnswers
		want    stated
	}{
		"issued by Amazon":       {certificateAnswers{Certificate: certificateSummary{ARN: "arn:c", Key: "EC_prime256v1", Type: "AMAZON_ISSUED", Ends: &ends}}, stated{"strong": true, "expires_at": ends}},
		"short key":              {with("RSA_1024", "SHA256WITHRSA"), stated{"strong": false}},
		"old digest":             {with("RSA-4096", "SHA1WITHRSA"), stated{"strong": false}},
		"curve":                  {with("EC_secp384r1", "ECDSA-SHA384"), stated{"strong": true}},
		"unheard of":             {with("LATTICE_9", "SHA256WITHRSA"), stated{"strong": nil, "expires_at": ends}},
		"digest untold":          {with("RSA_2048", ""), stated{"strong": nil}},
		"short key, rest denied": {certificateAnswers{Certificate: certificateSummary{ARN: "arn:c", Key: "RSA_1024", Ends: &ends}, Detail: refused[certificateDetail]()}, stated{"strong": false, "expires_at": ends}},
		"denied":                 {certificateAnswers{Certificate: own, Detail: refused[certificateDetail]()}, stated{"strong": nil, "expires_at": ends}},
		"bare answer":            {certificateAnswers{}, stated{"strong": nil, "expires_at": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, certificateFacts(here, c.answers))
		})
	}
}

func TestRecordedCertificates(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"test_acm_certificate_augment", "test_acm_certificate_delete", "test_acm_certificate_delete_in_use_error"} {
		out := recorded[acm.DescribeCertificateOutput](t, file+"/acm.DescribeCertificate_1.json")
		a := certificateAnswers{Certificate: certificateSummary{ARN: *out.Certificate.CertificateArn, Domain: *out.Certificate.DomainName}, Detail: answered(narrowDetail(out.Certificate))}
		stated{"strong": true, "expires_at": time.Date(2020, 1, 7, 7, 0, 0, 0, time.UTC)}.check(t, certificateFacts(here, a))
	}
}

func TestAskCertificate(t *testing.T) {
	t.Parallel()
	c, calls := scripted(t, "us-east-1", script{
		"ListCertificates": func(in any) (any, error) {
			if len(in.(*acm.ListCertificatesInput).Includes.KeyTypes) < 5 {
				t.Error("the listing leaves out kinds of keys")
			}
			return &acm.ListCertificatesOutput{CertificateSummaryList: []types.CertificateSummary{
				{CertificateArn: aws.String("arn:1"), Type: types.CertificateTypeAmazonIssued, KeyAlgorithm: types.KeyAlgorithmRsa2048, NotAfter: &ends},
				{CertificateArn: aws.String("arn:2"), Type: types.CertificateTypeImported, KeyAlgorithm: types.KeyAlgorithmRsa2048, NotAfter: &ends}}}, nil
		},
		"DescribeCertificate":    say(&acm.DescribeCertificateOutput{Certificate: &types.CertificateDetail{KeyAlgorithm: types.KeyAlgorithmRsa2048, SignatureAlgorithm: aws.String("SHA1WITHRSA"), NotAfter: &ends}}),
		"ListTagsForCertificate": say(&acm.ListTagsForCertificateOutput{}),
	})
	for s, err := range listCertificates(context.Background(), c) {
		if err != nil {
			t.Fatal(err)
		}
		stated{"strong": s.ARN == "arn:1"}.check(t, certificateFacts(here, askCertificate(context.Background(), c, s)))
	}
	if n := calls("DescribeCertificate"); n != 1 {
		t.Errorf("%d certificates were described; the listing tells all of one", n)
	}
}

func TestServerCertificates(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	body := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}))
	for text, want := range map[string]any{body: true, "no certificate": nil, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----": nil} {
		c, _ := scripted(t, "us-east-1", script{"GetServerCertificate": say(&iam.GetServerCertificateOutput{ServerCertificate: &iamtypes.ServerCertificate{CertificateBody: aws.String(text)}})})
		a := askServerCertificate(context.Background(), c, serverCertificate{ARN: "arn:s", Name: "s", Ends: &ends})
		stated{"strong": want, "expires_at": ends}.check(t, serverCertificateFacts(here, a))
	}
	for _, file := range recordedIn(t, "iam_delete_certificate", "iam.ListServerCertificates") {
		out := recorded[iam.ListServerCertificatesOutput](t, file)
		for _, m := range out.ServerCertificateMetadataList {
			stated{"strong": nil, "expires_at": *m.Expiration}.check(t, serverCertificateFacts(here, serverCertificateAnswers{Certificate: serverCertificate{*m.Arn, *m.ServerCertificateName, m.Expiration}}))
		}
	}
}

func TestListAuthorities(t *testing.T) {
	t.Parallel()
	lines := script{
		"DescribeDBInstances": say(&rds.DescribeDBInstancesOutput{DBInstances: []rdstypes.DBInstance{{CACertificateIdentifier: aws.String("rds-ca-2019")}}}),
		"DescribeCertificates": say(&rds.DescribeCertificatesOutput{Certificates: []rdstypes.Certificate{
			{CertificateIdentifier: aws.String("rds-ca-2019"), CertificateArn: aws.String("arn:aws:rds:us-east-1::cert:rds-ca-2019"), ValidTill: &ends}, {CertificateIdentifier: aws.String("rds-ca-2015")}}}),
	}
	c, _ := scripted(t, "us-east-1", lines)
	got, err := gathered(listAuthorities(context.Background(), c))
	if err != nil || len(*got) != 1 {
		t.Fatalf("listed %+v, %v; want the one in use", got, err)
	}
	stated{"strong": true, "expires_at": ends}.check(t, authorityFacts(here, (*got)[0]))
	lines["DescribeDBInstances"] = say(&rds.DescribeDBInstancesOutput{})
	c, calls := scripted(t, "us-east-1", lines)
	if got, err := gathered(listAuthorities(context.Background(), c)); err != nil || len(*got) != 0 || calls("DescribeCertificates") != 0 {
		t.Errorf("listed %+v, %v without any database", got, err)
	}
}
