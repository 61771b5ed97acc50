package service

import (
	"context"
	"sync"

	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/fsm"
)

// view is the service as one caller may see and use it, according to permissions.
type view struct {
	service *Service
	caller  control.Caller
}

var (
	_ control.Tunnel     = (*view)(nil)
	_ control.Gatekeeper = (*view)(nil)
	_ control.LogReader  = (*view)(nil)
	_ control.Locker     = (*view)(nil)
)

// relation returns the caller's relation to the host now.
func (v *view) relation() relation {
	if v.caller.Admin {
		return administrator
	}
	now := anyUser
	for _, one := range v.service.tunnels.all() {
		switch r := v.relationTo(one); r {
		case other:
			return other
		case owner:
			now = owner
		}
	}
	return now
}

// relationTo returns the caller's relation to one tunnel. A tunnel whose session is over does not restrict other users.
func (v *view) relationTo(one *owned) relation {
	switch {
	case v.caller.Admin:
		return administrator
	case one.owner == v.caller.UID:
		return owner
	case one.over():
		return anyUser
	default:
		return other
	}
}

// may returns nil, or why the caller is not permitted to do something with the host now.
func (v *view) may(a action) error { return permitted(a, v.relation()) }

// sees reports whether the caller may see all of a tunnel's state.
func (v *view) sees(one *owned) bool { return permitted(seeSession, v.relationTo(one)) == nil }

// Prepare creates a key pair for the next Dial. It does not affect other users.
func (v *view) Prepare(intranetID string) (attemptID string, publicKey []byte, err error) {
	if err := v.may(prepareKey); err != nil {
		return "", nil, err
	}
	// Start checks this again. The early check spares the caller a Dial that could not be used.
	if err := v.service.obstacle(v.caller, intranetID); err != nil {
		return "", nil, err
	}
	return v.service.keys.prepare(v.caller, intranetID)
}

// Start starts a session that was dialled with a prepared key.
func (v *view) Start(request tunnel.StartRequest) (*tunnel.State, error) {
	if err := v.may(startTrusted); err != nil {
		return nil, err
	}
	key, err := v.service.keys.take(v.caller, request.AttemptID, request.IntranetID)
	if err != nil {
		return nil, err
	}
	dialled, err := v.sessionOf(request)
	if err != nil {
		return nil, err
	}
	dialled.Key = key
	if f := fsm.Usable(dialled.Session); f != nil {
		dialled.Client.Close()
		return nil, &failure.Error{Failure: f}
	}
	one, err := v.service.take(v.caller, request.IntranetID)
	if err != nil {
		dialled.Client.Close()
		return nil, err
	}
	return one.Carry(dialled)
}

// Stop ends the session and returns when the host's settings are restored.
func (v *view) Stop(ctx context.Context, intranetID string) (*tunnel.State, error) {
	if err := v.may(stopSession); err != nil {
		return nil, err
	}
	one := v.stoppable(intranetID)
	if one == nil {
		return tunnel.Absent(intranetID, tunnel.SystemMode, false), nil
	}
	state, err := one.Stop(ctx, intranetID)
	if err != nil {
		return nil, err
	}
	// The tunnel is removed before Stop returns, so that the caller can connect again at once.
	select {
	case <-one.Done():
		err = v.service.remove(one)
	case <-ctx.Done():
	}
	return state, err
}

// stoppable returns the tunnel of an intranet if the caller owns it or is an administrator. Without one it returns another
// tunnel of the caller, whose Stop fails because it serves another intranet; nil if there is none.
func (v *view) stoppable(intranetID string) *owned {
	var found *owned
	for _, one := range v.service.tunnels.all() {
		if mine := one.owner == v.caller.UID || v.caller.Admin; mine && (found == nil || one.intranet == intranetID) {
			found = one
		}
	}
	return found
}

// States returns the tunnels as the caller may see them.
func (v *view) States(ctx context.Context, probe bool) ([]*tunnel.State, error) {
	var all []*tunnel.State
	for _, one := range v.service.tunnels.all() {
		state := one.LastState().Masked()
		if v.sees(one) {
			var err error
			if state, err = one.State(ctx, probe); err != nil {
				return nil, err
			}
		}
		if state != nil {
			all = append(all, state)
		}
	}
	return all, nil
}

// Watch follows the tunnels that the caller may see. Other users' tunnels are returned once, masked.
func (v *view) Watch() (now []*tunnel.State, revision uint64, changes <-chan tunnel.Snapshot, leave func()) {
	var follow []watched
	for _, one := range v.service.tunnels.all() {
		if !v.sees(one) {
			if masked := one.LastState().Masked(); masked != nil {
				now = append(now, masked)
			}
			continue
		}
		snapshot, changes, leave := one.Watch()
		now, revision = append(now, snapshot.State), max(revision, snapshot.Revision)
		follow = append(follow, watched{changes, leave})
	}
	switch len(follow) {
	case 0:
		return now, revision, nil, func() {}
	case 1:
		return now, revision, follow[0].changes, follow[0].leave
	default:
		changes, leave = merge(revision, follow)
		return now, revision, changes, leave
	}
}

// Attend counts the caller as watching its tunnels.
func (v *view) Attend() (leave func()) {
	var all []func()
	for _, one := range v.service.tunnels.all() {
		if v.sees(one) {
			all = append(all, one.Attend())
		}
	}
	return func() {
		for _, leave := range all {
			leave()
		}
	}
}

// Done is closed when a tunnel is added or removed, and when the service ends: the caller has to call Watch again.
func (v *view) Done() <-chan struct{} { return v.service.tunnels.changes() }

// watched is one tunnel that is being watched.
type watched struct {
	changes <-chan tunnel.Snapshot
	leave   func()
}

// mergedStates is how many changes of several tunnels are queued for a slow caller. Beyond that, each tunnel's own queue
// drops its oldest.
const mergedStates = 32

// merge combines the changes of several tunnels into one sequence with its own revisions.
func merge(revision uint64, all []watched) (changes <-chan tunnel.Snapshot, leave func()) {
	merged, left := make(chan tunnel.Snapshot, mergedStates), make(chan struct{})
	var mu sync.Mutex
	for _, one := range all {
		go func() {
			for {
				select {
				case c := <-one.changes:
					mu.Lock()
					revision++
					c.Revision = revision
					select {
					case merged <- c:
					case <-left:
					}
					mu.Unlock()
				case <-left:
					return
				}
			}
		}()
	}
	return merged, sync.OnceFunc(func() {
		close(left)
		for _, one := range all {
			one.leave()
		}
	})
}
