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

// Mode is how traffic is carried.
type Mode int

// The modes.
const (
	ProxyMode Mode = iota + 1
	SystemMode
)

// Blocking is what is being dropped on the host; 0 = not known.
type Blocking int

// What can be dropped.
const (
	BlockNone Blocking = iota + 1
	BlockIntranet
	BlockAll
)

// String is none, intranet or all.
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

// StartRequest hands over a session that was dialled with a prepared key.
type StartRequest struct {
	AttemptID, IntranetID string
	Session               cloudapi.Offer
	Cloud                 session.Cloud
	Proxy                 ProxyOptions
}

// ProxyOptions are the caller's wishes in proxy mode.
type ProxyOptions struct {
	Socks, HTTP ListenAddress
	// RefuseDirect: the proxies refuse what is not in the intranet.
	RefuseDirect bool
}

// ListenAddress is where a proxy is to listen: ADDRESS:PORT, or "" for any free port of loopback.
type ListenAddress struct {
	Address string
	// Preferred: where the address is taken, any other does.
	Preferred bool
}

// State is a tunnel as callers see it. What its phase and its blocking are is decided here and nowhere else.
type State struct {
	IntranetID string
	Phase      fsm.Phase
	// Cause is why it is not up; nil when it is.
	Cause       *failure.Failure
	Blocking    Blocking
	AccessPoint *AccessPointState
	Session     *SessionState
	Warnings    []session.Warning
	Hops        []session.Hop
	Proxy       *ProxyState
	// Traffic is nil where nothing that changes by time alone was requested.
	Traffic *Traffic
	Mode    Mode
	PID     int
	// Message is the last one of the administrator.
	Message string
	// Host is nil if nothing on the host is the tunnel's.
	Host *HostState
}

// AccessPointState is the access point in use or being tried.
type AccessPointState struct {
	ID, Name, Endpoint string
	// Latency of the last answered probe; 0 = none yet.
	Latency time.Duration
}

// SessionState is the session as callers see it. Durations of 0 are not known.
type SessionState struct {
	ID        session.ID
	Addresses []netip.Addr
	Since     time.Duration
	// LeaseLeft is nil where nothing that changes by time alone was requested.
	LeaseLeft *time.Duration
	Lease     time.Duration
	Renewals  uint32
	// KeyExchange is what TLS to the cloud instance negotiated.
	KeyExchange   string
	PresharedKey  bool
	MTU           int
	Routes        []netip.Prefix
	DNS           session.DNS
	HandshakeAge  time.Duration
	Resources     []session.Resource
	BandwidthKbps uint32
}

// ProxyState is where the proxies listen; PAC is a URL.
type ProxyState struct{ Socks, HTTP, PAC string }

// Traffic is inner bytes since the session began.
type Traffic struct{ RxBytes, TxBytes uint64 }

// HostState is what of the host's settings is the tunnel's, as it was found.
type HostState struct {
	// Routes and Rules are lines as `ip` prints them.
	Routes, Rules []string
	Names         *NamesState
	KillSwitch    *KillSwitchState
}

// NamesState is how names are looked up on the host.
type NamesState struct {
	Backend          string
	Servers, Domains []string
	// Everything: all names are looked up at the intranet's name servers.
	Everything bool
	// Trouble is why the host is not as planned; empty if it is.
	Trouble       string
	SearchDomains []string
}

// KillSwitchState is what is held back outside the tunnel.
type KillSwitchState struct {
	Blocking          Blocking
	Prefixes, Domains []string
	Lockdown          bool
	// PortalLeft is how long a captive portal can be reached; 0 = it can not.
	PortalLeft time.Duration
	// Dropped are packets since the kill switch was made.
	Dropped uint64
}

// Snapshot is a state with its place in the order of changes.
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

// Over is true where no session is wanted: another tunnel may take the place.
func (s *State) Over() bool { return s.Phase.Over() }

// Holds is what goes through the tunnel or not at all: it is blocked once there is no such process any more.
func (s *State) Holds() Blocking {
	if s.Blocking != BlockNone {
		return s.Blocking
	}
	if s.Phase == fsm.Connected {
		return BlockIntranet
	}
	return BlockNone
}

// Masked is what a user may see of another user's tunnel: that it is in use, and what is blocked on the host that both share; nil if no
// session is wanted.
func (s *State) Masked() *State {
	if s.Over() {
		return nil
	}
	return &State{
		Phase: fsm.Disconnected, Blocking: s.Blocking, Mode: s.Mode, PID: s.PID,
		Cause: failure.Of(failure.InUseByAnotherUser, msg.ServiceInUse()),
	}
}

// Absent is the state of an intranet without a tunnel. held says that its packets are held back all the same.
func Absent(intranetID string, mode Mode, held bool) *State {
	s := &State{IntranetID: intranetID, Phase: fsm.Disconnected, Mode: mode}
	if held {
		s.Blocking = BlockIntranet
	}
	return s
}
