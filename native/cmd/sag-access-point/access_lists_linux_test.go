package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/netstack"
)

const (
	neighbour4 = "10.0.0.81" // another address of the LAN host
	sshPort    = 22          // at the client
	// changeLimit is how long a change may take until it is in force.
	changeLimit = 2 * time.Second
	// silence is how long to wait for an answer that must not come.
	silence = 300 * time.Millisecond
)

func TestAccessListsInUserSpace(t *testing.T) { testAccessLists(t, "userspace") }
func TestAccessListsWithNAT(t *testing.T)     { testAccessLists(t, "nat") }
func TestAccessListsRouted(t *testing.T)      { testAccessLists(t, "routed") }

// drop returns a rule that drops what the client sends to an IPv4 address, with changes.
func drop(changes ...func(*accesspointv1.Rule)) *accesspointv1.Rule {
	r := &accesspointv1.Rule{
		Direction: accesspointv1.Rule_DIRECTION_FROM_CLIENT, Action: accesspointv1.Rule_ACTION_DENY, Prefix: "0.0.0.0/0", Priority: 50,
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

func accept(priority uint32, changes ...func(*accesspointv1.Rule)) *accesspointv1.Rule {
	r := drop(changes...)
	r.Action, r.Priority = accesspointv1.Rule_ACTION_ALLOW, priority
	return r
}

func prefix(text string) func(*accesspointv1.Rule) {
	return func(r *accesspointv1.Rule) { r.Prefix = text }
}
func of(text string) func(*accesspointv1.Rule) {
	return func(r *accesspointv1.Rule) { r.ClientPrefix = text }
}
func inward(r *accesspointv1.Rule) { r.Direction = accesspointv1.Rule_DIRECTION_TO_CLIENT }
func icmp(r *accesspointv1.Rule)   { r.Protocol = accesspointv1.Rule_PROTOCOL_ICMP }

func ports(protocol accesspointv1.Rule_Protocol, first, last uint32) func(*accesspointv1.Rule) {
	return func(r *accesspointv1.Rule) {
		r.Protocol, r.Ports = protocol, []*accesspointv1.Rule_PortRange{{First: first, Last: last}}
	}
}

func clientPorts(protocol accesspointv1.Rule_Protocol, first, last uint32) func(*accesspointv1.Rule) {
	return func(r *accesspointv1.Rule) {
		r.Protocol, r.ClientPorts = protocol, []*accesspointv1.Rule_PortRange{{First: first, Last: last}}
	}
}

const (
	tcp = accesspointv1.Rule_PROTOCOL_TCP
	udp = accesspointv1.Rule_PROTOCOL_UDP
)

// probes are the flows that each list is tried with.
var probes = map[string]func(*campus, time.Duration) error{
	"tcp4":      func(c *campus, d time.Duration) error { return c.connect(host4, tcpPort, d) },
	"tcp6":      func(c *campus, d time.Duration) error { return c.connect(host6, tcpPort, d) },
	"echo4":     func(c *campus, d time.Duration) error { return c.connect(host4, echoPort, d) },
	"neighbour": func(c *campus, d time.Duration) error { return c.connect(neighbour4, tcpPort, d) },
	"udp4":      func(c *campus, d time.Duration) error { return c.datagram(host4, 100, d) },
	"udp6":      func(c *campus, d time.Duration) error { return c.datagram(host6, 100, d) },
	"large4":    func(c *campus, d time.Duration) error { return c.datagram(host4, 1900, d) }, // in fragments
	"large6":    func(c *campus, d time.Duration) error { return c.datagram(host6, 1900, d) },
	"ping4":     func(c *campus, d time.Duration) error { return c.ping(host4, d) },
	"ping6":     func(c *campus, d time.Duration) error { return c.ping(host6, d) },
}

var all4 = []string{"tcp4", "echo4", "neighbour", "udp4", "large4", "ping4"}
var all6 = []string{"tcp6", "udp6", "large6", "ping6"}

func testAccessLists(t *testing.T, mode string) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, mode, 1)
	c.hosts.Run("ip addr add " + neighbour4 + "/16 dev lan")
	ssh, err := c.client.Stack.ListenTCP(netip.AddrPortFrom(netip.MustParseAddr(client4), sshPort))
	must(t, err)
	go answer(ssh)
	c.enter(c.points[0])
	for _, test := range []struct {
		name   string
		rules  []*accesspointv1.Rule
		denied []string
		// closed means that the LAN host cannot connect to the client.
		closed bool
	}{
		{"no list", nil, nil, false},
		{"every IPv4 address", []*accesspointv1.Rule{drop()}, all4, false},
		{"every IPv6 address", []*accesspointv1.Rule{drop(prefix("::/0"))}, all6, false},
		{"TCP", []*accesspointv1.Rule{drop(ports(tcp, 0, 65535))}, []string{"tcp4", "echo4", "neighbour"}, false},
		{"a TCP port", []*accesspointv1.Rule{drop(ports(tcp, tcpPort, tcpPort))}, []string{"tcp4", "neighbour"}, false},
		{"a range of TCP ports", []*accesspointv1.Rule{drop(ports(tcp, 81, 90))}, []string{"echo4"}, false},
		{"UDP, also in fragments", []*accesspointv1.Rule{drop(ports(udp, udpPort, udpPort))}, []string{"udp4", "large4"}, false},
		{"UDP over IPv6, also in fragments", []*accesspointv1.Rule{drop(ports(udp, 1, 100), prefix("fd10::/64"))}, []string{"udp6", "large6"}, false},
		{"UDP to the port is all that is allowed", []*accesspointv1.Rule{accept(1, ports(udp, udpPort, udpPort)), drop()}, []string{"tcp4", "echo4", "neighbour", "ping4"}, false},
		{"another UDP port", []*accesspointv1.Rule{drop(ports(udp, 54, 65535))}, nil, false},
		{"ICMP", []*accesspointv1.Rule{drop(icmp), drop(icmp, prefix("::/0"))}, []string{"ping4", "ping6"}, false},
		{"one address", []*accesspointv1.Rule{drop(prefix(neighbour4 + "/32"))}, []string{"neighbour"}, false},
		{"all but one address", []*accesspointv1.Rule{drop(), accept(7, prefix(neighbour4+"/32"))}, []string{"tcp4", "echo4", "udp4", "large4", "ping4"}, false},
		{"a higher number does not matter", []*accesspointv1.Rule{accept(51, prefix(neighbour4+"/32")), drop()}, all4, false},
		{"this client", []*accesspointv1.Rule{drop(of("10.90.0.2/32"))}, all4, false},
		{"this client by its other address", []*accesspointv1.Rule{drop(of("10.90.0.2/32"), prefix("::/0"))}, all6, false},
		{"another client", []*accesspointv1.Rule{drop(of("10.90.0.3/32"))}, nil, false},
		{"the client's ports", []*accesspointv1.Rule{drop(clientPorts(tcp, 1, 65535))}, []string{"tcp4", "echo4", "neighbour"}, false},
		{"inward: answers pass", []*accesspointv1.Rule{drop(inward), drop(inward, prefix("::/0"))}, nil, true},
		{"inward, to a port of the client", []*accesspointv1.Rule{drop(inward, clientPorts(tcp, sshPort, sshPort))}, nil, true},
		{"inward, to another port", []*accesspointv1.Rule{drop(inward, clientPorts(tcp, 23, 23))}, nil, false},
		{"nothing but inward", []*accesspointv1.Rule{drop(), drop(prefix("::/0"))}, append(slices.Clone(all4), all6...), false},
	} {
		c.setList(test.rules)
		for name, try := range probes {
			if slices.Contains(test.denied, name) {
				if err := try(c, silence); err == nil {
					t.Errorf("%s: %s passed", test.name, name)
				} else if strings.HasPrefix(name, "tcp") && !errors.Is(err, netstack.ErrUnreachable) {
					t.Errorf("%s: %s was not told: %v", test.name, name, err)
				}
			} else if err := try(c, kernelPatience); err != nil {
				t.Errorf("%s: %s: %v", test.name, name, err)
			}
		}
		if mode != "routed" { // otherwise nobody can connect to clients
			continue
		}
		if closed := c.connectIn() != nil; closed != test.closed {
			t.Errorf("%s: from the LAN the client is closed: %v", test.name, closed)
		}
	}
	t.Run("names", c.names)
	t.Run("a change cuts open connections", c.cutting)
}

// setList changes the client's access list and waits until it is in force.
func (c *campus) setList(list []*accesspointv1.Rule) {
	c.t.Helper()
	peer := c.client.Peer(time.Hour, destinations4, destinations6)
	peer.Rules = list
	ack := c.points[0].cloud.WaitAck(c.t, c.points[0].cloud.Upsert(peer))
	if len(ack.GetRefused()) > 0 {
		c.t.Fatalf("refused: %v", ack)
	}
}

// cutting changes the list while connections are open: one that receives without end, and one that is idle.
func (c *campus) cutting(t *testing.T) {
	for _, host := range []string{host4, host6} {
		c.setList(nil)
		open := func(port int) netstack.Conn {
			conn, err := c.client.Dial(context.Background(), net.JoinHostPort(host, fmt.Sprint(port)))
			must(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			_, err = conn.Write([]byte("x"))
			must(t, err)
			must(t, conn.SetReadDeadline(time.Now().Add(kernelPatience)))
			_, err = io.ReadFull(conn, make([]byte, 1))
			must(t, err)
			return conn
		}
		stream, idle, other := open(streamPort), open(echoPort), open(echoPort)
		at := net.JoinHostPort(host, "")
		established := func(port int) int {
			return strings.Count(c.hosts.Run(fmt.Sprintf("ss -Htn state established sport = :%d", port)), strings.TrimSuffix(at, ":"))
		}
		if established(streamPort) != 1 || established(echoPort) != 2 {
			t.Fatalf("the host has %d and %d connections", established(streamPort), established(echoPort))
		}
		_ = other.Close()
		everything := []*accesspointv1.Rule{drop(ports(tcp, 1, 65535)), drop(ports(tcp, 1, 65535), prefix("::/0"))}
		start := time.Now()
		c.setList(everything)
		must(t, stream.SetReadDeadline(start.Add(changeLimit)))
		_, err := io.Copy(io.Discard, stream)
		if !errors.Is(err, netstack.ErrReset) {
			t.Errorf("%s: the stream ended with %v", host, err)
		}
		t.Logf("%s: the stream was cut %s after the change began", host, time.Since(start).Round(time.Millisecond))
		_, _ = idle.Write([]byte("x"))
		must(t, idle.SetReadDeadline(start.Add(changeLimit)))
		if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, netstack.ErrReset) {
			t.Errorf("%s: the idle connection ended with %v", host, err)
		}
		for end := start.Add(changeLimit); established(streamPort)+established(echoPort) > 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Errorf("%s: the host still has %d and %d connections", host, established(streamPort), established(echoPort))
				break
			}
		}
	}
}

// connect opens a TCP connection and reads until it ends, or, at the echo port, closes it.
func (c *campus) connect(host string, port int, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := c.client.Dial(ctx, net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	if port != tcpPort {
		return nil
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	_, err = io.ReadAll(conn)
	return err
}

// datagram sends a datagram of a size and waits for the answer.
func (c *campus) datagram(host string, size int, patience time.Duration) error {
	conn, err := c.client.Stack.DialUDP(context.Background(), netip.AddrPortFrom(netip.MustParseAddr(host), udpPort))
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write(make([]byte, size)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 64))
	return err
}

func (c *campus) ping(host string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := c.client.Stack.Ping(ctx, netip.MustParseAddr(host))
	return err
}

// connectIn connects from the LAN host to the client.
func (c *campus) connectIn() error {
	result := make(chan error, 1)
	c.hosts.Do(func() {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(client4, fmt.Sprint(sshPort)), 2*silence)
		if err == nil {
			_ = conn.SetReadDeadline(time.Now().Add(kernelPatience))
			_, err = io.ReadAll(conn)
			_ = conn.Close()
		}
		result <- err
	})
	return <-result
}

// answer accepts connections and closes them.
func answer(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}
