package nettest

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// Capture captures every packet that arrives in or leaves a namespace.
type Capture struct {
	t  *testing.T
	fd int
}

// StartCapture starts to capture in a namespace.
func StartCapture(t *testing.T, in *Namespace) *Capture {
	t.Helper()
	c := &Capture{t: t}
	in.Do(func() {
		const networkOrder = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, networkOrder&0xffff)
		if err != nil {
			t.Error(err)
			return
		}
		c.fd = fd
	})
	_ = unix.SetsockoptTimeval(c.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5})
	t.Cleanup(func() { _ = unix.Close(c.fd) })
	return c
}

// Until returns the packets captured before one to the marker address, each starting with its IP header.
func (c *Capture) Until(marker netip.Addr) (packets [][]byte) {
	c.t.Helper()
	buffer := make([]byte, 2048)
	for {
		n, _, err := unix.Recvfrom(c.fd, buffer, 0)
		if err != nil {
			c.t.Fatalf("the marker did not come: %v", err)
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
