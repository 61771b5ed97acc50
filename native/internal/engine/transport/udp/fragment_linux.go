package udp

import (
	"errors"
	"net"
	"slices"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/mtu"
)

// CanForbidFragments: datagrams larger than mayFragment are not cut on their way, so that one that arrives has fitted.
const CanForbidFragments = true

// mayFragment is the largest datagram that may be cut into fragments, bytes: the floor of the tunnel's MTU has to work on each path.
const mayFragment = mtu.Floor + mtu.Overhead

// forbidFragments has the kernel refuse what does not fit the path as far as it knows it (EMSGSIZE), and set DF on all else.
// https://man7.org/linux/man-pages/man7/ip.7.html (IP_MTU_DISCOVER)
func forbidFragments(udp *net.UDPConn, v4 bool) error {
	return setDiscovery(udp, v4, unix.IP_PMTUDISC_DO)
}

func setDiscovery(udp *net.UDPConn, v4 bool, how int) error {
	raw, err := udp.SyscallConn()
	if err != nil {
		return err
	}
	level, option := unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER // its values are those of IPv4's
	if v4 {
		level, option = unix.IPPROTO_IP, unix.IP_MTU_DISCOVER
	}
	var set error
	if err := raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), level, option, how) }); err != nil {
		return err
	}
	return set
}

// writeOne sends a datagram by itself, in fragments if it does not fit otherwise and may be cut.
func (b *mmsgBatcher) writeOne(buffer []byte, to *net.UDPAddr) error {
	err := b.flushOne(buffer, to)
	if len(buffer) > mayFragment || !errors.Is(err, unix.EMSGSIZE) {
		return err
	}
	return b.writeFragmented(newMessages(1), [][]byte{buffer}, to)
}

// beginningThatMayFragment returns the buffers before the first one that must not be cut.
func beginningThatMayFragment(buffers [][]byte) [][]byte {
	n := slices.IndexFunc(buffers, func(buffer []byte) bool { return len(buffer) > mayFragment })
	if n < 0 {
		return buffers
	}
	return buffers[:n]
}

// writeFragmented sends datagrams that may be cut, without GSO, in fragments where they do not fit otherwise. messages is overwritten.
func (b *mmsgBatcher) writeFragmented(messages []ipv4.Message, buffers [][]byte, to *net.UDPAddr) (failed error) {
	// The option is the socket's. A larger datagram that another goroutine sends at this moment is cut as well, which does no harm.
	b.fragmenting.Lock()
	defer b.fragmenting.Unlock()
	if err := setDiscovery(b.udp, b.v4 != nil, unix.IP_PMTUDISC_WANT); err != nil {
		return err
	}
	for len(buffers) > 0 {
		filled := coalesce(messages, buffers, 0)
		for i := range filled {
			filled[i].Addr = to
		}
		sent, err := b.flush(filled)
		sent = max(sent, 0)
		if err != nil && sent < len(filled) {
			failed = err
			sent++ // the first unsent one was refused
		}
		buffers = buffers[sent:]
	}
	return errors.Join(failed, forbidFragments(b.udp, b.v4 != nil))
}
