package tunnel

import (
	"net/netip"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/session"
	"sag.software/native/internal/session/cloudapi"
	"sag.software/native/internal/tunnel/fsm"
)

// Mode is how traffic reaches the tunnel.
type Mode int

// The modes.
const (
	ProxyMode Mode = iota + 1
	SystemMode
)

// Blocking is what is being dropped on the host; 0 = unknown.
type Blocking int

// The values of Blocking.
const (
	BlockNone Blocking = iota + 1
	BlockIntranet
	BlockAll
)

// String returns none, intranet or all.
func (b Blocking) String() string {
	switch b {
	case BlockIntranet:
		return "intranet"
	case BlockAll:
		return "all"
	default:
		return "none"
	}
}

// StartRequest carries a session that was dialled with a prepared key.
type StartRequest struct {
	AttemptID, IntranetID string
	Session               cloudapi.Offer
	Cloud                 session.Cloud
	Proxy                 ProxyOptions
}

// ProxyOptions are the caller's settings for proxy mode.
type ProxyOptions struct {
	Socks, HTTP ListenAddress
	// RefuseDirect makes the proxies refuse destinations outside the intranet.
	RefuseDirect bool
}

// ListenAddress is where a proxy listens: ADDRESS:PORT, or "" for any free loopback port.
type ListenAddress struct {
	Address string
	// Preferred allows another port if the address is in use.
	Preferred bool
}

// State is a tunnel as callers see it. Its phase and its blocking are computed here only.
type State struct {
	IntranetID string
	Phase      fsm.Phase
	// Cause is why the tunnel is not up; nil when it is.
	Cause       *failure.Failure
	Blocking    Blocking
	AccessPoint *AccessPointState
	Session     *SessionState
	Warnings    []session.Warning
	Hops        []session.Hop
	Proxy       *ProxyState
	// Traffic is nil where values that change with time alone were not requested.
	Traffic *Traffic
	// Answered is Traffic.Answered, which does not change with time alone.
	Answered bool
	Mode     Mode
	PID      int
	// Message is the administrator's latest message.
	Message string
	// Host is nil if the tunnel has not changed the host's settings.
	Host *HostState
}

// AccessPointState is the access point in use or being tried.
type AccessPointState struct {
	ID, Name, Endpoint string
	// Latency is the round trip of the last answered probe; 0 before the first.
	Latency time.Duration
}

// SessionState is the session as callers see it. A duration of 0 is unknown.
type SessionState struct {
	ID        session.ID
	Addresses []netip.Addr
	Since     time.Duration
	// LeaseLeft is nil where values that change with time alone were not requested.
	LeaseLeft *time.Duration
	Lease     time.Duration
	Renewals  uint32
	// KeyExchange is the key exchange that TLS to the cloud instance negotiated.
	KeyExchange   string
	PresharedKey  bool
	MTU           int
	Routes        []netip.Prefix
	DNS           session.DNS
	HandshakeAge  time.Duration
	Resources     []session.Resource
	BandwidthKbps uint32
	// AccessPoints are those that the session may use.
	AccessPoints []session.AccessPoint
}

// ProxyState is where the proxies listen; PAC is a URL.
type ProxyState struct {
	Socks, HTTP, PAC string
	// RefuseDirect is set if the proxies refuse destinations outside the intranet.
	RefuseDirect bool
}

// Traffic counts inner bytes since the session began.
type Traffic struct {
	RxBytes, TxBytes uint64
	// Refused is how many packets were answered by an ICMP "administratively prohibited".
	Refused uint64
	// Answered is true once something behind the access point has sent a packet.
	Answered bool
}

// HostState lists the host settings that belong to the tunnel, as they were last read.
type HostState struct {
	// Routes and Rules are lines as `ip` prints them.
	Routes, Rules []string
	Names         *NamesState
	KillSwitch    *KillSwitchState
}

// NamesState is the host's DNS configuration.
type NamesState struct {
	Backend          string
	Servers, Domains []string
	// Everything is set if all names are looked up at the intranet's name servers.
	Everything bool
	// Trouble is why the host's DNS is not as planned; empty if it is.
	Trouble       string
	SearchDomains []string
}

// KillSwitchState is what the kill switch drops.
type KillSwitchState struct {
	Blocking          Blocking
	Prefixes, Domains []string
	Lockdown          bool
	// PortalLeft is how long the captive-portal exception still lasts; 0 = there is none.
	PortalLeft time.Duration
	// Dropped counts packets since the kill switch was installed.
	Dropped uint64
}

// Snapshot is a state and its revision, which grows with every change.
type Snapshot struct {
	Revision uint64
	State    *State
}

func (s *State) accessPointID() string {
	if s.AccessPoint == nil {
		return ""
	}
	return s.AccessPoint.ID
}

// Over reports whether no session is wanted, so that another tunnel may be started.
func (s *State) Over() bool { return s.Phase.Over() }

// Holds returns what would stay blocked if this process ended now.
func (s *State) Holds() Blocking {
	if s.Blocking != BlockNone {
		return s.Blocking
	}
	if s.Phase == fsm.Connected {
		return BlockIntranet
	}
	return BlockNone
}

// Masked returns what a user may see of another user's tunnel: that the service is in use, and what is blocked on the host
// that both share. It is nil if no session is wanted.
func (s *State) Masked() *State {
	if s.Over() {
		return nil
	}
	return &State{
		Phase: fsm.Disconnected, Blocking: s.Blocking, Mode: s.Mode, PID: s.PID,
		Cause: failure.Of(failure.InUseByAnotherUser, msg.ServiceInUse()),
	}
}

// Absent returns the state of an intranet without a tunnel. held is true if its packets are blocked nevertheless.
func Absent(intranetID string, mode Mode, held bool) *State {
	s := &State{IntranetID: intranetID, Phase: fsm.Disconnected, Mode: mode}
	if held {
		s.Blocking = BlockIntranet
	}
	return s
}
