package systemwide

import (
	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/session"
)

// LinkPrefix is what the names of the tunnel's links begin with; lockdown lets them pass.
const LinkPrefix = "sag"

// keepLockdown passes to lockdown how this tunnel comes up, and what the instance's policy wants. If that cannot be written down, the
// session ends only if lockdown is wanted.
func (h *Host) keepLockdown(s *session.Session, in plan.Intranet) error {
	name, port := hostOf(h.cloud)
	err := h.lockdown.Reaches(lockdown.Cloud{Host: name, Port: port, Addresses: in.CloudAddrs}, in.Endpoints, in.BypassNames)
	if err == nil {
		err = h.lockdown.Policy(s.InstanceID, s.Policy.Lockdown)
	}
	if err != nil && !s.Policy.Lockdown && !h.lockdown.IsOn() {
		h.logger.Warn("lockdown would not know how to reach this intranet", "error", err)
		return nil
	}
	return err
}
