package udp

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// inbox holds the arguments and results of recvmmsg(2): messages with a buffer, a sender and a control message each.
// golang.org/x/net does the same but allocates two values per sender.
type inbox struct {
	raw      syscall.RawConn
	headers  []mmsghdr
	buffers  []unix.Iovec
	senders  []unix.RawSockaddrInet6 // large enough for IPv4, too
	controls [][groControlSize]byte

	// call runs recvmmsg on a file descriptor. It is created once, because creating a function value allocates.
	call  func(fd uintptr) bool
	limit int
	got   int
	errno syscall.Errno
}

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	header unix.Msghdr
	length uint32
}

func newInbox(raw syscall.RawConn, messages int) *inbox {
	in := &inbox{
		raw: raw, headers: make([]mmsghdr, messages), buffers: make([]unix.Iovec, messages),
		senders: make([]unix.RawSockaddrInet6, messages), controls: make([][groControlSize]byte, messages),
	}
	for i := range in.headers {
		h := &in.headers[i].header
		h.Iov = &in.buffers[i]
		h.SetIovlen(1)
		h.Name, h.Control = (*byte)(unsafe.Pointer(&in.senders[i])), &in.controls[i][0]
	}
	in.call = func(fd uintptr) bool {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&in.headers[0])), uintptr(in.limit), unix.MSG_DONTWAIT, 0, 0)
		in.got, in.errno = int(n), errno
		return errno != unix.EAGAIN && errno != unix.EINTR
	}
	return in
}

// setBuffer sets the buffer for message i.
func (in *inbox) setBuffer(i int, buffer []byte) {
	in.buffers[i].Base = unsafe.SliceData(buffer)
	in.buffers[i].SetLen(len(buffer))
}

// receive waits for messages and returns how many it has read, at most limit. It does not wait for more once there is one.
func (in *inbox) receive(limit int) (int, error) {
	in.limit = min(limit, len(in.headers))
	for i := range in.headers[:in.limit] {
		h := &in.headers[i].header
		h.Namelen = unix.SizeofSockaddrInet6
		h.SetControllen(groControlSize)
	}
	if err := in.raw.Read(in.call); err != nil {
		return 0, err
	}
	if in.errno != 0 {
		return 0, in.errno
	}
	return in.got, nil
}

// sender returns the sender of message i; the zero value if it has none.
func (in *inbox) sender(i int) netip.AddrPort {
	from := &in.senders[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&from.Port))[:])
	switch from.Family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(from)).Addr), port)
	case unix.AF_INET6:
		address := netip.AddrFrom16(from.Addr).Unmap()
		if from.Scope_id != 0 {
			address = address.WithZone(strconv.FormatUint(uint64(from.Scope_id), 10))
		}
		return netip.AddrPortFrom(address, port)
	}
	return netip.AddrPort{}
}

// control returns the control messages of message i.
func (in *inbox) control(i int) []byte {
	return in.controls[i][:min(int(in.headers[i].header.Controllen), groControlSize)]
}

// isTruncated is true if message i was longer than its buffer.
func (in *inbox) isTruncated(i int) bool { return in.headers[i].header.Flags&unix.MSG_TRUNC != 0 }
