// Package systemwide implements tunnel.Host on this host: TUN link, addresses, routes, DNS, kill switch and journal.
package systemwide

import (
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/link"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/enforcer"
	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/hostnet/reconcile"
	"sag.software/native/internal/hostnet/route"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/mtu"
	"sag.software/native/internal/session"
	"sag.software/native/internal/tunnel"
)

// Host implements tunnel.Host.
type Host struct {
	machine    hostnet.Host
	reconciler *reconcile.Reconciler
	lockdown   *lockdown.Keeper
	logger     *slog.Logger

	mu         sync.Mutex
	attachment *enforcer.Enforcer[*link.Device]
	outside    []netip.Addr
	// cloud is the cloud instance's URL.
	cloud string
	// mtu of the link, bytes.
	mtu int
	// reached are resolved endpoints of access points that were given by name.
	reached []permit.Endpoint
	// left is true while settings of a former process may still be applied.
	left    bool
	changed func()
}

var _ tunnel.Host = (*Host)(nil)

// New opens the journal and takes over the host's network. Only one process can do so at a time.
func New(machine hostnet.Host, journalDir string, keeper *lockdown.Keeper, logger *slog.Logger) (*Host, error) {
	r, err := reconcile.Open(machine, journalDir)
	if err != nil {
		return nil, refusal(err)
	}
	return &Host{machine: machine, reconciler: r, lockdown: keeper, logger: logger, left: true, changed: func() {}}, nil
}

// Close leaves the host's settings applied, for the next process.
func (h *Host) Close() error { return h.reconciler.Close() }

// Attach implements tunnel.Host.
func (h *Host) Attach(s *session.Session, cloud session.Cloud) (datapath.Device, error) {
	outside := addressesOf(cloud.URL)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outside, h.reached, h.cloud, h.mtu = outside, nil, cloud.URL, mtu.Floor
	in := h.intranet(s)
	if err := h.keepLockdown(s, in); err != nil {
		return nil, refusal(err)
	}
	a, device, err := enforcer.Start(enforcer.Config[*link.Device]{
		Host: h.machine, Reconciler: h.reconciler, OpenLink: link.Open, OpenResolver: h.openResolver, Logger: h.logger, Changed: h.report,
	}, in)
	if err != nil {
		// Settings of a former process may still be applied; with left set, Detach removes them.
		h.left = true
		return nil, refusal(err)
	}
	h.attachment, h.left = a, false
	return device, nil
}

// Update implements tunnel.Host.
func (h *Host) Update(s *session.Session) error {
	h.mu.Lock()
	a, in := h.attachment, h.intranet(s)
	h.mu.Unlock()
	if a == nil {
		return nil
	}
	if err := h.keepLockdown(s, in); err != nil {
		return refusal(err)
	}
	if err := a.Update(in); err != nil {
		return refusal(err)
	}
	return nil
}

// SetMTU implements tunnel.Host.
func (h *Host) SetMTU(size int) error {
	h.mu.Lock()
	a := h.attachment
	if a == nil || h.mtu == size {
		h.mu.Unlock()
		return nil
	}
	h.mtu = size
	h.mu.Unlock()
	if err := a.SetMTU(size); err != nil {
		return refusal(err)
	}
	return nil
}

// Reach implements tunnel.Host.
func (h *Host) Reach(s *session.Session, e session.Endpoint) error {
	endpoint := allowed(e)
	h.mu.Lock()
	known := slices.Contains(h.reached, endpoint)
	if !known {
		h.reached = append(h.reached[max(0, len(h.reached)-maxReached+1):], endpoint)
	}
	h.mu.Unlock()
	if known {
		return nil
	}
	return h.Update(s)
}

// Look implements tunnel.Host.
func (h *Host) Look() {
	h.mu.Lock()
	a := h.attachment
	h.mu.Unlock()
	if a == nil {
		return
	}
	if err := a.Look(); err != nil {
		h.logger.Warn("failed to restore the host's settings", "error", err)
	}
}

// EndConnections implements tunnel.Host. Programs get an error at once instead of waiting for a timeout.
func (h *Host) EndConnections(s *session.Session) {
	ended, err := route.EndConnections(s.Addresses())
	if err != nil {
		h.logger.Warn("failed to end connections through the former access point", "error", err)
		return
	}
	h.logger.Info("ended connections through the former access point", "count", ended)
}

// Leave implements tunnel.Host.
func (h *Host) Leave() {
	h.mu.Lock()
	a := h.attachment
	h.attachment, h.left = nil, h.left || a != nil
	h.mu.Unlock()
	if a != nil {
		a.Leave()
	}
}

// Detach implements tunnel.Host.
func (h *Host) Detach() error {
	h.mu.Lock()
	a, left := h.attachment, h.left
	h.attachment, h.left = nil, false
	h.mu.Unlock()
	var err error
	switch {
	case a != nil:
		err = a.Detach()
	case left:
		var undone []hostnet.Change
		undone, err = h.reconciler.Clear()
		for _, c := range undone {
			h.logger.Info("undone", "change", c.String())
		}
	}
	if err != nil {
		// What could not be undone is still applied: report it, and try again at the next Detach.
		h.mu.Lock()
		h.left = true
		h.mu.Unlock()
	}
	return err
}

// Holds implements tunnel.Host.
func (h *Host) Holds() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.attachment != nil {
		return true
	}
	if !h.left {
		return false
	}
	changes, err := h.reconciler.InForce()
	return err == nil && len(changes) > 0
}

// Warnings implements tunnel.Host.
func (h *Host) Warnings() []session.Warning {
	h.mu.Lock()
	a := h.attachment
	h.mu.Unlock()
	if a == nil {
		return nil
	}
	var all []session.Warning
	for _, o := range a.Overlaps() {
		all = append(all, session.Warning{
			Code: session.WarnLANOverlap, Hop: session.HopClient, Fixer: session.FixedByNetwork, Message: overlapText(o),
		})
	}
	if trouble := a.Names().Trouble; trouble.Text != "" {
		all = append(all, session.Warning{
			Code: session.WarnDNSConflict, Hop: session.HopClient, Fixer: session.FixedByUser, Message: trouble,
		})
	}
	return all
}

func overlapText(o plan.Overlap) msg.Message {
	if len(o.Kept) == 0 {
		return msg.Overlap(o.Prefix.String(), o.Link)
	}
	var own []string
	for _, a := range o.Kept {
		own = append(own, a.String())
	}
	return msg.OverlapExcept(o.Prefix.String(), o.Link, strings.Join(own, ", "))
}

// Trouble implements tunnel.Host.
func (h *Host) Trouble() *failure.Failure {
	h.mu.Lock()
	a := h.attachment
	h.mu.Unlock()
	if a == nil || a.Trouble() == nil {
		return nil
	}
	return failure.From(refusal(a.Trouble()), failure.Unknown)
}

// Changed implements tunnel.Host.
func (h *Host) Changed(report func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changed = report
}

func (h *Host) report() {
	// The enforcer calls this with its lock held, and the callback reads the enforcer's state.
	go func() {
		h.mu.Lock()
		report := h.changed
		h.mu.Unlock()
		report()
	}()
}

// Mark implements tunnel.Host.
func (h *Host) Mark() uint32 { return marks.TunnelTraffic }

func refusal(err error) error {
	cause := reconcile.Cause(err)
	if errors.Is(err, enforcer.ErrConflict) {
		cause = failure.VPNConflict
	}
	return failure.Explain(err, cause)
}
