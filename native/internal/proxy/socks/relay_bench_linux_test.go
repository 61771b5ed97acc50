package socks

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// counting is an intranet that counts datagrams, and answers when told so.
type counting struct {
	refusing
	arrived, answers chan struct{}
}

func (c *counting) ListenPacket(bool) (net.PacketConn, error) { return &countingConn{c: c}, nil }

type countingConn struct {
	net.PacketConn
	c *counting
}

func (c *countingConn) WriteTo(b []byte, _ net.Addr) (int, error) {
	c.c.arrived <- struct{}{}
	return len(b), nil
}

func (c *countingConn) ReadFrom([]byte) (int, net.Addr, error) {
	if _, ok := <-c.c.answers; !ok {
		return 0, nil, net.ErrClosed
	}
	return 1200, &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 53}, nil
}

func (*countingConn) Close() error { return nil }

// The cost of relaying a datagram of 1,200 bytes with the check of its owner, without the tunnel.
func BenchmarkRelay(b *testing.B) {
	intranet := &counting{arrived: make(chan struct{}, batchLimit), answers: make(chan struct{})}
	defer close(intranet.answers)
	relay := associated(b, intranet)
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	payload := toInner(fmt.Sprintf("%1200d", 0))
	buffer := make([]byte, datagramLimit)
	// In batches that wait for each other, so that none is lost.
	up := func(b *testing.B, batch int) {
		for range batch {
			if _, err := conn.WriteToUDPAddrPort(payload, relay); err != nil {
				b.Fatal(err)
			}
		}
		timeout := time.After(10 * time.Second)
		for range batch {
			select {
			case <-intranet.arrived:
			case <-timeout:
				b.Fatal("a datagram was lost")
			}
		}
	}
	b.Run("up", func(b *testing.B) {
		for sent := 0; sent < b.N; sent += batchLimit {
			up(b, batchLimit)
		}
	})
	b.Run("down", func(b *testing.B) {
		up(b, 1)
		for sent := 0; sent < b.N; sent += batchLimit {
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			for range batchLimit {
				intranet.answers <- struct{}{}
			}
			for range batchLimit {
				if _, err := conn.Read(buffer); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
