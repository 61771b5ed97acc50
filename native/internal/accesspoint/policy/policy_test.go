package policy

import (
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var (
	everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	host       = Host{
		Interfaces: []netip.Prefix{
			netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("10.0.5.5/24"), netip.MustParsePrefix("2001:db8:5::5/64"),
			netip.MustParsePrefix("10.0.6.0/31"),
		},
		Services: []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:443")},
	}
)

func isClient(a netip.Addr) bool {
	return netip.MustParsePrefix("10.9.0.0/24").Contains(a) || netip.MustParsePrefix("fd00:5a9::/48").Contains(a)
}

func publications(t testing.TB, texts ...string) Publications {
	t.Helper()
	var p Publications
	for _, text := range texts {
		if err := p.Publish(text); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func TestDecide(t *testing.T) {
	p := Policy{
		Published: publications(t,
			"10.0.0.80:80=unix:/run/portal.sock", "udp:10.0.0.53:53=127.0.0.1:5353", "127.0.0.1:8080=127.0.0.1:8080",
			"10.9.0.77:80=127.0.0.1:1", "[2001:db8::80]:80=127.0.0.1:8080",
		),
		Allowed: []netip.Prefix{netip.MustParsePrefix("10.0.5.0/24"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("224.0.0.0/4")},
	}
	strict := Policy{}
	meta := Policy{
		Published: publications(t, "168.63.129.16:80=127.0.0.1:8080"),
		Allowed:   []netip.Prefix{netip.MustParsePrefix("100.100.100.200/32")},
	}
	tenNet := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, test := range []struct {
		name         string
		policy       Policy
		protocol     Protocol
		to           string
		destinations []netip.Prefix
		want         Verdict
	}{
		{"an ordinary destination", strict, TCP, "10.1.2.3:80", tenNet, Forwarded},
		{"an ordinary IPv6 destination", strict, UDP, "[2001:db8::1]:53", everywhere, Forwarded},
		{"nowhere to go", strict, TCP, "10.1.2.3:80", nil, Prohibited},
		{"another prefix", strict, TCP, "192.0.2.1:80", tenNet, Prohibited},

		{"published", p, TCP, "10.0.0.80:80", tenNet, Published},
		{"published, but not among the destinations", p, TCP, "10.0.0.80:80", nil, Prohibited},
		{"published address, other port", p, TCP, "10.0.0.80:81", tenNet, Refused},
		{"a Unix socket carries no UDP", p, UDP, "10.0.0.80:80", tenNet, Refused},
		{"published for UDP", p, UDP, "10.0.0.53:53", tenNet, Published},
		{"published for UDP only", p, TCP, "10.0.0.53:53", tenNet, Refused},
		{"echo to a published address", p, Echo, "10.0.0.80:0", tenNet, Published},
		{"echo to another", p, Echo, "10.1.0.1:0", tenNet, Forwarded},
		{"echo to loopback", strict, Echo, "127.0.0.1:0", everywhere, Prohibited},
		{"published IPv6", p, TCP, "[2001:db8::80]:80", everywhere, Published},

		{"loopback", strict, TCP, "127.0.0.1:22", everywhere, Prohibited},
		{"all of loopback", strict, TCP, "127.9.9.9:22", everywhere, Prohibited},
		{"IPv6 loopback", strict, TCP, "[::1]:22", everywhere, Prohibited},
		{"loopback in IPv6 dress", strict, TCP, "[::ffff:127.0.0.1]:22", everywhere, Prohibited},
		{"loopback, though allowed", p, TCP, "127.0.0.1:22", everywhere, Refused},
		{"other loopback, though allowed", p, TCP, "127.0.0.2:22", everywhere, Prohibited},
		{"loopback, published", p, TCP, "127.0.0.1:8080", everywhere, Published},
		{"unspecified", strict, TCP, "0.0.0.0:22", everywhere, Prohibited},
		{"unspecified IPv6", strict, TCP, "[::]:22", everywhere, Prohibited},
		{"this network", strict, TCP, "0.0.0.1:22", everywhere, Prohibited},
		{"link-local", strict, TCP, "169.254.169.254:80", everywhere, Prohibited},
		{"IPv6 link-local", strict, TCP, "[fe80::1]:80", everywhere, Prohibited},
		{"multicast", strict, UDP, "224.0.0.251:5353", everywhere, Prohibited},
		{"multicast, though allowed", p, UDP, "224.0.0.251:5353", everywhere, Prohibited},
		{"IPv6 multicast", strict, UDP, "[ff02::fb]:5353", everywhere, Prohibited},
		{"broadcast", strict, UDP, "255.255.255.255:67", everywhere, Prohibited},
		{"broadcast of the host's network", strict, UDP, "10.0.5.255:67", everywhere, Prohibited},
		{"last address of another network", strict, UDP, "10.0.7.255:67", everywhere, Forwarded},
		{"a point-to-point network has no broadcast", strict, UDP, "10.0.6.1:67", everywhere, Forwarded},
		{"the host's own address", strict, TCP, "10.0.5.5:22", everywhere, Prohibited},
		{"the host's own IPv6 address", strict, TCP, "[2001:db8:5::5]:22", everywhere, Prohibited},
		{"the host's neighbour", strict, TCP, "10.0.5.6:22", everywhere, Forwarded},
		{"the host's own address, allowed", p, TCP, "10.0.5.5:22", everywhere, Forwarded},
		{"another client", strict, TCP, "10.9.0.2:22", everywhere, Prohibited},
		{"another client's IPv6 address", strict, TCP, "[fd00:5a9::2]:22", everywhere, Prohibited},
		{"a client's address, published", p, TCP, "10.9.0.77:80", everywhere, Published},
		{"without a protocol, published for both", p, UDP, "10.9.0.77:80", everywhere, Published},
		{"the cloud instance", strict, TCP, "198.51.100.1:443", everywhere, Prohibited},
		{"something else where the cloud instance is", strict, TCP, "198.51.100.1:80", everywhere, Forwarded},

		{"metadata of Alibaba Cloud", strict, TCP, "100.100.100.200:80", everywhere, Prohibited},
		{"metadata of Alibaba Cloud, pinged", strict, Echo, "100.100.100.200:0", everywhere, Prohibited},
		{"a neighbour of it", strict, TCP, "100.100.100.201:80", everywhere, Forwarded},
		{"metadata of Azure", strict, TCP, "168.63.129.16:80", everywhere, Prohibited},
		{"names at Azure's", strict, UDP, "168.63.129.16:53", everywhere, Prohibited},
		{"metadata of Oracle Cloud", strict, TCP, "192.0.0.192:80", everywhere, Prohibited},
		{"metadata of Oracle Cloud, IPv6", strict, TCP, "[fd00:c1::a9fe:a9fe]:80", everywhere, Prohibited},
		{"metadata of AWS, IPv6", strict, TCP, "[fd00:ec2::254]:80", everywhere, Prohibited},
		{"names of AWS, IPv6", strict, UDP, "[fd00:ec2::253]:53", everywhere, Prohibited},
		{"metadata of Google Cloud, IPv6", strict, TCP, "[fd20:ce::254]:80", everywhere, Prohibited},
		{"metadata of Scaleway, IPv6", strict, TCP, "[fd00:42::42]:80", everywhere, Prohibited},
		{"metadata, mapped", strict, TCP, "[::ffff:100.100.100.200]:80", everywhere, Prohibited},
		{"metadata, allowed", meta, TCP, "100.100.100.200:80", everywhere, Forwarded},
		{"metadata, published", meta, TCP, "168.63.129.16:80", everywhere, Published},
		{"other port of a published one", meta, TCP, "168.63.129.16:81", everywhere, Refused},
		{"link-local by NAT64", strict, TCP, "[64:ff9b::169.254.169.254]:80", everywhere, Prohibited},
		{"metadata by NAT64", strict, TCP, "[64:ff9b::100.100.100.200]:80", everywhere, Prohibited},
		{"metadata by NAT64, allowed as IPv4", meta, TCP, "[64:ff9b::100.100.100.200]:80", everywhere, Forwarded},
		{"loopback by NAT64", strict, TCP, "[64:ff9b::127.0.0.1]:80", everywhere, Prohibited},
		{"the host by NAT64", strict, TCP, "[64:ff9b::10.0.5.5]:22", everywhere, Prohibited},
		{"another client by NAT64", strict, TCP, "[64:ff9b::10.9.0.2]:22", everywhere, Prohibited},
		{"the cloud instance by NAT64", strict, TCP, "[64:ff9b::198.51.100.1]:443", everywhere, Prohibited},
		{"an ordinary host by NAT64", strict, TCP, "[64:ff9b::192.0.2.7]:80", everywhere, Forwarded},
		{"metadata by a local NAT64 of 96 bits", strict, TCP, "[64:ff9b:1::169.254.169.254]:80", everywhere, Prohibited},
		{"metadata by a local NAT64 of 48 bits", strict, TCP, "[64:ff9b:1:a9fe:a9:fe00::]:80", everywhere, Prohibited},
		{"metadata by 6to4", strict, TCP, "[2002:a9fe:a9fe::1]:80", everywhere, Prohibited},
		{"an ordinary host by 6to4", strict, TCP, "[2002:c000:207::1]:80", everywhere, Forwarded},
		{"a Teredo client that is link-local", strict, TCP, "[2001:0:c000:207:0:0:5601:5601]:80", everywhere, Prohibited},
		{"a Teredo server that is link-local", strict, TCP, "[2001:0:a9fe:a9fe::1]:80", everywhere, Prohibited},
		{"loopback as a compatible address", strict, TCP, "[::127.0.0.1]:80", everywhere, Prohibited},
		{"metadata as a translated address", strict, TCP, "[::ffff:0:169.254.169.254]:80", everywhere, Prohibited},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.policy.Decide(Query{
				Protocol: test.protocol, To: netip.MustParseAddrPort(test.to), Destinations: test.destinations,
				IsClient: isClient, Host: host,
			})
			if got.Verdict != test.want {
				t.Fatalf("got %+v, want verdict %d", got, test.want)
			}
			if (got.Reason == "") != (test.want == Forwarded || test.want == Published) {
				t.Fatalf("reason %q for verdict %d", got.Reason, got.Verdict)
			}
		})
	}
}

func anyAddr(t *rapid.T) netip.Addr {
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4")))
	case 1:
		return netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6")))
	case 2: // IPv4-mapped IPv6
		v4 := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "mapped")
		return netip.AddrFrom16([16]byte(append([]byte{10: 0xff, 11: 0xff}, v4...)))
	default:
		return netip.MustParseAddr(rapid.SampledFrom([]string{
			"127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.5.5", "10.9.0.2", "169.254.169.254", "0.0.0.0", "::", "224.0.0.1", "10.0.0.80",
		}).Draw(t, "special"))
	}
}

// No query makes the access point open a socket to a special address of the host.
func TestHostIsNeverReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{Allowed: everywhere} // even where an operator has allowed everything
		to := netip.AddrPortFrom(anyAddr(t), rapid.Uint16().Draw(t, "port"))
		protocol := rapid.SampledFrom([]Protocol{TCP, UDP, Echo}).Draw(t, "protocol")
		got := p.Decide(Query{Protocol: protocol, To: to, Destinations: everywhere, IsClient: isClient, Host: host})
		address := to.Addr().Unmap()
		if got.Verdict != Prohibited && (address.IsLoopback() || address.IsMulticast() || address.IsUnspecified()) {
			t.Fatalf("%s: %+v", to, got)
		}
		got = Policy{}.Decide(Query{Protocol: protocol, To: to, Destinations: everywhere, IsClient: isClient, Host: host})
		own := slices.ContainsFunc(host.Interfaces, func(p netip.Prefix) bool { return p.Addr() == address })
		if got.Verdict == Forwarded && (own || isClient(address) || address.IsLinkLocalUnicast() || address.IsLoopback()) {
			t.Fatalf("%s: %+v", to, got)
		}
	})
}

// Addresses outside the destinations are never reached.
func TestOnlyDestinationsAreReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(0, 32).Draw(t, "bits")
		prefix, _ := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "prefix"))).Prefix(bits)
		to := netip.AddrPortFrom(anyAddr(t), 80)
		p := Policy{Allowed: everywhere}
		got := p.Decide(Query{Protocol: TCP, To: to, Destinations: []netip.Prefix{prefix}, IsClient: isClient, Host: host})
		if got.Verdict != Prohibited && !prefix.Contains(to.Addr().Unmap()) {
			t.Fatalf("%s with %s: %+v", to, prefix, got)
		}
	})
}

func TestPublish(t *testing.T) {
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{"10.0.0.80:80=127.0.0.1:8080", true},
		{"tcp:10.0.0.80:80=127.0.0.1:8080", true},
		{"udp:10.0.0.80:80=127.0.0.1:8080", true},
		{"[2001:db8::1]:80=[::1]:8080", true},
		{"10.0.0.80:80=unix:/run/a b.sock", true},
		{"10.0.0.80:80=unix:relative.sock", false},
		{"udp:10.0.0.80:80=unix:/run/a.sock", false},
		{"10.0.0.80:80", false},
		{"10.0.0.80=127.0.0.1:80", false},
		{"10.0.0.80:0=127.0.0.1:80", false},
		{"10.0.0.80:80=127.0.0.1:0", false},
		{"name:80=127.0.0.1:80", false},
		{"10.0.0.80:80=localhost:80", false},
		{"", false},
	} {
		t.Run(test.text, func(t *testing.T) {
			var p Publications
			if err := p.Publish(test.text); (err == nil) != test.ok {
				t.Fatalf("got %v", err)
			}
		})
	}
	var p Publications
	for i, text := range []string{"tcp:10.0.0.80:80=127.0.0.1:1", "udp:10.0.0.80:80=127.0.0.1:2", "10.0.0.80:80=127.0.0.1:3"} {
		if err := p.Publish(text); (err == nil) != (i < 2) {
			t.Fatalf("%s: %v", text, err)
		}
	}
}
