package profile

import (
	"encoding/hex"
	"net/netip"
	"strings"

	clientv1 "sag.software/native/gen/sag/client/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/limits"
	"sag.software/native/internal/secret"
	systemprofile "sag.software/native/internal/system/profile"
)

// Parse checks a session by the limits of the contract and by what a tunnel can be built from. A session that does not
// hold is `answer_invalid`, and nothing of it is used.
func Parse(session *clientv1.Session) (*Profile, error) {
	if session == nil {
		return nil, invalid("there is no session in it")
	}
	// First what knows its causes.
	if r := systemprofile.Check(session); r != nil {
		return nil, &failure.Error{Failure: r.Failure(), Under: r}
	}
	if err := limits.Check(session); err != nil {
		return nil, invalid("%s", err)
	}
	p := &Profile{
		Token:       secret.Secret(session.GetSessionToken()),
		MTU:         int(session.GetMtu()),
		FullTunnel:  session.GetPolicy().GetFullTunnel(),
		Lockdown:    session.GetPolicy().GetLockdown(),
		InstanceID:  session.GetInstanceId(),
		Lease:       session.GetLease().AsDuration(),
		RenewAfter:  session.GetRenewAfter().AsDuration(),
		Incarnation: session.GetIncarnation(),
		Revision:    session.GetProfileRevision(),
		Hops:        session.GetHops(),
		Warnings:    session.GetWarnings(),
		Wire:        session.GetDns(),
		Resources:   session.GetResources(),
	}
	// A duration that is not there at all passes its limits.
	if p.Lease <= 0 || p.RenewAfter <= 0 {
		return nil, invalid("there is no lease")
	}
	id, err := hex.DecodeString(session.GetSessionId())
	if err != nil || len(id) != len(p.SessionID) {
		return nil, invalid("session_id is not 32 hexadecimal digits")
	}
	p.SessionID = [16]byte(id)
	if err := p.addresses(session.GetAddresses()); err != nil {
		return nil, err
	}
	if err := p.routes(session.GetRoutes()); err != nil {
		return nil, err
	}
	if err := p.dns(session.GetDns()); err != nil {
		return nil, err
	}
	return p, p.accessPoints(session.GetAccessPoints())
}

func (p *Profile) addresses(list []string) error {
	for _, text := range list {
		prefix, err := netip.ParsePrefix(text)
		if err != nil || !usable(prefix.Addr()) {
			return invalid("addresses: %q is no address a tunnel can have", text)
		}
		switch a := prefix.Addr(); {
		case a.Is4() && !p.Address4.IsValid():
			p.Address4 = a
		case a.Is6() && !p.Address6.IsValid():
			p.Address6 = a
		}
	}
	if !p.Address6.IsValid() {
		return invalid("addresses: there is no IPv6 address, which probes need")
	}
	return nil
}

func (p *Profile) routes(list []string) error {
	for _, text := range list {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return invalid("routes: %q is no prefix", text)
		}
		// A route must not swallow what belongs to this machine alone.
		if a := prefix.Addr(); prefix.Bits() > 0 && (a.IsLoopback() || a.IsMulticast() || a.IsLinkLocalUnicast()) {
			return invalid("routes: %q can not be inside an intranet", text)
		}
		p.Routes = append(p.Routes, prefix.Masked())
	}
	return nil
}

func (p *Profile) dns(dns *clientv1.Dns) error {
	for _, text := range dns.GetServers() {
		a, err := netip.ParseAddr(text)
		if err != nil || !usable(a) {
			return invalid("dns: %q is no address of a server", text)
		}
		p.DNS.Servers = append(p.DNS.Servers, a.Unmap())
	}
	for _, name := range dns.GetDomains() {
		p.DNS.Domains = append(p.DNS.Domains, strings.ToLower(name))
	}
	return nil
}

func (p *Profile) accessPoints(list []*clientv1.AccessPoint) error {
	for _, ap := range list {
		probe, err := netip.ParseAddr(ap.GetProbeAddress())
		if err != nil || !probe.Is6() || !usable(probe) {
			return invalid("access_points: %q can not be probed", ap.GetProbeAddress())
		}
		one := AccessPoint{
			ID: ap.GetId(), Name: ap.GetName(), PublicKey: [32]byte(ap.GetPublicKey()), ProbeAddress: probe, Ready: ap.GetReady(),
			PresharedKey: secret.Key(ap.GetPresharedKey()), KeepsConnections: ap.GetKeepsConnections(),
		}
		for _, e := range ap.GetEndpoints() {
			// Transports this version does not know are passed over.
			if e.GetTransport() == clientv1.Transport_TRANSPORT_UDP {
				one.Endpoints = append(one.Endpoints, Endpoint{Host: e.GetHost(), Port: uint16(e.GetPort())})
			}
		}
		if len(one.Endpoints) > 0 {
			p.AccessPoints = append(p.AccessPoints, one)
		}
	}
	if len(p.AccessPoints) == 0 {
		return failure.New(typesv1.Cause_CAUSE_NO_ACCESS_POINT, "no access point has an endpoint this client can use")
	}
	return nil
}

func usable(a netip.Addr) bool {
	return a.IsValid() && a.Zone() == "" && !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && !a.IsLinkLocalUnicast()
}

func invalid(format string, args ...any) error {
	return failure.New(typesv1.Cause_CAUSE_ANSWER_INVALID, "the session is not valid: "+format, args...)
}
