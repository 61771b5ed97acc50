package systemwide

import (
	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/session"
)

// LinkPrefix begins the names of all tunnel links; lockdown accepts packets on them.
const LinkPrefix = "sag"

// keepLockdown saves what lockdown must let through for this tunnel, and the instance's policy. If saving fails, the
// session ends only if lockdown is on or required.
func (h *Host) keepLockdown(s *session.Session, in plan.Intranet) error {
	name, port := hostOf(h.cloud)
	err := h.lockdown.Reaches(lockdown.Cloud{Host: name, Port: port, Addresses: in.CloudAddrs}, in.Endpoints, in.BypassNames)
	if err == nil {
		err = h.lockdown.Policy(s.InstanceID, s.Policy.Lockdown)
	}
	if err != nil && !s.Policy.Lockdown && !h.lockdown.IsOn() {
		h.logger.Warn("failed to store this intranet's addresses for lockdown", "error", err)
		return nil
	}
	return err
}
