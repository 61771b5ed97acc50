package nft

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestMerged(t *testing.T) {
	for _, c := range []struct {
		prefixes []string
		six      bool
		want     string
	}{
		{nil, false, "[]"},
		{[]string{"10.0.0.0/8", "10.1.0.0/16", "fd00::/8"}, false, "[[10.0.0.0 10.255.255.255]]"},
		{[]string{"10.0.1.0/24", "10.0.0.0/24"}, false, "[[10.0.0.0 10.0.1.255]]"},
		{[]string{"10.0.0.0/24", "10.0.2.0/24"}, false, "[[10.0.0.0 10.0.0.255] [10.0.2.0 10.0.2.255]]"},
		{[]string{"255.255.255.255/32", "128.0.0.0/1", "0.0.0.0/1"}, false, "[[0.0.0.0 255.255.255.255]]"},
		{[]string{"10.0.0.0/8", "fd00::1/128", "fd00::/127"}, true, "[[fd00:: fd00::1]]"},
	} {
		var prefixes []netip.Prefix
		for _, p := range c.prefixes {
			prefixes = append(prefixes, netip.MustParsePrefix(p))
		}
		if got := fmt.Sprint(Merged(prefixes, c.six)); got != c.want {
			t.Errorf("%v: %s, want %s", c.prefixes, got, c.want)
		}
	}
}

func TestWireName(t *testing.T) {
	if got := WireName("a.Bc"); string(got) != "\x01A\x02BC\x00" {
		t.Errorf("%q", got)
	}
}
