package peercred

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// System returns the socket table of this host.
func System() Table { return proc{dir: "/proc/self/net"} }

// proc queries the kernel for one socket with sock_diag, or else reads the list of all sockets in /proc/net.
type proc struct{ dir string }

func (p proc) TCP(client, server netip.AddrPort) (uint32, error) {
	client, server = plain(client), plain(server)
	e, err := ask(client, server)
	switch {
	case err == nil && e.inode != 0:
		return e.uid, nil
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		return 0, ErrNoDescriptor
	case err == nil, answers.tcp.Load() && (errors.Is(err, unix.ENOENT) || errors.Is(err, errNotFound)):
		return 0, ErrUnknown
	}
	// The kernel has no sock_diag, or has not answered a query yet.
	e, err = p.find([]string{"tcp", "tcp6"}, func(e entry) bool {
		return e.local == client && e.remote == server
	})
	return e.uid, err
}

func (p proc) UDP(client netip.AddrPort) (uint32, error) {
	e, err := p.findUDP(client)
	return e.uid, err
}

func (p proc) findUDP(client netip.AddrPort) (entry, error) {
	client = plain(client)
	return p.find([]string{"udp", "udp6"}, func(e entry) bool {
		return e.local.Port() == client.Port() && (e.local.Addr() == client.Addr() || e.local.Addr().IsUnspecified())
	})
}

// Sender returns the user ID of the process that would receive a reply from `server` to `client`.
func Sender(client, server netip.AddrPort) (uint32, error) {
	senders := System().Senders()
	defer senders.Close()
	socket, err := senders.Sender(client, server)
	return socket.UID, err
}

func (p proc) Senders() Senders { return &senders{list: p} }

type senders struct {
	list   proc
	kernel kernel
}

func (s *senders) Close() { s.kernel.close() }

// Sender queries one socket. If several sockets share the port, it is the one that would receive the reply, so this check
// alone is not sufficient to admit a client.
func (s *senders) Sender(client, server netip.AddrPort) (Socket, error) {
	client, server = plain(client), plain(server)
	e, err := s.kernel.askUDP(client, server)
	switch {
	case err == nil && e.inode != 0:
		return Socket{UID: e.uid, Inode: e.inode}, nil
	case err == nil, answers.udp.Load() && (errors.Is(err, unix.ENOENT) || errors.Is(err, errNotFound)):
		return Socket{}, ErrUnknown
	}
	e, err = s.list.findUDP(client) // the kernel has no udp_diag
	return Socket{UID: e.uid, Inode: e.inode}, err
}

// find returns the last socket that matches; ErrUnknown if they belong to several users.
func (p proc) find(lists []string, match func(entry) bool) (entry, error) {
	var found *entry
	for _, list := range lists {
		file, err := os.Open(p.dir + "/" + list)
		if err != nil {
			continue // without IPv6 the kernel has no such list
		}
		err = scan(file, func(e entry) error {
			if !match(e) {
				return nil
			}
			// A socket without an inode no longer belongs to a process, and its UID is reported as 0.
			if e.inode == 0 || found != nil && found.uid != e.uid {
				return ErrUnknown
			}
			found = &e
			return nil
		})
		_ = file.Close()
		if err != nil {
			return entry{}, ErrUnknown
		}
	}
	if found == nil {
		return entry{}, ErrUnknown
	}
	return *found, nil
}

// scan reads one list; it stops at the first error of `each`.
func scan(list io.Reader, each func(entry) error) error {
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		if e, ok := parse(lines.Bytes()); ok {
			if err := each(e); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// isConnected reports whether the other end has not reset the connection.
func isConnected(conn net.Conn) bool {
	tcp, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	var asked error
	err = raw.Control(func(fd uintptr) { _, asked = unix.Getpeername(int(fd)) })
	return err == nil && asked == nil
}
