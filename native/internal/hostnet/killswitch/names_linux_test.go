package killswitch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/nft"
)

var resolver = netip.MustParseAddr("198.51.100.53")

// query returns a query as resolvers send it.
func query(t *testing.T, id uint16, name string, edns bool) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name+".", dns.TypeA)
	m.Id = id
	if edns {
		m.SetEdns0(1232, true)
	}
	bytes, err := m.Pack()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return bytes
}

// asked sends queries by UDP and returns those that left the host.
func asked(t *testing.T, l *listener, port int, names []string) map[string]bool {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4zero})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	left := map[string]bool{}
	const batch = 100
	for from := 0; from < len(names); from += batch {
		for i, name := range names[from:min(from+batch, len(names))] {
			_, err := conn.WriteTo(query(t, uint16(from+i), name, i%2 == 0), net.UDPAddrFromAddrPort(netip.AddrPortFrom(resolver, uint16(port))))
			if err != nil && !errors.Is(err, unix.EHOSTUNREACH) && !errors.Is(err, unix.EPERM) {
				t.Fatal(err)
			}
		}
		const headers = 28
		for _, packet := range l.heard(resolver) {
			left[names[binary.BigEndian.Uint16(packet[headers:])]] = true
		}
	}
	return left
}

// below makes names that end with a domain and are longer by a number of bytes on the wire; 0 = the domain itself.
func below(domain string, more int) string {
	name := domain
	for more > 0 {
		label := min(more, 64) - 1
		if more-label-1 == 1 {
			label-- // a label needs at least two bytes
		}
		if label == 0 {
			return ""
		}
		name = strings.Repeat("x", label) + "." + name
		more -= label + 1
	}
	return name
}

func shuffled(name string) string {
	bytes := []byte(name)
	for i, c := range bytes {
		if c >= 'a' && c <= 'z' && rand.IntN(2) == 0 {
			bytes[i] = c - 'a' + 'A'
		}
	}
	return string(bytes)
}

// longDomain has more bytes than one set lookup can compare.
var longDomain = strings.Repeat("a-long-label.", 9) + "deep.example"

func TestQueriesForTheIntranetAreDropped(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	s := spec()
	s.Domains = []string{"corp.example", "git.internal.example.com", "lan", longDomain, "10.in-addr.arpa", "2.1.d.f.ip6.arpa"}
	apply(t, s)
	var held, free []string
	for _, domain := range s.Domains {
		furthest := maxName - len(nft.WireName(domain))
		switch {
		case strings.HasSuffix(domain, "in-addr.arpa"):
			furthest = belowReverse4
		case strings.HasSuffix(domain, "ip6.arpa"):
			furthest = belowReverse6
		}
		for more := range furthest + 1 {
			if name := below(domain, more); name != "" {
				held = append(held, shuffled(name))
			}
		}
		// Names that only look similar.
		free = append(free, "x"+domain, domain+".net", strings.Replace(domain, ".", "-", 1)+"x")
	}
	free = append(free, "example", "example.com", "www.example.com", "internal.example.com", "corp.example.org", "corp-example.net",
		"4corp.example.org", "lan.example.net", "ten.in-addr.arpa", "1.2.0.192.in-addr.arpa", "corp.examplf", "dorp.example", "git.internal.example.co")
	free = append(free, strings.Replace(longDomain, "deep", "deeq", 1), "b"+longDomain[1:])
	for range 300 {
		free = append(free, fmt.Sprintf("%x.%x.example.net", rand.Uint64(), rand.Uint32()))
	}
	for _, port := range []int{portDNS, portMDNS, portLLMNR} {
		left := asked(t, l, port, held)
		for name := range left {
			t.Fatalf("port %d: %s left, and %d more of %d", port, name, len(left)-1, len(held))
		}
		left = asked(t, l, port, free)
		for _, name := range free {
			if !left[name] {
				t.Errorf("port %d: %s was dropped", port, name)
			}
		}
	}
	if left := asked(t, l, 5300, held[:3]); len(left) != 3 {
		t.Errorf("of another protocol only %d left", len(left))
	}
	found, err := System().Status()
	if err != nil || found.DroppedQueries != uint64(3*len(held)) {
		t.Errorf("%d queries were dropped, status %+v %v", 3*len(held), found, err)
	}
	if s.Domains = s.Domains[:1]; System().Set(s) != nil {
		t.Fatal("not replaced")
	}
	if next, _ := System().Status(); next.DroppedQueries != found.DroppedQueries {
		t.Error("the counter begins anew")
	}
	t.Logf("%d names dropped, %d passed, on each of 3 ports", len(held), len(free))
}

// For any number of domains, and of different lengths.
func TestNamesOfManyDomains(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	s := spec()
	var held, free []string
	for i := range 58 {
		domain := fmt.Sprintf("%s%02d.corp.example", strings.Repeat("d", i), i)
		s.Domains = append(s.Domains, domain)
		free = append(free, "x"+domain+".net", fmt.Sprintf("%s%02d.corp.example.org", strings.Repeat("d", i), i))
		for _, more := range []int{0, 2, 16, 90, 180} {
			if name := below(domain, more); len(nft.WireName(name)) > 0 {
				held = append(held, shuffled(name))
			}
		}
	}
	apply(t, s)
	for name := range asked(t, l, portDNS, held) {
		t.Errorf("%s left", name)
	}
	left := asked(t, l, portDNS, free)
	for _, name := range free {
		if !left[name] {
			t.Errorf("%s was dropped", name)
		}
	}
}

// Including queries to the resolver of the link, with the message's length in a separate segment or not.
func TestNamesByTCP(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	server := netip.MustParseAddrPort("192.0.2.1:53")
	heard := make(chan string, 16)
	l.router.Do(func() {
		listening, err := net.Listen("tcp", server.String())
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = listening.Close() })
		go func() {
			for {
				conn, err := listening.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					length := make([]byte, 2)
					for {
						if _, err := io.ReadFull(conn, length); err != nil {
							return
						}
						message := make([]byte, binary.BigEndian.Uint16(length))
						m := new(dns.Msg)
						if _, err := io.ReadFull(conn, message); err != nil || m.Unpack(message) != nil {
							return
						}
						heard <- m.Question[0].Name
					}
				}()
			}
		}()
	})
	nettest.Run(t, "ip", "neigh", "del", "192.0.2.1", "dev", "net0")
	s := spec()
	s.Domains, s.LinkServices = []string{"corp.example"}, []Net{{Prefix: netip.PrefixFrom(server.Addr(), 32), Link: "net0"}}
	apply(t, s)
	for _, apart := range []bool{false, true} {
		for _, name := range []string{"www.example.net", "a.Corp.example"} {
			conn, err := net.Dial("tcp", server.String())
			if err != nil {
				t.Fatal(err)
			}
			bytes := query(t, 1, name, false)
			prefix := binary.BigEndian.AppendUint16(nil, uint16(len(bytes)))
			if apart {
				_ = conn.(*net.TCPConn).SetNoDelay(true)
				_, _ = conn.Write(prefix)
			} else {
				bytes = append(prefix, bytes...)
			}
			_, _ = conn.Write(bytes)
			// Waits many times as long as a permitted packet usually needs.
			wait := time.After(500 * time.Millisecond)
			if name == "www.example.net" {
				wait = time.After(10 * time.Second)
			}
			select {
			case got := <-heard:
				if got != "www.example.net." {
					t.Errorf("%s left", got)
				}
			case <-wait:
				if name == "www.example.net" {
					t.Errorf("%s did not leave", name)
				}
			}
			// The program gets an error at once. If the connection stayed open, it would send the query again after the kill
			// switch is removed.
			if name != "www.example.net" {
				_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
				if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
					t.Errorf("the connection goes on: %v", err)
				}
			}
			_ = conn.Close()
		}
	}
}

func TestAllNames(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	s := spec()
	s.AllNames, s.BypassNames = true, []string{"cloud.example", "an-access-point-with-a-long-name.example.net"}
	apply(t, s)
	left := asked(t, l, portDNS, []string{"cloud.example", "CLOUD.example", "an-access-point-with-a-long-name.example.net", "x.cloud.example", "cloud.example.net", "www.example.org"})
	if len(left) != 3 || left["x.cloud.example"] || left["cloud.example.net"] || left["www.example.org"] {
		t.Errorf("left: %v", left)
	}
	// A second question is not permitted after a bypassed one.
	m := new(dns.Msg)
	m.SetQuestion("cloud.example.", dns.TypeA)
	m.Question = append(m.Question, dns.Question{Name: "www.corp.example.", Qtype: dns.TypeA, Qclass: dns.ClassINET})
	bytes, _ := m.Pack()
	_ = send(t, resolver, portDNS, string(bytes))
	if len(l.heard(resolver)) != 0 {
		t.Error("a second question left")
	}
}
