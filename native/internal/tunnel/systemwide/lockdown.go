package systemwide

import (
	"sag.software/native/internal/system/lockdown"
	"sag.software/native/internal/system/plan"
	"sag.software/native/internal/tunnel/profile"
)

// LinkPrefix is what the names of our links begin with; lockdown lets them pass.
const LinkPrefix = "sag"

// keepLockdown tells lockdown how this tunnel comes up, and what the instance's policy wants of it. What can not be written
// down is a reason not to go on only if it is wanted.
func (h *Host) keepLockdown(p *profile.Profile, in plan.Intranet) error {
	name, port := hostOf(h.cloud)
	err := h.lockdown.Reaches(lockdown.Cloud{Host: name, Port: port, Addresses: in.Outside}, in.Endpoints, in.Spared)
	if err == nil {
		err = h.lockdown.Policy(p.InstanceID, p.Lockdown)
	}
	if err != nil && !p.Lockdown && !h.lockdown.IsOn() {
		h.logger.Warn("lockdown would not know how to reach this intranet", "error", err)
		return nil
	}
	return err
}
