package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/checksum"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/hostnet/nettest"
)

func TestDeniedClientsSendNoAnswersInUserSpace(t *testing.T) { testDeniedAnswers(t, "userspace") }
func TestDeniedClientsSendNoAnswersWithNAT(t *testing.T)     { testDeniedAnswers(t, "nat") }
func TestDeniedClientsSendNoAnswersRouted(t *testing.T)      { testDeniedAnswers(t, "routed") }

// testDeniedAnswers denies a client everything but one UDP port. Then it sends packets that could be answers, or about a flow: the LAN host
// gets none of them, and no packet that they could have opened the way for.
func testDeniedAnswers(t *testing.T, mode string) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, mode, 1)
	c.begin([]*accesspointv1.Rule{accept(1, ports(udp, udpPort, udpPort)), drop(), drop(prefix("::/0"))})
	a4, b4 := netip.MustParseAddr(client4), netip.MustParseAddr(host4)
	a6, b6 := netip.MustParseAddr(client6), netip.MustParseAddr(host6)
	query4 := rawUDP(netip.AddrPortFrom(b4, udpPort), netip.AddrPortFrom(a4, 1), make([]byte, 100))
	query6 := rawUDP(netip.AddrPortFrom(b6, udpPort), netip.AddrPortFrom(a6, 1), make([]byte, 100))
	start := c.received()
	for _, raw := range [][]byte{
		rawICMP(a4, b4, 0, 77, nil), rawICMP(a6, b6, 129, 77, nil),
		rawICMP(a4, b4, 8, 77, nil), rawICMP(a6, b6, 128, 77, nil),
		rawICMP(a4, b4, 14, 78, nil), rawICMP(a4, b4, 13, 78, nil),
		rawIP(packet.ICMP, a6, b6, make([]byte, 8)), rawICMP(a6, b6, 128, 0, nil), // ICMP of the other version has no flow
		rawIP(packet.ICMPv6, a4, b4, make([]byte, 8)), rawICMP(a4, b4, 8, 0, nil),
		rawICMP(a4, b4, 3, 0, query4), rawICMP(a6, b6, 1, 0, query6),
		rawTCP(netip.AddrPortFrom(a4, 40000), netip.AddrPortFrom(b4, tcpPort), packet.ACK),
		rawTCP(netip.AddrPortFrom(a4, 40001), netip.AddrPortFrom(b4, tcpPort), packet.SYN|packet.FIN),
		rawTCP(netip.AddrPortFrom(a4, 40002), netip.AddrPortFrom(b4, tcpPort), packet.SYN|packet.ACK),
	} {
		must(t, c.client.Path.Inject(raw))
	}
	for range 2 { // what was sent before has arrived when this is answered
		must(t, c.datagram(host4, 100, kernelPatience))
	}
	if got := c.received(); got != start {
		t.Errorf("the host received\n%sbefore\n%s", got, start)
	}
}

// Packets of a host that may open nothing reach no client and affect none of its flows.
func TestDeniedHostsCannotDisturbFlowsRouted(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, "routed", 1)
	c.hosts.Run("ip addr add " + neighbour4 + "/16 dev lan")
	c.begin([]*accesspointv1.Rule{drop(inward), drop(inward, prefix("::/0"))})
	const port = 5060
	var phone net.PacketConn
	c.hosts.Do(func() {
		var err error
		if phone, err = net.ListenPacket("udp4", net.JoinHostPort(host4, fmt.Sprint(port))); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		return
	}
	defer phone.Close()
	conn, err := c.client.Stack.DialUDP(context.Background(), netip.AddrPortFrom(netip.MustParseAddr(host4), port))
	must(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("register"))
	must(t, err)
	buffer := make([]byte, 100)
	_, from, err := phone.ReadFrom(buffer)
	must(t, err)
	call := func() error {
		for end := time.Now().Add(kernelPatience); ; { // a datagram may be lost in a queue that other packets fill
			if _, err := phone.WriteTo([]byte("call"), from); err != nil {
				return err
			}
			if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
				return err
			}
			if _, err := conn.Read(buffer); err == nil || time.Now().After(end) {
				return err
			}
		}
	}
	must(t, call())
	client := netip.MustParseAddr(client4)
	c.hosts.Do(func() {
		raw, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_RAW)
		for n := 0; err == nil && n < 1500; n++ {
			packet := rawTCP(netip.AddrPortFrom(netip.MustParseAddr(neighbour4), uint16(1000+n)), netip.AddrPortFrom(client, 7), packet.ACK)
			err = syscall.Sendto(raw, packet, 0, &syscall.SockaddrInet4{Addr: client.As4()})
		}
		if err != nil {
			t.Error(err)
		}
		_ = syscall.Close(raw)
	})
	if err := call(); err != nil {
		t.Errorf("after packets of another host: %v", err)
	}
}

// A TCP connection goes on after the access point was restarted, with a list that lets nobody connect to the client.
func TestConnectionsGoOnAfterRestartRouted(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, "routed", 1)
	c.begin([]*accesspointv1.Rule{drop(inward), drop(inward, prefix("::/0"))})
	conn, err := c.client.Dial(context.Background(), net.JoinHostPort(host4, fmt.Sprint(streamPort)))
	must(t, err)
	defer conn.Close()
	receive := func() {
		t.Helper()
		must(t, conn.SetReadDeadline(time.Now().Add(2*kernelPatience)))
		_, err := io.ReadFull(conn, make([]byte, 10_000))
		must(t, err)
	}
	receive()
	c.points[0].process.terminate(t)
	c.points[0].start()
	must(t, c.client.Device.RemovePeer(c.points[0].key)) // for a new handshake
	c.enter(c.points[0])
	receive()
}

// begin makes the access point begin the client's session anew with a list, and the client enter it.
func (c *campus) begin(list []*accesspointv1.Rule) {
	c.t.Helper()
	cloud := c.points[0].cloud
	cloud.WaitAck(c.t, cloud.Remove(c.client.SessionID))
	c.setList(list)
	c.enter(c.points[0])
}

// received are the counters of what the LAN host has received besides UDP.
func (c *campus) received() string {
	c.t.Helper()
	return c.hosts.Run("nstat -asz IcmpInEchos IcmpInEchoReps IcmpInTimestamps IcmpInTimestampReps IcmpInDestUnreachs Icmp6InEchos " +
		"Icmp6InEchoReplies Icmp6InDestUnreachs IcmpOutDestUnreachs Icmp6OutParmProblems TcpInSegs")
}

// rawIP returns an IP packet.
func rawIP(protocol byte, from, to netip.Addr, body []byte) []byte {
	if from.Is4() {
		raw := append([]byte{0x45, 0, 0, 0, 0xab, 0xcd, 0, 0, 64, protocol, 0, 0}, from.AsSlice()...)
		raw = append(raw, to.AsSlice()...)
		binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)+len(body)))
		binary.BigEndian.PutUint16(raw[10:], ^checksum.Sum(0, raw))
		return append(raw, body...)
	}
	raw := append([]byte{0x60, 0, 0, 0, byte(len(body) >> 8), byte(len(body)), protocol, 64}, from.AsSlice()...)
	return append(append(raw, to.AsSlice()...), body...)
}

// rawICMP returns an ICMP message of the addresses' IP version.
func rawICMP(from, to netip.Addr, message byte, id uint16, data []byte) []byte {
	body := append([]byte{message, 0, 0, 0, byte(id >> 8), byte(id), 0, 1}, data...)
	if from.Is4() {
		binary.BigEndian.PutUint16(body[2:], ^checksum.Sum(0, body))
		return rawIP(packet.ICMP, from, to, body)
	}
	raw := rawIP(packet.ICMPv6, from, to, body)
	binary.BigEndian.PutUint16(raw[packet.IPv6Size+2:], ^checksum.IPv6(raw, packet.ICMPv6))
	return raw
}

// rawTCP returns a segment without data.
func rawTCP(from, to netip.AddrPort, flags byte) []byte {
	const size = 20
	body := make([]byte, size)
	binary.BigEndian.PutUint16(body, from.Port())
	binary.BigEndian.PutUint16(body[2:], to.Port())
	body[12], body[13] = size/4<<4, flags
	pseudo := checksum.Sum(packet.TCP+size, append(from.Addr().AsSlice(), to.Addr().AsSlice()...))
	binary.BigEndian.PutUint16(body[16:], ^checksum.Sum(uint32(pseudo), body))
	return rawIP(packet.TCP, from.Addr(), to.Addr(), body)
}

// rawUDP returns a datagram without checksum.
func rawUDP(from, to netip.AddrPort, data []byte) []byte {
	header := make([]byte, 8)
	binary.BigEndian.PutUint16(header, from.Port())
	binary.BigEndian.PutUint16(header[2:], to.Port())
	binary.BigEndian.PutUint16(header[4:], uint16(len(header)+len(data)))
	return rawIP(packet.UDP, from.Addr(), to.Addr(), append(header, data...))
}
