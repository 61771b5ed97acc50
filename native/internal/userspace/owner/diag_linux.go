package owner

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// The kernel tells of one connection by its four numbers in microseconds. Its list of all of them takes milliseconds, however
// few there are: it walks the whole of a hash table that is sized by the machine's memory, and every connection through the
// proxy would wait for that. Messages: sock_diag(7), include/uapi/linux/inet_diag.h.
const (
	diagRequestSize = unix.SizeofNlMsghdr + 56
	diagAnswerSize  = unix.SizeofNlMsghdr + 72
	// offsets within an answer's body.
	diagID, diagUID, diagInode = 4, 64, 68
	// diagAddress is the room for one address in an id.
	diagAddress = 16
)

// errNotTold means that the kernel did not answer for this connection; its list may.
var errNotTold = errors.New("the kernel did not tell of this connection")

// ask gives the owner of the socket on this side that is connected from `local` to `remote`.
func ask(local, remote netip.AddrPort) (entry, error) {
	id := diagIdentity(local, remote)
	request := make([]byte, diagRequestSize)
	binary.NativeEndian.PutUint32(request[0:], diagRequestSize)
	binary.NativeEndian.PutUint16(request[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST)
	body := request[unix.SizeofNlMsghdr:]
	body[0], body[1] = unix.AF_INET6, unix.IPPROTO_TCP
	if local.Addr().Is4() {
		body[0] = unix.AF_INET
	}
	binary.NativeEndian.PutUint32(body[4:], ^uint32(0)) // in any state
	copy(body[8:], id)
	// any interface (0), any cookie
	copy(body[8+len(id)+4:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})

	answer, err := exchange(request)
	if err != nil {
		return entry{}, err
	}
	if len(answer) < diagAnswerSize || binary.NativeEndian.Uint16(answer[4:]) != unix.SOCK_DIAG_BY_FAMILY {
		return entry{}, errNotTold
	}
	body = answer[unix.SizeofNlMsghdr:]
	// Without such a connection the kernel answers with the listener of that port: somebody else.
	if string(body[diagID:diagID+len(id)]) != string(id) {
		return entry{}, errNotTold
	}
	return entry{
		local: local, remote: remote,
		uid: binary.NativeEndian.Uint32(body[diagUID:]), inode: uint64(binary.NativeEndian.Uint32(body[diagInode:])),
	}, nil
}

// diagIdentity is the ports and addresses of a connection, in the network's order.
func diagIdentity(local, remote netip.AddrPort) []byte {
	id := make([]byte, 4+2*diagAddress)
	binary.BigEndian.PutUint16(id[0:], local.Port())
	binary.BigEndian.PutUint16(id[2:], remote.Port())
	copy(id[4:], local.Addr().AsSlice())
	copy(id[4+diagAddress:], remote.Addr().AsSlice())
	return id
}

// exchange sends one message to the kernel and gives its answer.
func exchange(request []byte) ([]byte, error) {
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	defer func() { _ = unix.Close(socket) }()
	if err := unix.Sendto(socket, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, os.NewSyscallError("sendto", err)
	}
	// The kernel answers before sendto returns, so there is nothing to wait for.
	answer := make([]byte, os.Getpagesize())
	n, _, err := unix.Recvfrom(socket, answer, unix.MSG_DONTWAIT)
	if err != nil {
		return nil, os.NewSyscallError("recvfrom", err)
	}
	return answer[:n], nil
}
