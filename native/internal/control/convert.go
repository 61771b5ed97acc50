package control

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	clientv1 "sag.software/native/gen/sag/client/v1"
	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/session"
	"sag.software/native/internal/session/cloudapi"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/fsm"
)

// StartRequest converts a request to the domain type.
func StartRequest(m *tunnelv1.StartRequest) tunnel.StartRequest {
	r := tunnel.StartRequest{
		AttemptID: m.GetAttemptId(), IntranetID: m.GetIntranetId(), Session: cloudapi.Offered(m.GetSession()),
		Cloud: session.Cloud{URL: m.GetCloud().GetUrl()},
		Proxy: tunnel.ProxyOptions{
			Socks:        tunnel.ListenAddress{Address: m.GetProxy().GetSocksListen(), Preferred: m.GetProxy().GetSocksPreferred()},
			HTTP:         tunnel.ListenAddress{Address: m.GetProxy().GetHttpListen(), Preferred: m.GetProxy().GetHttpPreferred()},
			RefuseDirect: m.GetProxy().GetOutside() == tunnelv1.Outside_OUTSIDE_REFUSE,
		},
	}
	for _, pin := range m.GetCloud().GetSpkiPins() {
		r.Cloud.Pins = append(r.Cloud.Pins, session.Pin(pin))
	}
	return r
}

var phases = map[fsm.Phase]typesv1.Phase{
	fsm.Disconnected:  typesv1.Phase_PHASE_DISCONNECTED,
	fsm.Connecting:    typesv1.Phase_PHASE_CONNECTING,
	fsm.Connected:     typesv1.Phase_PHASE_CONNECTED,
	fsm.Reconnecting:  typesv1.Phase_PHASE_RECONNECTING,
	fsm.Disconnecting: typesv1.Phase_PHASE_DISCONNECTING,
	fsm.Failed:        typesv1.Phase_PHASE_FAILED,
}

var blockings = map[tunnel.Blocking]typesv1.Blocking{
	tunnel.BlockNone:     typesv1.Blocking_BLOCKING_NONE,
	tunnel.BlockIntranet: typesv1.Blocking_BLOCKING_INTRANET,
	tunnel.BlockAll:      typesv1.Blocking_BLOCKING_ALL,
}

var modes = map[tunnel.Mode]typesv1.Mode{
	tunnel.ProxyMode:  typesv1.Mode_MODE_PROXY,
	tunnel.SystemMode: typesv1.Mode_MODE_SYSTEM,
}

// StateMessage converts a state to protobuf; nil stays nil.
func StateMessage(s *tunnel.State) *tunnelv1.State {
	if s == nil {
		return nil
	}
	m := &tunnelv1.State{
		IntranetId: s.IntranetID, Phase: phases[s.Phase], Cause: wire.Message(s.Cause), Blocking: blockings[s.Blocking], Mode: modes[s.Mode],
		Pid: uint32(s.PID), Message: s.Message, Session: sessionMessage(s.Session), Machine: hostMessage(s.Host),
		Answered: s.Answered,
	}
	for i := range s.Warnings {
		m.Warnings = append(m.Warnings, warningMessage(&s.Warnings[i]))
	}
	for _, hop := range s.Hops {
		m.Hops = append(m.Hops, &typesv1.Hop{
			Kind: typesv1.HopKind(hop.Kind), Id: hop.ID, Name: hop.Name, Whole: hop.Whole, Missing: warningMessage(hop.Missing),
		})
	}
	if ap := s.AccessPoint; ap != nil {
		m.AccessPoint = &tunnelv1.AccessPointState{Id: ap.ID, Name: ap.Name, Endpoint: ap.Endpoint, Latency: duration(ap.Latency)}
	}
	if p := s.Proxy; p != nil {
		m.Proxy = &tunnelv1.ProxyState{Socks: p.Socks, Http: p.HTTP, Pac: p.PAC, Outside: tunnelv1.Outside_OUTSIDE_DIRECT}
		if p.RefuseDirect {
			m.Proxy.Outside = tunnelv1.Outside_OUTSIDE_REFUSE
		}
	}
	if t := s.Traffic; t != nil {
		m.Traffic = &tunnelv1.Traffic{RxBytes: t.RxBytes, TxBytes: t.TxBytes, RefusedPackets: t.Refused}
	}
	return m
}

func stateMessages(states []*tunnel.State) []*tunnelv1.State {
	var all []*tunnelv1.State
	for _, s := range states {
		all = append(all, StateMessage(s))
	}
	return all
}

// duration converts a duration; 0 means unknown and is left unset.
func duration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

func warningMessage(w *session.Warning) *typesv1.Warning {
	if w == nil {
		return nil
	}
	return &typesv1.Warning{
		Code: typesv1.WarningCode(w.Code), Hop: typesv1.HopKind(w.Hop), Fixer: typesv1.Fixer(w.Fixer), Text: w.Text,
		MessageKey: w.Key, MessageParams: w.Params,
	}
}

func sessionMessage(s *tunnel.SessionState) *tunnelv1.SessionState {
	if s == nil {
		return nil
	}
	m := &tunnelv1.SessionState{
		SessionId: s.ID.String(), Addresses: texts(s.Addresses), Since: duration(s.Since), Lease: durationpb.New(s.Lease), Renewals: s.Renewals,
		KeyExchange: s.KeyExchange, PresharedKey: s.PresharedKey, Mtu: uint32(s.MTU), Routes: texts(s.Routes),
		Dns:          &clientv1.Dns{Servers: texts(s.DNS.Servers), Domains: s.DNS.Domains, SearchDomains: s.DNS.Search},
		HandshakeAge: duration(s.HandshakeAge), BandwidthKbps: s.BandwidthKbps,
	}
	if s.LeaseLeft != nil {
		m.LeaseLeft = durationpb.New(*s.LeaseLeft)
	}
	for i := range s.AccessPoints {
		m.AccessPoints = append(m.AccessPoints, &tunnelv1.AccessPointState{Id: s.AccessPoints[i].ID, Name: s.AccessPoints[i].Name})
	}
	for _, r := range s.Resources {
		m.Resources = append(m.Resources, &clientv1.Resource{Name: r.Name, Kind: clientv1.ResourceKind(r.Kind), Address: r.Address})
	}
	return m
}

func hostMessage(s *tunnel.HostState) *tunnelv1.Machine {
	if s == nil {
		return nil
	}
	m := &tunnelv1.Machine{Routes: s.Routes, Rules: s.Rules}
	if n := s.Names; n != nil {
		m.Names = &tunnelv1.Names{
			Backend: n.Backend, Servers: n.Servers, Domains: n.Domains, Everything: n.Everything, Trouble: n.Trouble, SearchDomains: n.SearchDomains,
		}
	}
	if k := s.KillSwitch; k != nil {
		m.Guard = &tunnelv1.Guard{
			Blocking: blockings[k.Blocking], Prefixes: k.Prefixes, Domains: k.Domains, Lockdown: k.Lockdown, PortalLeft: duration(k.PortalLeft),
			Dropped: k.Dropped,
		}
	}
	return m
}

func texts[T fmt.Stringer](all []T) []string {
	var list []string
	for _, one := range all {
		list = append(list, one.String())
	}
	return list
}
