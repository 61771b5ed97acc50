package pac

import (
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sag.software/native/internal/userspace/inside"
)

var (
	httpAt  = netip.MustParseAddrPort("127.0.0.1:8080")
	socksAt = netip.MustParseAddrPort("127.0.0.1:1080")
)

// browser is what a PAC file may call; resolving a name is forbidden here.
const browser = `
const number = (a) => a.split(".").reduce((n, b) => n * 256 + Number(b), 0);
const isInNet = (host, net, mask) => {
  if (!/^[0-9.]+$/.test(host)) throw new Error("it would resolve " + host);
  return ((number(host) & number(mask)) >>> 0) === ((number(net) & number(mask)) >>> 0);
};
const dnsResolve = () => { throw new Error("it would resolve"); };
for (const host of process.argv.slice(1)) console.log(FindProxyForURL("http://" + host + "/", host).split(" ")[0]);
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
	hosts := []string{"portal.corp.test", "PORTAL.corp.test.", "corp.test", "xcorp.test", "10.1.2.3", "192.0.2.1", "[fd00::1]", "example.test", "localhost"}
	routes := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12")}
	for _, c := range []struct {
		name string
		rule *inside.Rule
		want string
	}{
		{"domains and routes", &inside.Rule{Routes: routes, NameServers: true, Domains: []string{"corp.test"}}, "PROXY PROXY PROXY DIRECT PROXY DIRECT DIRECT DIRECT DIRECT"},
		{"no domains: all names", &inside.Rule{Routes: routes, NameServers: true}, "PROXY PROXY PROXY PROXY PROXY DIRECT DIRECT PROXY DIRECT"},
		{"no names at all", &inside.Rule{Routes: append(routes, netip.MustParsePrefix("fd00::/8"))}, "DIRECT DIRECT DIRECT DIRECT PROXY DIRECT PROXY DIRECT DIRECT"},
		{"outside refused", &inside.Rule{RefuseOutside: true}, strings.Repeat("PROXY ", 9)},
		{"full tunnel", &inside.Rule{Everything: true}, strings.Repeat("PROXY ", 9)},
		{"not known yet", nil, strings.Repeat("PROXY ", 9)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(find(t, Write(c.rule, httpAt, socksAt), hosts...), " ")
			if got != strings.TrimSpace(c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestNothingEscapesItsQuotes(t *testing.T) {
	file := Write(&inside.Rule{NameServers: true, Domains: []string{`"); alert(1); ("`, "</script>"}}, httpAt, socksAt)
	if strings.Contains(file, `""); alert`) || strings.Contains(file, "</script>") {
		t.Error(file)
	}
}
