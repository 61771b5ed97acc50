package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.zx2c4.com/wireguard/conn"
)

func open(t *testing.T, listen ...string) (*Bind, []conn.ReceiveFunc, uint16) {
	t.Helper()
	var addresses []netip.AddrPort
	for _, text := range listen {
		addresses = append(addresses, netip.MustParseAddrPort(text))
	}
	b := New(addresses...)
	receivers, port, err := b.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b, receivers, port
}

type datagram struct {
	payload string
	from    conn.Endpoint
}

// collect receives until the Bind is closed.
func collect(t *testing.T, receivers []conn.ReceiveFunc) <-chan datagram {
	received := make(chan datagram, 1000)
	for _, receive := range receivers {
		go func() {
			packets, sizes, endpoints := make([][]byte, batchSize), make([]int, batchSize), make([]conn.Endpoint, batchSize)
			for i := range packets {
				packets[i] = make([]byte, 2000)
			}
			for {
				n, err := receive(packets, sizes, endpoints)
				if err != nil {
					if !errors.Is(err, net.ErrClosed) {
						t.Errorf("received an error that ends the receiver: %v", err)
					}
					return
				}
				for i := range n {
					received <- datagram{string(packets[i][:sizes[i]]), endpoints[i]}
				}
			}
		}()
	}
	return received
}

func next(t *testing.T, received <-chan datagram) datagram {
	t.Helper()
	select {
	case d := <-received:
		return d
	case <-time.After(5 * time.Second):
		t.Fatal("nothing came")
		return datagram{}
	}
}

func TestSendAndReply(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		t.Run(host, func(t *testing.T) {
			near, nearReceivers, _ := open(t)
			far, farReceivers, port := open(t, host+":0")
			nearHeard, farHeard := collect(t, nearReceivers), collect(t, farReceivers)
			to, err := near.ParseEndpoint(fmt.Sprintf("%s:%d", host, port))
			if err != nil {
				t.Fatal(err)
			}
			var sent [][]byte
			for i := range 3 * batchSize {
				sent = append(sent, fmt.Appendf(nil, "datagram %d", i))
			}
			if err := near.Send(sent, to); err != nil {
				t.Fatal(err)
			}
			var last datagram
			for i := range sent {
				if last = next(t, farHeard); last.payload != string(sent[i]) {
					t.Fatalf("got %q, want %q", last.payload, sent[i])
				}
			}
			if err := far.Send([][]byte{[]byte("answer")}, last.from); err != nil {
				t.Fatal(err)
			}
			answer := next(t, nearHeard)
			if answer.payload != "answer" || answer.from.DstToString() != to.DstToString() {
				t.Fatalf("got %q from %s", answer.payload, answer.from.DstToString())
			}
		})
	}
}

// A reply is sent from the address that the request was sent to, also if there are several.
func TestReplyComesFromTheAddressedSocket(t *testing.T) {
	far, receivers, port := open(t, "127.0.0.1:0", "127.0.0.2:0")
	heard := collect(t, receivers)
	for _, host := range []string{"127.0.0.2", "127.0.0.1"} {
		client, err := net.Dial("udp4", net.JoinHostPort(host, fmt.Sprint(port)))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		_, _ = client.Write([]byte("question"))
		if err := far.Send([][]byte{[]byte("answer")}, next(t, heard).from); err != nil {
			t.Fatal(err)
		}
		_ = client.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := client.Read(make([]byte, 100)); err != nil { // connected, so it only receives from that address
			t.Fatal(err)
		}
	}
}

func TestRefusedDatagramDoesNotEndTheReceiver(t *testing.T) {
	b, receivers, port := open(t, "127.0.0.1:0")
	heard := collect(t, receivers)
	gone, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := NewEndpoint(gone.LocalAddr().(*net.UDPAddr).AddrPort())
	_ = gone.Close()
	for range 10 {
		_ = b.Send([][]byte{[]byte("anybody?")}, nobody)
	}
	client, err := net.Dial("udp4", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, _ = client.Write([]byte("me"))
	if d := next(t, heard); d.payload != "me" {
		t.Fatalf("got %q", d.payload)
	}
}

func TestTooLongDatagramDoesNotStopTheOthers(t *testing.T) {
	b, _, _ := open(t, "127.0.0.1:0")
	_, receivers, port := open(t, "127.0.0.1:0")
	heard := collect(t, receivers)
	to := NewEndpoint(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
	if err := b.Send([][]byte{[]byte("one"), make([]byte, 70_000), []byte("two")}, to); err == nil {
		t.Fatal("70000 bytes went into one datagram")
	}
	if first, second := next(t, heard), next(t, heard); first.payload != "one" || second.payload != "two" {
		t.Fatalf("got %q and %q", first.payload, second.payload)
	}
}

func TestCloseAndOpenAgain(t *testing.T) {
	b := New()
	receivers, port, err := b.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Open(0); !errors.Is(err, conn.ErrBindAlreadyOpen) {
		t.Fatalf("got %v", err)
	}
	ended := make(chan error, len(receivers))
	for _, receive := range receivers {
		go func() {
			_, err := receive([][]byte{make([]byte, 100)}, make([]int, 1), make([]conn.Endpoint, 1))
			ended <- err
		}()
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for range receivers {
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Fatalf("got %v", err)
		}
	}
	if err := b.Send([][]byte{nil}, NewEndpoint(netip.MustParseAddrPort("127.0.0.1:9"))); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("got %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatalf("closed twice: %v", err)
	}
	_, again, err := b.Open(port)
	if err != nil || again != port {
		t.Fatalf("port %d, want %d: %v", again, port, err)
	}
	_ = b.Close()
}

func TestNoSocketForTheFamily(t *testing.T) {
	b, _, _ := open(t, "127.0.0.1:0")
	if err := b.Send([][]byte{nil}, NewEndpoint(netip.MustParseAddrPort("[::1]:9"))); !errors.Is(err, ErrNoSocket) {
		t.Fatalf("got %v", err)
	}
}
