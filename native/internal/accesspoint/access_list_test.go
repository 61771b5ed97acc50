package accesspoint

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/policy"
)

// counting is a UDP server on loopback that echoes datagrams and counts them.
func counting(t *testing.T) (address string, count *atomic.Int64) {
	t.Helper()
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = server.Close() })
	count = &atomic.Int64{}
	go func() {
		buffer := make([]byte, 2000)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			count.Add(1)
			_, _ = server.WriteTo(buffer[:n], from)
		}
	}()
	return server.LocalAddr().String(), count
}

// udpRule is a rule about UDP from the client to a range of ports.
func udpRule(action accesspointv1.Rule_Action, priority, first, last uint32) *accesspointv1.Rule {
	return &accesspointv1.Rule{
		Direction: accesspointv1.Rule_DIRECTION_FROM_CLIENT, Protocol: accesspointv1.Rule_PROTOCOL_UDP, Prefix: "10.0.0.0/8",
		Ports: []*accesspointv1.Rule_PortRange{{First: first, Last: last}}, Action: action, Priority: priority,
	}
}

// The lists that alternate allow port 53 and nothing else, in different ways: a part of either, or of both, would allow another port or
// refuse this one.
func TestNoPacketIsDecidedByPartOfAList(t *testing.T) {
	const changes = 10_000
	const allow, deny = accesspointv1.Rule_ACTION_ALLOW, accesspointv1.Rule_ACTION_DENY
	lists := [][]*accesspointv1.Rule{
		{udpRule(allow, 1, 53, 53), udpRule(deny, 2, 1, 65535)},
		{udpRule(deny, 1, 1, 52), udpRule(deny, 2, 54, 65535)},
		{udpRule(deny, 9, 1, 65535), udpRule(deny, 8, 54, 54), udpRule(allow, 8, 50, 60), udpRule(deny, 7, 55, 60)},
	}
	// Lists by id: that of the account comes before that of the instance, whatever their priorities are.
	named := []*accesspointv1.RuleList{
		{Id: "account", Rules: []*accesspointv1.Rule{udpRule(allow, 90, 53, 53)}},
		{Id: "instance", Rules: []*accesspointv1.Rule{udpRule(deny, 2, 1, 65535)}},
	}
	open, answered := counting(t)
	shut, leaked := counting(t)
	f := newFixture(t, published(t, "udp:10.0.0.53:53="+open, "udp:10.0.0.53:54="+shut), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	set := func(n int) {
		peer := c.Peer(time.Hour, "10.0.0.0/24")
		if n %= len(lists) + 1; n < len(lists) {
			peer.Rules = lists[n]
		} else {
			peer.RuleListIds = []string{"account", "instance"}
		}
		if ack := f.delta(t, &accesspointv1.Delta{Upsert: []*accesspointv1.Peer{peer}, RuleLists: named}); len(ack.GetRefused()) > 0 {
			t.Fatalf("refused: %v", ack)
		}
	}
	set(0)
	done, traffic := make(chan struct{}), sync.WaitGroup{}
	// flow sends datagrams from a new port to both ports: the first one opens the flow, the others belong to it.
	flow := func() error {
		var conns [2]net.Conn
		for i, port := range []uint16{53, 54} {
			conn, err := c.Stack.DialUDP(context.Background(), netip.AddrPortFrom(netip.MustParseAddr("10.0.0.53"), port))
			if err != nil {
				return err
			}
			defer conn.Close()
			conns[i] = conn
		}
		for range 5 {
			_, _ = conns[1].Write([]byte("x")) // it fails when an earlier one was answered by an ICMP error
			if _, err := conns[0].Write([]byte("x")); err != nil {
				return err
			}
			_ = conns[0].SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := conns[0].Read(make([]byte, 1)); err != nil {
				return err
			}
		}
		return nil
	}
	traffic.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if err := flow(); err != nil {
				t.Errorf("a datagram to the allowed port: %v", err)
				return
			}
		}
	})
	for n := range changes {
		set(n)
	}
	// Fast changes must not be over before there was traffic.
	for n := changes; answered.Load() < 1_000 && !t.Failed(); n++ {
		set(n)
	}
	close(done)
	traffic.Wait()
	if n := leaked.Load(); n > 0 {
		t.Errorf("%d datagrams were let through to a port that every list denies", n)
	}
	t.Logf("%d datagrams were answered", answered.Load())
}

// nameServer answers every query for an address with 10.0.0.80.
func nameServer(t *testing.T) (address string) {
	t.Helper()
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buffer := make([]byte, 2000)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			var query dnsmessage.Message
			if query.Unpack(buffer[:n]) != nil {
				continue
			}
			query.Response = true
			query.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: query.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 60},
				Body:   &dnsmessage.AResource{A: [4]byte{10, 0, 0, 80}},
			}}
			answer, err := query.Pack()
			if err == nil {
				_, _ = server.WriteTo(answer, from)
			}
		}
	}()
	return server.LocalAddr().String()
}

func TestNamesAsTargets(t *testing.T) {
	f := newFixture(t, published(t, "udp:10.0.0.53:53="+nameServer(t), "10.0.0.80:80=unix:"+echoServer(t)), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	rule := func(action accesspointv1.Rule_Action, priority uint32, prefix, name string) *accesspointv1.Rule {
		return &accesspointv1.Rule{
			Direction: accesspointv1.Rule_DIRECTION_FROM_CLIENT, Action: action, Priority: priority, Prefix: prefix, Name: name,
		}
	}
	const allow, deny = accesspointv1.Rule_ACTION_ALLOW, accesspointv1.Rule_ACTION_DENY
	peer := c.Peer(time.Hour, "10.0.0.0/24")
	peer.Resolvers = []string{"10.0.0.53"}
	peer.Rules = []*accesspointv1.Rule{
		rule(allow, 1, "0.0.0.0/0", "*.corp.example"), rule(allow, 2, "10.0.0.53/32", ""), rule(deny, 3, "0.0.0.0/0", ""),
	}
	if ack := f.upsert(t, peer); len(ack.GetRefused()) > 0 {
		t.Fatalf("refused: %v", ack)
	}
	resolve := func(name string) {
		t.Helper()
		conn, err := c.Stack.DialUDP(context.Background(), netip.MustParseAddrPort("10.0.0.53:53"))
		must(t, err)
		defer conn.Close()
		query := dnsmessage.Message{Questions: []dnsmessage.Question{{
			Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
		}}}
		packed, err := query.Pack()
		must(t, err)
		_, err = conn.Write(packed)
		must(t, err)
		must(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = conn.Read(make([]byte, 512))
		must(t, err)
	}
	reaches := func() bool {
		conn, err := c.Dial(context.Background(), "10.0.0.80:80")
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	if reaches() {
		t.Error("reached without a name")
	}
	resolve("www.other.example.")
	if reaches() {
		t.Error("reached by another name")
	}
	resolve("www.corp.example.")
	if !reaches() {
		t.Error("not reached by its name")
	}
}
