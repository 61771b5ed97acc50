package systemwide

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sag.software/native/internal/system/plan"
	"sag.software/native/internal/tunnel/profile"
)

const (
	// lookupLimit is how long the cloud's name may take; it has just been asked by whoever dialled.
	lookupLimit = time.Second
	// maxReached bounds how many endpoints that were given by name are remembered.
	maxReached = 16
	httpsPort  = 443
)

// intranet is what a profile means for the machine. The caller holds the lock.
func (h *Host) intranet(p *profile.Profile) plan.Intranet {
	in := plan.Intranet{
		Routes: p.Routes, Full: p.FullTunnel, Servers: p.DNS.Servers, MTU: p.MTU, Outside: h.outside, Domains: p.DNS.Domains,
		Endpoints: slices.Clone(h.reached),
	}
	for _, a := range p.Addresses() {
		in.Addresses = append(in.Addresses, netip.PrefixFrom(a, a.BitLen()))
	}
	name, port := hostOf(h.cloud)
	in.CloudPort = port
	names := []string{name}
	for _, ap := range p.AccessPoints {
		for _, e := range ap.Endpoints {
			if a, err := netip.ParseAddr(e.Host); err == nil {
				in.Endpoints = append(in.Endpoints, netip.AddrPortFrom(a.Unmap(), e.Port))
			}
			names = append(names, e.Host)
		}
	}
	for _, name := range names {
		if _, err := netip.ParseAddr(name); err != nil && name != "" {
			in.Spared = append(in.Spared, strings.ToLower(strings.TrimSuffix(name, ".")))
		}
	}
	return in
}

// hostOf is where a cloud instance's URL leads.
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

// addressesOf are the addresses of the cloud instance; none if its name can not be looked up, when nobody reaches it anyway.
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
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil
	}
	return found
}
