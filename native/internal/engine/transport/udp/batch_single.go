//go:build !linux

package udp

import (
	"errors"
	"net"
	"net/netip"
)

const batchSize = 1

type singleBatcher struct{ udp *net.UDPConn }

func newBatcher(udp *net.UDPConn, _ bool) (batcher, error) { return singleBatcher{udp}, nil }

func (b singleBatcher) read(packets [][]byte, sizes []int, senders []netip.AddrPort) (int, error) {
	n, sender, err := b.udp.ReadFromUDPAddrPort(packets[0])
	if err != nil {
		return 0, err
	}
	sizes[0], senders[0] = n, sender
	return 1, nil
}

func (b singleBatcher) write(buffers [][]byte, to netip.AddrPort) error {
	var errs []error
	for _, buffer := range buffers {
		if _, err := b.udp.WriteToUDPAddrPort(buffer, to); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
