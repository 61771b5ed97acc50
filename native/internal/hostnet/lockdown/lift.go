package lockdown

import (
	"errors"
)

// Lift removes lockdown without the service: from the record and from the host. It reports whether there was any.
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
