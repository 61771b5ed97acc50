package service

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/system/lockdown"
	"sag.software/native/internal/system/sleep"
)

const (
	// lookEvery is how often lockdown is looked at even if nothing was told, and names are asked for their addresses.
	lookEvery = time.Minute
	// lookupLimit is how long a name may take.
	lookupLimit = 2 * time.Second
	httpsPort   = 443
)

var _ control.Locker = (*view)(nil)

// keepLockdown puts it back when somebody else takes it away, until the context ends.
func (s *Service) keepLockdown(ctx context.Context) {
	changes, err := s.config.Machine.Changes(ctx)
	if err != nil {
		s.config.Logger.Warn("changes of the machine are not heard; lockdown is looked at once a minute", "error", err)
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
			s.config.Logger.Error("lockdown is not as it should be", "error", err)
		}
		if was != s.config.Lockdown.IsOn() {
			s.told()
		}
	}
}

// wake takes up again what sleep has interrupted.
func (s *Service) wake(ctx context.Context) {
	for woken := sleep.Watch(ctx, s.config.Sleep, sleep.SystemClocks()); ; {
		select {
		case <-ctx.Done():
			return
		case <-woken:
		}
		s.config.Logger.Info("the machine was asleep")
		if err := s.config.Lockdown.Look(); err != nil {
			s.config.Logger.Error("lockdown is not as it should be", "error", err)
		}
		if h := s.held(); h != nil {
			h.Woke()
		}
	}
}

// refresh asks where the cloud instances are by now.
func (s *Service) refresh(ctx context.Context) {
	for _, host := range s.config.Lockdown.Hosts() {
		if found := lookUp(ctx, host); len(found) > 0 {
			if err := s.config.Lockdown.Resolved(host, found); err != nil {
				s.config.Logger.Warn("an address was not taken", "host", host, "error", err)
			}
		}
	}
}

func lookUp(ctx context.Context, host string) []netip.Addr {
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	found, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", host) // nobody answers: those of last time hold
	return found
}

// told has everybody hear of lockdown: who watches the tunnel, and who reads what is held back.
func (s *Service) told() {
	h := s.held()
	if h == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.current == nil {
			s.writeBlocking(nil)
		}
		return
	}
	h.Touch()
}

// Lockdown is how it is.
func (v *view) Lockdown() (*tunnelv1.Lockdown, error) {
	now, err := Describe(v.service.config.Lockdown)
	if err != nil {
		return nil, err
	}
	h := v.service.held()
	if !v.caller.Admin && (h == nil || h.owner != v.caller.UID) {
		// Which companies people of this machine work for is theirs to know.
		now.Reachable = nil
	}
	now.MaySet, now.MayOpenPortal = v.caller.Admin, h == nil || v.may(h)
	return now, nil
}

// Describe is how it is, in the contract's words.
func Describe(keeper *lockdown.Keeper) (*tunnelv1.Lockdown, error) {
	status, err := keeper.Status()
	if err != nil {
		return nil, err
	}
	l := &tunnelv1.Lockdown{On: status.On, Reachable: status.Reachable, Dropped: status.Dropped}
	switch status.By {
	case lockdown.ByAdministrator:
		l.By = tunnelv1.LockdownBy_LOCKDOWN_BY_ADMINISTRATOR
	case lockdown.ByPolicy:
		l.By = tunnelv1.LockdownBy_LOCKDOWN_BY_POLICY
	}
	if status.Portal != nil {
		l.PortalLeft, l.PortalLink = durationpb.New(status.Portal.Left), status.Portal.Link
	}
	return l, nil
}

// SetLockdown is an administrator's.
func (v *view) SetLockdown(ctx context.Context, on bool, clouds []string) (*tunnelv1.Lockdown, error) {
	if !v.caller.Admin {
		return nil, failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "lockdown is for root and the group sag-admin to set and to lift")
	}
	var reachable []lockdown.Cloud
	for _, text := range clouds {
		cloud, err := CloudOf(ctx, text)
		if err != nil {
			return nil, failure.New(typesv1.Cause_CAUSE_INVALID_ARGUMENT, "clouds: %q is no URL of a cloud instance", text)
		}
		reachable = append(reachable, cloud)
	}
	if err := v.service.config.Lockdown.Set(on, reachable); err != nil {
		return nil, err
	}
	v.service.config.Logger.Info("lockdown", "on", on, "by", v.caller.UID)
	v.service.told()
	return v.Lockdown()
}

// OpenPortal is for whoever has the tunnel, or could take it.
func (v *view) OpenPortal(duration time.Duration) (*tunnelv1.Lockdown, error) {
	if h := v.service.held(); h != nil && !v.may(h) {
		return nil, busy()
	}
	at, err := v.service.config.Machine.Snapshot()
	if err != nil {
		return nil, err
	}
	link := at.PortalLink()
	if err := v.service.config.Lockdown.OpenPortal(link, duration, v.caller.Admin); err != nil {
		return nil, failure.New(typesv1.Cause_CAUSE_NOT_PERMITTED, "%s", err)
	}
	v.service.config.Logger.Info("the way to a captive portal is open", "link", link, "for", duration.String(), "by", v.caller.UID)
	v.service.told()
	return v.Lockdown()
}

// CloudOf is where a cloud instance's URL leads, with its addresses of now.
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
