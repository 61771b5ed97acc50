package forward

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"pgregory.net/rapid"
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestWay(t *testing.T) {
	split := Rules{Domains: []string{"corp.test", "10.example"}, Prefixes: prefixes("10.55.0.0/16", "172.16.0.0/12", "192.168.4.0/23", "fd55::/33"), Never: []string{"sag.corp.test"}}
	all := Rules{Everything: true, Never: []string{"sag.example"}}
	for _, c := range []struct {
		rules Rules
		name  string
		want  way
	}{
		{split, "corp.test.", inside},
		{split, "PoRtAl.CoRp.TeSt.", inside},
		{split, "_ldap._tcp.corp.test.", inside},
		{split, "notcorp.test.", outside},
		{split, "corp.test.example.", outside},
		{split, "test.", outside},
		{split, ".", outside},
		{split, "sag.corp.test.", needed},
		{split, "x.sag.corp.test.", inside},
		{split, "80.0.55.10.in-addr.arpa.", inside},
		{split, "55.10.in-addr.arpa.", inside},
		{split, "10.in-addr.arpa.", outside},
		{split, "1.0.56.10.in-addr.arpa.", outside},
		{split, "1.1.31.172.in-addr.arpa.", inside},
		{split, "1.1.32.172.in-addr.arpa.", outside},
		{split, "1.5.168.192.in-addr.arpa.", inside},
		{split, "1.6.168.192.in-addr.arpa.", outside},
		{split, "300.55.10.in-addr.arpa.", outside},
		{split, "0.0.0.0.0.5.5.d.f.ip6.arpa.", inside},
		{split, "8.0.0.0.0.5.5.d.f.ip6.arpa.", outside},
		{split, "in-addr.arpa.", outside},
		{all, "www.example.", inside},
		{all, "SAG.example.", needed},
	} {
		if got := c.rules.way(c.name); got != c.want {
			t.Errorf("%s goes %d, not %d", c.name, got, c.want)
		}
	}
}

// The zones that a machine is told of hold exactly the intranet's addresses.
func TestReverseZones(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var bytes []byte
		bits := 0
		if rapid.Bool().Draw(t, "six") {
			bytes, bits = rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"), rapid.IntRange(1, 128).Draw(t, "bits")
		} else {
			bytes, bits = rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"), rapid.IntRange(1, 32).Draw(t, "bits")
		}
		a, _ := netip.AddrFromSlice(bytes)
		p := netip.PrefixFrom(a, bits).Masked()
		zones := ReverseZones([]netip.Prefix{p}, 256)
		addresses := 0.0
		for _, zone := range zones {
			inner, ok := ReversePrefix(zone)
			if !ok || inner.Bits() < p.Bits() || !p.Contains(inner.Addr()) {
				t.Fatalf("%s of %s: %v", zone, p, inner)
			}
			addresses += pow2(p.Bits() - inner.Bits())
		}
		if addresses != 1 {
			t.Fatalf("%v of %s is in %v", addresses, p, zones)
		}
	})
	if zones := ReverseZones(prefixes("10.0.0.0/9", "10.55.0.0/16", "0.0.0.0/0"), 10); !slices.Equal(zones, []string{"55.10.in-addr.arpa"}) {
		t.Error(zones)
	}
}

func pow2(n int) float64 {
	if n >= 0 {
		return float64(int(1) << n)
	}
	return 1 / float64(int(1)<<-n)
}

// Nothing that can be sent to the forwarder brings it down, and a name of the intranet never goes outside.
func TestDecide(t *testing.T) {
	rules := Rules{Domains: []string{"corp.test"}}
	rapid.Check(t, func(t *rapid.T) {
		_ = decide(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"), rules)
		name := strings.Join(append(rapid.SliceOfN(rapid.StringMatching(`[A-Za-z0-9_-]{1,20}`), 0, 5).Draw(t, "labels"), "coRP.tESt"), ".")
		query := new(dns.Msg)
		query.SetQuestion(dns.Fqdn(name), rapid.Uint16().Draw(t, "type"))
		packed, err := query.Pack()
		if err != nil {
			t.Skip(err)
		}
		d := decide(packed, rules)
		if d.reply == nil && (d.drop || d.way != inside) {
			t.Fatalf("%s: %+v", name, d)
		}
		if d.reply != nil && (d.reply.Id != query.Id || d.reply.Question[0] != query.Question[0]) {
			t.Fatalf("answers something else: %s", d.reply)
		}
	})
	for name, c := range map[string]struct {
		edit func(*dns.Msg)
		ipv6 bool
		code int
	}{
		"AAAA without IPv6 inside": {func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA }, false, dns.RcodeSuccess},
		"AAAA with it":             {func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA }, true, -1},
		"A":                        {func(*dns.Msg) {}, false, -1},
		"a whole zone":             {func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAXFR }, false, dns.RcodeRefused},
		"an update":                {func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }, false, dns.RcodeNotImplemented},
		"no question":              {func(m *dns.Msg) { m.Question = nil }, false, dns.RcodeFormatError},
	} {
		t.Run(name, func(t *testing.T) {
			query := new(dns.Msg)
			query.SetQuestion("portal.corp.test.", dns.TypeA)
			c.edit(query)
			packed, err := query.Pack()
			if err != nil {
				t.Fatal(err)
			}
			d := decide(packed, Rules{Domains: rules.Domains, IPv6: c.ipv6})
			if (d.reply == nil) != (c.code < 0) || d.reply != nil && (d.reply.Rcode != c.code || len(d.reply.Answer) > 0) {
				t.Errorf("%+v", d.reply)
			}
		})
	}
}
