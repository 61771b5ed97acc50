package peercred

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// sock_diag returns one connection by its four-tuple in microseconds. The list of all connections takes milliseconds even
// if it is short, because the kernel walks a hash table that is sized by the host's memory, and every connection through
// the proxy would wait for it. Message format: sock_diag(7), include/uapi/linux/inet_diag.h.
const (
	diagRequestSize = unix.SizeofNlMsghdr + 56
	diagAnswerSize  = unix.SizeofNlMsghdr + 72
	// Offsets within an answer's body.
	diagID, diagUID, diagInode = 4, 64, 68
	// diagAddress is the space of one address in an ID, bytes.
	diagAddress = 16
)

// loopback is the interface index of lo, the same in every network namespace.
const loopback = 1

// answers is set once the kernel has returned a socket of that protocol. From then on "no such socket" is reliable and the
// list is not read: otherwise every connection that is closed at once would cost milliseconds.
var answers struct{ tcp, udp atomic.Bool }

// errNotFound means that sock_diag did not return this connection; the list may have it.
var errNotFound = errors.New("the kernel did not return this connection")

// ask returns the owner of the socket on this side that is connected from `local` to `remote`.
func ask(local, remote netip.AddrPort) (entry, error) {
	k := &kernel{}
	defer k.close()
	body, err := k.diag(unix.IPPROTO_TCP, local.Addr().Is4(), diagIdentity(local, remote))
	if err != nil {
		return entry{}, err
	}
	// Without such a connection the kernel returns the listener of that port, which is another process.
	if !isBetween(body, local, remote) {
		return entry{}, errNotFound
	}
	answers.tcp.Store(true)
	return diagEntry(body, local, remote), nil
}

// isBetween compares both ends of the returned socket. A dual-stack socket that is connected by IPv4, such as all of
// Java's, is found by its IPv4 addresses but returned with IPv4-mapped ones.
func isBetween(body []byte, local, remote netip.AddrPort) bool {
	end := func(port, address int) netip.AddrPort {
		raw := body[diagID+address : diagID+address+diagAddress]
		if body[0] == unix.AF_INET {
			raw = raw[:4]
		}
		a, _ := netip.AddrFromSlice(raw)
		return netip.AddrPortFrom(a.Unmap(), binary.BigEndian.Uint16(body[diagID+port:]))
	}
	return end(0, 4) == local && end(2, 4+diagAddress) == remote
}

// askUDP returns the owner of the socket that receives datagrams from `remote` to `local`, connected or not.
func (k *kernel) askUDP(local, remote netip.AddrPort) (entry, error) {
	// For UDP the kernel expects the datagram's source as the ID's source (udp_dump_one in net/ipv4/udp_diag.c).
	body, err := k.diag(unix.IPPROTO_UDP, local.Addr().Is4(), diagIdentity(remote, local))
	if err != nil {
		return entry{}, err
	}
	if binary.BigEndian.Uint16(body[diagID:]) != local.Port() {
		return entry{}, errNotFound
	}
	answers.udp.Store(true)
	return diagEntry(body, local, remote), nil
}

func diagEntry(body []byte, local, remote netip.AddrPort) entry {
	return entry{
		local: local, remote: remote,
		uid: binary.NativeEndian.Uint32(body[diagUID:]), inode: uint64(binary.NativeEndian.Uint32(body[diagInode:])),
	}
}

// kernel is a netlink socket for queries, opened with the first one. Opening it takes longer than a query.
type kernel struct {
	fd             int
	opened, closed bool
	// number is that of the last query.
	number  uint32
	request [diagRequestSize]byte
	answer  [512]byte
}

func (k *kernel) open() error {
	switch {
	case k.closed:
		return os.ErrClosed
	case k.opened:
		return nil
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	// Connected to the kernel, it receives nothing from processes.
	if err := unix.Connect(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		_ = unix.Close(fd)
		return os.NewSyscallError("connect", err)
	}
	k.fd, k.opened = fd, true
	return nil
}

func (k *kernel) close() {
	if k.opened {
		_ = unix.Close(k.fd)
	}
	k.opened, k.closed = false, true
}

// diag queries one socket of a protocol and returns the body of the answer, which is valid until the next query.
func (k *kernel) diag(protocol byte, is4 bool, id []byte) ([]byte, error) {
	if err := k.open(); err != nil {
		return nil, err
	}
	k.number++
	request := k.request[:]
	clear(request)
	binary.NativeEndian.PutUint32(request[8:], k.number)
	binary.NativeEndian.PutUint32(request[0:], diagRequestSize)
	binary.NativeEndian.PutUint16(request[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST)
	body := request[unix.SizeofNlMsghdr:]
	body[0], body[1] = unix.AF_INET6, protocol
	if is4 {
		body[0] = unix.AF_INET
	}
	binary.NativeEndian.PutUint32(body[4:], ^uint32(0)) // in any state
	copy(body[8:], id)
	// With the interface of lo, sockets bound to lo match as well as unbound ones. The cookie of all ones matches any
	// socket.
	binary.NativeEndian.PutUint32(body[8+len(id):], loopback)
	copy(body[8+len(id)+4:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})

	answer, err := k.exchange(request)
	if err != nil {
		return nil, err
	}
	if len(answer) < diagAnswerSize || binary.NativeEndian.Uint16(answer[4:]) != unix.SOCK_DIAG_BY_FAMILY {
		return nil, errNotFound
	}
	return answer[unix.SizeofNlMsghdr:], nil
}

// diagIdentity encodes the ports and addresses of a connection in network byte order.
func diagIdentity(local, remote netip.AddrPort) []byte {
	id := make([]byte, 4+2*diagAddress)
	binary.BigEndian.PutUint16(id[0:], local.Port())
	binary.BigEndian.PutUint16(id[2:], remote.Port())
	copy(id[4:], local.Addr().AsSlice())
	copy(id[4+diagAddress:], remote.Addr().AsSlice())
	return id
}

// exchange sends one netlink message and returns the answer.
func (k *kernel) exchange(request []byte) ([]byte, error) {
	if _, err := unix.Write(k.fd, request); err != nil {
		return nil, os.NewSyscallError("write", err)
	}
	for {
		// The kernel queues the answer before write returns, so the read need not block.
		n, _, err := unix.Recvfrom(k.fd, k.answer[:], unix.MSG_DONTWAIT)
		if err != nil {
			return nil, os.NewSyscallError("recvfrom", err)
		}
		if n >= unix.SizeofNlMsghdr && binary.NativeEndian.Uint32(k.answer[8:]) == k.number {
			return k.answer[:n], nil
		}
	}
}
