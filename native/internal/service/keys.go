package service

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"sag.software/native/internal/control"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

const (
	// keyLife is how long a prepared key waits for its Start.
	keyLife = 2 * time.Minute
	// keysOfOne is how many prepared keys one user may have; one more replaces the oldest.
	keysOfOne = 8
	// prepareBurst and prepareEvery are the rate limit of one user's Prepare calls: a burst, and then one per interval.
	prepareBurst = 20
	prepareEvery = time.Second
	// users is how many users may have prepared keys at a time.
	users = 1024
)

// keys are the prepared keys by user. The limits of one user do not affect another.
type keys struct {
	now func() time.Time

	mu  sync.Mutex
	all map[uint32]*userKeys
}

type userKeys struct {
	waiting []preparedKey // oldest first
	// spent is the used part of the burst at the time since.
	spent float64
	since time.Time
}

type preparedKey struct {
	attempt, intranet string
	uid               uint32
	key               engine.PrivateKey
	until             time.Time
}

func newKeys(now func() time.Time) *keys { return &keys{now: now, all: map[uint32]*userKeys{}} }

// prepare creates a key pair for an intranet's next Dial.
func (k *keys) prepare(caller control.Caller, intranet string) (attempt string, public []byte, err error) {
	key, err := engine.NewPrivateKey()
	if err != nil {
		return "", nil, err
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // rand.Read never fails
	one := preparedKey{attempt: hex.EncodeToString(id[:]), intranet: intranet, uid: caller.UID, key: key}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	k.expire(now)
	user := k.all[caller.Person]
	if user == nil {
		if len(k.all) >= users && !caller.Admin {
			return "", nil, failure.New(failure.TooManyAttempts, msg.ServiceUsersBusy())
		}
		user = &userKeys{since: now}
		k.all[caller.Person] = user
	}
	if wait := user.spend(now); wait > 0 && !caller.Admin {
		f := failure.Of(failure.TooManyAttempts, msg.ServiceUserTooOften())
		f.RetryAfter = wait
		return "", nil, &failure.Error{Failure: f}
	}
	one.until = now.Add(keyLife)
	user.waiting = append(user.waiting, one)
	user.waiting = user.waiting[max(0, len(user.waiting)-keysOfOne):]
	publicKey := key.Public()
	return one.attempt, publicKey[:], nil
}

// take returns and removes the key of one of the caller's own attempts.
func (k *keys) take(caller control.Caller, attempt, intranet string) (engine.PrivateKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.expire(k.now())
	if user := k.all[caller.Person]; user != nil {
		for i, one := range user.waiting {
			if one.attempt == attempt && one.intranet == intranet && one.uid == caller.UID {
				user.waiting = slices.Delete(user.waiting, i, i+1)
				return one.key, nil
			}
		}
	}
	return engine.PrivateKey{}, failure.New(failure.InvalidArgument, msg.KeyNotPrepared())
}

// expire removes keys that waited too long, and users without keys or recent requests. The caller holds the lock.
func (k *keys) expire(now time.Time) {
	for person, user := range k.all {
		user.waiting = slices.DeleteFunc(user.waiting, func(one preparedKey) bool { return now.After(one.until) })
		if len(user.waiting) == 0 && now.Sub(user.since) > prepareBurst*prepareEvery {
			delete(k.all, person)
		}
	}
}

// spend uses one token of the user's burst. If there is none, it returns the time until there is.
func (u *userKeys) spend(now time.Time) time.Duration {
	u.spent = max(0, u.spent-float64(now.Sub(u.since))/float64(prepareEvery))
	u.since = now
	if u.spent > prepareBurst-1 {
		return time.Duration((u.spent - (prepareBurst - 1)) * float64(prepareEvery))
	}
	u.spent++
	return 0
}
