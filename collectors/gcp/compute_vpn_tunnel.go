package gcp

import (
	"context"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var (
	tunnelsWay     = proxiesWay("VpnTunnel", "vpnTunnels")
	gatewaysWay    = proxiesWay("VpnGateway", "vpnGateways")
	oldGatewaysWay = proxiesWay("TargetVpnGateway", "targetVpnGateways")
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, asset, tunnelAnswers]{
	Kind: "gcp.compute.vpn_tunnel", Class: inventory.ClassNetworkLink,
	Permissions: tunnelsWay.permissions(gatewaysWay.permission, oldGatewaysWay.permission),
	ListAction:  tunnelsWay.action, ListPermission: tunnelsWay.permission,
	Global: true, List: tunnelsWay.list, Find: tunnelsWay.find, Ask: askTunnel, Facts: tunnelFacts,
})

// tunnelAnswers is a tunnel with the gateway it ends in, which says to which network.
type tunnelAnswers struct {
	Tunnel  asset
	Gateway collectors.Answer[gatewayBody]
}

type gatewayBody struct {
	Network string `json:"network"`
}

type tunnelBody struct {
	IKEVersion   number   `json:"ikeVersion"`
	Status       string   `json:"status"`
	Gateway      string   `json:"vpnGateway"`
	OldGateway   string   `json:"targetVpnGateway"`
	PeerGateway  string   `json:"peerGcpGateway"`
	Remote       []string `json:"remoteTrafficSelector"`
	Router       string   `json:"router"`
	CipherSuites *struct {
		Phase1 cipherBody `json:"phase1"`
		Phase2 cipherBody `json:"phase2"`
	} `json:"cipherSuite"`
}

type cipherBody struct {
	Encryption []string `json:"encryption"`
	Integrity  []string `json:"integrity"`
	DH         []string `json:"dh"`
	PFS        []string `json:"pfs"`
	PRF        []string `json:"prf"`
}

func askTunnel(ctx context.Context, c *Clients, a asset) tunnelAnswers {
	b := read[tunnelBody](a)
	w, link := gatewaysWay, b.Gateway
	if link == "" {
		w, link = oldGatewaysWay, b.OldGateway
	}
	return tunnelAnswers{a, ask(w.action, w.permission, func() (*gatewayBody, error) {
		return lookedUp[gatewayBody](ctx, c, w, computeID(link))
	})}
}

func tunnelFacts(w collectors.Where, a tunnelAnswers) *inventory.Resource {
	b := read[tunnelBody](a.Tunnel)
	facts := &inventory.NetworkLink{
		Kind: "vpn", Networks: []string{}, PeerOwners: []string{}, AcceptedByHand: true, Active: b.Status == "ESTABLISHED",
		StrongCrypto: b.IKEVersion == 2 && b.strong(), PeerRanges: []string{},
	}
	r := begin(a.Tunnel, facts)
	if owner := projectOf(b.PeerGateway); owner != "" && owner != w.Scope.Account() {
		facts.PeerOwners = append(facts.PeerOwners, owner)
	}
	r.Known("kind", "peer_owners", "accepted_by_hand")
	collectors.Know(r, a.Gateway, func(g *gatewayBody) {
		if g != nil {
			facts.Networks = append(facts.Networks, computeID(g.Network))
		}
	}, "networks")
	if b.Status == "" {
		lacks(r, tunnelsWay, "active")
	} else {
		r.Known("active")
	}
	if b.IKEVersion == 0 {
		lacks(r, tunnelsWay, "strong_crypto")
	} else {
		r.Known("strong_crypto")
	}
	if len(b.Remote) > 0 && b.Router == "" {
		facts.PeerRanges = b.Remote
		r.Known("peer_ranges")
	} else {
		// What lies behind is told by the routers as they learn it.
		notAsked(r, "compute.routers.getRouterStatus", "compute.routers.get", "peer_ranges")
	}
	return r
}

// weakCiphers are words of suites that can be broken; Google's own choice, where nobody chose, begins with strong ones.
var weakCiphers = []string{"3DES", "MD5", "SHA1", "HMAC-SHA1", "GROUP-2", "GROUP_2", "MODP_1024"}

func (b *tunnelBody) strong() bool {
	if b.CipherSuites == nil {
		return true
	}
	for _, p := range []cipherBody{b.CipherSuites.Phase1, b.CipherSuites.Phase2} {
		for _, word := range slices.Concat(p.Encryption, p.Integrity, p.DH, p.PFS, p.PRF) {
			word = strings.ToUpper(word)
			if slices.ContainsFunc(weakCiphers, func(weak string) bool {
				return word == weak || strings.HasPrefix(word, "3DES") || strings.Contains(word, "MD5") || strings.HasSuffix(word,
					"SHA1")
			}) {
				return false
			}
		}
	}
	return true
}
