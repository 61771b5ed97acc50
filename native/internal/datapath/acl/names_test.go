package acl

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

var resolver = netip.MustParseAddrPort("10.0.0.53:53")

// record is a CNAME if to is no address.
type record struct {
	name, to string
	ttl      uint32
}

// answerTo is an answer of a name server.
func answerTo(t testing.TB, header dnsmessage.Header, question string, records ...record) []byte {
	t.Helper()
	b := dnsmessage.NewBuilder(nil, header)
	b.EnableCompression()
	name := dnsmessage.MustNewName(question)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.StartQuestions())
	must(b.Question(dnsmessage.Question{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}))
	must(b.StartAnswers())
	for _, r := range records {
		h := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(r.name), Class: dnsmessage.ClassINET, TTL: r.ttl}
		address, err := netip.ParseAddr(r.to)
		switch {
		case err != nil:
			must(b.CNAMEResource(h, dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(r.to)}))
		case address.Is4():
			must(b.AResource(h, dnsmessage.AResource{A: address.As4()}))
		default:
			must(b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: address.As16()}))
		}
	}
	message, err := b.Finish()
	must(err)
	return message
}

var fine = dnsmessage.Header{Response: true}

// datagramFrom is a datagram with a payload to the client.
func datagramFrom(from netip.AddrPort, payload []byte) []byte {
	raw := udp(from, mine)[:28]
	raw = append(raw, payload...)
	raw[2], raw[3] = byte(len(raw)>>8), byte(len(raw))
	raw[24], raw[25] = byte((8+len(payload))>>8), byte(8+len(payload))
	return raw
}

var lastPort uint16

// namedClient may only reach names below corp.example.
func namedClient() *Client {
	all := netip.MustParsePrefix("0.0.0.0/0")
	allow := rules.Rule{Direction: rules.FromClient, Prefix: all, Action: rules.Allow, Priority: 1, Name: "*.corp.example"}
	c := &Client{}
	c.SetResolvers([]netip.Addr{resolver.Addr()})
	c.Begin(Compile([]rules.Rule{
		allow, {Direction: rules.FromClient, Prefix: netip.PrefixFrom(resolver.Addr(), 32), Action: rules.Allow, Priority: 2},
		{Direction: rules.FromClient, Prefix: all, Action: rules.Deny, Priority: 3},
	}, clients, nil), 0)
	return c
}

// reaches opens a new connection.
func (c *Client) reaches(address string, now time.Duration) bool {
	lastPort++
	raw := tcp(netip.AddrPortFrom(mine.Addr(), lastPort), netip.AddrPortFrom(netip.MustParseAddr(address), 443), syn)
	return c.Pass(parsed(raw), raw, rules.FromClient, now).Allowed
}

func (c *Client) hears(from netip.AddrPort, message []byte, now time.Duration) {
	raw := datagramFrom(from, message)
	c.Learn(parsed(raw), raw, now)
}

func TestNamesAsTargets(t *testing.T) {
	const ttl = 100
	chain := answerTo(t, fine, "WWW.corp.example.",
		record{"www.corp.example.", "web.cdn.example.", ttl}, record{"web.cdn.example.", "10.0.0.80", ttl}, record{"web.cdn.example.", "fd10::80", ttl})
	for name, test := range map[string]struct {
		from    netip.AddrPort
		message []byte
		reaches bool
	}{
		"an alias":                    {resolver, chain, true},
		"an address":                  {resolver, answerTo(t, fine, "a.b.corp.example.", record{"a.b.corp.example.", "10.0.0.80", ttl}), true},
		"the name itself":             {resolver, answerTo(t, fine, "corp.example.", record{"corp.example.", "10.0.0.80", ttl}), false},
		"a name that ends alike":      {resolver, answerTo(t, fine, "evilcorp.example.", record{"evilcorp.example.", "10.0.0.80", ttl}), false},
		"another name":                {resolver, answerTo(t, fine, "example.", record{"example.", "10.0.0.80", ttl}), false},
		"an unrelated record":         {resolver, answerTo(t, fine, "example.", record{"www.corp.example.", "10.0.0.80", ttl}), false},
		"a query":                     {resolver, answerTo(t, dnsmessage.Header{}, "www.corp.example.", record{"www.corp.example.", "10.0.0.80", ttl}), false},
		"an error":                    {resolver, answerTo(t, dnsmessage.Header{Response: true, RCode: dnsmessage.RCodeServerFailure}, "www.corp.example.", record{"www.corp.example.", "10.0.0.80", ttl}), false},
		"a truncated answer":          {resolver, answerTo(t, dnsmessage.Header{Response: true, Truncated: true}, "www.corp.example.", record{"www.corp.example.", "10.0.0.80", ttl}), false},
		"another server":              {netip.MustParseAddrPort("10.0.0.66:53"), chain, false},
		"another port of the server":  {netip.MustParseAddrPort("10.0.0.53:5353"), chain, false},
		"a malformed answer":          {resolver, chain[:40], false},
		"an answer after two queries": {resolver, append(append([]byte{0, 0, 0x80, 0, 0, 2}, chain[6:]...), 0), false},
	} {
		c := namedClient()
		if c.reaches("10.0.0.80", 0) {
			t.Fatal("it reaches an address that it does not know by name")
		}
		c.hears(test.from, test.message, 0)
		if got := c.reaches("10.0.0.80", 0); got != test.reaches {
			t.Errorf("%s: reaches it: %t", name, got)
		}
		if c.reaches("10.0.0.81", 0) {
			t.Errorf("%s: reaches another address", name)
		}
	}
}

func TestNamesEndWithTheirTTL(t *testing.T) {
	c := namedClient()
	answer := func(address string, ttl uint32) []byte {
		return answerTo(t, fine, "www.corp.example.", record{"www.corp.example.", address, ttl})
	}
	lastPort = 0
	c.hears(resolver, answer("10.0.0.80", 100), 0)
	c.hears(resolver, answer("10.0.0.81", 0), 0)
	for _, test := range []struct {
		address string
		at      time.Duration
		reaches bool
	}{
		{"10.0.0.80", 100 * time.Second, true}, {"10.0.0.81", leastTTL, true}, {"10.0.0.81", leastTTL + 1, false},
	} {
		if got := c.reaches(test.address, test.at); got != test.reaches {
			t.Errorf("%s after %s: %t", test.address, test.at, got)
		}
	}
	// An open flow goes on; a new one does not begin.
	raw := tcp(netip.AddrPortFrom(mine.Addr(), 1), netip.MustParseAddrPort("10.0.0.80:443"), ack)
	if !c.Pass(parsed(raw), raw, rules.FromClient, 101*time.Second).Allowed {
		t.Error("the open flow was cut")
	}
	if c.reaches("10.0.0.80", 101*time.Second) {
		t.Error("a new flow began")
	}
}

func TestNamesAreBounded(t *testing.T) {
	c := namedClient()
	long := string(bytes.Repeat([]byte("a"), 60))
	for i := range 10_000 {
		name := fmt.Sprintf("%s.%s.%d.corp.example.", long, long, i)
		c.hears(resolver, answerTo(t, fine, name, record{name, fmt.Sprintf("10.1.%d.%d", i>>8, i&255), 100}), 0)
	}
	n := &c.names
	if len(n.known) != len(n.order) || len(n.known) > maxAddresses || n.bytes > maxNameBytes || len(n.known) < 10 {
		t.Errorf("%d addresses, %d in order, %d bytes of names", len(n.known), len(n.order), n.bytes)
	}
	if !c.reaches("10.1.39.15", 0) || c.reaches("10.1.0.0", 0) {
		t.Error("the latest address is not known, or the first one still is")
	}
	c.Begin(nil, 0)
	if len(c.names.known) > 0 {
		t.Error("names outlive the session")
	}
}

// Without rules with names, answers are not read.
func TestNamesAreOnlyLearnedIfNeeded(t *testing.T) {
	c := &Client{}
	c.SetResolvers([]netip.Addr{resolver.Addr()})
	c.Begin(twoHundred(), 0)
	c.hears(resolver, answerTo(t, fine, "www.corp.example.", record{"www.corp.example.", "10.0.0.80", 100}), 0)
	if len(c.names.known) > 0 {
		t.Error("learned names")
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add(answerTo(f, fine, "www.corp.example.", record{"www.corp.example.", "x.example.", 1}, record{"x.example.", "10.0.0.80", 1}))
	f.Fuzz(func(t *testing.T, message []byte) {
		for _, a := range readAnswer(message) {
			if !a.address.IsValid() || len(a.names) == 0 || len(a.names) > maxChain {
				t.Errorf("%+v", a)
			}
		}
		raw := datagramFrom(resolver, message)
		var h packet.Header
		packet.Parse(raw, &h)
		namedClient().Learn(&h, raw, 0)
	})
}
