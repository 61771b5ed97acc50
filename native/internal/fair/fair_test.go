package fair

import "testing"

const root, attacker, victim = 0, 1001, 1002

// users records for which users the lookup ran, and which of them lost slots.
type users struct {
	*Places
	lookups int
	lost    map[uint32]int
}

func newUsers(limit, rootLimit int) *users {
	return &users{Places: New(limit, rootLimit), lost: map[uint32]int{}}
}

func (u *users) takes(user uint32, n int) (all []*Place) {
	for range n {
		all = append(all, u.Take(func() uint32 { u.lookups++; return user }, func() { u.lost[user]++ }))
	}
	return all
}

func TestUserWithManySlotsLosesOwn(t *testing.T) {
	u := newUsers(64, 16)
	u.takes(victim, 10)
	u.takes(attacker, 1000)
	u.takes(victim, 10)
	u.takes(attacker, 1000)
	if u.lost[victim] != 0 || u.lost[attacker] != 2000-(64-20) {
		t.Errorf("lost: %v", u.lost)
	}
	u.takes(victim, 64)
	if u.lost[victim] != 84-32 {
		t.Errorf("of two users each has half; the victim lost %d of 84", u.lost[victim])
	}
}

func TestRootHasSeparateSlots(t *testing.T) {
	u := newUsers(64, 16)
	u.takes(attacker, 1000)
	before := u.lost[attacker]
	u.takes(root, 16)
	if u.lost[attacker] != before || u.lost[root] != 0 {
		t.Errorf("root displaces others: %v", u.lost)
	}
	u.takes(attacker, 1000)
	u.takes(root, 1)
	if u.lost[root] != 1 {
		t.Errorf("root lost %d of its 17 slots", u.lost[root])
	}
	// Slots of root whose user was not looked up at first count as root's later.
	u = newUsers(64, 16)
	u.takes(root, 20)
	u.takes(attacker, 64)
	if len(u.lost) != 0 {
		t.Errorf("root's slots count as those of others: %v", u.lost)
	}
}

func TestOwnersAreLookedUpOnlyWhenSlotsAreScarce(t *testing.T) {
	u := newUsers(64, 16)
	for range 100 {
		for _, place := range u.takes(victim, 32) {
			place.Leave()
		}
	}
	if u.lookups != 0 {
		t.Errorf("%d users were looked up", u.lookups)
	}
	u.takes(victim, 100)
	if u.lookups != 100 {
		t.Errorf("%d users were looked up, want 100", u.lookups)
	}
}

func TestEmpty(t *testing.T) {
	u := newUsers(4, 2)
	places := u.takes(victim, 8)
	empty := u.Empty()
	for i, place := range places {
		select {
		case <-empty:
			t.Fatalf("empty after %d", i)
		default:
		}
		place.Leave()
		place.Leave()
	}
	<-empty
	<-u.Empty()
}
