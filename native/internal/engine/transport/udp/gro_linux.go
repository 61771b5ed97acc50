package udp

import (
	"encoding/binary"
	"net"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// With UDP_GRO (Linux 5.0) the kernel delivers consecutive datagrams of one size from one sender as one message; the last one may
// be shorter. A control message contains the size. A GSO batch that was not split on the way arrives as one message.
// https://docs.kernel.org/networking/segmentation-offloads.html

// groControlSize is the size of a buffer for that control message, which contains an int.
const groControlSize = 24

// groVariable is an environment variable; "off" disables UDP_GRO.
const groVariable = "SAG_UDP_GRO"

// enableGRO returns false if the kernel does not support UDP_GRO.
func enableGRO(udp *net.UDPConn) bool {
	raw, err := udp.SyscallConn()
	if err != nil || os.Getenv(groVariable) == "off" {
		return false
	}
	enabled := false
	err = raw.Control(func(fd uintptr) {
		enabled = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) == nil
	})
	return err == nil && enabled
}

// segmentSize returns the GRO segment size from the control messages, bytes; 0 if the message is a single datagram.
func segmentSize(control []byte) int {
	const headerSize = unix.SizeofCmsghdr
	for len(control) >= headerSize {
		header := (*unix.Cmsghdr)(unsafe.Pointer(unsafe.SliceData(control)))
		length := int(header.Len)
		if length < headerSize || length > len(control) {
			return 0
		}
		value := control[unix.CmsgLen(0):max(length, unix.CmsgLen(0))]
		if header.Level == unix.IPPROTO_UDP && header.Type == unix.UDP_GRO && len(value) >= 4 {
			return int(int32(binary.NativeEndian.Uint32(value)))
		}
		next := unix.CmsgSpace(len(value))
		if next >= len(control) {
			return 0
		}
		control = control[next:]
	}
	return 0
}
