package refuse

import (
	"net/netip"
	"testing"

	"sag.software/native/internal/datapath/packet"
)

// A client that causes answers without end leaves those of others.
func TestAnswersAreLimitedPerClient(t *testing.T) {
	answers := map[netip.Addr]int{}
	r := New(func(raw []byte) error {
		var h packet.Header
		packet.Parse(raw, &h)
		answers[h.Dst]++
		return nil
	})
	var one, other Limit
	refused := func(limit *Limit, from string, flags byte) {
		raw := made(netip.MustParseAddrPort(from), netip.MustParseAddrPort("10.0.0.80:80"), flags)
		var h packet.Header
		packet.Parse(raw, &h)
		r.Prohibit(limit, &h, raw)
	}
	const attempts = 100_000
	for range attempts {
		refused(&one, "10.90.0.2:40000", packet.SYN)
	}
	for range atOnce {
		refused(&other, "10.90.0.3:40000", packet.SYN)
	}
	if n := answers[netip.MustParseAddr("10.90.0.2")]; n < atOnce || n > attempts/2 {
		t.Errorf("%d answers to %d packets", n, attempts)
	}
	if n := answers[netip.MustParseAddr("10.90.0.3")]; n != atOnce {
		t.Errorf("the other client got %d of %d answers", n, atOnce)
	}
}

// An ICMP error is never answered with another one.
func TestErrorsAreNotAnswered(t *testing.T) {
	n := 0
	r := New(func([]byte) error { n++; return nil })
	for _, ends := range [][2]string{{"10.90.0.2:40000", "10.0.0.80:80"}, {"[fd00::2]:40000", "[fd10::80]:80"}} {
		from, to := netip.MustParseAddrPort(ends[0]), netip.MustParseAddrPort(ends[1])
		raw := Prohibited(made(from, to, packet.SYN), from.Addr(), to.Addr())
		var h packet.Header
		packet.Parse(raw, &h)
		r.Prohibit(&Limit{}, &h, raw)
	}
	if n != 0 {
		t.Errorf("%d answers", n)
	}
}
