package host

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/panics"
	"sag.software/native/internal/resolver"
)

// resolutionDelay is how long to wait for the other address family once one has a reachable address (RFC 8305, section 3).
const resolutionDelay = 50 * time.Millisecond

// machine is the resolver configuration of one host.
type machine struct {
	// conf and nsswitch are paths; static looks names up in the hosts file.
	conf, nsswitch string
	static         func(name string) []netip.Addr
	// port is the name servers' port.
	port   uint16
	memory resolver.Memory
}

var this = &machine{conf: "/etc/resolv.conf", nsswitch: "/etc/nsswitch.conf", static: Static(), port: 53}

func lookup(ctx context.Context, name string) ([]netip.Addr, error) { return this.lookup(ctx, name) }

func (m *machine) lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a}, nil
	}
	plain := strings.ToLower(strings.TrimSuffix(name, "."))
	sources := readSources(m.nsswitch)
	if known := m.static(plain); len(known) > 0 {
		return known, nil
	}
	if plain == "localhost" || strings.HasSuffix(plain, ".localhost") {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	err := error(notFound(name))
	if sources.dns {
		var found []netip.Addr
		if found, err = m.complete(ctx, name); err == nil {
			return found, nil
		}
	}
	// Without cgo, Go's resolver has no source that has not been queried already.
	if sources.others && hasCgo && ctx.Err() == nil {
		if found, failed := net.DefaultResolver.LookupNetIP(ctx, "ip", name); failed == nil {
			return found, nil
		}
	}
	return nil, err
}

// complete queries every complete name that a name can stand for, in the order of resolv.conf.
func (m *machine) complete(ctx context.Context, name string) ([]netip.Addr, error) {
	c := readConf(m.conf, m.port)
	var open error
	for _, candidate := range c.names(name) {
		found, err := m.families(ctx, c, candidate)
		if err == nil {
			return order(found), nil
		}
		if open == nil && !IsNotFound(err) {
			open = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	if open != nil {
		return nil, open
	}
	return nil, notFound(name)
}

// families queries A and AAAA in parallel. If one is never answered, the other waits for resolutionDelay only.
func (m *machine) families(ctx context.Context, c conf, name string) ([]netip.Addr, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		ipv6  bool
		found []netip.Addr
		err   error
	}
	answers := make(chan answer, 2)
	for _, ipv6 := range []bool{false, true} {
		go func() {
			a := answer{ipv6: ipv6}
			defer func() { answers <- a }()
			defer panics.Error(&a.err, "a DNS lookup")
			a.found, a.err = m.ask(ctx, c, name, ipv6)
		}()
	}
	var all []netip.Addr
	var failed error
	var enough <-chan time.Time
	missing := false
	for range 2 {
		select {
		case a := <-answers:
			all = append(all, a.found...)
			noName := failure.CauseOf(a.err) == failure.NameNotFound
			if a.err != nil && !noName {
				failed = a.err
			}
			// NXDOMAIN applies to all types (RFC 8020), but some servers wrongly return it for AAAA alone (RFC 4074,
			// section 4.2).
			missing = missing || noName && !a.ipv6
			if enough == nil && (missing || reachable(a.found)) {
				enough = time.After(resolutionDelay)
			}
		case <-enough:
		}
	}
	switch {
	case len(all) > 0:
		return all, nil
	case failed != nil && !missing:
		silent := errors.Is(failed, resolver.ErrSilent)
		return nil, &net.DNSError{UnwrapErr: failed, Err: failed.Error(), Name: name, IsTemporary: true, IsTimeout: silent}
	}
	return nil, notFound(name)
}

// ask sends one query to the name servers. If system mode's forwarder is configured, it is queried alone: it decides which
// names are the intranet's and forwards the rest.
func (m *machine) ask(ctx context.Context, c conf, name string, ipv6 bool) (found []netip.Addr, err error) {
	var dialer net.Dialer
	dial := func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
		return dialer.DialContext(ctx, network, to.String())
	}
	for _, g := range c.groups() {
		found, err = m.memory.Addresses(ctx, dial, resolver.Question{
			Name: name, IPv6: ipv6, Servers: g.servers, Network: c.network, Limit: g.limit,
		})
		if !errors.Is(err, resolver.ErrSilent) || ctx.Err() != nil {
			break
		}
	}
	return found, err
}

func notFound(name string) *net.DNSError {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}
