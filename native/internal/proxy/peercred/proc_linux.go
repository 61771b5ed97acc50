package peercred

import (
	"bufio"
	"errors"
	"io"
	"net/netip"
	"os"

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
	return p.find([]string{"tcp", "tcp6"}, func(e entry) bool {
		return e.local == client && e.remote == server
	})
}

func (p proc) UDP(client netip.AddrPort) (uint32, error) {
	client = plain(client)
	return p.find([]string{"udp", "udp6"}, func(e entry) bool {
		return e.local.Port() == client.Port() && (e.local.Addr() == client.Addr() || e.local.Addr().IsUnspecified())
	})
}

// Sender looks a datagram's sender up in the table of this host.
func Sender(client, server netip.AddrPort) (uint32, error) { return System().Sender(client, server) }

// Sender queries one socket. If several sockets share the port, it is the one that would receive the reply, so this check
// alone is not sufficient to admit a client.
func (p proc) Sender(client, server netip.AddrPort) (uint32, error) {
	client, server = plain(client), plain(server)
	e, err := askUDP(client, server)
	switch {
	case err == nil && e.inode != 0:
		return e.uid, nil
	case err == nil, answers.udp.Load() && (errors.Is(err, unix.ENOENT) || errors.Is(err, errNotFound)):
		return 0, ErrUnknown
	}
	return p.UDP(client) // the kernel has no udp_diag
}

// find returns the owner of the sockets that match; ErrUnknown if they belong to several users.
func (p proc) find(lists []string, match func(entry) bool) (uint32, error) {
	var uid uint32
	found := false
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
			if e.inode == 0 || found && uid != e.uid {
				return ErrUnknown
			}
			uid, found = e.uid, true
			return nil
		})
		_ = file.Close()
		if err != nil {
			return 0, ErrUnknown
		}
	}
	if !found {
		return 0, ErrUnknown
	}
	return uid, nil
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
