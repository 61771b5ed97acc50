package fsm

import (
	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

// Event is an input of the state machine.
type Event interface{ event() }

type (
	// Started carries a session that has just been dialled.
	Started struct{ Session *session.Session }
	// Resumed continues the session of a former process; only its lease is known until Renewed.
	Resumed struct{ LeaseEnd Instant }
	// Traffic carries when authenticated traffic last arrived, when a packet was last sent, and when a packet larger than mtu.Floor was
	// last sent or received; 0 = never.
	Traffic struct{ In, Out, Large Instant }
	// ProbeReplied is the access point's reply to one of this session's probes.
	ProbeReplied struct{ Nonce, Generation uint64 }
	// MTUProbeReplied is a reply to an MTU probe; Size is that of the reply's packet, bytes.
	MTUProbeReplied struct {
		Nonce, Generation uint64
		Size              int
	}
	// MTURefused means that the host refused to send an inner packet of that size, bytes, because it exceeds the path MTU.
	MTURefused struct{ Size int }
	// Attention changes whether somebody watches the state, for example an open window.
	Attention struct{ Watching bool }
	// Queried requests a check that the access point answers; Answer with the same ID follows within a second.
	Queried struct{ ID uint64 }
	// ActivateFailed means that the access point of that generation cannot be tried, for example because its host name does
	// not resolve. Failure is the cause if it is not the access point's fault; else nil.
	ActivateFailed struct {
		Generation uint64
		Failure    *failure.Failure
	}
	// Resolved means that the name of that generation's access point has an address and handshakes are being sent.
	Resolved struct{ Generation uint64 }
	// Renewed is the response to a Renew that was requested at RequestedAt.
	Renewed struct {
		Session     *session.Session
		RequestedAt Instant
	}
	// RenewFailed means that a Renew failed.
	RenewFailed struct{ Failure *failure.Failure }
	// StreamOpened means that the cloud's event stream is open.
	StreamOpened struct{ Revision string }
	// StreamHeard means that the cloud sent something, such as a heartbeat.
	StreamHeard struct{}
	// StreamBroken means that the event stream ended or could not be opened.
	StreamBroken struct{ Failure *failure.Failure }
	// SessionEnded means that the cloud has ended the session.
	SessionEnded struct{ Failure *failure.Failure }
	// SettingsChanged means that the session's settings have changed at the cloud: a Renew fetches them.
	SettingsChanged struct{ Revision string }
	// MessageReceived carries a text from the administrator.
	MessageReceived struct{ Text string }
	// Stopped means that the user no longer wants the session.
	Stopped struct{}
	// HungUp means that HangUp is finished, whether or not the cloud could be reached.
	HungUp struct{}
	// HostChecked carries why the host routes the intranet's packets past a working tunnel; nil = it does not.
	HostChecked struct{ Trouble *failure.Failure }
	// Tick means that time has passed.
	Tick struct{}
)

func (Started) event()         {}
func (Resumed) event()         {}
func (Traffic) event()         {}
func (ProbeReplied) event()    {}
func (MTUProbeReplied) event() {}
func (MTURefused) event()      {}
func (Attention) event()       {}
func (Queried) event()         {}
func (ActivateFailed) event()  {}
func (Resolved) event()        {}
func (Renewed) event()         {}
func (RenewFailed) event()     {}
func (StreamOpened) event()    {}
func (StreamHeard) event()     {}
func (StreamBroken) event()    {}
func (SessionEnded) event()    {}
func (SettingsChanged) event() {}
func (MessageReceived) event() {}
func (Stopped) event()         {}
func (HungUp) event()          {}
func (HostChecked) event()     {}
func (Tick) event()            {}

// Effect is an action that the caller of Step has to carry out.
type Effect interface{ effect() }

type (
	// Activate makes one access point's endpoint the only peer and starts a handshake.
	Activate struct {
		Candidate  Candidate
		Generation uint64
		// Abort is set when another access point was in use whose connections are lost and have to be ended.
		Abort bool
	}
	// Deactivate removes the peer.
	Deactivate struct{}
	// ForceHandshake discards the session keys in use and starts a handshake.
	ForceHandshake struct{}
	// SendProbe sends a probe to the active access point.
	SendProbe struct{ Nonce, Generation uint64 }
	// SendMTUProbe sends a probe as a packet of that size, bytes.
	SendMTUProbe struct {
		Nonce, Generation uint64
		Size              int
	}
	// SetMTU changes the tunnel's MTU, bytes. Probes sent afterwards report it to the access point.
	SetMTU struct{ MTU int }
	// Apply applies the renewed session without dropping connections.
	Apply struct{ Session *session.Session }
	// Renew extends the lease at the cloud; with NewKey it also offers a new public key, which is in use from Renewed on.
	Renew struct{ NewKey bool }
	// OpenStream opens the cloud's event stream.
	OpenStream struct{}
	// CloseStream closes it.
	CloseStream struct{}
	// HangUp ends the session at the cloud; HungUp follows.
	HangUp struct{}
	// Remember saves what a restarted process needs to resume the session.
	Remember struct{ LeaseEnd Instant }
	// Forget removes what Remember saved: the session is no longer wanted.
	Forget struct{}
	// Answer completes Queried.
	Answer struct{ ID uint64 }
)

func (Activate) effect()       {}
func (Deactivate) effect()     {}
func (ForceHandshake) effect() {}
func (SendProbe) effect()      {}
func (SendMTUProbe) effect()   {}
func (SetMTU) effect()         {}
func (Apply) effect()          {}
func (Renew) effect()          {}
func (OpenStream) effect()     {}
func (CloseStream) effect()    {}
func (HangUp) effect()         {}
func (Remember) effect()       {}
func (Forget) effect()         {}
func (Answer) effect()         {}
