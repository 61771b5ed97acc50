package netstack_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/netstack"
)

// A deadline must end reads and writes with os.ErrDeadlineExceeded, as net.Conn documents; the HTTP proxy compares with it.
func TestDeadlineErrorsMatchNet(t *testing.T) {
	forward := forwardAll()
	forward.TCP = func(r *netstack.TCPRequest) {
		conn, err := r.Accept()
		if err != nil {
			return
		}
		time.AfterFunc(5*time.Second, func() { _ = conn.Close() }) // the other end reads nothing and sends nothing
	}
	tn := newTunnel(t, forward, probe.Callbacks{})
	to := netip.MustParseAddrPort("192.0.2.1:80")
	stream, err := tn.client.DialTCP(context.Background(), to)
	must(t, err)
	packets, err := tn.client.DialUDP(context.Background(), to)
	must(t, err)
	socket, err := tn.client.ListenPacket(netip.AddrPortFrom(client4, 0))
	must(t, err)
	past := time.Unix(1, 0)
	for name, do := range map[string]func() error{
		"TCP read":     func() error { _ = stream.SetDeadline(past); _, err := stream.Read(make([]byte, 1)); return err },
		"TCP write":    func() error { _ = stream.SetDeadline(past); _, err := stream.Write(make([]byte, 16<<20)); return err },
		"UDP read":     func() error { _ = packets.SetDeadline(past); _, err := packets.Read(make([]byte, 1)); return err },
		"UDP readFrom": func() error { _ = socket.SetDeadline(past); _, _, err := socket.ReadFrom(make([]byte, 1)); return err },
	} {
		err := do()
		var timeout net.Error
		if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%s: %T %v", name, err, err)
		}
	}
	_ = stream.Close()
	_ = packets.Close()
	_ = socket.Close()
}
