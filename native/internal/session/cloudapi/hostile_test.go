package cloudapi

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/failure"
)

func good() *clientv1.Session {
	return &clientv1.Session{
		SessionId: strings.Repeat("0f", 16), Lease: durationpb.New(time.Minute), RenewAfter: durationpb.New(time.Second),
		Addresses: []string{"10.254.0.7/32", "fd4e:1::7/128"},
		Routes:    []string{"10.0.0.0/8", "192.168.7.0/24", "fd12:3456::/32", "100.64.0.0/10"},
		AccessPoints: []*clientv1.AccessPoint{{
			Id: "ap1", Name: "Büro Nord", ProbeAddress: "fd4e:1:0:ffff::1",
			PublicKey: make([]byte, 32), PresharedKey: make([]byte, 32),
			Endpoints: []*clientv1.Endpoint{{Host: "192.0.2.7", Port: 51820}, {Host: "127.0.0.1", Port: 1}, {Host: "ap.example.com", Port: 443}},
		}},
		Dns: &clientv1.Dns{Servers: []string{"10.0.0.53"}, Domains: []string{"corp.example", "_tcp.corp"}},
		Mtu: 1420, DisplayName: "Contoso – Köln", Policy: &clientv1.Policy{},
	}
}

func TestValidSessionIsAccepted(t *testing.T) {
	if _, err := Parse(good()); err != nil {
		t.Fatal(err)
	}
	full := good()
	full.Policy.FullTunnel = true
	full.Routes = append(full.Routes, "0.0.0.0/0", "::/0")
	if _, err := Parse(full); err != nil {
		t.Fatal(err)
	}
}

func TestHostileProfilesAreRefused(t *testing.T) {
	invalid, large := failure.AnswerInvalid, failure.AnswerTooLarge
	routes := func(list ...string) func(*clientv1.Session) {
		return func(s *clientv1.Session) { s.Routes = list }
	}
	many := make([]string, 10_000)
	for i := range many {
		many[i] = fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)
	}
	var eighths []string
	for i := 16; i < 120; i++ {
		eighths = append(eighths, fmt.Sprintf("%d.0.0.0/8", i))
	}
	for _, c := range []struct {
		name  string
		field string
		cause failure.Cause
		edit  func(*clientv1.Session)
	}{
		{"default route without policy", "routes[0]", invalid, routes("0.0.0.0/0")},
		{"IPv6 default route without policy", "routes[0]", invalid, routes("::/0")},
		{"two halves", "routes[0]", invalid, routes("0.0.0.0/1", "128.0.0.0/1")},
		{"a half of the Internet", "routes[0]", invalid, routes("64.0.0.0/2")},
		{"all of IPv6 in use", "routes[0]", invalid, routes("2000::/3")},
		{"a default route in pieces", "routes", invalid, routes(eighths...)},
		{"loopback", "routes[0]", invalid, routes("127.0.0.0/8")},
		{"a part of loopback", "routes[0]", invalid, routes("127.0.0.53/32")},
		{"loopback, IPv6", "routes[0]", invalid, routes("::1/128")},
		{"multicast", "routes[1]", invalid, routes("10.0.0.0/8", "224.0.0.0/4")},
		{"multicast, IPv6", "routes[0]", invalid, routes("ff02::/16")},
		{"link-local", "routes[0]", invalid, routes("169.254.169.254/32")},
		{"link-local, IPv6", "routes[0]", invalid, routes("fe80::/10")},
		{"broadcast", "routes[0]", invalid, routes("255.255.255.255/32")},
		{"IPv4 in IPv6", "routes[0]", invalid, routes("::ffff:10.0.0.0/104")},
		{"host bits", "routes[0]", invalid, routes("10.0.0.1/8")},
		{"not a prefix", "routes[0]", invalid, routes("10.0.0.0/8; ip link del eth0")},
		{"10,000 routes", "routes", large, routes(many...)},
		{"loopback under a full tunnel", "routes[0]", invalid, func(s *clientv1.Session) {
			s.Policy.FullTunnel, s.Routes = true, []string{"127.0.0.0/8"}
		}},
		{"endpoint inside its own routes", "access_points[0].endpoints[0].host", invalid, func(s *clientv1.Session) {
			s.AccessPoints[0].Endpoints[0].Host = "10.4.5.6"
		}},
		{"endpoint inside its own routes, in disguise", "access_points[0].endpoints[0].host", invalid, func(s *clientv1.Session) {
			s.AccessPoints[0].Endpoints[0].Host = "::ffff:10.4.5.6"
		}},
		{"multicast endpoint", "access_points[0].endpoints[0].host", invalid, func(s *clientv1.Session) {
			s.AccessPoints[0].Endpoints[0].Host = "224.0.0.1"
		}},
		{"NUL in an endpoint", "access_points[0].endpoints[2].host", invalid, func(s *clientv1.Session) {
			s.AccessPoints[0].Endpoints[2].Host = "ap.example.com\x00.evil"
		}},
		{"NUL in a name", "access_points[0].name", invalid, func(s *clientv1.Session) { s.AccessPoints[0].Name = "a\x00b" }},
		{"newline in a name", "access_points[0].id", invalid, func(s *clientv1.Session) { s.AccessPoints[0].Id = "a\nb" }},
		{"newline in the display name", "display_name", invalid, func(s *clientv1.Session) { s.DisplayName = "a\n[Peer]" }},
		{"text turned round", "display_name", invalid, func(s *clientv1.Session) { s.DisplayName = "a\u202eb" }},
		{"newline in a domain", "dns.domains[0]", invalid, func(s *clientv1.Session) { s.Dns.Domains = []string{"corp\nnameserver 6.6.6.6"} }},
		{"the root as a domain", "dns.domains[0]", invalid, func(s *clientv1.Session) { s.Dns.Domains = []string{"."} }},
		{"resolver on loopback", "dns.servers[0]", invalid, func(s *clientv1.Session) { s.Dns.Servers = []string{"127.0.0.1"} }},
		{"loopback as own address", "addresses[0]", invalid, func(s *clientv1.Session) { s.Addresses = []string{"127.0.0.1/32"} }},
		{"a network as own address", "addresses[0]", invalid, func(s *clientv1.Session) { s.Addresses = []string{"10.0.0.0/24"} }},
		{"no address", "addresses", invalid, func(s *clientv1.Session) { s.Addresses = nil }},
		{"the same address twice", "addresses[1]", invalid, func(s *clientv1.Session) { s.Addresses = []string{"10.9.0.1/32", "10.9.0.1/32"} }},
		{"a probe to loopback", "access_points[0].probe_address", invalid, func(s *clientv1.Session) { s.AccessPoints[0].ProbeAddress = "::1" }},
		{"an MTU of nothing", "mtu", invalid, func(s *clientv1.Session) { s.Mtu = 68 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := good()
			c.edit(s)
			_, err := Parse(s)
			if err == nil {
				t.Fatal("it was accepted")
			}
			r := failure.From(err, failure.Unknown)
			if r.Field != c.field || r.Cause != c.cause || r.Text == "" {
				t.Fatalf("%+v", r)
			}
		})
	}
}

// Any bytes from the cloud are parsed without a panic, and accepted sessions are valid.
func FuzzProfile(f *testing.F) {
	bytes, _ := proto.Marshal(good())
	f.Add(bytes)
	full := good()
	full.Policy.FullTunnel, full.Routes = true, []string{"0.0.0.0/0", "::/0"}
	bytes, _ = proto.Marshal(full)
	f.Add(bytes)
	f.Fuzz(func(t *testing.T, bytes []byte) {
		s := new(clientv1.Session)
		if proto.Unmarshal(bytes, s) != nil {
			return
		}
		if _, err := Parse(s); err != nil {
			return
		}
		for _, text := range s.GetRoutes() {
			p := netip.MustParsePrefix(text)
			if p.Bits() == 0 && s.GetPolicy().GetFullTunnel() {
				continue
			}
			for _, own := range []string{"127.0.0.1", "127.0.0.53", "::1", "169.254.169.254", "fe80::1", "ff02::1", "224.0.0.1", "255.255.255.255"} {
				if p.Contains(netip.MustParseAddr(own)) {
					t.Fatalf("%s contains %s", p, own)
				}
			}
			for _, ap := range s.GetAccessPoints() {
				for _, e := range ap.GetEndpoints() {
					if a, err := netip.ParseAddr(e.GetHost()); err == nil && p.Contains(a.Unmap()) {
						t.Fatalf("%s contains the endpoint %s", p, a)
					}
				}
			}
		}
		for _, ap := range s.GetAccessPoints() {
			if strings.ContainsAny(ap.GetId()+ap.GetName(), "\x00\n\r") {
				t.Fatalf("%q", ap)
			}
		}
	})
}
