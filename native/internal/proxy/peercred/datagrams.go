package peercred

import (
	"net/netip"
	"sync"
	"time"
)

// sharedCheck is how often the list of all sockets is searched for another user's socket at an admitted port. Two users
// can share a port only if both their programs set SO_REUSEADDR.
const sharedCheck = 200 * time.Millisecond

// answerCheck is how often the recipient of answers is looked up: a look-up takes as long as relaying an answer.
const answerCheck = 500 * time.Microsecond

// Datagrams admits one user's datagrams at one address of this process. They are checked after their arrival, because a
// port can belong to another user as soon as its owner has closed its socket.
type Datagrams struct {
	guard  Guard
	server netip.AddrPort

	mu      sync.Mutex
	senders Senders
	// client is the last admitted source, socket the one that has that port.
	client netip.AddrPort
	socket Socket
	// shared is when the list is to be searched again, looked when the socket was last looked up.
	shared, looked time.Time
}

// Datagrams returns a check for the datagrams between this user's programs and the socket at `server`.
func (g Guard) Datagrams(server netip.AddrPort) *Datagrams {
	return &Datagrams{guard: g, server: server, senders: g.Table.Senders()}
}

// Admit reports whether datagrams from `client` that have arrived by now may be served. The fast look-up comes first,
// because it already rejects almost every other user's datagrams.
func (d *Datagrams) Admit(client netip.AddrPort, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	socket, err := d.senders.Sender(client, d.server)
	if err != nil || socket.UID != d.guard.UID {
		return false
	}
	if client != d.client || socket != d.socket || now.After(d.shared) {
		if uid, err := d.guard.Table.UDP(client); err != nil || uid != d.guard.UID {
			return false
		}
		d.client, d.socket, d.shared = client, socket, now.Add(sharedCheck)
	}
	d.looked = now
	return true
}

// Recipient returns the source of the last admitted datagrams if their socket still receives the answers.
func (d *Datagrams) Recipient(now time.Time) (netip.AddrPort, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.client.IsValid() {
		return d.client, false
	}
	if now.Sub(d.looked) >= answerCheck {
		if socket, err := d.senders.Sender(d.client, d.server); err != nil || socket != d.socket {
			return d.client, false
		}
		d.looked = now
	}
	return d.client, true
}

// Close ends the check.
func (d *Datagrams) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.senders.Close()
}
