package engine

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
)

// Key is a WireGuard public key.
type Key [32]byte

// String returns the base64 form.
func (k Key) String() string { return base64.StdEncoding.EncodeToString(k[:]) }

func (k Key) hex() string { return hex.EncodeToString(k[:]) }

// ParseKey converts the 32 bytes of a public key.
func ParseKey(b []byte) (Key, error) {
	if len(b) != len(Key{}) {
		return Key{}, fmt.Errorf("a key has 32 bytes, not %d", len(b))
	}
	return Key(b), nil
}

const redacted = "[redacted]"

// PrivateKey is a WireGuard private key. Printing and logging it gives "[redacted]".
type PrivateKey [32]byte

// NewPrivateKey makes a random private key.
func NewPrivateKey() (PrivateKey, error) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return PrivateKey{}, err
	}
	private := PrivateKey(key.Bytes())
	// Clamped as WireGuard stores it, so that it looks the same in other tools.
	private[0] &= 248
	private[31] = private[31]&127 | 64
	return private, nil
}

// Public returns the public key.
func (k PrivateKey) Public() Key {
	private, err := ecdh.X25519().NewPrivateKey(k[:])
	if err != nil {
		panic("engine: a 32-byte X25519 key was refused: " + err.Error()) // cannot happen: only the length is checked
	}
	return Key(private.PublicKey().Bytes())
}

// String hides the key.
func (PrivateKey) String() string { return redacted }

// GoString hides the key from %#v.
func (PrivateKey) GoString() string { return redacted }

// LogValue hides the key from slog.
func (PrivateKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the key from JSON.
func (PrivateKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// PresharedKey is a symmetric key that two peers share in addition; zero = none. Printing and logging it gives "[redacted]".
type PresharedKey [32]byte

// ParsePresharedKey converts 32 bytes; none = no key.
func ParsePresharedKey(b []byte) (PresharedKey, error) {
	if len(b) == 0 {
		return PresharedKey{}, nil
	}
	key, err := ParseKey(b)
	return PresharedKey(key), err
}

// IsZero is true if there is no pre-shared key.
func (k PresharedKey) IsZero() bool { return k == PresharedKey{} }

// String hides the key.
func (PresharedKey) String() string { return redacted }

// GoString hides the key from %#v.
func (PresharedKey) GoString() string { return redacted }

// LogValue hides the key from slog.
func (PresharedKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the key from JSON.
func (PresharedKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }
