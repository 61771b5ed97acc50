package service

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/sleep"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/resolver/host"
)

const (
	// lookEvery is how often lockdown is checked even if no change was reported, and how often the clouds' names are
	// resolved.
	lookEvery = time.Minute
	// lookupLimit bounds one lookup.
	lookupLimit = 2 * time.Second
	httpsPort   = 443
)

var _ control.Locker = (*view)(nil)

// keepLockdown restores lockdown when another program removes its rules, until the context ends.
func (s *Service) keepLockdown(ctx context.Context) {
	changes, err := s.config.Machine.Changes(ctx)
	if err != nil {
		s.config.Logger.Warn("no change notifications; lockdown is checked once a minute", "error", err)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
		case <-tick.C:
			s.refresh(ctx)
		}
		was := s.config.Lockdown.IsOn()
		if err := s.config.Lockdown.Look(); err != nil {
			s.config.Logger.Error("failed to restore lockdown", "error", err)
		}
		if was != s.config.Lockdown.IsOn() {
			s.lockdownChanged()
		}
	}
}

// wake checks lockdown and wakes the tunnels after the host has slept.
func (s *Service) wake(ctx context.Context) {
	for woken := sleep.Watch(ctx, s.config.Sleep, sleep.SystemClocks()); ; {
		select {
		case <-ctx.Done():
			return
		case <-woken:
		}
		s.config.Logger.Info("the host was asleep")
		if err := s.config.Lockdown.Look(); err != nil {
			s.config.Logger.Error("failed to restore lockdown", "error", err)
		}
		for _, one := range s.tunnels.all() {
			one.Woke()
		}
	}
}

// refresh resolves the addresses of the cloud instances.
func (s *Service) refresh(ctx context.Context) {
	for _, host := range s.config.Lockdown.Hosts() {
		if found := lookUp(ctx, host); len(found) > 0 {
			if err := s.config.Lockdown.Resolved(host, found); err != nil {
				s.config.Logger.Warn("failed to update an allowed address", "host", host, "error", err)
			}
		}
	}
}

func lookUp(ctx context.Context, name string) []netip.Addr {
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	found, _ := host.Lookup(ctx, name) // on failure the former addresses stay valid
	return found
}

// lockdownChanged updates the watchers of all tunnels and the blocking file.
func (s *Service) lockdownChanged() {
	for _, one := range s.tunnels.all() {
		one.Touch()
	}
	s.writeBlocking()
}

// Lockdown implements control.Locker.
func (v *view) Lockdown() (control.Lockdown, error) {
	status, err := v.service.config.Lockdown.Status()
	if err != nil {
		return control.Lockdown{}, err
	}
	if v.may(seeClouds) != nil {
		status.Reachable = nil
	}
	return control.Lockdown{Status: status, MaySet: v.may(setLockdown) == nil, MayOpenPortal: v.may(openPortal) == nil}, nil
}

// SetLockdown implements control.Locker. Only administrators may call it.
func (v *view) SetLockdown(ctx context.Context, on bool, clouds []string) (control.Lockdown, error) {
	if err := v.may(setLockdown); err != nil {
		return control.Lockdown{}, err
	}
	var reachable []lockdown.Cloud
	for _, text := range clouds {
		cloud, err := CloudOf(ctx, text)
		if err != nil {
			return control.Lockdown{}, failure.New(failure.InvalidArgument, msg.ServiceCloudURLInvalid(text))
		}
		reachable = append(reachable, cloud)
	}
	if err := v.service.config.Lockdown.Set(on, reachable); err != nil {
		return control.Lockdown{}, err
	}
	v.service.config.Logger.Info("lockdown", "on", on, "by", v.caller.UID)
	v.service.lockdownChanged()
	return v.Lockdown()
}

// OpenPortal implements control.Locker. Users may call it unless another user has a session.
func (v *view) OpenPortal(duration time.Duration) (control.Lockdown, error) {
	if err := v.may(openPortal); err != nil {
		return control.Lockdown{}, err
	}
	at, err := v.service.config.Machine.Snapshot()
	if err != nil {
		return control.Lockdown{}, err
	}
	link := at.PortalLink()
	if err := v.service.config.Lockdown.OpenPortal(link, duration, v.caller.Person, v.may(portalWithoutLimit) == nil); err != nil {
		return control.Lockdown{}, failure.Explain(err, failure.NotPermitted)
	}
	v.service.config.Logger.Info("captive-portal exception added", "link", link, "for", duration.String(), "by", v.caller.UID)
	v.service.lockdownChanged()
	return v.Lockdown()
}

// CloudOf returns host, port and current addresses of a cloud instance's URL.
func CloudOf(ctx context.Context, text string) (lockdown.Cloud, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return lockdown.Cloud{}, &net.ParseError{Type: "URL", Text: text}
	}
	cloud := lockdown.Cloud{Host: u.Hostname(), Port: httpsPort}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return lockdown.Cloud{}, err
		}
		cloud.Port = uint16(port)
	}
	if _, err := netip.ParseAddr(cloud.Host); err != nil {
		cloud.Addresses = lookUp(ctx, cloud.Host)
	}
	return cloud, nil
}
