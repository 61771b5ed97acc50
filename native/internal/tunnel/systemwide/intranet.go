package systemwide

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/resolver/host"
	"sag.software/native/internal/session"
)

const (
	// lookupLimit bounds the lookup of the cloud's name. The dial has just resolved it, so it is usually cached.
	lookupLimit = time.Second
	// maxReached bounds how many resolved endpoints are remembered.
	maxReached = 16
	httpsPort  = 443
)

// intranet returns a session's desired host settings. The caller holds the lock.
func (h *Host) intranet(s *session.Session) plan.Intranet {
	in := plan.Intranet{
		Routes: s.Routes, Full: s.Policy.FullTunnel, Servers: s.DNS.Servers, MTU: h.mtu, CloudAddrs: h.outside, Domains: s.DNS.Tunneled(),
		Search:    s.DNS.Search,
		Endpoints: slices.Clone(h.reached),
	}
	for _, a := range s.Addresses() {
		in.Addresses = append(in.Addresses, netip.PrefixFrom(a, a.BitLen()))
	}
	name, port := hostOf(h.cloud)
	in.CloudPort = port
	names := []string{name}
	for _, ap := range s.AccessPoints {
		for _, e := range ap.Endpoints {
			switch {
			case !e.Dialable():
			case e.Addr.IsValid():
				in.Endpoints = append(in.Endpoints, allowed(e))
			default:
				names = append(names, e.Name)
			}
		}
	}
	for _, name := range names {
		if _, err := netip.ParseAddr(name); err != nil && name != "" {
			in.BypassNames = append(in.BypassNames, strings.ToLower(strings.TrimSuffix(name, ".")))
		}
	}
	return in
}

// allowed returns the endpoint, whose address is known, as the kill switch and lockdown accept it.
func allowed(e session.Endpoint) permit.Endpoint {
	protocol := permit.UDP
	if e.Transport == session.TLS {
		protocol = permit.TCP
	}
	return permit.Endpoint{Protocol: protocol, AddrPort: netip.AddrPortFrom(e.Addr, e.Port)}
}

// hostOf returns host and port of a cloud instance's URL.
func hostOf(cloud string) (name string, port uint16) {
	u, err := url.Parse(cloud)
	if err != nil {
		return "", 0
	}
	if number, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return u.Hostname(), uint16(number)
	}
	return u.Hostname(), httpsPort
}

// addressesOf returns the addresses of the cloud instance; none if the lookup fails, because then no program reaches it
// anyway.
func addressesOf(cloud string) []netip.Addr {
	name, _ := hostOf(cloud)
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a}
	}
	if name == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupLimit)
	defer cancel()
	found, err := host.Lookup(ctx, name)
	if err != nil {
		return nil
	}
	return found
}
