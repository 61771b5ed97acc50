package service

import (
	"context"
	"sync"

	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/fsm"
)

// view is the service as one caller sees it. What the caller may do is decided by permissions.
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

// relation is what the caller is to the host now.
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

// relationTo is what the caller is to one tunnel. A tunnel whose session is over is in the way of no other.
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

// may answers nil, or why the caller may not do something with the host now.
func (v *view) may(a action) error { return permitted(a, v.relation()) }

// sees is true if the caller may see all of a tunnel's state.
func (v *view) sees(one *owned) bool { return permitted(seeSession, v.relationTo(one)) == nil }

// Prepare makes a key for the next Dial. It changes nothing for other users.
func (v *view) Prepare(intranetID string) (attemptID string, publicKey []byte, err error) {
	if err := v.may(prepareKey); err != nil {
		return "", nil, err
	}
	// Start decides; but a refusal before Dial is better than one after it.
	if err := v.service.obstacle(v.caller, intranetID); err != nil {
		return "", nil, err
	}
	return v.service.keys.prepare(v.caller, intranetID)
}

// Start carries a session that was dialled with a prepared key.
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

// Stop ends the session and answers when nothing is left of it.
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
	// The caller may connect again as soon as it has the answer.
	select {
	case <-one.Done():
		err = v.service.remove(one)
	case <-ctx.Done():
	}
	return state, err
}

// stoppable is the tunnel of an intranet if it is the caller's or the caller is an administrator; without one of that intranet, any
// other, which answers that it serves another intranet. nil if there is none.
func (v *view) stoppable(intranetID string) *owned {
	var found *owned
	for _, one := range v.service.tunnels.all() {
		if mine := one.owner == v.caller.UID || v.caller.Admin; mine && (found == nil || one.intranet == intranetID) {
			found = one
		}
	}
	return found
}

// States are the tunnels as the caller may see them.
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

// Watch follows the tunnels that the caller may see. Of others it only gets that they are in use, once.
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

// Attend says that the caller is watching.
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

// Done is closed when the caller has to call Watch again: when there is another tunnel, or one less. Until then it needs no query, and the
// end of the service is noticed.
func (v *view) Done() <-chan struct{} { return v.service.tunnels.changes() }

// watched is one tunnel that is watched.
type watched struct {
	changes <-chan tunnel.Snapshot
	leave   func()
}

// mergedStates is how many changes of several tunnels may wait for a slow caller; behind that each tunnel keeps its newest.
const mergedStates = 32

// merge makes the changes of several tunnels one sequence with revisions of its own.
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
