package socks

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/accept"
	"sag.software/native/internal/proxy/proxytest"
)

// A client beyond the limit gets a reply instead of a reset.
func TestTooManyClientsAreAnswered(t *testing.T) {
	address := serve(t, proxytest.Owner(1000), refusing{failure.New(failure.TargetRefused, msg.Foreign("no"))})
	for range accept.Limit {
		conn, err := net.Dial("tcp", address.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	answer := say(t, address, version5, byte(Connect), 0, typeIPv4, 10, 0, 0, 1, 0, 80)
	if want := []byte{version5, methodNone, version5, byte(GeneralFailure)}; !bytes.HasPrefix(answer, want) {
		t.Fatalf("answered % x", answer)
	}
}

// silent is an intranet whose name server does not answer.
type silent struct {
	refusing
	lookups atomic.Int32
}

func (s *silent) Lookup(ctx context.Context, _ string) ([]netip.Addr, error) {
	s.lookups.Add(1)
	<-ctx.Done()
	return nil, ctx.Err()
}

// Datagrams to names that are not found must not pile up.
func TestPendingDatagramsAreBounded(t *testing.T) {
	network := &silent{}
	address := serve(t, proxytest.Owner(1000), network)
	control, err := net.Dial("tcp", address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	_ = control.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := control.Write([]byte{version5, 1, methodNone, version5, byte(UDPAssociate), 0, typeIPv4, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 12)
	for got := 0; got < len(answer); {
		n, err := control.Read(answer[got:])
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	relay, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: answer[6:10], Port: int(answer[10])<<8 | int(answer[11])})
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	before := runtime.NumGoroutine()
	for i := range 2 * searchesLimit * waitingLimit {
		name := []byte("a.corp.test")
		name[0] += byte(i % (searchesLimit + 4))
		head := append([]byte{0, 0, 0, typeDomain, byte(len(name))}, name...)
		if _, err := relay.Write(append(head, 0, 9, 'x')); err != nil {
			t.Fatal(err)
		}
		if i%16 == 0 {
			time.Sleep(time.Millisecond) // keeps the relay's receive buffer from overflowing, which is not tested here
		}
	}
	deadline := time.Now().Add(2 * time.Second)
	for network.lookups.Load() < searchesLimit && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if lookups, more := network.lookups.Load(), runtime.NumGoroutine()-before; lookups != searchesLimit || more > 3*searchesLimit {
		t.Fatalf("%d look-ups and %d more goroutines", lookups, more)
	}
}
