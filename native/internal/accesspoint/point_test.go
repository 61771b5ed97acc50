package accesspoint

import (
	"context"
	"encoding/hex"
	"io"
	"net/netip"
	"testing"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/accesspoint/fakeclient"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/datapath/probe"
)

func TestLeaseEnds(t *testing.T) {
	f := newFixture(t, published(t, "10.0.0.80:80=unix:"+echoServer(t)), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	conn, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	f.clock.advance(59 * time.Minute)
	f.upsert(t, c.Peer(time.Hour, "10.0.0.0/24")) // renewed: another hour from now
	f.clock.advance(59 * time.Minute)
	f.delta(t, &accesspointv1.Delta{}) // wakes endLeases; no lease has ended
	_, err = conn.Write([]byte("still there"))
	must(t, err)
	_, err = io.ReadFull(conn, make([]byte, len("still there")))
	must(t, err)

	f.clock.advance(time.Minute)
	f.wake()
	eventually(t, "the peer is removed", func() bool {
		peers, err := f.device.Peers()
		return err == nil && len(peers) == 0
	})
	eventually(t, "its addresses have no client", func() bool { return (*lookup)(f.Point).Client(c.Address4) == nil })
	counters := f.Counters()
	if len(counters) != 1 || counters[0].GetSessionId() != sessionA {
		t.Fatalf("the last counters must be reported once more: %v", counters)
	}
	f.Reported(counters)
	if rest := f.Counters(); len(rest) != 0 {
		t.Fatalf("counters of an ended session after the last report: %v", rest)
	}
}

func TestProbesAndCounters(t *testing.T) {
	f := newFixture(t, published(t, "10.0.0.80:80=unix:"+echoServer(t)), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	id, _ := hex.DecodeString(sessionA)
	own := probe.Message{Kind: probe.Request, Active: true, Session: [16]byte(id), Generation: 1<<32 | 2, Nonce: 1}
	older := probe.Message{Kind: probe.Request, Session: [16]byte(id), Generation: 1<<32 | 1, Nonce: 2}
	foreign := probe.Message{Kind: probe.Request, Session: [16]byte{1}, Generation: 9 << 32, Nonce: 3}
	for _, m := range []probe.Message{own, older, foreign} {
		must(t, c.Tap.Send(c.Address6, netip.MustParseAddr(probeAddress), m, 0))
		select {
		case reply := <-c.Replies:
			if reply.Nonce != m.Nonce {
				t.Fatalf("got %+v", reply)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("no answer")
		}
	}
	idle := f.Counters()[0]
	if idle.GetGeneration() != 1<<32|2 || !idle.GetActive() || idle.GetHandshakeAge() == nil {
		t.Fatalf("got %v", idle)
	}
	if idle.GetRxBytes() != 0 || idle.GetTxBytes() != 0 {
		t.Fatalf("probes are counted: %v", idle)
	}
	conn, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	const size = 100_000
	go func() { _, _ = conn.Write(make([]byte, size)) }()
	_, err = io.ReadFull(conn, make([]byte, size))
	must(t, err)
	busy := f.Counters()[0]
	for _, n := range []uint64{busy.GetRxBytes(), busy.GetTxBytes()} {
		if n < size || n > size*12/10 {
			t.Fatalf("%d bytes each way were counted as %v", size, busy)
		}
	}
}

func TestRateLimit(t *testing.T) {
	f := newFixture(t, published(t, "10.0.0.80:80=unix:"+echoServer(t)), policy.Host{})
	c := f.dialUp(t, "10.0.0.0/24")
	peer := c.Peer(time.Hour, "10.0.0.0/24")
	peer.Bandwidth = 8_000_000 // 1 MB/s
	f.upsert(t, peer)
	conn, err := c.Dial(context.Background(), "10.0.0.80:80")
	must(t, err)
	const size = 500_000
	began := time.Now()
	go func() { _, _ = conn.Write(make([]byte, size)) }()
	_, err = io.ReadFull(conn, make([]byte, size))
	must(t, err)
	if took := time.Since(began); took < 350*time.Millisecond || took > 10*time.Second {
		t.Fatalf("500 kB at 1 MB/s took %s", took)
	}
}

func TestDuplicatesAreRefused(t *testing.T) {
	f := newFixture(t, policy.Policy{}, policy.Host{})
	first := fakeclient.New(t, sessionA, "10.9.0.2", "fd00:5a9::2")
	second := fakeclient.New(t, sessionB, "10.9.0.2", "fd00:5a9::3")
	f.upsert(t, first.Peer(time.Hour))
	ack := f.upsert(t, second.Peer(time.Hour))
	if len(ack.GetRefused()) != 1 || ack.GetRefused()[0].GetSessionId() != sessionB ||
		ack.GetRefused()[0].GetFailure().GetCause() != typesv1.Cause_CAUSE_ADDRESS_IN_USE {
		t.Fatalf("got %v", ack)
	}
	ack = f.delta(t, &accesspointv1.Delta{Remove: []string{sessionA}, Upsert: []*accesspointv1.Peer{second.Peer(time.Hour)}})
	if len(ack.GetRefused()) != 0 {
		t.Fatalf("the address is free after the removal: %v", ack)
	}
}
