package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.zx2c4.com/wireguard/conn"
)

// bufferSize is requested from the kernel for each direction, bytes. It has to absorb a burst from a fast sender.
const bufferSize = 7 << 20

// maxErrorPause limits the pause after repeated receive errors: long enough not to spin, short enough not to be noticed.
const maxErrorPause = 100 * time.Millisecond

type socket struct {
	udp   *net.UDPConn
	local netip.AddrPort
	batch batcher

	closed atomic.Bool
	// senders are the senders of the datagrams just read. Only the receiving goroutine uses them, and last.
	senders []netip.AddrPort
	// last is the endpoint of the previous datagram. Most datagrams come from the same peer, so this saves an allocation.
	last *Endpoint
}

func openSocket(address netip.AddrPort) (*socket, error) {
	network := "udp6"
	if address.Addr().Unmap().Is4() {
		network = "udp4"
	}
	udp, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(address))
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	growBuffers(udp)
	bound := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	s := &socket{udp: udp, local: netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port())}
	if s.batch, err = newBatcher(udp, network == "udp4"); err != nil {
		_ = udp.Close()
		return nil, err
	}
	s.senders = make([]netip.AddrPort, batchSize)
	return s, nil
}

func closeAll(sockets []*socket) error {
	var errs []error
	for _, s := range sockets {
		s.closed.Store(true)
		errs = append(errs, s.udp.Close())
	}
	return errors.Join(errs...)
}

func (s *socket) reaches(remote netip.Addr) bool { return s.local.Addr().Is4() == remote.Is4() }

// receive is a conn.ReceiveFunc. It fails only if the socket was closed. Other errors are retried: some systems report an ICMP
// "port unreachable" from one peer here, which does not affect the others.
func (s *socket) receive(packets [][]byte, sizes []int, endpoints []conn.Endpoint) (int, error) {
	packets = packets[:min(len(packets), len(s.senders))]
	pause := time.Millisecond
	for {
		n, err := s.batch.read(packets, sizes, s.senders)
		if err == nil {
			for i, from := range s.senders[:n] {
				endpoints[i] = s.endpoint(from)
			}
			return n, nil
		}
		if s.closed.Load() || errors.Is(err, net.ErrClosed) {
			return 0, net.ErrClosed
		}
		time.Sleep(pause)
		pause = min(2*pause, maxErrorPause)
	}
}

func (s *socket) endpoint(from netip.AddrPort) *Endpoint {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if s.last == nil || s.last.Remote != from {
		s.last = &Endpoint{Remote: from, via: s}
	}
	return s.last
}

func (s *socket) send(buffers [][]byte, to netip.AddrPort) error {
	err := s.batch.write(buffers, to)
	if err != nil && s.closed.Load() {
		return net.ErrClosed
	}
	return err
}
