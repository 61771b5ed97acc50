package resolver

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// rememberSilent is how long a server that did not answer in time is queried after the others.
	rememberSilent = 30 * time.Second
	// rememberPlain is how long a server that drops queries with EDNS is queried without it.
	rememberPlain = 10 * time.Minute
	// remembered bounds the number of servers in each table.
	remembered = 64
)

// Memory caches which name servers were silent or dropped EDNS, so that not every query waits for the same timeout again.
// The zero value is ready to use; a nil Memory caches nothing. It is safe for concurrent use.
type Memory struct {
	mu      sync.Mutex
	silent  map[netip.AddrPort]time.Time
	plainly map[netip.AddrPort]time.Time
}

// order moves servers that did not answer lately behind the others.
func (m *Memory) order(servers []netip.AddrPort) []netip.AddrPort {
	if m == nil || len(servers) < 2 {
		return servers
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.silent) == 0 {
		return servers
	}
	now := time.Now()
	rank := func(server netip.AddrPort) int {
		if now.Before(m.silent[server]) {
			return 1
		}
		return 0
	}
	ordered := slices.Clone(servers)
	slices.SortStableFunc(ordered, func(a, b netip.AddrPort) int { return rank(a) - rank(b) })
	return ordered
}

// isPlain reports whether a server is to be queried without EDNS.
func (m *Memory) isPlain(server netip.AddrPort) bool {
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Before(m.plainly[server])
}

// answered records that a server has answered. plainly is set if it answered only the query without EDNS.
func (m *Memory) answered(server netip.AddrPort, plainly bool) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.silent, server)
	if plainly {
		note(&m.plainly, server, rememberPlain)
	}
}

// wasSilent records servers that did not answer while another one did.
func (m *Memory) wasSilent(servers []netip.AddrPort) {
	if m == nil || len(servers) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, server := range servers {
		note(&m.silent, server, rememberSilent)
	}
}

func note(all *map[netip.AddrPort]time.Time, server netip.AddrPort, length time.Duration) {
	if *all == nil || len(*all) >= remembered {
		*all = map[netip.AddrPort]time.Time{}
	}
	(*all)[server] = time.Now().Add(length)
}
