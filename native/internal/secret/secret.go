// Package secret keeps secrets out of logs, errors and dumps.
package secret

import (
	"fmt"
	"log/slog"
)

// Redacted is what a secret prints as, however it is printed.
const Redacted = "[redacted]"

// Secret is a string that must never be shown.
type Secret string

// String hides it.
func (Secret) String() string { return Redacted }

// GoString hides it from %#v.
func (Secret) GoString() string { return Redacted }

// LogValue hides it from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON hides it from whoever marshals a struct that holds it by accident.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// Reveal gives the secret itself: to be called where it is sent or stored, nowhere else.
func (s Secret) Reveal() string { return string(s) }

// Key is 32 secret bytes: a private or pre-shared key.
type Key [32]byte

// String hides it.
func (Key) String() string { return Redacted }

// GoString hides it from %#v.
func (Key) GoString() string { return Redacted }

// Format hides it from every other verb, %x among them.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Redacted)) }

// LogValue hides it from slog.
func (Key) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON hides it.
func (Key) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// IsZero says that there is none.
func (k Key) IsZero() bool { return k == Key{} }
