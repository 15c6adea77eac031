package gcp

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var filestoreWay = &way{
	types: []string{"file.googleapis.com/Instance"}, api: "file.googleapis.com",
	path: "/v1/projects/{project}/locations/-/instances", items: "instances",
	permission: "file.instances.list", action: "file.projects.locations.instances.list",
}

var _ = source("gcp.file.instance", inventory.ClassFileShare, filestoreWay, filestoreFacts, false)

type filestoreBody struct {
	Protocol  string `json:"protocol"`
	Directory *struct {
		LDAP *struct{} `json:"ldap"`
	} `json:"directoryServices"`
	Shares []struct {
		Exports []exportBody `json:"nfsExportOptions"`
	} `json:"fileShares"`
}

// exportBody says who may mount a share, and how they prove who they are.
type exportBody struct {
	Ranges  []string `json:"ipRanges"`
	Flavors []string `json:"securityFlavors"`
}

func filestoreFacts(_ collectors.Where, a asset) *inventory.Resource {
	b := read[filestoreBody](a)
	facts := &inventory.FileShare{EncryptedAtRest: true, Ports: []string{"tcp/2049"}, Interfaces: []string{}}
	r := begin(a, facts)
	r.SetInherent("encrypted_at_rest")
	facts.EncryptedInTransit = b.sealed()
	for _, s := range b.Shares {
		for _, e := range s.Exports {
			// It answers at private addresses of its network alone, so that only a range beyond these opens it.
			facts.PolicyOpen = facts.PolicyOpen || slices.ContainsFunc(e.Ranges, func(w string) bool { return !inside(w) })
		}
	}
	r.Known("encrypted_in_transit", "policy_open", "ports", "interfaces")
	notAsked(r, "file.projects.locations.backups.list", "file.backups.list", "backup_covered")
	return r
}

// sealed says whether every client has to seal what it sends: each share asks all who mount it for Kerberos with privacy,
// which takes NFS 4.1 and a directory. A share without options asks for nothing.
func (b *filestoreBody) sealed() bool {
	if b.Protocol != "NFS_V4_1" || b.Directory == nil || b.Directory.LDAP == nil || len(b.Shares) == 0 {
		return false
	}
	for _, s := range b.Shares {
		if len(s.Exports) == 0 {
			return false
		}
		for _, e := range s.Exports {
			if len(e.Flavors) == 0 ||
				slices.ContainsFunc(e.Flavors, func(f string) bool { return !strings.EqualFold(f, "KRB5P") }) {
				return false
			}
		}
	}
	return true
}

// inside says whether a range, or a single address, lies in what a private network may hold. One that cannot be read may
// be any.
func inside(word string) bool {
	p, err := netip.ParsePrefix(word)
	if err != nil {
		single, err := netip.ParseAddr(word)
		if err != nil {
			return false
		}
		p = netip.PrefixFrom(single, single.BitLen())
	}
	return slices.ContainsFunc(insideRanges, func(w string) bool {
		whole := netip.MustParsePrefix(w)
		return whole.Bits() <= p.Bits() && whole.Contains(p.Addr())
	})
}
