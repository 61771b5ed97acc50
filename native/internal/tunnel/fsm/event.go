package fsm

import (
	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

// Event is something that happened outside of the state machine.
type Event interface{ event() }

type (
	// Started hands over a session that has just been dialled.
	Started struct{ Session *session.Session }
	// Resumed says that a session of before this process is wanted; nothing but its lease is known until Renewed.
	Resumed struct{ LeaseEnd Instant }
	// Traffic is what the accounting stage shows: when authenticated traffic last arrived, when anything was last sent; 0 = never.
	Traffic struct{ In, Out Instant }
	// ProbeReplied is an answer from the access point to one of this session's probes.
	ProbeReplied struct{ Nonce, Generation uint64 }
	// Attention says whether the state is being watched.
	Attention struct{ Watching bool }
	// Queried wants proof of life before an answer; Answer with the same ID follows within a second.
	Queried struct{ ID uint64 }
	// ActivateFailed says that the access point of that generation cannot even be tried, for example because its host
	// name does not resolve. Failure is why, if another than the access point is to blame; else nil.
	ActivateFailed struct {
		Generation uint64
		Failure    *failure.Failure
	}
	// Resolved says that the access point of that generation, which is given by name, is being tried from now on.
	Resolved struct{ Generation uint64 }
	// Renewed is the answer to a Renew that was requested at RequestedAt.
	Renewed struct {
		Session     *session.Session
		RequestedAt Instant
	}
	// RenewFailed is the other answer.
	RenewFailed struct{ Failure *failure.Failure }
	// StreamOpened says that the cloud's events are being received.
	StreamOpened struct{ Revision string }
	// StreamHeard is a sign of life of the cloud.
	StreamHeard struct{}
	// StreamBroken says that the cloud's events are no longer received, or could not be.
	StreamBroken struct{ Failure *failure.Failure }
	// SessionEnded says that the cloud has ended the session.
	SessionEnded struct{ Failure *failure.Failure }
	// SettingsChanged says that Renew would answer something new.
	SettingsChanged struct{ Revision string }
	// MessageReceived is a text from the administrator.
	MessageReceived struct{ Text string }
	// Stopped says that the session is no longer wanted.
	Stopped struct{}
	// HungUp says that HangUp is done, whether or not the cloud could be reached.
	HungUp struct{}
	// HostChecked says why the host sends the intranet's packets past a tunnel that is alive; nil = it does not.
	HostChecked struct{ Trouble *failure.Failure }
	// Tick is time passing.
	Tick struct{}
)

func (Started) event()         {}
func (Resumed) event()         {}
func (Traffic) event()         {}
func (ProbeReplied) event()    {}
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

// Effect is something the state machine wants done.
type Effect interface{ effect() }

type (
	// Activate makes one access point's endpoint the only peer, and starts a handshake.
	Activate struct {
		Candidate  Candidate
		Generation uint64
		// Abort says that another access point was in use: what it carried is lost and has to end now.
		Abort bool
	}
	// Deactivate removes the peer.
	Deactivate struct{}
	// ForceHandshake gives up the keys in use and starts a handshake.
	ForceHandshake struct{}
	// SendProbe sends a probe to the active access point.
	SendProbe struct{ Nonce, Generation uint64 }
	// Apply puts the renewed session in force without dropping connections.
	Apply struct{ Session *session.Session }
	// Renew has the cloud extend the lease; with NewKey, for a new key pair, which is in force from Renewed on.
	Renew struct{ NewKey bool }
	// OpenStream begins to receive the cloud's events.
	OpenStream struct{}
	// CloseStream ends that.
	CloseStream struct{}
	// HangUp ends the session at the cloud; HungUp follows.
	HangUp struct{}
	// Remember keeps what a restarted process needs to resume the session.
	Remember struct{ LeaseEnd Instant }
	// Forget removes it: the session is no longer wanted.
	Forget struct{}
	// Answer answers Queried.
	Answer struct{ ID uint64 }
)

func (Activate) effect()       {}
func (Deactivate) effect()     {}
func (ForceHandshake) effect() {}
func (SendProbe) effect()      {}
func (Apply) effect()          {}
func (Renew) effect()          {}
func (OpenStream) effect()     {}
func (CloseStream) effect()    {}
func (HangUp) effect()         {}
func (Remember) effect()       {}
func (Forget) effect()         {}
func (Answer) effect()         {}
