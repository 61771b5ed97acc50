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

// trustField names the refusal in which an administrator has to trust an intranet first.
const trustField = "trust"

// sessionOf is the session that a caller wants to start, as it may be carried out. Of an administrator it is taken as it was
// handed over. Of other users nothing is believed but the token: the cloud instance, recognised by what an administrator has written
// down, answers what the session is, and that is carried.
func (v *view) sessionOf(request tunnel.StartRequest) (tunnel.Dialled, error) {
	if v.caller.Admin {
		return v.sessionOfAdministrator(request)
	}
	token := request.Session.Token()
	if token == "" {
		return tunnel.Dialled{}, cloudapi.ErrNoToken
	}
	// No other server is contacted: it would be reached through lockdown, and as root.
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
		v.service.config.Logger.Warn("the next keys of the cloud instance were not written down", "error", err)
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

// MayConnect answers nil, or why the caller may not connect the host with an intranet.
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

// trusted is the intranet as an administrator has written it down.
func (s *Service) trusted(cloudURL, code string) (*trust.Cloud, error) {
	found, err := s.config.Trust.Find(cloudURL, code)
	if found == nil {
		return nil, s.notTrusted(err, cloudURL, code)
	}
	return found, nil
}

// notTrusted is the refusal. unread is why the list of trusted intranets could not be read, if it could not.
func (s *Service) notTrusted(unread error, cloudURL, code string) error {
	if unread != nil {
		s.config.Logger.Error("only administrators can connect", "error", unread)
	}
	host := cloudURL
	if u, err := url.Parse(cloudURL); err == nil && u.Host != "" {
		host = u.Host
	}
	f := failure.Of(failure.NotPermitted, msg.ServiceNotTrusted(strings.ToUpper(code), host))
	f.Field = trustField
	return &failure.Error{Failure: f, Under: tunnel.ErrNotTrusted}
}

// mayCarry answers nil, or why the host must not carry a session that a cloud instance has answered with.
func (s *Service) mayCarry(uid uint32, cloud session.Cloud, p *session.Session) error {
	if control.IsAdmin(uid) {
		return nil
	}
	found, err := s.trusted(cloud.URL, p.EnterpriseCode)
	if err != nil {
		return err
	}
	// A session of a user who was an administrator may be one with another server at this address.
	if (len(found.Pins) == 0) != (len(cloud.Pins) == 0) {
		return s.notTrusted(nil, cloud.URL, p.EnterpriseCode)
	}
	return nil
}

// checkedHost is the host for a tunnel of one user: no session gets there that this user may not put in force, whether it comes from
// Start, from a Renew, or from the session of a former process.
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
