package cloudapi

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	clientv1 "sag.software/native/gen/sag/client/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/limits"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/secret"
	"sag.software/native/internal/session"
)

// Parse converts a session of the contract to the model. If anything is invalid, it fails with answer_invalid and the
// field, and the whole session is rejected.
func Parse(m *clientv1.Session) (*session.Session, error) {
	if m == nil {
		return nil, session.Refuse("session", msg.SettingsMissing("session"))
	}
	s := &session.Session{
		Token:          secret.Secret(m.GetSessionToken()),
		MTU:            int(m.GetMtu()),
		Policy:         session.Policy{FullTunnel: m.GetPolicy().GetFullTunnel(), Lockdown: m.GetPolicy().GetLockdown()},
		InstanceID:     m.GetInstanceId(),
		EnterpriseCode: strings.ToUpper(m.GetEnterpriseCode()),
		Lease:          m.GetLease().AsDuration(),
		RenewAfter:     m.GetRenewAfter().AsDuration(),
		Incarnation:    m.GetIncarnation(),
		Revision:       m.GetProfileRevision(),
		BandwidthKbps:  m.GetBandwidthKbps(),
	}
	for _, part := range []func(*session.Session, *clientv1.Session) error{
		parseRoutes, parseAddresses, parseDNS, parseAccessPoints, parseNames, parseID,
	} {
		if err := part(s, m); err != nil {
			return nil, err
		}
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	// The contract's other limits: lengths and ranges of values that are passed on unchanged.
	if err := limits.Check(m); err != nil {
		return nil, failure.New(failure.AnswerInvalid, msg.SessionBreaksRule(err.Error()))
	}
	return s, nil
}

func parseID(s *session.Session, m *clientv1.Session) error {
	id, err := hex.DecodeString(m.GetSessionId())
	if err != nil || len(id) != len(s.ID) {
		return session.Refuse("session_id", msg.SettingsSessionID("session_id"))
	}
	s.ID = session.ID(id)
	return nil
}

func parseRoutes(s *session.Session, m *clientv1.Session) (err error) {
	if s.Routes, err = prefixes(m.GetRoutes()); err != nil {
		return err
	}
	return session.CheckRoutes(s.Routes, s.Policy.FullTunnel)
}

func prefixes(texts []string) ([]netip.Prefix, error) {
	if len(texts) > session.MaxRoutes {
		return nil, session.RefuseAs(failure.AnswerTooLarge, "routes", msg.SettingsRouteCount("routes", strconv.Itoa(len(texts)), strconv.Itoa(session.MaxRoutes)))
	}
	all := make([]netip.Prefix, 0, len(texts))
	for i, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			field := fmt.Sprintf("routes[%d]", i)
			return nil, session.Refuse(field, msg.SettingsRouteNoPrefix(field, text))
		}
		all = append(all, prefix)
	}
	return all, nil
}

func parseAddresses(s *session.Session, m *clientv1.Session) error {
	texts := m.GetAddresses()
	if len(texts) == 0 || len(texts) > session.MaxAddresses {
		return session.Refuse("addresses", msg.SettingsAddressCount("addresses", strconv.Itoa(len(texts))))
	}
	seen := map[netip.Addr]bool{}
	for i, text := range texts {
		field := fmt.Sprintf("addresses[%d]", i)
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return session.Refuse(field, msg.SettingsAddressNoPrefix(field))
		}
		address := prefix.Addr()
		if err := session.CheckOwnAddress(field, prefix); err != nil {
			return err
		}
		if seen[address] {
			return session.Refuse(field, msg.SettingsAddressTwice(field, address.String()))
		}
		seen[address] = true
		switch {
		case address.Is4() && !s.Address4.IsValid():
			s.Address4 = address
		case address.Is6() && !s.Address6.IsValid():
			s.Address6 = address
		}
	}
	return nil
}

func parseDNS(s *session.Session, m *clientv1.Session) error {
	for i, text := range m.GetDns().GetServers() {
		address, err := netip.ParseAddr(text)
		if err != nil || !session.Unicast(address) {
			field := fmt.Sprintf("dns.servers[%d]", i)
			return session.Refuse(field, msg.SettingsDNSServer(field, text))
		}
		s.DNS.Servers = append(s.DNS.Servers, address)
	}
	var err error
	if s.DNS.Domains, err = domains("dns.domains", m.GetDns().GetDomains(), msg.SettingsDNSDomain); err != nil {
		return err
	}
	s.DNS.Search, err = domains("dns.search_domains", m.GetDns().GetSearchDomains(),
		func(field, _ string) msg.Message { return msg.SettingsSearchDomain(field) })
	return err
}

func domains(list string, names []string, refusal func(field, name string) msg.Message) ([]string, error) {
	var all []string
	for i, name := range names {
		if !session.Domain(name) {
			field := fmt.Sprintf("%s[%d]", list, i)
			return nil, session.Refuse(field, refusal(field, name))
		}
		all = append(all, strings.ToLower(name))
	}
	return all, nil
}

func parseAccessPoints(s *session.Session, m *clientv1.Session) error {
	for i, ap := range m.GetAccessPoints() {
		field := fmt.Sprintf("access_points[%d]", i)
		one := session.AccessPoint{ID: ap.GetId(), Name: ap.GetName(), Ready: ap.GetReady(), KeepsConnections: ap.GetKeepsConnections()}
		var err error
		if one.ProbeAddress, err = netip.ParseAddr(ap.GetProbeAddress()); err != nil {
			return session.Refuse(field+".probe_address", msg.SettingsProbeAddress(field+".probe_address"))
		}
		if len(ap.GetPublicKey()) != len(one.PublicKey) {
			return session.Refuse(field+".public_key", msg.SettingsKeyLength(field+".public_key", strconv.Itoa(len(ap.GetPublicKey()))))
		}
		if len(ap.GetPresharedKey()) != len(one.PresharedKey) {
			return session.Refuse(field+".preshared_key", msg.SettingsKeyLength(field+".preshared_key", strconv.Itoa(len(ap.GetPresharedKey()))))
		}
		one.PublicKey, one.PresharedKey = [32]byte(ap.GetPublicKey()), secret.Key(ap.GetPresharedKey())
		for j, e := range ap.GetEndpoints() {
			endpoint, err := parseEndpoint(fmt.Sprintf("%s.endpoints[%d]", field, j), e)
			if err != nil {
				return err
			}
			if err := endpoint.Check(fmt.Sprintf("%s.endpoints[%d].host", field, j), s.Routes); err != nil {
				return err
			}
			if endpoint.Transport != 0 {
				one.Endpoints = append(one.Endpoints, endpoint)
			}
		}
		s.AccessPoints = append(s.AccessPoints, one)
	}
	return nil
}

// transports maps the contract's transports to the model's.
var transports = map[clientv1.Transport]session.Transport{clientv1.Transport_TRANSPORT_UDP: session.UDP, clientv1.Transport_TRANSPORT_TLS: session.TLS}

func parseEndpoint(field string, m *clientv1.Endpoint) (session.Endpoint, error) {
	e := session.Endpoint{Transport: transports[m.GetTransport()], Port: uint16(m.GetPort()), ServerName: m.GetServerName()}
	if m.GetPort() == 0 || m.GetPort() > 65535 {
		return e, session.Refuse(field+".port", msg.SettingsPort(field+".port", strconv.FormatUint(uint64(m.GetPort()), 10)))
	}
	for _, pin := range m.GetSpkiPins() {
		if len(pin) != len(session.Pin{}) {
			return e, session.Refuse(field+".spki_pins", msg.SettingsKeyLength(field+".spki_pins", strconv.Itoa(len(pin))))
		}
		e.Pins = append(e.Pins, session.Pin(pin))
	}
	if address, err := netip.ParseAddr(m.GetHost()); err == nil {
		e.Addr = address.Unmap()
	} else {
		e.Name = m.GetHost()
	}
	return e, nil
}

// parseNames takes the values that are only displayed, and checks their characters.
func parseNames(s *session.Session, m *clientv1.Session) error {
	names := map[string]string{
		"session_id": m.GetSessionId(), "display_name": m.GetDisplayName(),
		"instance_id": m.GetInstanceId(), "profile_revision": m.GetProfileRevision(),
	}
	for i, ap := range m.GetAccessPoints() {
		field := fmt.Sprintf("access_points[%d].", i)
		names[field+"id"], names[field+"name"], names[field+"region"] = ap.GetId(), ap.GetName(), ap.GetRegion()
	}
	for i, hop := range m.GetHops() {
		field := fmt.Sprintf("hops[%d].", i)
		names[field+"id"], names[field+"name"] = hop.GetId(), hop.GetName()
		s.Hops = append(s.Hops, session.Hop{
			Kind: session.HopKind(hop.GetKind()), ID: hop.GetId(), Name: hop.GetName(), Whole: hop.GetWhole(), Missing: warningOf(hop.GetMissing()),
		})
	}
	for _, w := range m.GetWarnings() {
		s.Warnings = append(s.Warnings, *warningOf(w))
	}
	for _, r := range m.GetResources() {
		s.Resources = append(s.Resources, session.Resource{Name: r.GetName(), Kind: int32(r.GetKind()), Address: r.GetAddress()})
	}
	for field, name := range names {
		if !session.Name(name) {
			return session.Refuse(field, msg.SettingsNameCharacters(field))
		}
	}
	return nil
}

func warningOf(m *typesv1.Warning) *session.Warning {
	if m == nil {
		return nil
	}
	return &session.Warning{
		Code: session.WarningCode(m.GetCode()), Hop: session.HopKind(m.GetHop()), Fixer: session.Fixer(m.GetFixer()),
		Message: msg.Message{Key: m.GetMessageKey(), Params: m.GetMessageParams(), Text: m.GetText()},
	}
}
