package host

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/resolver"
)

func TestConf(t *testing.T) {
	text := "# nameserver 192.0.2.9\nnameserver 192.0.2.1\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver 192.0.2.4\n" +
		"domain old.test\nsearch Corp.test. lan\noptions ndots:2 timeout:99 attempts:0 use-vc edns0\n"
	c := parseConf(text, "pc.home.test", 53)
	if got := fmt.Sprintln(c.servers, c.search, c.ndots, c.timeout, c.attempts, c.network); got != "[192.0.2.1:53 [fe80::1%eth0]:53] [corp.test lan] 2 30s 1 tcp\n" {
		t.Error(got)
	}
	c = parseConf("", "pc.home.test", 53)
	if got := fmt.Sprintln(c.servers, c.search, c.ndots, c.timeout, c.attempts, c.network); got != "[127.0.0.1:53] [home.test] 1 5s 2 any\n" {
		t.Error(got)
	}
}

func TestNames(t *testing.T) {
	c := conf{search: []string{"corp.test", "lan"}, ndots: 1}
	for name, want := range map[string]string{
		"x": "[x.corp.test x.lan x]", "x.y": "[x.y x.y.corp.test x.y.lan]", "x.": "[x]", "x.onion.": "[]",
	} {
		if got := fmt.Sprint(c.names(name)); got != want {
			t.Errorf("%q: %s, not %s", name, got, want)
		}
	}
}

func TestGroups(t *testing.T) {
	c := parseConf("nameserver 127.83.71.53\nnameserver 192.0.2.1\noptions timeout:3\n", "", 53)
	groups := c.groups()
	if len(groups) != 2 || groups[0].servers[0].Addr() != netip.MustParseAddr("127.83.71.53") || groups[0].limit != resolver.Limit ||
		groups[1].limit != 6*time.Second {
		t.Error(groups)
	}
}

func TestSources(t *testing.T) {
	for text, want := range map[string]sources{
		"":                               {dns: true},
		"hosts: files dns # mdns\n":      {dns: true},
		"passwd: files\nhosts:\tfiles\n": {},
		"hosts: files myhostname dns":    {dns: true, others: true},
		"hosts: files resolve [!UNAVAIL=return] dns":       {dns: true, others: true},
		"hosts: files mdns4_minimal [NOTFOUND=return] dns": {dns: true, others: true},
	} {
		if got := parseSources(text); got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// The examples of RFC 6724, section 10.2.
func TestOrder(t *testing.T) {
	for _, c := range []struct{ six, four, want string }{
		{"2001:db8:1::2", "198.51.100.117", "[2001:db8:1::1 198.51.100.121]"},
		{"", "198.51.100.117", "[198.51.100.121 2001:db8:1::1]"},
		{"fe80::1", "198.51.100.117", "[198.51.100.121 2001:db8:1::1]"},
		{"fd00::2", "198.51.100.117", "[198.51.100.121 2001:db8:1::1]"},
		{"2001:db8:1::2", "", "[2001:db8:1::1 198.51.100.121]"},
	} {
		all := []netip.Addr{netip.MustParseAddr("198.51.100.121"), netip.MustParseAddr("2001:db8:1::1")}
		got := orderBy(all, func(to netip.Addr) netip.Addr {
			text := c.four
			if to.Is6() {
				text = c.six
			}
			from, _ := netip.ParseAddr(text)
			return from
		})
		if fmt.Sprint(got) != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
