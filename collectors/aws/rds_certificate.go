package aws

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// The provider lists every authority it has or had in a region; those that some instance is signed by are the account's
// concern.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, authority, authority]{
	Kind:        "aws.rds.certificate",
	Class:       inventory.ClassCertificate,
	Permissions: []string{"rds:DescribeCertificates", "rds:DescribeDBInstances"},
	ListAction:  "DescribeCertificates", ListPermission: "rds:DescribeCertificates",
	NoLabels: true,
	List:     listAuthorities,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[authority, error] {
		return only(listAuthorities(ctx, c), func(a authority) bool { return a.ARN == id })
	},
	Facts: authorityFacts,
})

// authority is a certificate that the certificates of databases are signed by.
type authority struct {
	ARN, Name string
	Ends      *time.Time
}

func listAuthorities(ctx context.Context, c *Clients) iter.Seq2[authority, error] {
	return func(yield func(authority, error) bool) {
		var used []string
		p := rds.NewDescribeDBInstancesPaginator(c.RDS, &rds.DescribeDBInstancesInput{})
		for i, err := range listed(ctx, p,
			func(o *rds.DescribeDBInstancesOutput) []types.DBInstance { return o.DBInstances }) {
			if err != nil {
				yield(authority{}, during("DescribeDBInstances", "rds:DescribeDBInstances", err))
				return
			}
			used = append(used, aws.ToString(i.CACertificateIdentifier))
		}
		if len(used) == 0 {
			return
		}
		all := rds.NewDescribeCertificatesPaginator(c.RDS, &rds.DescribeCertificatesInput{})
		for cert, err := range listed(ctx, all,
			func(o *rds.DescribeCertificatesOutput) []types.Certificate { return o.Certificates }) {
			if err != nil {
				yield(authority{}, err)
				return
			}
			if slices.Contains(used, aws.ToString(cert.CertificateIdentifier)) && !yield(narrowAuthority(cert), nil) {
				return
			}
		}
	}
}

func narrowAuthority(c types.Certificate) authority {
	return authority{aws.ToString(c.CertificateArn), aws.ToString(c.CertificateIdentifier), c.ValidTill}
}

func authorityFacts(w collectors.Where, a authority) *inventory.Resource {
	facts := &inventory.Certificate{}
	id := a.ARN
	if id == "" {
		id = "arn:aws:rds:" + w.Region + "::cert:" + a.Name
	}
	r := inventory.New(id, a.Name, w.Region, facts)
	defer leftOut(r, "DescribeCertificates", "rds:DescribeCertificates")
	if a.Ends != nil {
		facts.ExpiresAt = *a.Ends
		r.Known("expires_at")
	}
	// The answer tells neither key nor digest; the names of the authorities do.
	for _, part := range []string{"rsa2048", "rsa4096", "ecc384", "-2019"} {
		if strings.Contains(a.Name, part) {
			facts.Strong = true
			r.Known("strong")
		}
	}
	return r
}
