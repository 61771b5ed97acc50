// Package udp carries WireGuard's datagrams over UDP sockets. It is the engine's conn.Bind.
package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.zx2c4.com/wireguard/conn"
)

// ErrNoSocket means that no open socket can reach an address of that family.
var ErrNoSocket = errors.New("no socket for this address family")

// Bind carries datagrams over UDP sockets.
type Bind struct {
	listen []netip.AddrPort
	// tooLarge is called when the host refuses a datagram because it does not fit the path.
	tooLarge func(size int)

	mu      sync.RWMutex
	sockets []*socket // empty while closed
	mark    uint32
}

var _ conn.Bind = (*Bind)(nil)

// New makes a Bind that listens on the given addresses; none = all IPv4 and IPv6 addresses of the host. An address with port 0
// uses the port that is passed to Open.
func New(listen ...netip.AddrPort) *Bind {
	return &Bind{listen: listen}
}

// NotifyTooLarge sets a function that is called with the size, bytes, of a datagram that exceeds the path MTU known to the host. Send
// then reports success, as for a datagram lost on its way. It is set before Open and must not block.
func (b *Bind) NotifyTooLarge(f func(size int)) { b.tooLarge = f }

// Open opens the sockets. It returns the port of the first one.
func (b *Bind) Open(port uint16) ([]conn.ReceiveFunc, uint16, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.sockets) > 0 {
		return nil, 0, conn.ErrBindAlreadyOpen
	}
	sockets, err := b.openAll(port)
	if err != nil {
		return nil, 0, err
	}
	if b.mark != 0 {
		if err := setMark(sockets, b.mark); err != nil {
			closeAll(sockets)
			return nil, 0, err
		}
	}
	b.sockets = sockets
	receivers := make([]conn.ReceiveFunc, len(sockets))
	for i, s := range sockets {
		receivers[i] = s.receive
	}
	return receivers, sockets[0].local.Port(), nil
}

func (b *Bind) openAll(port uint16) ([]*socket, error) {
	if len(b.listen) == 0 {
		return openWildcards(port)
	}
	var sockets []*socket
	for _, address := range b.listen {
		if address.Port() == 0 {
			address = netip.AddrPortFrom(address.Addr(), port)
		}
		s, err := openSocket(address)
		if err != nil {
			closeAll(sockets)
			return nil, err
		}
		if port == 0 {
			port = s.local.Port() // several addresses with port 0 share one port
		}
		sockets = append(sockets, s)
	}
	return sockets, nil
}

// wildcardAttempts is how often another port is tried if a port that is free for IPv4 is in use for IPv6.
const wildcardAttempts = 16

func openWildcards(port uint16) ([]*socket, error) {
	for attempt := 1; ; attempt++ {
		v4, err4 := openSocket(netip.AddrPortFrom(netip.IPv4Unspecified(), port))
		if err4 != nil && !errors.Is(err4, syscall.EAFNOSUPPORT) {
			return nil, err4
		}
		port6 := port
		if v4 != nil {
			port6 = v4.local.Port()
		}
		v6, err6 := openSocket(netip.AddrPortFrom(netip.IPv6Unspecified(), port6))
		switch {
		case v6 != nil && v4 != nil:
			return []*socket{v4, v6}, nil
		case v6 != nil:
			return []*socket{v6}, nil
		case v4 != nil && errors.Is(err6, syscall.EADDRINUSE):
			closeAll([]*socket{v4})
			if port != 0 || attempt == wildcardAttempts {
				return nil, err6
			}
		case v4 != nil:
			return []*socket{v4}, nil // the host has no IPv6
		default:
			return nil, err6
		}
	}
}

// Close closes the sockets. Their receivers then return net.ErrClosed.
func (b *Bind) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := closeAll(b.sockets)
	b.sockets = nil
	return err
}

// SetMark sets the mark of outgoing packets (SO_MARK), on Linux only.
func (b *Bind) SetMark(mark uint32) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mark = mark
	return setMark(b.sockets, mark)
}

// BatchSize is the maximum number of datagrams in one receive or Send.
func (b *Bind) BatchSize() int { return batchSize }

// Send sends each buffer as one datagram.
func (b *Bind) Send(buffers [][]byte, endpoint conn.Endpoint) error {
	e, ok := endpoint.(*Endpoint)
	if !ok {
		return conn.ErrWrongEndpointType
	}
	s, err := b.socketFor(e)
	if err != nil {
		return err
	}
	err = s.send(buffers, e.Remote)
	if b.tooLarge != nil && errors.Is(err, syscall.EMSGSIZE) {
		longest := 0
		for _, buffer := range buffers {
			longest = max(longest, len(buffer))
		}
		b.tooLarge(longest)
		return nil
	}
	return err
}

func (b *Bind) socketFor(e *Endpoint) (*socket, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if len(b.sockets) == 0 {
		return nil, net.ErrClosed
	}
	var first *socket
	for _, s := range b.sockets {
		if s == e.via {
			return s, nil
		}
		if first == nil && s.reaches(e.Remote.Addr()) {
			first = s
		}
	}
	if first == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoSocket, e.Remote)
	}
	return first, nil
}

// ParseEndpoint reads ADDRESS:PORT.
func (*Bind) ParseEndpoint(s string) (conn.Endpoint, error) {
	remote, err := netip.ParseAddrPort(s)
	if err != nil {
		return nil, err
	}
	return NewEndpoint(remote), nil
}
