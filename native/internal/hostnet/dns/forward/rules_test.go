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

func TestUpstream(t *testing.T) {
	split := Rules{Domains: []string{"corp.test", "10.example"}, Prefixes: prefixes("10.55.0.0/16", "172.16.0.0/12", "192.168.4.0/23", "fd55::/33"), BypassNames: []string{"sag.corp.test"}}
	all := Rules{AllNames: true, BypassNames: []string{"sag.example"}}
	for _, c := range []struct {
		rules Rules
		name  string
		want  upstream
	}{
		{split, "corp.test.", tunneled},
		{split, "PoRtAl.CoRp.TeSt.", tunneled},
		{split, "_ldap._tcp.corp.test.", tunneled},
		{split, "notcorp.test.", direct},
		{split, "corp.test.example.", direct},
		{split, "test.", direct},
		{split, ".", direct},
		{split, "sag.corp.test.", needed},
		{split, "x.sag.corp.test.", tunneled},
		{split, "80.0.55.10.in-addr.arpa.", tunneled},
		{split, "55.10.in-addr.arpa.", tunneled},
		{split, "10.in-addr.arpa.", direct},
		{split, "1.0.56.10.in-addr.arpa.", direct},
		{split, "1.1.31.172.in-addr.arpa.", tunneled},
		{split, "1.1.32.172.in-addr.arpa.", direct},
		{split, "1.5.168.192.in-addr.arpa.", tunneled},
		{split, "1.6.168.192.in-addr.arpa.", direct},
		{split, "300.55.10.in-addr.arpa.", direct},
		{split, "0.0.0.0.0.5.5.d.f.ip6.arpa.", tunneled},
		{split, "8.0.0.0.0.5.5.d.f.ip6.arpa.", direct},
		{split, "in-addr.arpa.", direct},
		{all, "www.example.", tunneled},
		{all, "SAG.example.", needed},
	} {
		if got, _ := c.rules.question(c.name, noSearch); got != c.want {
			t.Errorf("%s goes %d, not %d", c.name, got, c.want)
		}
	}
}

// The zones cover exactly the intranet's addresses.
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

// No message makes decide panic, and a name of the intranet is never queried directly.
func TestDecide(t *testing.T) {
	rules := Rules{Domains: []string{"corp.test"}}
	rapid.Check(t, func(t *rapid.T) {
		_ = decide(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"), rules, noSearch)
		name := strings.Join(append(rapid.SliceOfN(rapid.StringMatching(`[A-Za-z0-9_-]{1,20}`), 0, 5).Draw(t, "labels"), "coRP.tESt"), ".")
		query := new(dns.Msg)
		query.SetQuestion(dns.Fqdn(name), rapid.Uint16().Draw(t, "type"))
		packed, err := query.Pack()
		if err != nil {
			t.Fatal(err)
		}
		d := decide(packed, rules, noSearch)
		if d.reply == nil && (d.drop || d.upstream != tunneled) {
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
		"AAAA without IPv6 in the tunnel": {func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA }, false, dns.RcodeSuccess},
		"AAAA with it":                    {func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA }, true, -1},
		"A":                               {func(*dns.Msg) {}, false, -1},
		"a whole zone":                    {func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAXFR }, false, dns.RcodeRefused},
		"an update":                       {func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }, false, dns.RcodeNotImplemented},
		"no question":                     {func(m *dns.Msg) { m.Question = nil }, false, dns.RcodeFormatError},
	} {
		t.Run(name, func(t *testing.T) {
			query := new(dns.Msg)
			query.SetQuestion("portal.corp.test.", dns.TypeA)
			c.edit(query)
			packed, err := query.Pack()
			if err != nil {
				t.Fatal(err)
			}
			d := decide(packed, Rules{Domains: rules.Domains, IPv6: c.ipv6}, noSearch)
			if (d.reply == nil) != (c.code < 0) || d.reply != nil && (d.reply.Rcode != c.code || len(d.reply.Answer) > 0) {
				t.Errorf("%+v", d.reply)
			}
		})
	}
}
