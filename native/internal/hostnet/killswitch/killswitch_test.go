package killswitch

import (
	"net/netip"
	"testing"
)

func TestString(t *testing.T) {
	prefix := netip.MustParsePrefix("10.0.0.0/8")
	for want, s := range map[string]Config{
		"of 1 prefix and 2 domains by sag0":               {Link: "sag0", Tunneled: []netip.Prefix{prefix}, Domains: []string{"a.test", "b.test"}},
		"of 2 prefixes and 1 domain by sag0":              {Link: "sag0", Tunneled: []netip.Prefix{prefix, prefix}, Domains: []string{"a.test"}},
		"of 0 prefixes and all names by sag1":             {Link: "sag1", AllNames: true},
		"of the intranet's packets and names (as it was)": {FoundDigest: "as it was"},
	} {
		if said := s.String(); said != want {
			t.Errorf("%q, want %q", said, want)
		}
	}
}
