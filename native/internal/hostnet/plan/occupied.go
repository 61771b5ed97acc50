package plan

import (
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/msg"
)

// Occupied returns an error if an inner address of the client is also on another link: both links would answer for it, and ending
// the intranet's connections would end those of the other link, too. own is the tunnel's link, if it exists already.
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
