package peercred

import (
	"net"
	"testing"
)

func udpPair(b *testing.B) (client, server *net.UDPConn) {
	b.Helper()
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close() })
	client, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Close() })
	return client, server
}

// The SOCKS proxy looks the sender of each datagram up.
func BenchmarkSender(b *testing.B) {
	client, server := udpPair(b)
	from, to := client.LocalAddr().(*net.UDPAddr).AddrPort(), server.LocalAddr().(*net.UDPAddr).AddrPort()
	senders := System().Senders()
	defer senders.Close()
	for b.Loop() {
		if _, err := senders.Sender(from, to); err != nil {
			b.Fatal(err)
		}
	}
}

// The list of all sockets, which shows whether several users share the port.
func BenchmarkUDPList(b *testing.B) {
	client, _ := udpPair(b)
	from := client.LocalAddr().(*net.UDPAddr).AddrPort()
	for b.Loop() {
		if _, err := System().UDP(from); err != nil {
			b.Fatal(err)
		}
	}
}
