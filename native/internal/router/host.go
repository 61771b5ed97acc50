package router

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
)

// Host is a destination as a client wrote it: either an address or a name.
type Host struct {
	Address netip.Addr
	Name    string
	// Absolute names were written with a trailing dot: no search list is applied.
	Absolute bool
}

// ParseHost parses the host of a proxy request. Names are normalised to lower-case ASCII without a trailing dot, so that
// they can be compared.
func ParseHost(text string) (Host, error) {
	text, absolute := strings.CutSuffix(text, ".")
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = text[1 : len(text)-1]
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return Host{Address: a.Unmap()}, nil
	}
	name, err := ascii(text)
	if err != nil || !wellFormed(name) {
		return Host{}, failure.New(failure.NameNotFound, msg.HostNameInvalid(clip(text)))
	}
	return Host{Name: name, Absolute: absolute}, nil
}

func ascii(text string) (string, error) {
	for i := range len(text) {
		if text[i] >= 0x80 {
			mapped, err := idna.Lookup.ToASCII(text)
			return strings.TrimSuffix(strings.ToLower(mapped), "."), err
		}
	}
	return strings.ToLower(text), nil
}

// wellFormed reports whether a name is valid in DNS: labels of 1 to 63 bytes, 253 bytes in all.
func wellFormed(name string) bool {
	if len(name) == 0 || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > 63 {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}

func clip(text string) string {
	if len(text) > 64 {
		return text[:64] + "…"
	}
	return text
}
