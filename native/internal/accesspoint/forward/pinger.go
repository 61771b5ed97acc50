package forward

import (
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	// pingWait is how long a reply is waited for.
	pingWait = 10 * time.Second
	// maxPings limits the echo requests that are in flight.
	maxPings = 1024
)

// pinger sends echo requests for clients from one socket per family, opened at first use.
type pinger struct {
	logger *slog.Logger
	id     uint16

	mu       sync.Mutex
	sockets  map[bool]*icmp.PacketConn // by "is IPv4"; nil = not permitted
	pending  map[ping]func()
	sequence uint16
	closed   bool
}

// ping identifies an echo request in flight. The sequence number is the pinger's, not the client's.
type ping struct {
	to       netip.Addr
	sequence uint16
}

func newPinger(logger *slog.Logger) *pinger {
	return &pinger{
		logger: logger, id: uint16(os.Getpid()),
		sockets: map[bool]*icmp.PacketConn{}, pending: map[ping]func(){},
	}
}

func (p *pinger) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, socket := range p.sockets {
		if socket != nil {
			_ = socket.Close()
		}
	}
}

// ping sends an echo request and calls answered, on another goroutine, if the reply arrives in time.
func (p *pinger) ping(to netip.Addr, payload []byte, answered func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	socket := p.socket(to.Is4())
	if socket == nil || len(p.pending) >= maxPings {
		return
	}
	p.sequence++
	key := ping{to, p.sequence}
	message := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: int(p.id), Seq: int(key.sequence), Data: payload}}
	if !to.Is4() {
		message.Type = ipv6.ICMPTypeEchoRequest
	}
	packet, err := message.Marshal(nil) // the kernel fills in ICMPv6's checksum
	if err != nil {
		return
	}
	var address net.Addr = &net.IPAddr{IP: to.AsSlice()}
	if _, unprivileged := socket.LocalAddr().(*net.UDPAddr); unprivileged {
		address = &net.UDPAddr{IP: to.AsSlice()}
	}
	if _, err := socket.WriteTo(packet, address); err != nil {
		return
	}
	p.pending[key] = answered
	time.AfterFunc(pingWait, func() { p.take(key) })
}

func (p *pinger) take(key ping) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	answered := p.pending[key]
	delete(p.pending, key)
	return answered
}

// socket opens a raw socket if permitted, otherwise an unprivileged ICMP socket (net.ipv4.ping_group_range). It returns nil if
// neither is permitted. The caller holds the lock.
func (p *pinger) socket(v4 bool) *icmp.PacketConn {
	if socket, tried := p.sockets[v4]; tried || p.closed {
		return socket
	}
	networks, any := []string{"ip4:icmp", "udp4"}, "0.0.0.0"
	if !v4 {
		networks, any = []string{"ip6:ipv6-icmp", "udp6"}, "::"
	}
	var err error
	for _, network := range networks {
		var socket *icmp.PacketConn
		if socket, err = icmp.ListenPacket(network, any); err == nil {
			p.sockets[v4] = socket
			go p.receive(socket, v4)
			return socket
		}
	}
	p.logger.Info("clients' pings are not forwarded: no permission for ICMP sockets", "error", err)
	p.sockets[v4] = nil
	return nil
}

func (p *pinger) receive(socket *icmp.PacketConn, v4 bool) {
	_, unprivileged := socket.LocalAddr().(*net.UDPAddr)
	protocol := 1
	if !v4 {
		protocol = 58
	}
	buffer := make([]byte, maxChunk)
	for {
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return // closed
		}
		message, err := icmp.ParseMessage(protocol, buffer[:n])
		if err != nil {
			continue
		}
		reply, ok := message.Body.(*icmp.Echo)
		isReply := message.Type == ipv4.ICMPTypeEchoReply || message.Type == ipv6.ICMPTypeEchoReply
		if !ok || !isReply || !unprivileged && reply.ID != int(p.id) {
			continue
		}
		if answered := p.take(ping{sender(from), uint16(reply.Seq)}); answered != nil {
			answered()
		}
	}
}

func sender(from net.Addr) netip.Addr {
	switch from := from.(type) {
	case *net.IPAddr:
		a, _ := netip.AddrFromSlice(from.IP)
		return a.Unmap()
	case *net.UDPAddr:
		return from.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
