package peercred

import (
	"bufio"
	"errors"
	"io"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// System is this machine's table.
func System() Table { return proc{dir: "/proc/self/net"} }

// proc asks the kernel for one connection, or reads the list of all of them.
type proc struct{ dir string }

func (p proc) TCP(client, server netip.AddrPort) (uint32, error) {
	client, server = plain(client), plain(server)
	e, err := ask(client, server)
	switch {
	case err == nil && e.inode != 0:
		return e.uid, nil
	case err == nil, answers.tcp.Load() && (errors.Is(err, unix.ENOENT) || errors.Is(err, errNotTold)):
		return 0, ErrUnknown
	}
	// A kernel without sock_diag.
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

// Sender is the table's Sender of this host.
func Sender(client, server netip.AddrPort) (uint32, error) { return System().Sender(client, server) }

// Sender asks the kernel for one socket. Where several sockets share a port, it is the one that gets the answer, so this alone admits
// nobody.
func (p proc) Sender(client, server netip.AddrPort) (uint32, error) {
	client, server = plain(client), plain(server)
	e, err := askUDP(client, server)
	switch {
	case err == nil && e.inode != 0:
		return e.uid, nil
	case err == nil, answers.udp.Load() && (errors.Is(err, unix.ENOENT) || errors.Is(err, errNotTold)):
		return 0, ErrUnknown
	}
	return p.UDP(client) // a kernel without udp_diag
}

// find is the owner of the sockets that match. If they belong to several users, none of them is it.
func (p proc) find(lists []string, match func(entry) bool) (uint32, error) {
	var uid uint32
	found := false
	for _, list := range lists {
		file, err := os.Open(p.dir + "/" + list)
		if err != nil {
			continue // a machine without IPv6 has no such list
		}
		err = scan(file, func(e entry) error {
			if !match(e) {
				return nil
			}
			// A socket without an inode has no owner any more, and reads as root's.
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

// scan reads one list; it ends with the first error of `each`.
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
