package plan

import (
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/msg"
)

// Occupied is an error if an inner address of the client is on another link already: two links would answer for
// it, and what is done to the intranet's connections would be done to theirs. own is our link's name, once there is one.
func Occupied(in Intranet, at hostnet.Snapshot, own string) error {
	for _, l := range at.Links {
		if l.Owned || l.Name == own {
			continue
		}
		for _, theirs := range l.Addresses {
			for _, a := range in.Addresses {
				if a.Addr() == theirs.Addr() {
					return &msg.Error{Message: msg.AddressTaken(a.Addr().String(), l.Name), Under: hostnet.ErrConflict}
				}
			}
		}
	}
	return nil
}
