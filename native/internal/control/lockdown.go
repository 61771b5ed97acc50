package control

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet/captive"
	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/msg"
)

// portalTime is the default duration of the captive-portal exception.
const portalTime = 5 * time.Minute

// Lockdown is the state of lockdown, and what the caller is permitted to change.
type Lockdown struct {
	lockdown.Status
	MaySet, MayOpenPortal bool
}

// Locker is a Tunnel of system mode, which has lockdown.
type Locker interface {
	Lockdown() (Lockdown, error)
	// SetLockdown turns lockdown on or off. Only administrators may call it.
	SetLockdown(ctx context.Context, on bool, clouds []string) (Lockdown, error)
	OpenPortal(duration time.Duration) (Lockdown, error)
}

var lockdownBy = map[lockdown.By]tunnelv1.LockdownBy{
	lockdown.ByAdministrator: tunnelv1.LockdownBy_LOCKDOWN_BY_ADMINISTRATOR,
	lockdown.ByPolicy:        tunnelv1.LockdownBy_LOCKDOWN_BY_POLICY,
}

func (l Lockdown) message() *tunnelv1.Lockdown {
	m := &tunnelv1.Lockdown{
		On: l.On, By: lockdownBy[l.By], Reachable: l.Reachable, Dropped: l.Dropped, MaySet: l.MaySet, MayOpenPortal: l.MayOpenPortal,
	}
	if l.Portal != nil {
		m.PortalLeft, m.PortalLink = durationpb.New(l.Portal.Left), l.Portal.Link
	}
	return m
}

func lockdownOf(m *tunnelv1.Lockdown) Lockdown {
	l := Lockdown{
		Status: lockdown.Status{On: m.GetOn(), Reachable: m.GetReachable(), Dropped: m.GetDropped()},
		MaySet: m.GetMaySet(), MayOpenPortal: m.GetMayOpenPortal(),
	}
	for by, message := range lockdownBy {
		if message == m.GetBy() {
			l.By = by
		}
	}
	if m.GetPortalLeft() != nil {
		l.Portal = &captive.Exception{Link: m.GetPortalLink(), Left: m.GetPortalLeft().AsDuration()}
	}
	return l
}

// JSON returns the protobuf JSON form.
func (l Lockdown) JSON() string {
	text, _ := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(l.message())
	return string(text)
}

func (s *service) locker(ctx context.Context) (Locker, error) {
	t, err := s.of(ctx)
	if err != nil {
		return nil, err
	}
	locker, ok := t.(Locker)
	if !ok {
		return nil, failure.New(failure.NotPermitted, msg.LockdownInProxyMode())
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
	return connect.NewResponse(&tunnelv1.GetLockdownResponse{Lockdown: now.message()}), nil
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
	return connect.NewResponse(&tunnelv1.SetLockdownResponse{Lockdown: now.message()}), nil
}

func (s *service) OpenPortal(ctx context.Context, r *connect.Request[tunnelv1.OpenPortalRequest]) (*connect.Response[tunnelv1.OpenPortalResponse], error) {
	l, err := s.locker(ctx)
	if err != nil {
		return nil, err
	}
	duration := portalTime
	if d := r.Msg.GetDuration(); d != nil {
		duration = d.AsDuration()
	}
	now, err := l.OpenPortal(duration)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&tunnelv1.OpenPortalResponse{Lockdown: now.message()}), nil
}
