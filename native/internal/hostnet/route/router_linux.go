package route

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/marks"
)

type linux struct {
	handle *netlink.Handle
	// table is the tunnel's routing table as of the last Status; 0 before that.
	table atomic.Uint32
	// remover describes the program that last removed a route or rule of the tunnel.
	remover atomic.Value
}

// Open opens the process's network namespace.
func Open() (Router, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	return &linux{handle: handle}, nil
}

// Capabilities implements Router.
func (m *linux) Capabilities() Capabilities { return m.capabilities("") }

func (m *linux) capabilities(tunnel string) Capabilities {
	if ipv6On(tunnel) {
		return Scopes | Refusals | IPv6
	}
	return Scopes | Refusals
}

// Status implements Router.
func (m *linux) Status() (s Status, err error) {
	links, names, err := m.links()
	if err != nil {
		return s, err
	}
	s.Links = links
	s.Capabilities = m.capabilities(s.Tunnel())
	if s.Routes, err = m.routes(names); err != nil {
		return s, err
	}
	rules, err := m.rules()
	if err != nil {
		return s, err
	}
	m.table.Store(tunnelTable(s.Routes, rules))
	s.Steering = steeringOf(rules, m.table.Load())
	if _, free := tunnelPriority(rules); !free {
		s.Blocked, s.Rival = true, rivalLink(s.Routes, rules)
	}
	return s, nil
}

// Set implements Router.
func (m *linux) Set(i Item) error {
	switch i := i.(type) {
	case Link:
		return m.setLink(i)
	case Address:
		return m.setAddress(i)
	case Route:
		return m.setRoute(i)
	case Steering:
		return m.setSteering(i)
	}
	return fmt.Errorf("an item of type %T", i)
}

// Clear implements Router.
func (m *linux) Clear(i Item) (bool, error) {
	switch i := i.(type) {
	case Link:
		// The kernel removes the link when the process that holds it ends.
		return false, nil
	case Address:
		return m.clearAddress(i)
	case Route:
		return m.clearRoute(i)
	case Steering:
		return m.clearSteering(i)
	}
	return false, fmt.Errorf("an item of type %T", i)
}

// tunnelsTable returns the tunnel's routing table. It calls Status if that was not done yet.
func (m *linux) tunnelsTable() (uint32, error) {
	if table := m.table.Load(); table != 0 {
		return table, nil
	}
	_, err := m.Status()
	return m.table.Load(), err
}

// Watch implements Router.
func (m *linux) Watch(ctx context.Context, changed func()) error {
	return m.watch(ctx, changed, m.noteRemover)
}

// ipv6On is true if the tunnel's link can have IPv6 addresses. A link that is created later ("") takes the setting of "default".
// See disable_ipv6 in https://docs.kernel.org/networking/ip-sysctl.html.
func ipv6On(link string) bool {
	if link == "" {
		link = "default"
	}
	text, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + link + "/disable_ipv6")
	return err == nil && strings.TrimSpace(string(text)) == "0"
}

// gone is true for errors that mean that there was nothing to remove.
func gone(err error) bool {
	return errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENODEV)
}

// scopeOf returns the scope of a found route.
func scopeOf(table uint32, owned bool) Scope {
	switch {
	case table == marks.MainTable:
		return Host
	case owned:
		return Tunnel
	}
	return Elsewhere
}
