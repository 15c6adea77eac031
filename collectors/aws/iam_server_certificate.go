package aws

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, serverCertificate, serverCertificateAnswers]{
	Kind:        "aws.iam.server_certificate",
	Class:       inventory.ClassCertificate,
	Permissions: []string{"iam:ListServerCertificates", "iam:GetServerCertificate"},
	ListAction:  "ListServerCertificates", ListPermission: "iam:ListServerCertificates",
	Global: true,
	List:   listServerCertificates,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[serverCertificate, error] {
		return only(listServerCertificates(ctx, c), func(s serverCertificate) bool { return s.ARN == id })
	},
	Ask:   askServerCertificate,
	Facts: serverCertificateFacts,
})

// serverCertificate is what the listing says about a certificate that was handed to IAM.
type serverCertificate struct {
	ARN, Name string
	Ends      *time.Time
}

// serverCertificateAnswers is all that IAM says about one certificate, of the certificate itself what it is made with.
type serverCertificateAnswers struct {
	Certificate serverCertificate
	Content     collectors.Answer[certificateContent]
}

type certificateContent struct {
	Key, Signature string
	Tags           map[string]string `json:",omitempty"`
}

func listServerCertificates(ctx context.Context, c *Clients) iter.Seq2[serverCertificate, error] {
	p := iam.NewListServerCertificatesPaginator(c.IAM, &iam.ListServerCertificatesInput{MaxItems: aws.Int32(1000)})
	return listed(ctx, p, func(o *iam.ListServerCertificatesOutput) []serverCertificate {
		items := make([]serverCertificate, 0, len(o.ServerCertificateMetadataList))
		for _, m := range o.ServerCertificateMetadataList {
			items = append(items, serverCertificate{aws.ToString(m.Arn), aws.ToString(m.ServerCertificateName), m.Expiration})
		}
		return items
	})
}

func askServerCertificate(ctx context.Context, c *Clients, s serverCertificate) serverCertificateAnswers {
	return serverCertificateAnswers{Certificate: s, Content: ask("GetServerCertificate", "iam:GetServerCertificate",
		func() (*certificateContent, error) {
			out, err := c.IAM.GetServerCertificate(ctx,
				&iam.GetServerCertificateInput{ServerCertificateName: aws.String(s.Name)})
			if err != nil {
				return nil, err
			}
			return narrowContent(out.ServerCertificate)
		})}
}

func narrowContent(s *types.ServerCertificate) (*certificateContent, error) {
	if s == nil {
		return nil, unreadable("the certificate is not told")
	}
	block, _ := pem.Decode([]byte(aws.ToString(s.CertificateBody)))
	if block == nil {
		return nil, unreadable("the certificate is not PEM")
	}
	read, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, unreadable("the certificate cannot be parsed")
	}
	content := &certificateContent{Signature: read.SignatureAlgorithm.String(), Tags: iamLabels(s.Tags)}
	switch key := read.PublicKey.(type) {
	case *rsa.PublicKey:
		content.Key = fmt.Sprintf("RSA_%d", key.N.BitLen())
	case *ecdsa.PublicKey:
		content.Key = "EC_" + key.Params().Name
	default:
		content.Key = read.PublicKeyAlgorithm.String()
	}
	return content, nil
}

func serverCertificateFacts(_ collectors.Where, a serverCertificateAnswers) *inventory.Resource {
	facts := &inventory.Certificate{}
	r := inventory.New(a.Certificate.ARN, a.Certificate.Name, collectors.Global, facts)
	defer leftOut(r, "GetServerCertificate", "iam:GetServerCertificate")
	if a.Certificate.Ends != nil {
		facts.ExpiresAt = *a.Certificate.Ends
		r.Known("expires_at")
	}
	if why := a.Content.Unknown(); why != nil {
		r.SetUnknown(*why, "strong", "labels_read")
		return r
	}
	if c := a.Content.Value; c != nil {
		r.Labels = c.Tags
		strongFact(r, facts, c.Key, c.Signature)
	}
	return r
}
