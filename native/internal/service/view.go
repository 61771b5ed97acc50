package service

import (
	"context"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel"
)

// view is the service as one caller sees it: the owner of the tunnel uses it, an administrator may also end it, others see
// that it is busy.
type view struct {
	service *Service
	caller  control.Caller
}

var _ control.Tunnel = (*view)(nil)

// Prepare makes a key for the next Dial.
func (v *view) Prepare(intranetID string) (attemptID string, publicKey []byte, err error) {
	h, err := v.service.take(v.caller, intranetID)
	if err != nil {
		return "", nil, err
	}
	return h.Prepare(intranetID)
}

// Start carries a session that was dialled with a prepared key.
func (v *view) Start(request *tunnelv1.StartRequest) (*tunnelv1.State, error) {
	h := v.service.held()
	if h == nil {
		return nil, failure.New(typesv1.Cause_CAUSE_INVALID_ARGUMENT, "attempt_id: no key was prepared for this attempt, or it has been used")
	}
	if h.owner != v.caller.UID {
		return nil, busy()
	}
	return h.Start(request)
}

// Stop ends the session and answers when nothing is left of it.
func (v *view) Stop(ctx context.Context, intranetID string) (*tunnelv1.State, error) {
	h := v.service.held()
	if h == nil {
		return &tunnelv1.State{IntranetId: intranetID, Phase: typesv1.Phase_PHASE_DISCONNECTED, Mode: typesv1.Mode_MODE_SYSTEM}, nil
	}
	if !v.may(h) {
		return nil, failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "the tunnel belongs to another user")
	}
	state, err := h.Stop(ctx, intranetID)
	if err != nil {
		return nil, err
	}
	// Whoever has been answered may begin anew at once.
	select {
	case <-h.Done():
		v.service.vacate(h)
	case <-ctx.Done():
	}
	return state, nil
}

// State is how it is; nil if there is no tunnel.
func (v *view) State(ctx context.Context, probe bool) (*tunnelv1.State, error) {
	h := v.service.held()
	switch {
	case h == nil:
		return nil, nil
	case !v.may(h):
		state, err := h.State(ctx, false)
		if err != nil || idle(state) {
			// A key that somebody prepared keeps nobody out.
			return nil, err
		}
		return masked(state), nil
	}
	return h.State(ctx, probe)
}

// Watch follows the tunnel. Who may only know that it is busy hears that once.
func (v *view) Watch() (now tunnel.Change, changes <-chan tunnel.Change, leave func()) {
	h := v.service.held()
	if h == nil {
		return tunnel.Change{}, nil, func() {}
	}
	now, changes, leave = h.Watch()
	if !v.may(h) {
		leave()
		if idle(now.State) {
			return tunnel.Change{Revision: now.Revision}, nil, func() {}
		}
		return tunnel.Change{Revision: now.Revision, State: masked(now.State)}, nil, func() {}
	}
	return now, changes, leave
}

// Attend says that somebody is looking.
func (v *view) Attend() (leave func()) {
	if h := v.service.held(); h != nil && v.may(h) {
		return h.Attend()
	}
	return func() {}
}

// Done is closed when whoever follows has to begin anew: when the tunnel is over, or there is one where there was none. Until
// then nothing has to be asked for, and the end of the service is noticed.
func (v *view) Done() <-chan struct{} { return v.service.ends() }

func (v *view) may(h *held) bool { return h.owner == v.caller.UID || v.caller.Admin }

// idle is true for a tunnel that anybody may take the place of.
func idle(state *tunnelv1.State) bool {
	return state.GetPhase() == typesv1.Phase_PHASE_DISCONNECTED || state.GetPhase() == typesv1.Phase_PHASE_FAILED
}

// masked is what others may know: that it is busy, and what is held back on the machine that is theirs as well.
func masked(state *tunnelv1.State) *tunnelv1.State {
	return &tunnelv1.State{
		Phase: typesv1.Phase_PHASE_DISCONNECTED, Blocking: state.GetBlocking(), Mode: state.GetMode(), Pid: state.GetPid(),
		Cause: failure.Of(typesv1.Cause_CAUSE_IN_USE_BY_ANOTHER_USER, "another user of this machine is connected"),
	}
}
