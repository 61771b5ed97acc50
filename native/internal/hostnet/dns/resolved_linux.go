package dns

import (
	"errors"
	"net"
	"net/netip"
	"slices"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

const (
	resolvedPath    = "/org/freedesktop/resolve1"
	resolvedManager = "org.freedesktop.resolve1.Manager."
	resolvedLink    = "org.freedesktop.resolve1.Link"
	// all is the root domain.
	all = "."
)

// server and domain are D-Bus types of systemd-resolved.
type (
	server struct {
		Family  int32
		Address []byte
	}
	domain struct {
		Name      string
		RouteOnly bool
	}
)

func (b *systemBus) foundResolved(link string) (*Names, error) {
	index, err := net.InterfaceByName(link)
	if err != nil {
		return nil, nil
	}
	var path dbus.ObjectPath
	err = b.call(resolvedName, resolvedPath, resolvedManager+"GetLink", &path, int32(index.Index))
	var servers []server
	var domains []domain
	var byDefault bool
	for _, p := range []struct {
		name string
		out  any
	}{{"DNS", &servers}, {"Domains", &domains}, {"DefaultRoute", &byDefault}} {
		if err == nil {
			err = b.property(resolvedName, path, resolvedLink, p.name, p.out)
		}
	}
	if errors.Is(err, errHung) {
		return nil, err
	}
	if err != nil || len(servers) != 1 {
		return nil, nil
	}
	a, ok := netip.AddrFromSlice(servers[0].Address)
	if !ok || !a.IsLoopback() {
		return nil, nil
	}
	n := &Names{Backend: Resolved, Link: link, Resolver: a, Everything: byDefault}
	for _, d := range domains {
		switch {
		case !d.RouteOnly:
			n.Search = append(n.Search, d.Name)
		case d.Name == all:
			n.Everything = true
		default:
			n.Domains = append(n.Domains, d.Name)
		}
	}
	return n, nil
}

func (b *systemBus) setResolved(n Names) error {
	link, err := net.InterfaceByName(n.Link)
	if err != nil {
		return err
	}
	family := int32(unix.AF_INET)
	if n.Resolver.Is6() {
		family = unix.AF_INET6
	}
	domains := []domain{}
	for _, d := range n.Search {
		domains = append(domains, domain{d, false})
	}
	for _, d := range n.Domains {
		if !slices.Contains(n.Search, d) {
			domains = append(domains, domain{d, true})
		}
	}
	if n.Everything {
		domains = append(domains, domain{all, true})
	}
	index := int32(link.Index)
	// systemd-resolved (seen with 252) does not rewrite its resolv.conf if a domain only changes from a search domain to a
	// routing-only one. So the domains are first set together with another one.
	beside := append(slices.Clone(domains), domain{"sag-software.invalid", true})
	// Domains come first: a link with a server and without domains would get all queries. DNS over TLS and DNSSEC are not needed
	// for the forwarder, and LLMNR and multicast DNS must not be used on the tunnel.
	for _, call := range []struct {
		method string
		value  any
	}{
		{"SetLinkDomains", beside},
		{"SetLinkDomains", domains},
		{"SetLinkDefaultRoute", n.Everything},
		{"SetLinkDNSOverTLS", "no"},
		{"SetLinkDNSSEC", "no"},
		{"SetLinkLLMNR", "no"},
		{"SetLinkMulticastDNS", "no"},
		{"SetLinkDNS", []server{{family, n.Resolver.AsSlice()}}},
	} {
		err := b.call(resolvedName, resolvedPath, resolvedManager+call.method, nil, index, call.value)
		var refused dbus.Error
		// Older versions lack some of these methods, and the features that they turn off.
		if errors.As(err, &refused) && refused.Name == "org.freedesktop.DBus.Error.UnknownMethod" {
			continue
		}
		if err != nil {
			// A partial configuration is worse than none.
			_ = b.call(resolvedName, resolvedPath, resolvedManager+"RevertLink", nil, index)
			return err
		}
	}
	return b.flush()
}

// unsetResolved reverts all settings of the link.
func (b *systemBus) unsetResolved(n Names) (bool, error) {
	found, err := b.foundResolved(n.Link)
	if err != nil {
		return false, err
	}
	if found == nil || found.Resolver != n.Resolver {
		return false, nil
	}
	link, err := net.InterfaceByName(n.Link)
	if err != nil {
		return false, nil
	}
	if err := b.call(resolvedName, resolvedPath, resolvedManager+"RevertLink", nil, int32(link.Index)); err != nil {
		return false, err
	}
	return true, b.flush()
}

// flush flushes the cache, because a name may have another address now.
func (b *systemBus) flush() error {
	return b.call(resolvedName, resolvedPath, resolvedManager+"FlushCaches", nil)
}
