package service

import (
	"testing"
	"time"

	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
)

func TestKeysBelongToOneUser(t *testing.T) {
	now := time.Unix(1, 0)
	k := newKeys(func() time.Time { return now })
	anna, mallory := control.Caller{UID: 1000, Person: 1000}, control.Caller{UID: 1001, Person: 1001}
	attempt, public, err := k.prepare(anna, "a1b2")
	if err != nil || len(public) != 32 {
		t.Fatal(err)
	}
	refused := 0
	for range 100 {
		if _, _, err := k.prepare(mallory, "a1b2"); failure.CauseOf(err) == failure.TooManyAttempts {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if refused != 100-prepareBurst {
		t.Errorf("%d of 100 were refused", refused)
	}
	if len(k.all[1001].waiting) != keysOfOne {
		t.Errorf("%d keys wait", len(k.all[1001].waiting))
	}
	if _, err := k.take(mallory, attempt, "a1b2"); err == nil {
		t.Error("another user's key was returned")
	}
	if _, err := k.take(anna, attempt, "b2c3"); err == nil {
		t.Error("a key was returned for another intranet")
	}
	if _, err := k.take(anna, attempt, "a1b2"); err != nil {
		t.Error(err)
	}
	if _, err := k.take(anna, attempt, "a1b2"); err == nil {
		t.Error("a key was returned twice")
	}
	// Subordinate ids share the limit of the user they belong to, but cannot take each other's keys.
	if _, _, err := k.prepare(control.Caller{UID: 100_000, Person: 1001}, "a1b2"); failure.CauseOf(err) != failure.TooManyAttempts {
		t.Errorf("%v", err)
	}
	// Administrators are not limited, and the limit recovers with time.
	for range 100 {
		if _, _, err := k.prepare(control.Caller{Admin: true}, "a1b2"); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(prepareEvery)
	if _, _, err := k.prepare(mallory, "a1b2"); err != nil {
		t.Error(err)
	}
	if _, _, err := k.prepare(mallory, "a1b2"); err == nil {
		t.Error("a second key within the interval")
	}
	now = now.Add(keyLife + time.Second)
	k.expire(now)
	if len(k.all) != 0 {
		t.Errorf("%d users are still stored", len(k.all))
	}
}
