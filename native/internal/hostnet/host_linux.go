package hostnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/hostnet/route"
	"sag.software/native/internal/msg"
)

// settle is how long changes are collected before they are signalled once.
const settle = 100 * time.Millisecond

type linux struct {
	route.Router
	killSwitch killswitch.KillSwitch
	names      *dns.Manager
}

// Open opens the network configuration of the process's network namespace.
func Open() (Host, error) {
	router, err := route.Open()
	if err != nil {
		return nil, err
	}
	return &linux{Router: router, killSwitch: killswitch.System(), names: dns.Open()}, nil
}

// BootID implements Host.
func (m *linux) BootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text)), err
}

// Snapshot implements Host.
func (m *linux) Snapshot() (s Snapshot, err error) {
	s.CanDrop = m.killSwitch.Capabilities()
	if s.Status, err = m.Status(); err != nil {
		return s, err
	}
	if s.KillSwitch, err = m.killSwitch.Status(); err != nil {
		return s, err
	}
	s.Resolvers, s.DHCPServers = resolvers(), dhcpServers()
	s.Names = m.names.Status(s.Tunnel())
	return s, nil
}

// Apply implements Host.
func (m *linux) Apply(c Change) error {
	var err error
	switch c.Kind {
	case ChangeKillSwitch:
		if err = m.killSwitch.Set(*c.KillSwitch); err == nil {
			m.ForgetNeighbours(func(to netip.Addr, link string) bool {
				// With a full tunnel an access point may be on the LAN. Its neighbour entry is needed.
				isEndpoint := slices.ContainsFunc(c.KillSwitch.Endpoints, func(e permit.Endpoint) bool { return e.Addr() == to })
				return !isEndpoint && c.KillSwitch.Drops(to, link)
			})
		}
	case ChangeNames:
		err = m.names.Set(*c.Names)
	default:
		err = m.Set(c.item())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	return nil
}

// Undo implements Host.
func (m *linux) Undo(c Change) (bool, error) {
	var err error
	undone := false
	switch c.Kind {
	case ChangeKillSwitch:
		undone, err = m.killSwitch.Clear(*c.KillSwitch)
	case ChangeNames:
		undone, err = m.names.Clear(*c.Names)
	default:
		undone, err = m.Clear(c.item())
	}
	if err != nil {
		return undone, fmt.Errorf("%s: %w", c, err)
	}
	return undone, nil
}

// Leftovers implements Host. DNS and steering come first, so that queries and packets take the host's own way before the rest is
// removed. The kill switch comes last.
func (m *linux) Leftovers() ([]Change, error) {
	s, err := m.Snapshot()
	if err != nil {
		return nil, err
	}
	var all []Change
	for _, n := range m.names.Leftovers() {
		all = append(all, Change{Kind: ChangeNames, Names: &n})
	}
	for _, steering := range s.Steering {
		all = append(all, Change{Kind: ChangeSteering, Steering: &steering})
	}
	for _, r := range s.Routes {
		if r.Owned {
			all = append(all, Change{Kind: ChangeRoute, Route: &r})
		}
	}
	if s.KillSwitch != nil {
		all = append(all, Change{Kind: ChangeKillSwitch, KillSwitch: &killswitch.Config{FoundDigest: s.KillSwitch.Digest}})
	}
	return all, nil
}

// Changes implements Host.
func (m *linux) Changes(ctx context.Context) (<-chan struct{}, error) {
	changes := make(chan struct{}, 1)
	changed := func() { signal(changes) }
	if err := errors.Join(m.Watch(ctx, changed), watchFirewall(ctx, changed), m.names.Watch(ctx, changed)); err != nil {
		return nil, &msg.Error{Message: msg.NetworkUnwatched(err.Error()), Under: err}
	}
	settled := make(chan struct{}, 1)
	go func() {
		var wait <-chan time.Time
		for {
			select {
			case <-ctx.Done():
				return
			case <-changes:
				if wait == nil {
					wait = time.After(settle)
				}
			case <-wait:
				wait = nil
				signal(settled)
			}
		}
	}()
	return settled, nil
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// watchFirewall calls changed for every change to the tables of kill switch and lockdown, including their removal.
func watchFirewall(ctx context.Context, changed func()) error {
	isOwned := func(m syscall.NetlinkMessage) bool {
		return bytes.Contains(m.Data, []byte(marks.KillSwitchTable+"\x00")) || bytes.Contains(m.Data, []byte(marks.LockdownTable+"\x00"))
	}
	return route.Subscribe(ctx, changed, isOwned, unix.NETLINK_NETFILTER, unix.NFNLGRP_NFTABLES)
}
