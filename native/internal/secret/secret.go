// Package secret keeps secrets out of logs, errors and dumps.
package secret

import (
	"fmt"
	"log/slog"
)

// Redacted is what a secret prints as, whatever the format.
const Redacted = "[redacted]"

// Secret is a string that must never be shown.
type Secret string

// String returns Redacted.
func (Secret) String() string { return Redacted }

// GoString returns Redacted for %#v.
func (Secret) GoString() string { return Redacted }

// LogValue returns Redacted for slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON returns Redacted, in case a struct with a secret is marshalled by accident.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// Reveal returns the secret itself. Call it only where the secret is sent or stored.
func (s Secret) Reveal() string { return string(s) }

// Key is 32 secret bytes: a private or pre-shared key.
type Key [32]byte

// String returns Redacted.
func (Key) String() string { return Redacted }

// GoString returns Redacted for %#v.
func (Key) GoString() string { return Redacted }

// Format prints Redacted for every other verb, such as %x.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Redacted)) }

// LogValue returns Redacted for slog.
func (Key) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON returns Redacted.
func (Key) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// IsZero reports whether the key is unset.
func (k Key) IsZero() bool { return k == Key{} }
