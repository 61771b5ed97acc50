package socks

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/peercred"
)

const (
	// datagramLimit is the largest datagram, bytes.
	datagramLimit = 65535
	// batchLimit is how many datagrams are read at once; their owner is looked up once.
	batchLimit = 8
	// lookupLimit bounds the lookup of a destination.
	lookupLimit = 5 * time.Second
	// foundMemory is how long a lookup result is cached, foundKept how many are.
	foundMemory = 5 * time.Second
	foundKept   = 256
	// searchesLimit is how many destinations are looked up at a time, waitingLimit how many datagrams wait for each.
	searchesLimit = 16
	waitingLimit  = 8
)

// association is one client's UDP relay.
type association struct {
	server *Server
	// toClient is the socket that the client sends to and receives from.
	toClient *net.UDPConn
	// peer is the client's address, taken from its TCP connection.
	peer netip.Addr

	// clients checks the client's datagrams, and who would receive the answers.
	clients *peercred.Datagrams

	mu sync.Mutex
	// Sockets to destinations, opened on first use: one for direct ones, and one per IP version through the tunnel.
	direct   *net.UDPConn
	tunneled map[bool]net.PacketConn
	network  dialer.Network
	// known are the cached lookups, by host.
	known map[string]found
	// waiting are datagrams whose destination is being looked up, by host.
	waiting map[string][]datagram
	closed  bool
}

type found struct {
	destination dialer.Destination
	until       time.Time
}

// associate relays datagrams for as long as the client's TCP connection stays open (RFC 1928, section 6).
func (s *Server) associate(conn net.Conn) {
	local, remote := addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr())
	toClient, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local.Addr(), 0)))
	if err != nil {
		s.reply(conn, GeneralFailure, netip.AddrPort{})
		return
	}
	a := &association{
		server: s, toClient: toClient, peer: remote.Addr(), clients: s.guard.Datagrams(addrPort(toClient.LocalAddr())),
		tunneled: map[bool]net.PacketConn{}, known: map[string]found{}, waiting: map[string][]datagram{},
	}
	defer a.clients.Close()
	defer a.close()
	if !s.reply(conn, Succeeded, addrPort(toClient.LocalAddr())) {
		return
	}
	go a.fromClient()
	_, _ = io.Copy(io.Discard, conn)
}

func (a *association) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	_ = a.toClient.Close()
	if a.direct != nil {
		_ = a.direct.Close()
	}
	for _, socket := range a.tunneled {
		_ = socket.Close()
	}
}

// batchReader is the part of ipv4.PacketConn and ipv6.PacketConn that is used.
type batchReader interface {
	ReadBatch(messages []ipv4.Message, flags int) (int, error)
}

// fromClient reads the client's datagrams. The owner of their source is looked up after a batch was read, so that a busy
// client does not cost a look-up per datagram, and no datagram is forwarded that came after a look-up.
func (a *association) fromClient() {
	messages := make([]ipv4.Message, batchLimit)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, datagramLimit)}
	}
	var socket batchReader = ipv4.NewPacketConn(a.toClient)
	if a.peer.Is6() {
		socket = ipv6.NewPacketConn(a.toClient)
	}
	for {
		n, err := socket.ReadBatch(messages, 0)
		if err != nil {
			return
		}
		now := time.Now()
		var last netip.AddrPort
		admitted := false
		for _, message := range messages[:n] {
			from := addrPort(message.Addr)
			if from != last {
				last, admitted = from, from.Addr() == a.peer && a.clients.Admit(from, now)
			}
			if !admitted {
				continue
			}
			d, err := parseDatagram(message.Buffers[0][:message.N])
			if err != nil || d.port == 0 {
				continue
			}
			a.send(d)
		}
	}
}

// send sends a datagram, after a lookup of its destination if that is not cached.
func (a *association) send(d datagram) {
	a.mu.Lock()
	known, ok := a.known[d.host]
	a.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		a.sendTo(known.destination, d)
		return
	}
	if a.wait(d) {
		go a.find(d.host)
	}
}

// wait queues a datagram until its destination is found. It returns true for the first one, whose caller has to start the
// lookup. Beyond the limits, datagrams are dropped.
func (a *association) wait(d datagram) (first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before, searched := a.waiting[d.host]
	if a.closed || !searched && len(a.waiting) >= searchesLimit || len(before) >= waitingLimit {
		return false
	}
	d.data = append([]byte(nil), d.data...)
	a.waiting[d.host] = append(before, d)
	return !searched
}

// find looks up a destination and sends the datagrams that wait for it.
func (a *association) find(host string) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupLimit)
	defer cancel()
	destination, err := a.server.dialer.Find(ctx, host)
	ok := err == nil && len(destination.Addresses) > 0
	a.mu.Lock()
	waiting := a.waiting[host]
	delete(a.waiting, host)
	if ok {
		if len(a.known) >= foundKept {
			clear(a.known)
		}
		a.known[host] = found{destination: destination, until: time.Now().Add(foundMemory)}
	}
	a.mu.Unlock()
	if !ok {
		return
	}
	for _, d := range waiting {
		a.sendTo(destination, d)
	}
}

func (a *association) sendTo(destination dialer.Destination, d datagram) {
	to := netip.AddrPortFrom(destination.Addresses[0].IP, d.port)
	socket := a.socket(destination, to.Addr().Is6())
	if socket == nil {
		return
	}
	_, _ = socket.WriteTo(d.data, net.UDPAddrFromAddrPort(to)) // UDP may lose datagrams, so errors are ignored
}

// socket returns the socket for a destination; nil if there is none.
func (a *association) socket(destination dialer.Destination, ipv6 bool) net.PacketConn {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	if !destination.Addresses[0].Tunneled {
		if a.direct == nil {
			socket, err := net.ListenUDP("udp", nil)
			if err != nil {
				return nil
			}
			a.direct = socket
			go a.toTheClient(socket)
		}
		return a.direct
	}
	if destination.Network != a.network {
		for key, old := range a.tunneled {
			_ = old.Close()
			delete(a.tunneled, key)
		}
		a.network = destination.Network
	}
	if a.tunneled[ipv6] == nil {
		socket, err := destination.Network.ListenPacket(ipv6)
		if err != nil {
			return nil
		}
		a.tunneled[ipv6] = socket
		go a.toTheClient(socket)
	}
	return a.tunneled[ipv6]
}

// toTheClient relays datagrams from destinations to the client.
func (a *association) toTheClient(socket net.PacketConn) {
	buffer := make([]byte, datagramLimit)
	var out []byte
	for {
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			a.forget(socket)
			return
		}
		client, ok := a.clients.Recipient(time.Now())
		if !ok {
			continue
		}
		out = appendDatagram(out[:0], addrPort(from), buffer[:n])
		_, _ = a.toClient.WriteToUDPAddrPort(out, client)
	}
}

// forget removes a socket that can no longer be read; the next datagram opens a new one.
func (a *association) forget(socket net.PacketConn) {
	_ = socket.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.direct != nil && socket == net.PacketConn(a.direct) {
		a.direct = nil
	}
	for key, one := range a.tunneled {
		if one == socket {
			delete(a.tunneled, key)
		}
	}
}
