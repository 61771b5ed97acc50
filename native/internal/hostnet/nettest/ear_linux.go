package nettest

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// Ear captures every packet that arrives in or leaves a namespace.
type Ear struct {
	t  *testing.T
	fd int
}

// Listen starts to capture in a namespace.
func Listen(t *testing.T, in *Namespace) *Ear {
	t.Helper()
	e := &Ear{t: t}
	in.Do(func() {
		const networkOrder = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, networkOrder&0xffff)
		if err != nil {
			t.Error(err)
			return
		}
		e.fd = fd
	})
	_ = unix.SetsockoptTimeval(e.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5})
	t.Cleanup(func() { _ = unix.Close(e.fd) })
	return e
}

// Until returns the packets captured before one to the marker address, each starting with its IP header.
func (e *Ear) Until(marker netip.Addr) (packets [][]byte) {
	e.t.Helper()
	buffer := make([]byte, 2048)
	for {
		n, _, err := unix.Recvfrom(e.fd, buffer, 0)
		if err != nil {
			e.t.Fatalf("the marker did not come: %v", err)
		}
		packet := append([]byte(nil), buffer[:n]...)
		if Destination(packet) == marker {
			return packets
		}
		packets = append(packets, packet)
	}
}

// Destination returns the destination of an IP packet; invalid if it is not one.
func Destination(packet []byte) netip.Addr {
	var a netip.Addr
	if len(packet) >= 20 && packet[0]>>4 == 4 {
		a, _ = netip.AddrFromSlice(packet[16:20])
	} else if len(packet) >= 40 && packet[0]>>4 == 6 {
		a, _ = netip.AddrFromSlice(packet[24:40])
	}
	return a
}
