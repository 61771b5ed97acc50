package acl

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// device keeps what is written to it, and returns packets to send.
type device struct {
	datapath.Device
	outgoing [][]byte
	got      chan []byte
}

func (d *device) Write(b *datapath.Batch) error {
	buffers, offset := b.Kept()
	for _, buffer := range buffers {
		d.got <- slices.Clone(buffer[offset:])
	}
	return nil
}

func (d *device) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	if len(d.outgoing) == 0 {
		return 0, errNothing
	}
	for i, raw := range d.outgoing {
		sizes[i] = copy(buffers[i][offset:], raw)
	}
	return len(d.outgoing), nil
}

var errNothing = errors.New("there is nothing to send, and nothing was injected")

func (*device) Wake() error { return nil }

const offset = 16

// staged is a path with the stage, for one client.
type staged struct {
	*datapath.Path
	*device
	client Client
}

func newStaged(list *List) *staged {
	s := &staged{device: &device{got: make(chan []byte, 100)}}
	s.client.Begin(list, 0)
	s.Path = datapath.New(s.device)
	find := func(a netip.Addr) *Client {
		if a == mine.Addr() || a == mine6.Addr() {
			return &s.client
		}
		return nil
	}
	stage := NewStage(s.Path, find, func() time.Duration { return time.Hour }, NewCounters())
	s.Path.FromTunnel(stage.FromTunnel)
	s.Path.ToTunnel(stage.ToTunnel)
	return s
}

// up sends packets from the client and returns those that reach the device.
func (s *staged) up(t *testing.T, packets ...[]byte) (passed [][]byte) {
	t.Helper()
	var buffers [][]byte
	for _, raw := range packets {
		buffers = append(buffers, append(make([]byte, offset), raw...))
	}
	if _, err := s.Path.Write(buffers, offset); err != nil {
		t.Fatal(err)
	}
	for len(s.got) > 0 {
		passed = append(passed, <-s.got)
	}
	return passed
}

// down reads packets for the client: injected ones, else those that the device sends.
func (s *staged) down(t *testing.T, packets ...[]byte) (passed [][]byte) {
	t.Helper()
	s.outgoing = packets
	buffers, sizes := make([][]byte, 8), make([]int, 8)
	for i := range buffers {
		buffers[i] = make([]byte, 2048)
	}
	n, err := s.Path.Read(buffers, sizes, offset)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if sizes[i] > 0 {
			passed = append(passed, buffers[i][offset:offset+sizes[i]])
		}
	}
	return passed
}

func parsed(raw []byte) *packet.Header {
	h := &packet.Header{}
	packet.Parse(raw, h)
	return h
}

func TestRefusedPacketsAreAnswered(t *testing.T) {
	s := newStaged(compiled(both46(nil)...))
	for _, ends := range [][2]netip.AddrPort{{mine, host}, {mine6, host6}} {
		if passed := s.up(t, tcp(ends[0], ends[1], syn), udp(ends[0], ends[1])); len(passed) > 0 {
			t.Errorf("passed: %x", passed)
		}
		answers := s.down(t)
		if len(answers) != 2 {
			t.Fatalf("%d answers", len(answers))
		}
		for _, raw := range answers {
			if h := parsed(raw); !h.IsICMP() || h.Src != ends[1].Addr() || h.Dst != ends[0].Addr() {
				t.Errorf("answered by %+v", h)
			}
		}
	}
	if passed := s.up(t, tcp(netip.MustParseAddrPort("10.90.0.9:1"), host, syn)); len(passed) != 1 {
		t.Error("another client is affected")
	}
}

// When a connection is no longer allowed, both ends get a reset, whichever sends first.
func TestCutConnectionsAreResetAtBothEnds(t *testing.T) {
	for _, first := range []string{"client", "host"} {
		s := newStaged(compiled(nobodyIn...))
		s.up(t, tcp(mine, host, syn))
		s.down(t, tcp(host, mine, synAck))
		s.outgoing = nil
		s.client.Set(compiled(both46(nil)...), time.Hour)
		if first == "host" { // its packet must not be among those for the client
			s.outgoing = [][]byte{tcp(host, mine, ack)}
		} else if passed := s.up(t, tcp(mine, host, ack)); len(passed) > 0 {
			t.Errorf("passed: %x", passed)
		}
		toClient := s.down(t, s.outgoing...)
		if len(toClient) != 1 || parsed(toClient[0]).Source() != host || parsed(toClient[0]).TCPFlags&packet.RST == 0 {
			t.Errorf("%s first: the client got %x", first, toClient)
		}
		select {
		case raw := <-s.got:
			if h := parsed(raw); h.Source() != mine || h.Destination() != host || h.TCPFlags&packet.RST == 0 {
				t.Errorf("%s first: the host got %+v", first, h)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s first: the host got no reset", first)
		}
	}
}

// The decision about a flow that is kept for a batch does not reach beyond the flow, and not beyond the list.
func TestKeptDecision(t *testing.T) {
	s := newStaged(compiled(both46(func(r *published) { r.IpProtocol, r.DestPortRange = "TCP", "81/81" })...))
	other := netip.AddrPortFrom(host.Addr(), 81)
	batch := [][]byte{
		tcp(mine, host, ack), tcp(mine, host, ack), tcp(mine, other, ack), tcp(mine, host, ack), tcp(mine, host, syn), tcp(mine, other, syn),
		udp(mine, host), udp(mine, other), tcp(mine6, host6, ack), tcp(mine, other, ack),
	}
	if passed := s.up(t, batch...); len(passed) != 7 {
		t.Errorf("%d packets passed", len(passed))
	}
	// A stage before this one changes the list between two packets of the same flow.
	changed := &List{}
	*changed = *compiled(both46(nil)...)
	n := 0
	s.Path.FromTunnel(func(b *datapath.Batch) {
		j := judge{Stage: NewStage(s.Path, func(netip.Addr) *Client { return &s.client }, func() time.Duration { return time.Hour }, NewCounters())}
		for p := b.Next(); p != nil; p = b.Next() {
			if n++; n == 3 {
				s.client.Set(changed, time.Hour)
			}
			if v, _ := j.pass(p, p.Src, rules.FromClient); !v.Allowed {
				p.Drop()
			}
		}
	})
	if passed := s.up(t, tcp(mine, host, ack), tcp(mine, host, ack), tcp(mine, host, ack), tcp(mine, host, ack)); len(passed) != 2 {
		t.Errorf("%d packets passed, want those before the change", len(passed))
	}
}

func TestRulesCountWhatTheyDecide(t *testing.T) {
	counters := NewCounters()
	rule := func(id string, action rules.Action, first, last uint16) rules.Rule {
		return rules.Rule{
			ID: id, Action: action, Direction: rules.FromClient, Protocol: rules.UDP, Prefix: netip.MustParsePrefix("0.0.0.0/0"),
			Ports: []rules.PortRange{{First: first, Last: last}},
		}
	}
	list := Compile([]rules.Rule{rule("acr-1", rules.Allow, 1, 80), rule("acr-2", rules.Deny, 81, 90)}, clients, counters)
	s := newStaged(list)
	stage := NewStage(s.Path, func(netip.Addr) *Client { return &s.client }, func() time.Duration { return time.Hour }, counters)
	s.Path.FromTunnel(stage.FromTunnel)
	s.Path.ToTunnel(stage.ToTunnel)
	other := netip.AddrPortFrom(host.Addr(), 81)
	unmatched := netip.AddrPortFrom(host.Addr(), 91)
	one := udp(mine, host)
	// The second packet of a flow is not decided again, and its answers count for the rule, too.
	s.up(t, one, one, udp(mine, other), one, udp(mine, unmatched), one[:10])
	s.down(t) // the answer to the refused one
	s.down(t, udp(host, mine), udp(host, mine))
	size := uint64(len(one))
	want := []Count{{"acr-1", 5, 5 * size}, {"acr-2", 1, size}}
	if got := counters.Rules(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if n, bytes := counters.Denied.Packets(), counters.Denied.Bytes(); n != 1 || bytes != size {
		t.Errorf("%d denied, %d bytes", n, bytes)
	}
	if n, bytes := counters.Unclear.Packets(), counters.Unclear.Bytes(); n != 1 || bytes != 10 {
		t.Errorf("%d unclear, %d bytes", n, bytes)
	}
	if n := s.client.Refused.Packets(); n != 2 {
		t.Errorf("%d refused", n)
	}
}

// BenchmarkStage is the cost of a large transfer with 200 rules and without a list. The difference is what the list costs.
func BenchmarkStage(b *testing.B) {
	const size = 64
	for name, list := range map[string]*List{"no list": nil, "200 rules": twoHundred()} {
		for _, flows := range []int{1, size} {
			b.Run(name+map[int]string{1: ", one flow", size: ", 64 flows"}[flows], func(b *testing.B) {
				s := newStaged(list)
				s.Path.FromTunnel(NewStage(s.Path, func(netip.Addr) *Client { return &s.client }, func() time.Duration { return time.Hour }, NewCounters()).FromTunnel, drain)
				var buffers [][]byte
				for i := range size {
					raw := tcp(netip.AddrPortFrom(mine.Addr(), uint16(40000+i%flows)), netip.AddrPortFrom(host.Addr(), 5201), ack)
					buffers = append(buffers, append(make([]byte, offset), raw...))
				}
				b.ReportAllocs()
				for b.Loop() {
					_, _ = s.Path.Write(buffers, offset)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/size, "ns/packet")
			})
		}
	}
}

// A client that sends refused packets without end leaves the answers of others.
func TestRefusedPacketsOfOthersAreAnswered(t *testing.T) {
	other := netip.MustParseAddrPort("10.90.0.9:40000")
	s := newStaged(compiled(both46(nil)...))
	var second Client
	second.Begin(s.client.list.Load(), 0)
	stage := NewStage(s.Path, func(a netip.Addr) *Client {
		return map[netip.Addr]*Client{mine.Addr(): &s.client, other.Addr(): &second}[a]
	}, func() time.Duration { return time.Hour }, NewCounters())
	s.Path.FromTunnel(stage.FromTunnel)
	told := 0
	for range 40 {
		for range 50 {
			s.up(t, udp(mine, host))
		}
		s.up(t, tcp(other, host, syn))
		for answers := true; answers; { // until the packet of the device comes, because injected ones come before it
			for _, raw := range s.down(t, udp(host, mine)) {
				answers = parsed(raw).IsICMP()
				if parsed(raw).Dst == other.Addr() {
					told++
				}
			}
		}
	}
	if told != 40 {
		t.Errorf("the other client was told about %d of 40 connections", told)
	}
}

// The end to which a refused TCP packet goes is told nothing, unless the connection is known. The client is.
func TestOnlyKnownConnectionsAreResetAtTheHost(t *testing.T) {
	for name, begun := range map[string]time.Duration{"all flows are known": 0, "just after a restart": time.Hour} {
		s := newStaged(nil)
		s.client.Begin(compiled(append(both46(nil), both46(func(r *published) { in(r); r.IpProtocol = "TCP" })...)...), begun)
		for _, ends := range [][2]netip.AddrPort{{mine, host}, {mine6, host6}} {
			for _, flags := range []byte{ack, synAck, packet.FIN | packet.ACK, packet.RST, packet.RST | packet.ACK} {
				s.up(t, tcp(ends[0], ends[1], flags))
				if flags&packet.RST != 0 {
					continue
				}
				answers := s.down(t)
				if len(answers) != 1 || parsed(answers[0]).TCPFlags != packet.RST || parsed(answers[0]).Destination() != ends[0] {
					t.Errorf("%s: %#x is answered by %x", name, flags, answers)
				}
			}
			for _, flags := range []byte{syn, ack, synAck, packet.FIN | packet.ACK, packet.RST} {
				passed := s.down(t, tcp(ends[1], ends[0], flags), udp(ends[1], ends[0]))
				if len(passed) != 1 || parsed(passed[0]).Protocol != packet.UDP {
					t.Errorf("%s: %#x of the host: the client got %x", name, flags, passed)
				}
			}
		}
		last := udp(mine, host) // what was delivered before it has arrived when it is
		if err := s.Path.Deliver(last); err != nil {
			t.Fatal(err)
		}
		if got := <-s.got; parsed(got).Protocol != packet.UDP {
			t.Errorf("%s: the host got %x", name, got)
		}
	}
}
