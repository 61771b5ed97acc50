package service

import (
	"context"
	"net/url"
	"strings"
	"time"

	"sag.software/native/internal/control"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/service/trust"
	"sag.software/native/internal/session"
	"sag.software/native/internal/session/cloudapi"
	"sag.software/native/internal/tunnel"
)

// confirmLimit is how long the cloud instance may take to confirm a session.
const confirmLimit = 4 * time.Second

// trustField is the field of a refusal for which an administrator has to trust the intranet first.
const trustField = "trust"

// sessionOf returns the session to carry. An administrator's is used as sent. Of other users only the token is used: the
// service fetches the session from the cloud instance itself, and verifies that instance against the administrators' list
// of trusted intranets.
func (v *view) sessionOf(request tunnel.StartRequest) (tunnel.Dialled, error) {
	if v.caller.Admin {
		return v.sessionOfAdministrator(request)
	}
	token := request.Session.Token()
	if token == "" {
		return tunnel.Dialled{}, cloudapi.ErrNoToken
	}
	// Only trusted servers are contacted, because the service connects as root and past lockdown.
	where := trust.Canonical(request.Cloud.URL)
	pins, ok, err := v.service.config.Trust.At(where)
	if !ok {
		return tunnel.Dialled{}, v.service.notTrusted(err, request.Cloud.URL, request.Session.EnterpriseCode())
	}
	d := tunnel.Dialled{Cloud: session.Cloud{URL: where, Pins: pins}}
	d.Client = cloudapi.NewMarked(d.Cloud, token, v.service.config.Version, v.service.config.Host.Mark())
	ctx, cancel := context.WithTimeout(context.Background(), confirmLimit)
	defer cancel()
	p, announced, err := d.Client.Confirm(ctx, nil)
	if err == nil {
		err = v.service.mayCarry(v.caller.UID, d.Cloud, p)
	}
	if err != nil {
		d.Client.Close()
		return tunnel.Dialled{}, err
	}
	if err := v.service.config.Trust.Learn(where, announced); err != nil {
		v.service.config.Logger.Warn("failed to store the cloud instance's announced keys", "error", err)
	}
	p.Token = token
	d.Session = p
	return d, nil
}

func (v *view) sessionOfAdministrator(request tunnel.StartRequest) (tunnel.Dialled, error) {
	p, err := request.Session.Session()
	if err != nil {
		return tunnel.Dialled{}, err
	}
	d := tunnel.Dialled{Session: p, Cloud: request.Cloud}
	d.Client = cloudapi.NewMarked(d.Cloud, p.Token, v.service.config.Version, v.service.config.Host.Mark())
	return d, nil
}

// MayConnect returns nil, or why the caller may not connect the host to an intranet.
func (v *view) MayConnect(cloudURL, code string) error {
	if v.may(startOther) == nil {
		return nil
	}
	if err := v.may(startTrusted); err != nil {
		return err
	}
	_, err := v.service.trusted(cloudURL, code)
	return err
}

// trusted returns the entry of an intranet in the list of trusted intranets.
func (s *Service) trusted(cloudURL, code string) (*trust.Cloud, error) {
	found, err := s.config.Trust.Find(cloudURL, code)
	if found == nil {
		return nil, s.notTrusted(err, cloudURL, code)
	}
	return found, nil
}

// notTrusted returns the refusal. unread is the error of reading the list of trusted intranets, if there was one.
func (s *Service) notTrusted(unread error, cloudURL, code string) error {
	if unread != nil {
		s.config.Logger.Error("failed to read the list of trusted intranets; only administrators can connect", "error", unread)
	}
	host := cloudURL
	if u, err := url.Parse(cloudURL); err == nil && u.Host != "" {
		host = u.Host
	}
	f := failure.Of(failure.NotPermitted, msg.ServiceNotTrusted(strings.ToUpper(code), host))
	f.Field = trustField
	return &failure.Error{Failure: f, Under: tunnel.ErrNotTrusted}
}

// mayCarry returns nil, or why the host must not carry a session that was fetched from a cloud instance.
func (s *Service) mayCarry(uid uint32, cloud session.Cloud, p *session.Session) error {
	if control.IsAdmin(uid) {
		return nil
	}
	found, err := s.trusted(cloud.URL, p.EnterpriseCode)
	if err != nil {
		return err
	}
	// A resumed session can date from when its user was an administrator, and come from another server at this address.
	if (len(found.Pins) == 0) != (len(cloud.Pins) == 0) {
		return s.notTrusted(nil, cloud.URL, p.EnterpriseCode)
	}
	return nil
}

// checkedHost is the host for one user's tunnel. It rejects every session that this user may not start, whether it comes
// from Start, a Renew, or a resumed session.
type checkedHost struct {
	tunnel.Host
	service *Service
	uid     uint32
	cloud   session.Cloud
}

// Attach implements tunnel.Host.
func (h *checkedHost) Attach(p *session.Session, cloud session.Cloud) (datapath.Device, error) {
	if err := h.service.mayCarry(h.uid, cloud, p); err != nil {
		return nil, err
	}
	h.cloud = cloud
	return h.Host.Attach(p, cloud)
}

// Update implements tunnel.Host.
func (h *checkedHost) Update(p *session.Session) error {
	if err := h.service.mayCarry(h.uid, h.cloud, p); err != nil {
		return err
	}
	return h.Host.Update(p)
}
