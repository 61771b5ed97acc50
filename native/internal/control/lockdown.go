package control

import (
	"context"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

// portalTime is how long the way to a captive portal is open when nothing else is asked for.
const portalTime = 5 * time.Minute

// Locker is a Tunnel of system mode: it can hold back everything that leaves the machine.
type Locker interface {
	Lockdown() (*tunnelv1.Lockdown, error)
	// SetLockdown is for administrators.
	SetLockdown(ctx context.Context, on bool, clouds []string) (*tunnelv1.Lockdown, error)
	OpenPortal(duration time.Duration) (*tunnelv1.Lockdown, error)
}

func (s *service) locker(ctx context.Context) (Locker, error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	locker, ok := t.(Locker)
	if !ok {
		return nil, failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "lockdown is the service's; this is a proxy of one user")
	}
	return locker, nil
}

func (s *service) GetLockdown(ctx context.Context, _ *connect.Request[tunnelv1.GetLockdownRequest]) (*connect.Response[tunnelv1.GetLockdownResponse], error) {
	l, err := s.locker(ctx)
	if err != nil {
		return nil, err
	}
	now, err := l.Lockdown()
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.GetLockdownResponse{Lockdown: now}), nil
}

func (s *service) SetLockdown(ctx context.Context, r *connect.Request[tunnelv1.SetLockdownRequest]) (*connect.Response[tunnelv1.SetLockdownResponse], error) {
	l, err := s.locker(ctx)
	if err != nil {
		return nil, err
	}
	now, err := l.SetLockdown(ctx, r.Msg.GetOn(), r.Msg.GetClouds())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.SetLockdownResponse{Lockdown: now}), nil
}

func (s *service) OpenPortal(ctx context.Context, r *connect.Request[tunnelv1.OpenPortalRequest]) (*connect.Response[tunnelv1.OpenPortalResponse], error) {
	l, err := s.locker(ctx)
	if err != nil {
		return nil, err
	}
	duration := portalTime
	if asked := r.Msg.GetDuration(); asked != nil {
		duration = asked.AsDuration()
	}
	now, err := l.OpenPortal(duration)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.OpenPortalResponse{Lockdown: now}), nil
}
