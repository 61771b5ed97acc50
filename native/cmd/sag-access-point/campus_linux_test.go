package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/fakeclient"
	"sag.software/native/internal/accesspoint/fakecloud"
	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/hostnet/nettest"
)

const (
	outside        = "192.0.2.1"
	host4, host6   = "10.0.0.80", "fd10::80"
	client4        = "10.90.0.2"
	client6        = "fd00:5a9::2"
	tcpPort        = 80
	udpPort        = 53
	streamPort     = 81
	echoPort       = 82
	bulkPort       = 83
	secretPort     = 7777
	destinations4  = "10.0.0.0/16"
	destinations6  = "fd10::/64"
	forbidden      = "10.1.0.80"
	kernelPatience = 5 * time.Second
	failOverLimit  = 3 * time.Second
)

// campus is a company: access points between the Internet, where the test runs, and a LAN with one host.
type campus struct {
	t       *testing.T
	hosts   *nettest.Namespace
	points  []*gateway
	client  *fakeclient.Client
	counter uint64
	// mtu is what the client says that its path carries, bytes; 0 = nothing.
	mtu uint16
}

type gateway struct {
	number int
	// start starts the access point, or restarts it with the same state.
	start   func()
	machine *nettest.Namespace
	cloud   *fakecloud.Cloud
	process *process
	key     engine.Key
}

// newCampus creates one; more are further options of its access points.
func newCampus(t *testing.T, mode string, points int, more ...string) *campus {
	t.Helper()
	c := &campus{t: t, hosts: nettest.NewNamespace(t), client: fakeclient.New(t, sessionID, client4, client6)}
	for _, line := range []string{"link add internet type bridge", "addr add " + outside + "/24 dev internet", "link set internet up"} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	c.hosts.Run(
		"ip link add lan type bridge", "ip link set lan up",
		"ip addr add "+host4+"/16 dev lan", "ip addr add "+forbidden+"/16 dev lan", "ip -6 addr add "+host6+"/64 dev lan nodad",
	)
	if mode == "routed" {
		c.hosts.Run("ip route add 10.90.0.0/24 dev lan", "ip -6 route add fd00:5a9::/64 dev lan")
	}
	c.serve()
	for i := range points {
		c.points = append(c.points, c.newGateway(mode, i+1, more))
	}
	return c
}

func (c *campus) newGateway(mode string, number int, more []string) *gateway {
	c.t.Helper()
	g := &gateway{number: number, machine: nettest.NewNamespace(c.t)}
	wan, lan := fmt.Sprint("wan", number), fmt.Sprint("lan", number)
	nettest.Run(c.t, "ip", "link", "add", wan, "type", "veth", "peer", "name", "uplink", "netns", g.machine.PID())
	nettest.Run(c.t, "ip", "link", "set", wan, "master", "internet", "up")
	c.hosts.Run("ip link add "+lan+" type veth peer name inside netns "+g.machine.PID(), "ip link set "+lan+" master lan up")
	g.machine.Run(
		"ip link set uplink up", "ip link set inside up",
		fmt.Sprintf("ip addr add 192.0.2.1%d/24 dev uplink", number), "ip route add default via "+outside,
		fmt.Sprintf("ip addr add 10.0.0.1%d/16 dev inside", number), fmt.Sprintf("ip -6 addr add fd10::1%d/64 dev inside nodad", number),
	)
	g.machine.Do(func() { // clients must not reach this service
		listener, err := net.Listen("tcp", fmt.Sprint(":", secretPort))
		if err != nil {
			c.t.Error(err)
			return
		}
		c.t.Cleanup(func() { _ = listener.Close() })
	})
	g.cloud = fakecloud.NewAt(c.t, outside+":0", fmt.Sprint("fd00:5a9:0:ffff::", number))
	state := filepath.Join(c.t.TempDir(), "state")
	g.start = func() {
		args := append([]string{"--cloud", g.cloud.URL(), "--pin", g.cloud.Pin(), "--state", state, "--listen",
			fmt.Sprintf("192.0.2.1%d:0", number), "--mode", mode, "--json", "--token-stdin"}, more...)
		p := prepare(fakecloud.Token+"\n", args...)
		// Only the capabilities that administrators.md lists for these modes.
		capabilities := []string{"--bounding-set=-all,+net_admin,+net_raw", "--inh-caps=-all", "--no-new-privs", p.Path}
		p.Cmd.Path, p.Cmd.Args = "setpriv", append(append([]string{"setpriv"}, capabilities...), p.Args[1:]...)
		p.Cmd = g.machine.Command(p.Cmd)
		p.begin(c.t)
		p.waitReady(c.t)
		g.process = p
	}
	g.start()
	description := (<-g.cloud.Registered).GetDescription()
	if want := modes[mode]; description.GetMode() != want {
		c.t.Errorf("described as %v", description.GetMode())
	}
	g.key = engine.Key(description.GetPublicKey())
	peer := c.client.Peer(time.Hour, destinations4, destinations6)
	g.cloud.WaitAck(c.t, g.cloud.Upsert(peer))
	return g
}

// serve starts services on the LAN host: one answers with the client's address, one echoes, others send without end, one of them slowly.
func (c *campus) serve() {
	c.hosts.Do(func() {
		for port, answer := range map[int]func(net.Conn){
			tcpPort:  func(conn net.Conn) { _, _ = io.WriteString(conn, conn.RemoteAddr().(*net.TCPAddr).IP.String()) },
			echoPort: func(conn net.Conn) { _, _ = io.Copy(conn, conn) },
			streamPort: func(conn net.Conn) {
				go func() { _, _ = io.Copy(io.Discard, conn) }()
				for {
					if _, err := conn.Write(make([]byte, 1000)); err != nil {
						return
					}
					time.Sleep(time.Millisecond) // paces the stream
				}
			},
			bulkPort: func(conn net.Conn) {
				data := make([]byte, 64<<10)
				for {
					if _, err := conn.Write(data); err != nil {
						return
					}
				}
			},
		} {
			listener, err := net.Listen("tcp", fmt.Sprint(":", port))
			if err != nil {
				c.t.Error(err)
				return
			}
			c.t.Cleanup(func() { _ = listener.Close() })
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					go func() { defer conn.Close(); answer(conn) }()
				}
			}()
		}
		for _, host := range []string{host4, host6} { // one socket per address, because answers must come from the address that was queried
			socket, err := net.ListenPacket("udp", net.JoinHostPort(host, fmt.Sprint(udpPort)))
			if err != nil {
				c.t.Error(err)
				return
			}
			c.t.Cleanup(func() { _ = socket.Close() })
			go func() {
				buffer := make([]byte, 2048)
				for {
					_, from, err := socket.ReadFrom(buffer)
					if err != nil {
						return
					}
					_, _ = socket.WriteTo([]byte(from.(*net.UDPAddr).IP.String()), from)
				}
			}()
		}
	})
}

// enter switches the client to an access point, as sag-tunnel does: a handshake, then active probes.
func (c *campus) enter(g *gateway) { c.bring(c.client, g) }

// bring is enter for any client.
func (c *campus) bring(client *fakeclient.Client, g *gateway) {
	c.t.Helper()
	c.counter++
	client.Connect(c.t, g.key, g.process.ready.Endpoint)
	id, _ := hex.DecodeString(client.SessionID)
	address := netip.MustParseAddr(fmt.Sprint("fd00:5a9:0:ffff::", g.number))
	deadline := time.After(kernelPatience)
	for {
		must(c.t, client.Tap.Send(client.Address6, address, probe.Message{
			Kind: probe.Request, Active: true, Session: [16]byte(id), Generation: 1<<32 | c.counter, Nonce: c.counter, MTU: c.mtu,
		}, 0))
		select {
		case reply := <-client.Replies:
			if reply.Nonce == c.counter {
				return
			}
		case <-time.After(100 * time.Millisecond): // the handshake may be in flight, so try again, as sag-tunnel does
		case <-deadline:
			c.t.Fatal("no answer to a probe")
		}
	}
}

// seenAs returns the client's addresses as a LAN host sees them, over TCP and UDP.
func (c *campus) seenAs(host string) (overTCP, overUDP string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), kernelPatience)
	defer cancel()
	conn, err := c.client.Dial(ctx, net.JoinHostPort(host, fmt.Sprint(tcpPort)))
	must(c.t, err)
	defer conn.Close()
	text, err := io.ReadAll(conn)
	must(c.t, err)
	datagrams, err := c.client.Stack.DialUDP(ctx, netip.AddrPortFrom(netip.MustParseAddr(host), udpPort))
	must(c.t, err)
	defer datagrams.Close()
	must(c.t, datagrams.SetDeadline(time.Now().Add(kernelPatience)))
	_, err = datagrams.Write([]byte("who am I"))
	must(c.t, err)
	buffer := make([]byte, 64)
	n, err := datagrams.Read(buffer)
	must(c.t, err)
	return string(text), string(buffer[:n])
}

// refused fails the test if the client can connect to a place.
func (c *campus) refused(place string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if conn, err := c.client.Dial(ctx, place); err == nil {
		_ = conn.Close()
		c.t.Errorf("%s was reached", place)
	}
}

func (c *campus) everywhere(as4, as6 string) {
	c.t.Helper()
	for host, want := range map[string]string{host4: as4, host6: as6} {
		overTCP, overUDP := c.seenAs(host)
		if overTCP != want || overUDP != want {
			c.t.Errorf("%s saw %s over TCP and %s over UDP, want %s", host, overTCP, overUDP, want)
		}
		ctx, cancel := context.WithTimeout(context.Background(), kernelPatience)
		if _, err := c.client.Stack.Ping(ctx, netip.MustParseAddr(host)); err != nil {
			c.t.Errorf("ping %s: %v", host, err)
		}
		cancel()
	}
}

func (c *campus) guarded() {
	c.t.Helper()
	for _, place := range []string{
		net.JoinHostPort(forbidden, fmt.Sprint(tcpPort)),      // on the LAN, but not among the destinations
		net.JoinHostPort("10.0.0.11", fmt.Sprint(secretPort)), // the access point's host, at its own LAN address
		net.JoinHostPort("fd10::11", fmt.Sprint(secretPort)),
	} {
		c.refused(place)
	}
	// Addresses that the host gets later are blocked at once.
	c.points[0].machine.Run("ip addr add 10.0.0.99/16 dev inside")
	c.refused(net.JoinHostPort("10.0.0.99", fmt.Sprint(secretPort)))
}

func (c *campus) counted() {
	c.t.Helper()
	c.points[0].process.terminate(c.t)
	var last *accesspointv1.Counters
	for len(c.points[0].cloud.Reports) > 0 {
		for _, counters := range (<-c.points[0].cloud.Reports).GetCounters() {
			last = counters
		}
	}
	if last.GetRxBytes() == 0 || last.GetTxBytes() == 0 || !last.GetActive() || last.GetGeneration() != 1<<32|1 {
		c.t.Errorf("counted %v", last)
	}
}
