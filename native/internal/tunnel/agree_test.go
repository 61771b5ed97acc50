package tunnel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/proxy/pac"
	"sag.software/native/internal/router"
)

// The names that exist in the intranet and outside. Some outside names only detect wrong queries: they have other
// addresses.
var (
	insideZone = zone{
		"portal.corp.test": "10.77.0.80", "www.corp.test": "198.51.100.10", "payroll.corp.test": "10.77.0.81", "git.eng.corp.test": "10.77.0.82",
		// These answers come from a wildcard record.
		"router.home.corp.test": "10.77.0.99", "nas.lan.corp.test": "10.77.0.99",
		"printer.corp.test": "10.77.0.83", "xn--bro-hoa.corp.test": "10.77.0.84",
	}
	outsideZone = zone{
		"www.example.com": "203.0.113.7", "rds.example.com": "10.77.0.90", "printer.home.arpa": "192.168.1.5", "nas.home.arpa": "192.168.1.6", "router.home": "192.168.1.1",
		"portal.corp.test": "203.0.113.66", "gone.corp.test": "203.0.113.66", "payroll.corp.test": "203.0.113.66", "git.eng.corp.test": "203.0.113.66",
		"payroll": "203.0.113.66", "git.eng": "203.0.113.66", "portal.corp.test.home.arpa": "203.0.113.66", "gone.corp.test.home.arpa": "203.0.113.66",
	}
	// everywhere is used where all names are tunneled: the intranet's name servers then also resolve public names.
	everywhere = union(insideZone, zone{"www.example.com": "203.0.113.7", "rds.example.com": "10.77.0.90", "printer.home.arpa": "192.168.1.5", "nas.home.arpa": "192.168.1.6", "router.home": "192.168.1.1"})
	hosts      = []string{
		"portal.corp.test", "PORTAL.Corp.Test.", "www.corp.test", "gone.corp.test", "büro.corp.test", "payroll", "git.eng", "printer", "nas", "nothing", "router.home", "nas.lan",
		"www.example.com", "rds.example.com", "10.77.0.5", "203.0.113.9",
	}
)

func union(all ...zone) zone {
	whole := zone{}
	for _, z := range all {
		for name, address := range z {
			whole[name] = address
		}
	}
	return whole
}

// meaning is the specification: the address that a host resolves to, and whether it is tunneled.
func meaning(p *router.Policy, machine router.Search, within zone, host string) string {
	tunneled := func(a string) string {
		outcome := router.Direct
		for _, r := range p.Routes {
			if r.Contains(netip.MustParseAddr(a)) {
				outcome = router.Tunneled
			}
		}
		switch {
		case p.FullTunnel || outcome == router.Tunneled:
			return "tunneled " + a
		case p.RefuseDirect:
			return "not_permitted"
		}
		return "direct " + a
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return tunneled(host)
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if name == "büro.corp.test" {
		name = "xn--bro-hoa.corp.test"
	}
	isInside := func(n string) bool { return len(p.Domains) == 0 || strings.HasSuffix("."+n, ".corp.test") }
	completed := []string{name}
	if !strings.HasSuffix(name, ".test") && !strings.HasSuffix(name, ".com") {
		completed = nil
		for _, domain := range append(slices.Clone(p.Search), machine.Domains...) {
			completed = append(completed, name+"."+domain)
		}
		completed = append(completed, name)
	}
	if strings.HasSuffix(name, ".home") || strings.HasSuffix(name, ".lan") {
		// Private domains: the unchanged name is tried first, wherever it is queried.
		for _, n := range append([]string{name}, completed...) {
			z := outsideZone
			if isInside(n) {
				z = within
			}
			if z[n] != "" {
				return tunneled(z[n])
			}
		}
		return "name_not_found"
	}
	for _, wantInside := range []bool{true, false} {
		for _, n := range completed {
			z := outsideZone
			if wantInside {
				z = within
			}
			if isInside(n) == wantInside && z[n] != "" {
				return tunneled(z[n])
			}
		}
	}
	return "name_not_found"
}

func causeWord(err error) string {
	return failure.CauseOf(err).String()
}

// bySystem is a program in system mode: it completes names like the C library (resolv.conf(5)), queries the forwarder, and
// its packets follow the routes.
func (e *entries) bySystem(t *testing.T, host string) string {
	route := func(a string) string {
		return fmt.Sprintf("%s %s", e.policy.Address(netip.MustParseAddr(a)), a)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return route(host)
	}
	h, err := router.ParseHost(host) // programs with IDN support query the ASCII form
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	if !h.Absolute {
		for _, domain := range append(slices.Clone(e.policy.Search), e.machine.Domains...) {
			names = append(names, h.Name+"."+domain)
		}
	}
	if strings.Contains(h.Name, ".") {
		names = append([]string{h.Name}, names...)
	} else {
		names = append(names, h.Name)
	}
	for _, name := range names {
		query := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA)
		reply, err := dns.Exchange(query, e.forwarder)
		if err != nil {
			t.Fatal(name, err)
		}
		if len(reply.Answer) > 0 {
			return route(reply.Answer[0].(*dns.A).A.String())
		}
	}
	return "name_not_found"
}

// byPAC is a browser with the PAC file: it uses its first choice.
func (e *entries) byPAC(t *testing.T, choice, host string) string {
	if strings.HasPrefix(choice, "SOCKS5 ") {
		return e.bySocks(t, host)
	}
	if choice != "DIRECT" {
		t.Fatalf("the PAC file says %q", choice)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "direct " + host
	}
	found, err := (&net.Resolver{PreferGo: true, Dial: e.outside.dial}).LookupNetIP(context.Background(), "ip4", host)
	if err != nil {
		return "name_not_found"
	}
	return "direct " + found[0].String()
}

// choices evaluates PAC files for each host, in one node process.
func choices(t *testing.T, files []string) [][]string {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("not run: a PAC file needs node to be run")
	}
	const browser = `
const number = (a) => a.split(".").reduce((n, b) => n * 256 + Number(b), 0);
const isInNet = (host, net, mask) => ((number(host) & number(mask)) >>> 0) === ((number(net) & number(mask)) >>> 0);
const { files, hosts } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const choose = (file) => new Function("isInNet", file + "; return FindProxyForURL")(isInNet);
console.log(JSON.stringify(files.map((file) => hosts.map((host) => choose(file)("http://" + host + "/", host)))));`
	command := exec.Command(node, "-e", browser)
	input, _ := json.Marshal(map[string]any{"files": files, "hosts": hosts})
	command.Stdin = bytes.NewReader(input)
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// A host resolves to the same address and route by every entry point: SOCKS, HTTP proxy, CONNECT, ping, a browser with the
// PAC file, and a program in system mode. (sag forward and sag ssh-proxy use SOCKS.) No name server outside receives a
// query for an intranet name, or for a short name that may be one.
func TestEntryPointsDecideAlike(t *testing.T) {
	type world struct {
		name   string
		policy router.Policy
	}
	var worlds []world
	routes := map[string][]netip.Prefix{"routes": {netip.MustParsePrefix("10.77.0.0/16")}, "no routes": nil}
	for routesName, r := range routes {
		for _, domains := range [][]string{{"corp.test"}, nil} {
			for _, search := range [][]string{{"corp.test"}, nil} {
				for _, special := range []string{"split", "full", "refuse"} {
					if special == "refuse" && len(r) == 0 {
						continue
					}
					worlds = append(worlds, world{
						fmt.Sprint(routesName, domains, search, special),
						router.Policy{Routes: r, NameServers: true, Domains: domains, Search: search, FullTunnel: special == "full", RefuseDirect: special == "refuse"},
					})
				}
			}
		}
	}
	at := netip.MustParseAddrPort("127.0.0.1:1")
	var files []string
	for _, w := range worlds {
		files = append(files, pac.Write(&w.policy, at, at))
	}
	chosen := choices(t, files)
	for _, machine := range [][]string{nil, {"corp.test"}, {"home.arpa"}, {"home.arpa", "corp.test"}} {
		for number, w := range worlds {
			t.Run(fmt.Sprint(w.name, machine), func(t *testing.T) {
				t.Parallel()
				within := insideZone
				if len(w.policy.Domains) == 0 {
					within = everywhere
				}
				list := router.Search{Domains: machine, Ndots: 1}
				e := openEntries(t, &w.policy, list, within, outsideZone)
				for i, host := range hosts {
					want := meaning(&w.policy, list, within, host)
					choice, _, _ := strings.Cut(chosen[number][i], ";")
					got := map[string]string{
						"socks": e.bySocks(t, host), "http": e.byHTTP(t, host), "connect": e.byConnect(t, host), "ping": e.byPing(host),
						"pac": e.byPAC(t, choice, host),
					}
					if !w.policy.RefuseDirect { // RefuseDirect exists in proxy mode only
						got["system"] = e.bySystem(t, host)
					}
					for entry, g := range got {
						if g != want {
							t.Errorf("%s by %s: %s, want %s", host, entry, g, want)
						}
					}
				}
				completes := len(w.policy.Search) > 0 || slices.Contains(machine, "corp.test")
				for _, name := range e.outside.questions() {
					if isIntranets(name, len(w.policy.Domains) == 0, completes) {
						t.Errorf("the outside name server was queried for %s", name)
					}
				}
			})
		}
	}
}

// isIntranets reports whether a name must not be queried outside.
func isIntranets(name string, all, completes bool) bool {
	for _, short := range []string{"payroll", "git.eng", "printer"} {
		if completes && (name == short || strings.HasPrefix(name, short+".")) {
			return true
		}
	}
	return all || strings.Contains(name+".", "corp.test.")
}
