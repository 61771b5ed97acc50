package control

import (
	"context"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/tunnel"
)

// Watch sends all states, and then every change.
func (s *service) Watch(ctx context.Context, r *connect.Request[tunnelv1.WatchRequest], stream *connect.ServerStream[tunnelv1.WatchResponse]) error {
	if keepOpen, ok := ctx.Value(keepOpenKey{}).(func()); ok {
		keepOpen()
	}
	t, err := s.of(ctx)
	if err != nil {
		return wire.Connect(err)
	}
	// Read before Watch, so that no change in between is missed.
	done := t.Done()
	now, revision, changes, leave := t.Watch()
	defer leave()
	var traffic <-chan time.Time
	if r.Msg.GetAttentive() {
		defer t.Attend()()
		ticker := time.NewTicker(trafficInterval)
		defer ticker.Stop()
		traffic = ticker.C
	}
	heartbeat := time.NewTicker(heartbeatInterval)
	defer heartbeat.Stop()
	send := func(m *tunnelv1.WatchResponse) error {
		m.Epoch, m.Revision = s.epoch, revision
		return stream.Send(m)
	}
	changed := func(c tunnel.Snapshot) error {
		revision = c.Revision
		return send(&tunnelv1.WatchResponse{Change: &tunnelv1.WatchResponse_Changed{Changed: StateMessage(c.State)}})
	}
	if err := send(&tunnelv1.WatchResponse{Change: &tunnelv1.WatchResponse_Snapshot{Snapshot: &tunnelv1.Snapshot{States: stateMessages(now)}}}); err != nil {
		return err
	}
	for {
		var err error
		select {
		case c := <-changes:
			err = changed(c)
		case <-traffic:
			states, _ := t.States(ctx, false) // done reports a tunnel that has just ended
			for _, state := range states {
				if err == nil {
					err = changed(tunnel.Snapshot{Revision: revision, State: state})
				}
			}
		case <-heartbeat.C:
			err = send(&tunnelv1.WatchResponse{Change: &tunnelv1.WatchResponse_Heartbeat{Heartbeat: &tunnelv1.Heartbeat{}}})
		case <-ctx.Done():
			return nil
		case <-done:
			// Changes queued before the end are sent first.
			for len(changes) > 0 && err == nil {
				err = changed(<-changes)
			}
			return err
		}
		if err != nil {
			return err
		}
	}
}
