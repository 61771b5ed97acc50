package pac

import (
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sag.software/native/internal/router"
)

var (
	httpAt  = netip.MustParseAddrPort("127.0.0.1:8080")
	socksAt = netip.MustParseAddrPort("127.0.0.1:1080")
)

// browser defines the functions that a PAC file may call; resolving a name throws.
const browser = `
const number = (a) => a.split(".").reduce((n, b) => n * 256 + Number(b), 0);
const isInNet = (host, net, mask) => {
  if (!/^[0-9.]+$/.test(host)) throw new Error("it would resolve " + host);
  return ((number(host) & number(mask)) >>> 0) === ((number(net) & number(mask)) >>> 0);
};
const dnsResolve = () => { throw new Error("it would resolve"); };
for (const host of process.argv.slice(1)) console.log(FindProxyForURL("http://" + host + "/", host).split("; ").map((s) => s.split(" ")[0]).join(","));
`

func find(t *testing.T, file string, hosts ...string) []string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("not run: a PAC file needs node to be run")
	}
	command := exec.Command(node, append([]string{"-e", file + browser, "--"}, hosts...)...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

func TestWrite(t *testing.T) {
	hosts := []string{"portal.corp.test", "PORTAL.corp.test.", "corp.test", "xcorp.test", "10.1.2.3", "192.0.2.1", "[fd00::1]", "payroll", "localhost"}
	routes := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12")}
	// S: the proxy only. s: the proxy, or directly if it is gone. -: directly.
	letters := map[string]string{"SOCKS5,PROXY,SOCKS": "S", "SOCKS5,PROXY,SOCKS,DIRECT": "s", "DIRECT": "-"}
	for _, c := range []struct {
		name   string
		policy *router.Policy
		want   string
	}{
		{"domains and routes", &router.Policy{Routes: routes, NameServers: true, Domains: []string{"corp.test"}}, "SSSsS--S-"},
		{"no domains: all names", &router.Policy{Routes: routes, NameServers: true}, "SSSSS--S-"},
		{"no names at all", &router.Policy{Routes: append(routes, netip.MustParsePrefix("fd00::/8"))}, "ssssS-Ss-"},
		{"neither names nor routes", &router.Policy{}, "---------"},
		{"outside refused", &router.Policy{RefuseDirect: true}, "SSSSSSSSS"},
		{"full tunnel", &router.Policy{FullTunnel: true}, "SSSSSSSSS"},
		{"not known yet", nil, "SSSSSSSSS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			for _, list := range find(t, Write(c.policy, httpAt, socksAt), hosts...) {
				got += letters[list]
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestPACStringsAreEscaped(t *testing.T) {
	file := Write(&router.Policy{NameServers: true, Domains: []string{`"); alert(1); ("`, "</script>"}}, httpAt, socksAt)
	if strings.Contains(file, `""); alert`) || strings.Contains(file, "</script>") {
		t.Error(file)
	}
}
