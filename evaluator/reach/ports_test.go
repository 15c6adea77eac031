package reach

import (
	"slices"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestPortArithmetic(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		got  ports
		want []string
	}{
		{"any protocol is both", portsOf("any", 0, 65535), []string{"tcp/1-65535", "udp/1-65535"}},
		{"ICMP has none", portsOf("icmp", 8, 0), nil},
		{"a numbered protocol has none", portsOf("50", 0, 65535), nil},
		{"neighbours merge", parsePorts([]string{"tcp/1-1023", "tcp/1024-65535"}), []string{"tcp/1-65535"}},
		{"overlaps merge", parsePorts([]string{"tcp/20-30", "tcp/25-40", "tcp/50"}), []string{"tcp/20-40", "tcp/50"}},
		{"subtracting the middle", parsePort("tcp/1-100").less(parsePort("tcp/22")), []string{"tcp/1-21", "tcp/23-100"}},
		{"subtracting all", parsePort("tcp/22").less(allPorts), nil},
		{"subtracting the other protocol", parsePort("tcp/22").less(parsePort("udp/22")), []string{"tcp/22"}},
		{"what two have in common", parsePort("tcp/20-30").and(parsePorts([]string{"tcp/22", "tcp/25-90", "udp/26"})),
			[]string{"tcp/22", "tcp/25-30"}},
		{"not a port", parsePort("tcp/ssh"), nil},
	}
	for _, c := range cases {
		if got := c.got.words(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if !portsOf("tcp", 0, 65535).whole() || portsOf("tcp", 2, 65535).whole() || (ports{}).whole() {
		t.Error("whole is not exact")
	}
	if got := adminPorts.in(parsePort("tcp/5900-5985")); !slices.Equal(got, []string{"tcp/5900-5903", "tcp/5985"}) {
		t.Errorf("named ports in a range: %v", got)
	}
	if got := legacyPorts.in(portsOf("udp", 123, 123)); !slices.Equal(got, []string{"udp/123"}) {
		t.Errorf("time by UDP: %v", got)
	}
	if legacyPorts.hits(portsOf("tcp", 123, 123)) {
		t.Error("123 is a legacy port by UDP only")
	}
}

func TestTheWorld(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		ranges []string
		world  bool
	}{
		{"everything", []string{"0.0.0.0/0"}, true},
		{"everything in IPv6", []string{"::/0"}, true},
		{"a cloud's word", []string{"Internet"}, true},
		{"wider than /8", []string{"64.0.0.0/6"}, true},
		{"just wider than /8", []string{"20.0.0.0/7"}, true},
		{"a /8", []string{"20.0.0.0/8"}, false},
		{"two halves", []string{"0.0.0.0/1", "128.0.0.0/1"}, true},
		{"two /8 side by side", []string{"20.0.0.0/8", "21.0.0.0/8"}, true},
		{"two /8 apart", []string{"20.0.0.0/8", "40.0.0.0/8"}, false},
		{"private", []string{"10.0.0.0/8"}, false},
		{"all that is private", []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"}, false},
		{"private in IPv6", []string{"fc00::/7"}, false},
		{"an office", []string{"198.51.100.7"}, false},
		{"half of IPv6", []string{"2000::/3"}, true},
		{"a provider in IPv6", []string{"2a00::/12"}, false},
		{"first to last", []string{"0.0.0.0-255.255.255.255"}, true},
		{"nothing", nil, false},
	}
	for _, c := range cases {
		var s rules
		e := newEstate()
		r := tcp(22, 22, c.ranges...)
		g := group("sg", r)
		s.add(g, []inventory.Rule{r}, e, nil)
		sure, maybe := s.world(s.in)
		if got := !sure.empty(); got != c.world || !maybe.less(sure).empty() {
			t.Errorf("%s: world %v (perhaps %v), want %v", c.name, got, maybe.words(), c.world)
		}
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	whole := v4.world()
	if got := whole.less(blockOf("0.0.0.0/0")); len(got) != 0 {
		t.Errorf("everything less everything is %v", got)
	}
	left := whole.less(blockOf("10.0.0.0/8"))
	if len(left) != 2 || left[0].to.String() != "9.255.255.255" || left[1].from.String() != "11.0.0.0" {
		t.Errorf("everything less 10/8 is %v", left)
	}
	if got := left.with(blockOf("10.0.0.0/8")); !got.covers(whole) || len(got) != 1 {
		t.Errorf("put together again it is %v", got)
	}
	if !blockOf("10.0.0.0/16").covers(blockOf("10.0.2.0/24")) || blockOf("10.0.2.0/24").covers(blockOf("10.0.0.0/16")) {
		t.Error("covers is not exact")
	}
	if !isPrivate("10.0.0.0/8") || isPrivate("198.51.100.0/24") || isPrivate("0.0.0.0/0") || !isPrivate("fd00::/8") {
		t.Error("isPrivate is not exact")
	}
	if end := blockOf("255.0.0.0/8").with(blockOf("10.0.0.0/8")); len(end) != 2 {
		t.Errorf("the end of the addresses joins its beginning: %v", end)
	}
}
