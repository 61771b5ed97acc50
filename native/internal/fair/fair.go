// Package fair shares a limited number of slots among the users of a host, so that one of them cannot deny the service
// to the others.
package fair

import (
	"slices"
	"sync"
)

// Unknown is the user of a slot whose owner cannot be found, for example because the socket is closed. All such slots count as
// those of one user.
const Unknown = ^uint32(0)

// Places are slots shared among users. No request is refused: when all slots are in use, the user with the most slots, counting
// the new one, loses the oldest. A user who takes many slots therefore displaces only their own.
type Places struct {
	// limit is for all users but root together, rootLimit for root.
	limit, rootLimit int

	mu sync.Mutex
	// taken are the slots in use, oldest first.
	taken []*Place
	// empty is closed when the last slot is returned; nil if no caller waits for that.
	empty chan struct{}
}

// New makes slots: limit of them for all users but root together, and rootLimit more for root.
func New(limit, rootLimit int) *Places { return &Places{limit: limit, rootLimit: rootLimit} }

// Place is a slot in use.
type Place struct {
	places *Places
	lookup func() uint32
	// user is valid once lookup was called.
	user  uint32
	known bool
	lost  func()
}

// Take takes a slot. lookup returns its user; because that is slow, it is called only when more than half of the slots
// are taken. lost is called, at most once, when the slot goes to another user.
func (p *Places) Take(lookup func() uint32, lost func()) *Place {
	taken, displaced := p.take(&Place{places: p, lookup: lookup, lost: lost})
	if displaced != nil {
		displaced.lost()
	}
	return taken
}

func (p *Places) take(place *Place) (taken, displaced *Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.taken) >= p.limit/2 {
		if place.owner() == 0 {
			displaced = p.displacedByRoot()
		} else {
			displaced = p.displacedBy(place)
		}
	}
	if displaced != nil {
		p.remove(displaced)
	}
	p.taken = append(p.taken, place)
	return place, displaced
}

// displacedByRoot returns the slot that root loses to its new one, nil if there is room. The caller holds the lock.
func (p *Places) displacedByRoot() (oldest *Place) {
	count := 0
	for _, one := range p.taken {
		if one.known && one.user == 0 {
			if count++; oldest == nil {
				oldest = one
			}
		}
	}
	if count < p.rootLimit {
		return nil
	}
	return oldest
}

// displacedBy returns the slot that makes room for a new one, nil if there is room. The caller holds the lock.
func (p *Places) displacedBy(next *Place) *Place {
	shared := 0
	for _, one := range p.taken {
		if !one.known || one.user != 0 {
			shared++
		}
	}
	if shared < p.limit {
		return nil
	}
	counts := map[uint32]int{next.user: 1}
	for _, one := range p.taken {
		counts[one.owner()]++
	}
	if len(p.taken)-counts[0] < p.limit {
		return nil // some slots of unknown users turned out to be root's
	}
	delete(counts, 0)
	most := next.user
	for user, count := range counts {
		if count > counts[most] {
			most = user
		}
	}
	return p.taken[slices.IndexFunc(p.taken, func(one *Place) bool { return one.user == most })]
}

// owner returns the slot's user. The caller holds the lock.
func (p *Place) owner() uint32 {
	if !p.known {
		p.user, p.known = p.lookup(), true
	}
	return p.user
}

// Leave returns a slot. It may be called for a slot that was lost.
func (p *Place) Leave() {
	p.places.mu.Lock()
	defer p.places.mu.Unlock()
	p.places.remove(p)
}

// remove removes a slot from the list. The caller holds the lock.
func (p *Places) remove(place *Place) {
	if i := slices.Index(p.taken, place); i >= 0 {
		p.taken = slices.Delete(p.taken, i, i+1)
	}
	if len(p.taken) == 0 && p.empty != nil {
		close(p.empty)
		p.empty = nil
	}
}

// Empty returns a channel that is closed as soon as no slot is in use.
func (p *Places) Empty() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.taken) == 0 {
		empty := make(chan struct{})
		close(empty)
		return empty
	}
	if p.empty == nil {
		p.empty = make(chan struct{})
	}
	return p.empty
}
