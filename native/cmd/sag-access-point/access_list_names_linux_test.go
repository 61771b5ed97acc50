package main

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
)

// names tries a list that only allows names below corp.example, and queries to the name server, which is the neighbour.
func (c *campus) names(t *testing.T) {
	c.hosts.Do(func() {
		socket, err := net.ListenPacket("udp", net.JoinHostPort(neighbour4, "53"))
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = socket.Close() })
		go answerNames(socket)
	})
	peer := c.client.Peer(time.Hour, destinations4, destinations6)
	peer.Resolvers = []string{neighbour4}
	named := func(r *accesspointv1.Rule) { r.Name = "*.corp.example" }
	peer.Rules = []*accesspointv1.Rule{
		accept(1, named), accept(1, named, prefix("::/0")), accept(2, ports(udp, udpPort, udpPort), prefix(neighbour4+"/32")),
		drop(), drop(prefix("::/0")),
	}
	cloud := c.points[0].cloud
	if ack := cloud.WaitAck(t, cloud.Upsert(peer)); len(ack.GetRefused()) > 0 {
		t.Fatalf("refused: %v", ack)
	}
	reached := func() (reached []string) {
		for _, host := range []string{host4, host6} {
			if c.connect(host, tcpPort, time.Second) == nil {
				reached = append(reached, host)
			}
		}
		return reached
	}
	if got := reached(); len(got) > 0 {
		t.Errorf("%v: reached without a name", got)
	}
	c.resolve(t, "www.other.example.")
	if got := reached(); len(got) > 0 {
		t.Errorf("%v: reached by another name", got)
	}
	c.resolve(t, "www.corp.example.")
	if got := reached(); len(got) != 2 {
		t.Errorf("%v: reached by name", got)
	}
}

// resolve queries the name server for a name.
func (c *campus) resolve(t *testing.T, name string) {
	t.Helper()
	conn, err := c.client.Stack.DialUDP(context.Background(), netip.AddrPortFrom(netip.MustParseAddr(neighbour4), 53))
	must(t, err)
	defer conn.Close()
	query := dnsmessage.Message{Questions: []dnsmessage.Question{{
		Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
	}}}
	packed, err := query.Pack()
	must(t, err)
	_, err = conn.Write(packed)
	must(t, err)
	must(t, conn.SetReadDeadline(time.Now().Add(kernelPatience)))
	_, err = conn.Read(make([]byte, 512))
	must(t, err)
}

// answerNames answers every query with both addresses of the host.
func answerNames(socket net.PacketConn) {
	buffer := make([]byte, 2048)
	for {
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		var message dnsmessage.Message
		if message.Unpack(buffer[:n]) != nil {
			continue
		}
		header := dnsmessage.ResourceHeader{Name: message.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 60}
		message.Response = true
		message.Answers = []dnsmessage.Resource{
			{Header: header, Body: &dnsmessage.AResource{A: netip.MustParseAddr(host4).As4()}},
			{Header: header, Body: &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(host6).As16()}},
		}
		if answer, err := message.Pack(); err == nil {
			_, _ = socket.WriteTo(answer, from)
		}
	}
}
