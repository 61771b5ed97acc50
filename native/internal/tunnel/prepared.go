package tunnel

import (
	"crypto/rand"
	"encoding/hex"

	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// preparedLimit is how many prepared keys wait for their Start; one more replaces the oldest.
const preparedLimit = 8

// preparedKeys are keys made for a Dial whose Start has not come yet. Only the loop uses them.
type preparedKeys struct {
	keys  map[string]engine.PrivateKey
	order []string
}

// newAttempt returns a random ID for one attempt to connect.
func newAttempt() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // rand.Read never fails
	return hex.EncodeToString(id[:])
}

func (p *preparedKeys) add(attempt string, key engine.PrivateKey) {
	if p.keys == nil {
		p.keys = map[string]engine.PrivateKey{}
	}
	p.keys[attempt] = key
	p.order = append(p.order, attempt)
	if len(p.order) > preparedLimit {
		delete(p.keys, p.order[0])
		p.order = p.order[1:]
	}
}

// get returns the key of an attempt and keeps it until remove.
func (p *preparedKeys) get(attempt string) (engine.PrivateKey, error) {
	key, ok := p.keys[attempt]
	if !ok {
		return key, failure.New(failure.InvalidArgument, msg.KeyNotPrepared())
	}
	return key, nil
}

func (p *preparedKeys) remove(attempt string) { delete(p.keys, attempt) }
