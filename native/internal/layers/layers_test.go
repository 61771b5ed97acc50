// Package layers checks that packages import only lower layers. The table below is the diagram of docs/architecture.md.
package layers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// group is a set of packages and what they may import besides each other.
type group struct {
	name string
	// packages are paths below native/. "/..." stands for all packages below a path that no other group names.
	packages []string
	// may are names of groups that come earlier in the table, which rules out cycles.
	may []string
}

// groups are listed from the lowest layer to the highest.
var groups = []group{
	{name: "base", packages: []string{
		"internal/checksum", "internal/clock", "internal/failure", "internal/fair", "internal/licenses", "internal/logfile",
		"internal/msg", "internal/mtu", "internal/panics", "internal/person", "internal/proxy/peercred", "internal/sampled", "internal/secret",
	}},
	{name: "contracts", packages: []string{"gen/..."}},
	{name: "wire", packages: []string{"internal/failure/wire", "internal/limits"}, may: []string{"base", "contracts"}},
	{name: "datapath", packages: []string{"internal/datapath/..."}, may: []string{"base"}},
	{name: "flowlog", packages: []string{"internal/flowlog/..."}, may: []string{"base", "datapath"}},
	{name: "engine", packages: []string{"internal/engine/...", "internal/netstack"}, may: []string{"base", "datapath"}},
	{name: "names", packages: []string{"internal/router", "internal/resolver/..."}, may: []string{"base"}},
	{name: "hosttools", packages: []string{"internal/nft", "internal/hostnet/marks", "internal/hostnet/journal"}, may: []string{"base"}},
	{name: "hostnet", packages: []string{"internal/hostnet/..."}, may: []string{"base", "names", "hosttools"}},
	{name: "session", packages: []string{"internal/session"}, may: []string{"base", "names"}},
	{name: "cloudapi", packages: []string{"internal/session/cloudapi"}, may: []string{"base", "contracts", "wire", "session"}},
	{name: "proxy", packages: []string{"internal/proxy/...", "internal/isolate"}, may: []string{"base", "names", "engine", "datapath"}},
	{name: "fsm", packages: []string{"internal/tunnel/fsm"}, may: []string{"base", "session"}},
	{name: "tunnel", packages: []string{"internal/tunnel/..."}, may: []string{"base", "names", "engine", "datapath", "session", "cloudapi", "proxy", "fsm"}},
	{name: "systemwide", packages: []string{"internal/tunnel/systemwide"}, may: []string{"base", "names", "hosttools", "datapath", "hostnet", "session", "tunnel"}},
	{name: "control", packages: []string{"internal/control"}, may: []string{"base", "contracts", "wire", "hostnet", "session", "cloudapi", "fsm", "tunnel"}},
	{name: "service", packages: []string{"internal/service/..."}, may: []string{"base", "names", "engine", "datapath", "hostnet", "session", "cloudapi", "fsm", "tunnel", "control"}},
	{name: "accesspoint", packages: []string{"internal/accesspoint/..."}, may: []string{"base", "datapath", "flowlog", "engine", "hosttools"}},
	{name: "agent", packages: []string{"internal/accesspoint/agent"}, may: []string{"base", "contracts", "wire", "datapath", "flowlog", "engine", "accesspoint"}},
	{name: "sag-tunnel", packages: []string{"cmd/sag-tunnel"}, may: []string{
		"base", "hosttools", "hostnet", "session", "proxy", "tunnel", "systemwide", "control", "service",
	}},
	{name: "sag-access-point", packages: []string{"cmd/sag-access-point"}, may: []string{"base", "hosttools", "accesspoint", "agent"}},
}

// forTests are packages that only tests may import.
var forTests = []string{
	"internal/accesspoint/fakeclient", "internal/accesspoint/fakecloud", "internal/flowlog/nfcapd", "internal/hostnet/fake", "internal/hostnet/nettest",
	"internal/hostnet/sleep/sleeptest", "internal/proxy/proxytest", "internal/tunnel/tunneltest",
}

// pure are the packages that must not import the RPC libraries, not even indirectly: they can be tested with plain values,
// and programs that use only them do not link protobuf.
var pure = []string{"internal/session", "internal/tunnel/fsm", "internal/datapath/...", "internal/flowlog/..."}

// library is a module, or a part of one, that only some packages may import.
type library struct {
	prefixes []string
	packages []string
	// linux means that only files for Linux may import it.
	linux bool
}

var rpc = []string{"google.golang.org/protobuf", "connectrpc.com/", "buf.build/", module + "gen/"}

var libraries = []library{
	{prefixes: rpc, packages: []string{
		"gen/...", "internal/failure/wire", "internal/limits", "internal/session/cloudapi", "internal/control", "internal/accesspoint/agent",
	}},
	{prefixes: []string{"golang.zx2c4.com/wireguard"}, packages: []string{"internal/engine/...", "internal/datapath/..."}},
	{prefixes: []string{"gvisor.dev/"}, packages: []string{"internal/netstack"}},
	{prefixes: []string{"github.com/miekg/dns"}, packages: []string{"internal/resolver", "internal/hostnet/dns/forward", "internal/isolate"}},
	{prefixes: []string{"github.com/google/nftables", "github.com/mdlayher/"}, linux: true, packages: []string{
		"internal/nft", "internal/hostnet/...", "internal/accesspoint/kernel",
	}},
	{prefixes: []string{"github.com/vishvananda/", "github.com/godbus/"}, linux: true, packages: []string{
		"internal/hostnet/...", "internal/accesspoint/kernel",
	}},
}

// exception is an import that the tables above do not allow.
type exception struct{ from, to, reason string }

var exceptions = []exception{
	{"internal/tunnel", "internal/hostnet/dns", "proxy mode completes short names with the host's search list, which hostnet/dns reads"},
	{"cmd/sag-access-point", "gen/sag/accesspoint/v1", "it fills in the description that the agent registers with"},
	{"cmd/sag-access-point", "gen/sag/client/v1", "the description has the endpoints for clients"},
	{"cmd/sag-access-point", module + "gen/", "it fills in the description that the agent registers with"},
	{"cmd/sag-tunnel", "github.com/vishvananda/", "sag run --isolate makes a network namespace before there is a tunnel"},
}

const module = "sag.software/native/"

// file is one source file and its imports.
type file struct {
	// folder is relative to native/; name is the file's.
	folder, name string
	imports      []string
	// linux means that the file is built for Linux only.
	linux bool
}

// groupOf returns the group of a package: the one that names it, or the one with the longest matching "/..." path.
func groupOf(folder string) (group, bool) {
	var best group
	length := 0
	for _, g := range groups {
		for _, p := range g.packages {
			if n := matches(p, folder); n > length {
				best, length = g, n
			}
		}
	}
	return best, length > 0
}

// matches returns how specifically a pattern matches a path; 0 = not at all.
func matches(pattern, path string) int {
	above, all := strings.CutSuffix(pattern, "/...")
	switch {
	case path == above:
		return 2*len(path) + 1
	case all && strings.HasPrefix(path, above+"/"):
		return 2 * len(above)
	}
	return 0
}

// check returns the violations of the rules, and the exceptions that were needed.
func check(files []file) (wrong []string, needed map[exception]bool) {
	needed = map[exception]bool{}
	excused := func(from, to string) bool {
		for _, e := range exceptions {
			if e.from == from && strings.HasPrefix(to, e.to) {
				needed[e] = true
				return true
			}
		}
		return false
	}
	for _, f := range files {
		if slices.Contains(forTests, f.folder) {
			continue
		}
		own, is := groupOf(f.folder)
		if !is {
			wrong = append(wrong, fmt.Sprintf("%s is in no group", f.folder))
			continue
		}
		for _, to := range f.imports {
			place := f.folder + "/" + f.name
			for _, l := range libraries {
				if !slices.ContainsFunc(l.prefixes, func(p string) bool { return strings.HasPrefix(to, p) }) {
					continue
				}
				if !slices.ContainsFunc(l.packages, func(p string) bool { return matches(p, f.folder) > 0 }) && !excused(f.folder, to) {
					wrong = append(wrong, fmt.Sprintf("%s imports %s, which is for %s", place, to, strings.Join(l.packages, ", ")))
				}
				if l.linux && !f.linux {
					wrong = append(wrong, fmt.Sprintf("%s imports %s, which is for files for Linux", place, to))
				}
			}
			inner, ours := strings.CutPrefix(to, module)
			if !ours {
				continue
			}
			if slices.Contains(forTests, inner) {
				wrong = append(wrong, fmt.Sprintf("%s imports %s, which is for tests", place, inner))
				continue
			}
			other, _ := groupOf(inner)
			if other.name != own.name && !slices.Contains(own.may, other.name) && !excused(f.folder, inner) {
				wrong = append(wrong, fmt.Sprintf("%s (%s) imports %s (%s)", place, own.name, inner, other.name))
			}
		}
	}
	return wrong, needed
}

// reached returns, for every pure package that reaches an RPC library, the chain of imports.
func reached(files []file) (wrong []string) {
	imports := map[string][]string{}
	for _, f := range files {
		imports[f.folder] = append(imports[f.folder], f.imports...)
	}
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		if !slices.ContainsFunc(pure, func(p string) bool { return matches(p, from) > 0 }) {
			continue
		}
		seen := map[string]bool{}
		var follow func(folder, path string)
		follow = func(folder, path string) {
			for _, to := range imports[folder] {
				inner := strings.TrimPrefix(to, module)
				switch {
				case slices.ContainsFunc(rpc, func(p string) bool { return strings.HasPrefix(to, p) }):
					wrong = append(wrong, path+" → "+inner)
				case inner != to && !seen[inner]:
					seen[inner] = true
					follow(inner, path+" → "+inner)
				}
			}
		}
		follow(from, from)
	}
	return wrong
}

// diagram formats the table as in docs/architecture.md, highest layer first.
func diagram() string {
	var lines strings.Builder
	for _, g := range slices.Backward(groups) {
		names := make([]string, 0, len(g.packages))
		for _, p := range g.packages {
			names = append(names, strings.TrimPrefix(p, "internal/"))
		}
		may := strings.Join(g.may, ", ")
		if may == "" {
			may = "nothing"
		}
		fmt.Fprintf(&lines, "%-16s  %s\n%-16s  → %s\n", g.name, strings.Join(names, ", "), "", may)
	}
	return lines.String()
}
