package netstack

import (
	"net"
	"net/netip"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// maxHandshakes bounds the TCP connections whose handshake is pending. SYNs beyond it are dropped, and the client
// retransmits them.
const maxHandshakes = 4096

// Forward handles the traffic of an access point's clients. All handlers are required.
type Forward struct {
	// TCP decides on a connection, in its own goroutine. It must call exactly one of the request's ending methods.
	TCP func(*TCPRequest)
	// UDP decides on a flow's first datagram, on WireGuard's receiving goroutine: it must not block.
	UDP func(*UDPRequest)
	// Echo handles ICMP echo requests, on WireGuard's receiving goroutine: it must not block.
	Echo EchoHandler
}

// request is the common part of TCPRequest and UDPRequest: addresses, and the packet's headers for ICMP errors.
type request struct {
	Src, Dst netip.AddrPort
	stack    *Stack
	original []byte
}

// Unreachable sends an ICMP "host unreachable" to the client.
func (r *request) Unreachable() { r.stack.device.link.sendUnreachable(r.original, hostUnreachable) }

// Prohibit sends an ICMP "administratively prohibited" to the client.
func (r *request) Prohibit() { r.stack.device.link.sendUnreachable(r.original, prohibited) }

// TCPRequest is a client's SYN. The handshake waits for the decision.
type TCPRequest struct {
	request
	forwarder *tcp.ForwarderRequest
	forget    func()
}

func (r *TCPRequest) complete(reset bool) {
	r.forwarder.Complete(reset)
	r.forget()
}

// Accept completes the client's handshake.
func (r *TCPRequest) Accept() (Conn, error) {
	var queue waiter.Queue
	endpoint, err := r.forwarder.CreateEndpoint(&queue)
	r.complete(false)
	if err != nil {
		return nil, tcpipError(err)
	}
	return &tcpConn{gonet.NewTCPConn(&queue, endpoint), endpoint}, nil
}

// Refuse answers with a RST: "connection refused" at the client.
func (r *TCPRequest) Refuse() { r.complete(true) }

// Unreachable ends the request with an ICMP "host unreachable".
func (r *TCPRequest) Unreachable() {
	r.complete(false)
	r.request.Unreachable()
}

// Prohibit ends the request with an ICMP "administratively prohibited".
func (r *TCPRequest) Prohibit() {
	r.complete(false)
	r.request.Prohibit()
}

// Drop ends the request without an answer: the client times out.
func (r *TCPRequest) Drop() { r.complete(false) }

// UDPRequest is the first datagram of a flow. Refuse, Unreachable and Prohibit may also be called later in the flow.
type UDPRequest struct {
	request
	forwarder *udp.ForwarderRequest
}

// Accept creates the flow's socket to the client; the first datagram can be read from it.
func (r *UDPRequest) Accept() (net.Conn, error) {
	var queue waiter.Queue
	endpoint, err := r.forwarder.CreateEndpoint(&queue)
	if err != nil {
		return nil, tcpipError(err)
	}
	return wrapUDP(&queue, endpoint), nil
}

// Refuse sends an ICMP "port unreachable" to the client.
func (r *UDPRequest) Refuse() { r.stack.device.link.sendUnreachable(r.original, portUnreachable) }

func (s *Stack) forward(to *Forward) error {
	if err := s.gvisor.SetPromiscuousMode(nic, true); err != nil {
		return tcpipError(err)
	}
	if err := s.gvisor.SetSpoofing(nic, true); err != nil {
		return tcpipError(err)
	}
	s.device.echo = to.Echo
	s.forwardTCP(to.TCP)
	s.forwardUDP(to.UDP)
	return nil
}

// forwardTCP keeps the headers of each pending SYN, because gVisor's forwarder does not expose them.
func (s *Stack) forwardTCP(handle func(*TCPRequest)) {
	var mu sync.Mutex
	syns := map[gstack.TransportEndpointID][]byte{}
	forget := func(id gstack.TransportEndpointID) {
		mu.Lock()
		delete(syns, id)
		mu.Unlock()
	}
	forwarder := tcp.NewForwarder(s.gvisor, 0, maxHandshakes, func(forwarder *tcp.ForwarderRequest) {
		id := forwarder.ID()
		mu.Lock()
		original := syns[id]
		mu.Unlock()
		handle(&TCPRequest{
			request:   s.request(id, original),
			forwarder: forwarder,
			forget:    func() { forget(id) },
		})
	})
	s.gvisor.SetTransportProtocolHandler(tcp.ProtocolNumber, func(id gstack.TransportEndpointID, packet *gstack.PacketBuffer) bool {
		flags := header.TCP(packet.TransportHeader().Slice()).Flags()
		if !flags.Contains(header.TCPFlagSyn) || flags.Contains(header.TCPFlagAck) {
			return false // no connection matches: the stack answers with a RST
		}
		mu.Lock()
		_, deciding := syns[id]
		full := !deciding && len(syns) >= maxHandshakes
		if !deciding && !full {
			syns[id] = beginning(packet)
		}
		mu.Unlock()
		if full {
			return true
		}
		taken := forwarder.HandlePacket(id, packet)
		if !taken && !deciding {
			forget(id)
		}
		return taken
	})
}

func (s *Stack) forwardUDP(handle func(*UDPRequest)) {
	s.gvisor.SetTransportProtocolHandler(udp.ProtocolNumber, func(id gstack.TransportEndpointID, packet *gstack.PacketBuffer) bool {
		original := beginning(packet)
		return udp.NewForwarder(s.gvisor, func(forwarder *udp.ForwarderRequest) bool {
			handle(&UDPRequest{request: s.request(id, original), forwarder: forwarder})
			return true // the handler has answered, or dropped the datagram
		}).HandlePacket(id, packet)
	})
}

func (s *Stack) request(id gstack.TransportEndpointID, original []byte) request {
	return request{
		Src:      netip.AddrPortFrom(toAddr(id.RemoteAddress), id.RemotePort),
		Dst:      netip.AddrPortFrom(toAddr(id.LocalAddress), id.LocalPort),
		stack:    s,
		original: original,
	}
}
