// Package systemwide is the machine as a tunnel in system mode uses it: link, addresses, routes, rules, journal.
package systemwide

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/engine/probe"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/system"
	"sag.software/native/internal/system/attachment"
	"sag.software/native/internal/system/link"
	"sag.software/native/internal/system/lockdown"
	"sag.software/native/internal/system/plan"
	"sag.software/native/internal/system/reconcile"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/profile"
	"sag.software/native/internal/tunnel/session"
)

// Host is the one machine there is.
type Host struct {
	machine    system.Machine
	reconciler *reconcile.Reconciler
	lockdown   *lockdown.Keeper
	logger     *slog.Logger

	mu         sync.Mutex
	attachment *attachment.Attachment[*link.Device]
	outside    []netip.Addr
	// cloud is the instance's URL.
	cloud string
	// reached are endpoints that were given by name.
	reached []netip.AddrPort
	// left is true while something of a former process may be in force.
	left    bool
	changed func()
}

var _ tunnel.Host = (*Host)(nil)

// New takes the machine over, journal included. Only one process can have it.
func New(machine system.Machine, journalDir string, keeper *lockdown.Keeper, logger *slog.Logger) (*Host, error) {
	r, err := reconcile.Open(machine, journalDir)
	if err != nil {
		return nil, refusal(err)
	}
	return &Host{machine: machine, reconciler: r, lockdown: keeper, logger: logger, left: true, changed: func() {}}, nil
}

// Close leaves the machine as it is and gives it to the next process.
func (h *Host) Close() error { return h.reconciler.Close() }

// Attach implements tunnel.Host.
func (h *Host) Attach(p *profile.Profile, cloud session.Cloud) (probe.Device, error) {
	outside := addressesOf(cloud.URL)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outside, h.reached, h.cloud = outside, nil, cloud.URL
	in := h.intranet(p)
	if err := h.keepLockdown(p, in); err != nil {
		return nil, refusal(err)
	}
	a, device, err := attachment.Attach(attachment.Config[*link.Device]{
		Machine: h.machine, Reconciler: h.reconciler, OpenLink: link.Open, OpenResolver: h.openResolver, Logger: h.logger, Changed: h.tell,
	}, in)
	if err != nil {
		// What a former process left may still be in force: Detach sees to it.
		h.left = true
		return nil, refusal(err)
	}
	h.attachment, h.left = a, false
	return device, nil
}

// Update implements tunnel.Host.
func (h *Host) Update(p *profile.Profile) error {
	h.mu.Lock()
	a, in := h.attachment, h.intranet(p)
	h.mu.Unlock()
	if a == nil {
		return nil
	}
	if err := h.keepLockdown(p, in); err != nil {
		return refusal(err)
	}
	if err := a.Update(in); err != nil {
		return refusal(err)
	}
	return nil
}

// Reach implements tunnel.Host.
func (h *Host) Reach(p *profile.Profile, endpoint netip.AddrPort) error {
	h.mu.Lock()
	known := slices.Contains(h.reached, endpoint)
	if !known {
		h.reached = append(h.reached[max(0, len(h.reached)-maxReached+1):], endpoint)
	}
	h.mu.Unlock()
	if known {
		return nil
	}
	return h.Update(p)
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
		h.logger.Warn("the machine is not as the intranet needs it", "error", err)
	}
}

// EndConnections implements tunnel.Host. Whoever waits for an answer that can not come hears of it now.
func (h *Host) EndConnections(p *profile.Profile) {
	ended, err := system.EndConnections(p.Addresses())
	if err != nil {
		h.logger.Warn("connections through the former access point have to time out", "error", err)
		return
	}
	h.logger.Info("connections through the former access point ended", "count", ended)
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
		var undone []system.Change
		undone, err = h.reconciler.Clear()
		for _, c := range undone {
			h.logger.Info("undone", "change", c.String())
		}
	}
	if err != nil {
		// What could not be undone is still in force, is said to be, and is tried again.
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
func (h *Host) Warnings() []*typesv1.Warning {
	h.mu.Lock()
	a := h.attachment
	h.mu.Unlock()
	if a == nil {
		return nil
	}
	var all []*typesv1.Warning
	for _, o := range a.Overlaps() {
		all = append(all, &typesv1.Warning{
			Code: typesv1.WarningCode_WARNING_CODE_LAN_OVERLAP, Hop: typesv1.HopKind_HOP_KIND_CLIENT,
			Mender: typesv1.Mender_MENDER_NETWORK, Text: overlapText(o),
		})
	}
	if trouble := a.Names().Trouble; trouble != "" {
		all = append(all, &typesv1.Warning{
			Code: typesv1.WarningCode_WARNING_CODE_DNS_CONFLICT, Hop: typesv1.HopKind_HOP_KIND_CLIENT,
			Mender: typesv1.Mender_MENDER_YOU, Text: trouble,
		})
	}
	return all
}

func overlapText(o plan.Overlap) string {
	text := fmt.Sprintf("the network %s on %s has addresses of the intranet; they lead to the intranet", o.Prefix, o.Link)
	if len(o.Kept) == 0 {
		return text
	}
	var kept []string
	for _, a := range o.Kept {
		kept = append(kept, a.String())
	}
	return text + ", except its own " + strings.Join(kept, ", ")
}

// Trouble is why the machine is not as the intranet needs it; nil if it is.
func (h *Host) Trouble() *typesv1.Failure {
	h.mu.Lock()
	a := h.attachment
	h.mu.Unlock()
	if a == nil || a.Trouble() == nil {
		return nil
	}
	return failure.From(refusal(a.Trouble()), typesv1.Cause_CAUSE_UNKNOWN)
}

// Changed implements tunnel.Host.
func (h *Host) Changed(tell func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changed = tell
}

func (h *Host) tell() {
	// The caller holds the attachment's lock, and whoever is told asks the attachment.
	go func() {
		h.mu.Lock()
		tell := h.changed
		h.mu.Unlock()
		tell()
	}()
}

// Mark implements tunnel.Host.
func (h *Host) Mark() uint32 { return plan.Mark }

func refusal(err error) error {
	cause := reconcile.Cause(err)
	if errors.Is(err, attachment.ErrFight) {
		cause = typesv1.Cause_CAUSE_VPN_CONFLICT
	}
	return &failure.Error{Failure: failure.Of(cause, "%s", err), Under: err}
}
