package udp

import (
	"encoding/binary"
	"net"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// With UDP_GRO (Linux 5.0) the kernel hands over datagrams of one size from one sender, the last of which may be shorter, as one
// message, and says in a control message how long each of them is. A GSO batch that was not split on its way stays whole.
// https://docs.kernel.org/networking/segmentation-offloads.html

// groControlSize is the room for that control message: an int.
const groControlSize = 24

// groVariable is an environment variable; "off" disables UDP_GRO.
const groVariable = "SAG_UDP_GRO"

// enableGRO is false where the kernel does not support it.
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
