package inside

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

// Host is a destination as a client wrote it: an address or a name, never both.
type Host struct {
	Address netip.Addr
	Name    string
}

// ParseHost understands what proxies are asked for. Names become lower-case ASCII without a dot at the end, so that there
// is one spelling to compare, whoever wrote it.
func ParseHost(text string) (Host, error) {
	text = strings.TrimSuffix(text, ".")
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = text[1 : len(text)-1]
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return Host{Address: a.Unmap()}, nil
	}
	name, err := ascii(text)
	if err != nil || !wellFormed(name) {
		return Host{}, failure.New(typesv1.Cause_CAUSE_NAME_NOT_FOUND, "%q is no name of a host", clip(text))
	}
	return Host{Name: name}, nil
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

// wellFormed is what DNS can carry: labels of 1 to 63 bytes, 253 in all.
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
