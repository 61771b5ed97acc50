package plan

import (
	"fmt"

	"sag.software/native/internal/system"
)

// Occupied is an error if an inner address of the client is on a link of somebody else's already: two links would answer for
// it, and what is done to the intranet's connections would be done to theirs. own is our link's name, once there is one.
func Occupied(in Intranet, at system.Snapshot, own string) error {
	for _, l := range at.Links {
		if l.Ours || l.Name == own {
			continue
		}
		for _, theirs := range l.Addresses {
			for _, a := range in.Addresses {
				if a.Addr() == theirs.Addr() {
					return fmt.Errorf("%w: the address %s that the intranet gives is that of %s already", system.ErrConflict, a.Addr(), l.Name)
				}
			}
		}
	}
	return nil
}
