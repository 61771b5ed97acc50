package killswitch

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sag.software/native/internal/nft"
)

// isDropped evaluates a message as the kernel's rules do.
func isDropped(all []ending, message []byte) bool {
	folded := bytes.Clone(message)
	for i := range folded {
		folded[i] &= 0xdf
	}
	for _, e := range all {
		for at := e.first; at <= e.last && at+e.length <= len(message); at++ {
			if slices.ContainsFunc(e.forms, func(form []byte) bool { return bytes.Equal(form, folded[at:at+e.length]) }) {
				return true
			}
		}
	}
	return false
}

// messages returns messages with a question for a name, over UDP and over TCP.
func messages(name string) [][]byte {
	var bytes []byte
	for label := range strings.SplitSeq(name, ".") {
		bytes = append(append(bytes, byte(len(label))), label...)
	}
	bytes = append(bytes, 0, 0, 1, 0, 1)
	return [][]byte{append(make([]byte, question), bytes...), append(make([]byte, question+tcpLength), bytes...)}
}

func label() *rapid.Generator[string] { return rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,25}`) }

func domain() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return strings.Join(rapid.SliceOfN(rapid.StringMatching("1?[1-9]?[0-9]"), 1, 3).Draw(t, "octets"), ".") + ".in-addr.arpa"
		case 1:
			return strings.Join(rapid.SliceOfN(rapid.StringMatching("[0-9a-f]"), 1, 31).Draw(t, "nibbles"), ".") + ".ip6.arpa"
		default:
			return strings.Join(rapid.SliceOfN(label(), 1, 6).Draw(t, "labels"), ".")
		}
	})
}

// Queries for names below any of the domains are dropped, for any number and lengths of domains.
func TestNamesBelowADomainAreDropped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		domains := rapid.SliceOfN(domain(), 1, 80).Draw(t, "domains")
		all := endings(domains)
		for range 20 {
			name := rapid.SampledFrom(domains).Draw(t, "domain")
			room := maxName - len(nft.WireName(name))
			switch {
			case strings.HasSuffix(name, ".in-addr.arpa"):
				room = belowReverse4
			case strings.HasSuffix(name, ".ip6.arpa"):
				room = belowReverse6
			}
			for rapid.Bool().Draw(t, "more") {
				if more := label().Draw(t, "label"); len(more)+1 <= room {
					name, room = more+"."+name, room-len(more)-1
				}
			}
			for _, message := range messages(name) {
				if !isDropped(all, message) {
					t.Fatalf("%s is free", name)
				}
			}
		}
	})
}

// Queries for names that only resemble one of a few domains are not dropped.
func TestSimilarNamesAreNotDropped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		domains := rapid.SliceOfN(domain(), 1, 10).Draw(t, "domains")
		all := endings(domains)
		name := domain().Draw(t, "name")
		if slices.ContainsFunc(domains, func(d string) bool { return name == d || strings.HasSuffix(name, "."+d) }) {
			return
		}
		if form := nft.WireName(name); len(form)-tail > near || form == nil {
			return
		}
		for _, message := range messages(name) {
			if isDropped(all, message) {
				t.Fatalf("%s is dropped", name)
			}
		}
	})
}

func TestEndings(t *testing.T) {
	var domains []string
	for i := range 100 {
		domains = append(domains, fmt.Sprintf("%s%02d.example", strings.Repeat("x", i%60+1), i))
	}
	all := endings(domains)
	if len(all) != maxEndings+2 || len(all[0].forms) < len(all[maxEndings-1].forms) {
		t.Errorf("%d", len(all))
	}
	for _, bad := range []string{"", "a..b", strings.Repeat("x", 64), strings.Repeat("abc.", 70) + "x"} {
		if nft.WireName(bad) != nil {
			t.Errorf("%q is no name", bad)
		}
	}
}
