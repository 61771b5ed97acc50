package bind

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"unsafe"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// A train is several datagrams of one size, the last of which may be shorter, that go through the kernel as one and are cut
// apart as late as can be (UDP_SEGMENT, Linux 4.18): routes, firewalls and queues look at it once.
// https://docs.kernel.org/networking/segmentation-offloads.html
const (
	// maxCars is what every kernel that knows trains takes (UDP_MAX_SEGMENTS).
	maxCars = 64
	// maxTrain leaves room for the headers of an IP packet, bytes.
	maxTrain = 65_535 - 40 - 8
)

// noTrains set to "off" has each datagram sent by itself, for network cards whose driver cuts them wrongly.
const noTrains = "SAG_UDP_GSO"

func takesTrains(udp *net.UDPConn) bool {
	raw, err := udp.SyscallConn()
	if err != nil || os.Getenv(noTrains) == "off" {
		return false
	}
	takes := false
	err = raw.Control(func(fd uintptr) {
		_, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		takes = err == nil
	})
	return err == nil && takes
}

// isNoTrain is true for what a kernel answers whose way to there takes no trains: EIO without checksums made by the card, EMSGSIZE or
// EINVAL where a datagram does not fit the path. A datagram by itself is taken apart there, as ever.
func isNoTrain(err error) bool {
	for _, no := range []error{unix.EIO, unix.EINVAL, unix.EMSGSIZE, unix.EOPNOTSUPP, unix.ENOPROTOOPT} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// couple fills messages with as many of the buffers as there is room for, and gives those that are filled.
func couple(messages []ipv4.Message, buffers [][]byte, trains bool) []ipv4.Message {
	filled := 0
	for ; filled < len(messages) && len(buffers) > 0; filled++ {
		cars := 1
		if trains {
			cars = train(buffers)
		}
		m := &messages[filled]
		m.Buffers, m.OOB = append(m.Buffers[:0], buffers[:cars]...), m.OOB[:0]
		if cars > 1 {
			m.OOB = segment(m.OOB, len(buffers[0]))
		}
		buffers = buffers[cars:]
	}
	return messages[:filled]
}

// train is how many of the buffers, from the first one on, make one.
func train(buffers [][]byte) int {
	size, total := len(buffers[0]), len(buffers[0])
	for i, b := range buffers[1:] {
		cars := i + 1
		if total += len(b); size == 0 || len(b) == 0 || len(b) > size || total > maxTrain || cars == maxCars {
			return cars
		}
		if len(b) < size {
			return cars + 1
		}
	}
	return len(buffers)
}

// segment writes the control message that says how long each datagram is.
func segment(into []byte, size int) []byte {
	const value = 2
	space := unix.CmsgSpace(value)
	if cap(into) < space {
		into = make([]byte, space)
	}
	into = into[:space]
	header := (*unix.Cmsghdr)(unsafe.Pointer(&into[0]))
	header.Level, header.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	header.SetLen(unix.CmsgLen(value))
	binary.NativeEndian.PutUint16(into[unix.CmsgLen(0):], uint16(size))
	return into
}
