package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/system/dns"
	"sag.software/native/internal/system/guard"
)

// Marks of ownership. Routes and rules carry the protocol number, which `ip route` and `ip rule` show as `proto 207`; the link
// carries the alias. What carries neither is somebody else's.
const (
	protocol = 207
	alias    = "sag-tunnel"
)

// settle is how long a burst of the kernel's messages is waited for before it is told as one.
const settle = 100 * time.Millisecond

type linux struct {
	handle *netlink.Handle
	names  *dns.Manager
	// culprit is who took away something of ours last, in words.
	culprit atomic.Value
}

// Open opens the network configuration of the network namespace that the process is in.
func Open() (Machine, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	return &linux{handle: handle, names: dns.Open()}, nil
}

func (m *linux) BootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text)), err
}

func (m *linux) Snapshot() (Snapshot, error) {
	s := Snapshot{Abilities: Abilities{PolicyRouting: true, IPv6: ipv6On(), Guard: true}}
	links, names, err := m.links()
	if err != nil {
		return s, err
	}
	s.Links = links
	if s.Routes, err = m.routes(names); err != nil {
		return s, err
	}
	if s.Rules, err = m.rules(); err != nil {
		return s, err
	}
	if s.Guard, err = guard.Find(); err != nil {
		return s, err
	}
	s.Resolvers, s.DHCPServers = resolvers(), dhcpServers()
	s.Names = m.names.Look(s.Tunnel())
	return s, nil
}

func (m *linux) Apply(c Change) error {
	var err error
	switch c.Kind {
	case ChangeLink:
		err = m.applyLink(*c.Link)
	case ChangeAddress:
		err = m.applyAddress(*c.Address)
	case ChangeRoute:
		err = m.applyRoute(*c.Route)
	case ChangeRule:
		err = m.applyRule(*c.Rule)
	case ChangeGuard:
		if err = guard.Apply(*c.Guard); err == nil {
			m.stopAsking(*c.Guard)
		}
	case ChangeNames:
		err = m.names.Set(*c.Names)
	default:
		err = fmt.Errorf("a change of kind %q", c.Kind)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	return nil
}

func (m *linux) Undo(c Change) (bool, error) {
	var err error
	undone := false
	switch c.Kind {
	case ChangeLink:
		// The kernel takes the link away with the process that holds it.
	case ChangeAddress:
		undone, err = m.undoAddress(*c.Address)
	case ChangeRoute:
		undone, err = m.undoRoute(*c.Route)
	case ChangeRule:
		undone, err = m.undoRule(*c.Rule)
	case ChangeGuard:
		undone, err = guard.Undo(*c.Guard)
	case ChangeNames:
		undone, err = m.names.Unset(*c.Names)
	default:
		err = fmt.Errorf("a change of kind %q", c.Kind)
	}
	if err != nil {
		return undone, fmt.Errorf("%s: %w", c, err)
	}
	return undone, nil
}

// Leftovers are names first, then rules, so that questions and traffic go their old way before anything else is taken apart. The
// guard goes last.
func (m *linux) Leftovers() ([]Change, error) {
	s, err := m.Snapshot()
	if err != nil {
		return nil, err
	}
	var all []Change
	for _, n := range m.names.Leftovers() {
		all = append(all, Change{Kind: ChangeNames, Names: &n})
	}
	for _, r := range s.Rules {
		if r.Ours {
			all = append(all, Change{Kind: ChangeRule, Rule: &r})
		}
	}
	for _, r := range s.Routes {
		if r.Ours {
			all = append(all, Change{Kind: ChangeRoute, Route: &r})
		}
	}
	if s.Guard != nil {
		all = append(all, Change{Kind: ChangeGuard, Guard: &guard.Spec{Found: s.Guard.Digest}})
	}
	return all, nil
}

func (m *linux) Changes(ctx context.Context) (<-chan struct{}, error) {
	changes, guards, names := make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)
	if err := errors.Join(
		subscribeNetwork(ctx, changes, m.witness),
		subscribeGuard(ctx, guards),
		m.names.Watch(ctx, func() {
			select {
			case names <- struct{}{}:
			default:
			}
		}),
	); err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	told := make(chan struct{}, 1)
	go func() {
		var wait <-chan time.Time
		for {
			var open bool
			select {
			case _, open = <-changes:
			case _, open = <-guards:
			case _, open = <-names:
			case <-wait:
				wait, open = nil, true
				select {
				case told <- struct{}{}:
				default:
				}
				continue
			case <-ctx.Done():
			}
			if !open {
				return
			}
			if wait == nil {
				wait = time.After(settle)
			}
		}
	}()
	return told, nil
}

func ipv6On() bool {
	// Links made from now on take the setting of "default".
	text, err := os.ReadFile("/proc/sys/net/ipv6/conf/default/disable_ipv6")
	return err == nil && strings.TrimSpace(string(text)) == "0"
}

// gone is true for answers that mean that there was nothing to undo.
func gone(err error) bool {
	return errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENODEV)
}
