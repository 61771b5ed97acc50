package machine

import (
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/tunnel/profile"
)

// Event is something that happened outside of the machine.
type Event interface{ event() }

type (
	// Started hands over a session that has just been dialled.
	Started struct{ Profile *profile.Profile }
	// Resumed says that a session of before this process is wanted; nothing but its lease is known until Renewed.
	Resumed struct{ LeaseEnd Instant }
	// Traffic is what the meter shows: when authenticated traffic last came in, when anything last went out; 0 = never.
	Traffic struct{ In, Out Instant }
	// ProbeReplied is an answer from the access point to one of this session's probes.
	ProbeReplied struct{ Nonce, Generation uint64 }
	// Attention says whether somebody is looking.
	Attention struct{ Watching bool }
	// Asked wants proof of life before an answer; Answer with the same ID follows within a second.
	Asked struct{ ID uint64 }
	// ActivateFailed says that the access point of that generation can not even be tried, for example because its host
	// name does not resolve.
	ActivateFailed struct{ Generation uint64 }
	// Renewed is the answer to a Renew that was asked for at AskedAt.
	Renewed struct {
		Profile *profile.Profile
		AskedAt Instant
	}
	// RenewFailed is the other answer.
	RenewFailed struct{ Failure *typesv1.Failure }
	// StreamOpened says that the cloud's events are being heard.
	StreamOpened struct{ Revision string }
	// StreamHeard is a sign of life of the cloud.
	StreamHeard struct{}
	// StreamBroken says that the cloud's events are not heard any longer, or could not be.
	StreamBroken struct{ Failure *typesv1.Failure }
	// SessionEnded is the cloud's word that the session is over.
	SessionEnded struct{ Failure *typesv1.Failure }
	// ProfileChanged says that Renew would answer something new.
	ProfileChanged struct{ Revision string }
	// Told is a message from the administrator.
	Told struct{ Text string }
	// Stopped says that the session is not wanted any longer.
	Stopped struct{}
	// HungUp says that the cloud has been told, or that it was tried.
	HungUp struct{}
	// Tick is time passing.
	Tick struct{}
)

func (Started) event()        {}
func (Resumed) event()        {}
func (Traffic) event()        {}
func (ProbeReplied) event()   {}
func (Attention) event()      {}
func (Asked) event()          {}
func (ActivateFailed) event() {}
func (Renewed) event()        {}
func (RenewFailed) event()    {}
func (StreamOpened) event()   {}
func (StreamHeard) event()    {}
func (StreamBroken) event()   {}
func (SessionEnded) event()   {}
func (ProfileChanged) event() {}
func (Told) event()           {}
func (Stopped) event()        {}
func (HungUp) event()         {}
func (Tick) event()           {}

// Effect is something the machine wants done.
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
	// SendProbe asks the active access point for a sign of life.
	SendProbe struct{ Nonce, Generation uint64 }
	// Apply puts another profile of the same session in force without dropping connections.
	Apply struct{ Profile *profile.Profile }
	// Renew asks the cloud to extend the lease; with NewKey, for a new key pair.
	Renew struct{ NewKey bool }
	// OpenStream listens to the cloud's events.
	OpenStream struct{}
	// CloseStream stops listening.
	CloseStream struct{}
	// HangUp tells the cloud that the session is over; HungUp follows.
	HangUp struct{}
	// Remember keeps what a restarted process needs to resume the session.
	Remember struct{ LeaseEnd Instant }
	// Forget removes it: the session is not wanted any longer.
	Forget struct{}
	// Answer answers Asked.
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
