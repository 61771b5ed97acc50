package lockdown

import (
	"errors"
)

// Lift has lockdown gone, without any service: what was wanted, and what is on the host. It says whether there was any.
func Lift(config Config) (bool, error) {
	r := load(config.Dir)
	was := r.On
	var err error
	if r.On {
		r.On, r.By, r.Lifted = false, "", r.Wanted != ""
		err = r.save(config.Dir)
	}
	removed, failed := config.Firewall.Clear()
	return was || removed, errors.Join(err, failed)
}
