package dns

import (
	"net/netip"
	"os"
	"slices"
	"strings"
)

// The well-known names on the system bus.
const (
	resolvedName = "org.freedesktop.resolve1"
	managerName  = "org.freedesktop.NetworkManager"
)

var busNames = map[Backend]string{Resolved: resolvedName, NetworkManager: managerName}

// stub are the addresses of systemd-resolved's stub resolver.
var stub = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 53}), netip.AddrFrom4([4]byte{127, 0, 0, 54})}

// Facts are the input for detecting what manages the host's name servers.
type Facts struct {
	// Path is /etc/resolv.conf with symbolic links resolved; Text is its content.
	Path, Text string
	// Bus are the owners of the well-known names on the system bus, of services that answer.
	Bus map[string]string
	// Manager are NetworkManager's DNS settings, if they were read.
	Manager ManagerFacts
}

// ManagerFacts are NetworkManager's DNS settings, with NetworkManager's values; empty if unknown.
type ManagerFacts struct {
	// Mode is what serves DNS to programs: "default" for the name servers themselves, "dnsmasq", "systemd-resolved", or "none".
	Mode string
	// RcManager is how /etc/resolv.conf is written; not at all for "unmanaged" and "immutable".
	RcManager string
}

// managerFolder contains a resolv.conf that NetworkManager writes even if it does not manage /etc/resolv.conf.
const managerFolder = "/run/NetworkManager/"

// resolvedFolder contains the files that systemd-resolved writes.
const resolvedFolder = "/run/systemd/resolve/"

// writerOfTarget returns the service that creates the missing target of a symbolic link when it starts, empty if unknown.
func writerOfTarget(path string) Backend {
	target, err := os.Readlink(path)
	switch {
	case err != nil:
		return ""
	case strings.Contains(target, resolvedFolder[1:]):
		return Resolved
	case strings.Contains(target, managerFolder[1:]):
		return NetworkManager
	}
	return ""
}

// writes is true if NetworkManager updates the file at this path.
func (m ManagerFacts) writes(path string) bool {
	switch {
	case m.Mode == "none":
		return false
	case m.RcManager == "unmanaged", m.RcManager == "immutable":
		return strings.HasPrefix(path, managerFolder)
	}
	return true
}

// hint returns the service that seems to manage the name servers according to the file, running or not; empty if none.
func (f Facts) hint() Backend {
	conf := ReadConf(f.Text)
	switch {
	case usesStub(conf):
		return Resolved
	case writer(conf) == string(NetworkManager):
		return NetworkManager
	}
	return ""
}

// usesStub is true if systemd-resolved is the only name server.
func usesStub(conf Conf) bool {
	return len(conf.Servers) > 0 && !slices.ContainsFunc(conf.Servers, func(a netip.Addr) bool { return !slices.Contains(stub, a) })
}

// Detect returns what manages the name servers, and why. The content of resolv.conf takes precedence over which services run,
// because programs read it.
func Detect(f Facts) (Backend, string) {
	conf := ReadConf(f.Text)
	runs := func(name string) bool { _, has := f.Bus[name]; return has }
	switch {
	case usesStub(conf) && runs(resolvedName):
		return Resolved, f.Path + " leads to systemd-resolved"
	case usesStub(conf):
		return File, f.Path + " leads to systemd-resolved, which does not run or does not answer"
	case writer(conf) == string(NetworkManager) && runs(managerName) && !f.Manager.writes(f.Path):
		return File, f.Path + ", which NetworkManager has written once and leaves alone now"
	case writer(conf) == string(NetworkManager) && runs(managerName):
		return NetworkManager, "NetworkManager writes " + f.Path
	case writer(conf) != "":
		return File, f.Path + ", written by " + writer(conf)
	}
	return File, f.Path + " is not managed by a known program"
}

// writers are signatures of programs in the comments of resolv.conf, with the programs' names.
var writers = []struct{ sign, name string }{
	{"NetworkManager", "NetworkManager"},
	{"systemd-resolved", "systemd-resolved"},
	{"Tailscale", "Tailscale"},
	{"tailscale", "Tailscale"},
	{"Mullvad", "Mullvad"},
	{"mullvad", "Mullvad"},
	{"NetBird", "NetBird"},
	{"resolvconf", "resolvconf"},
	{"dhclient", "dhclient"},
	{"dhcpcd", "dhcpcd"},
	{"connman", "ConnMan"},
	// ConnMan's own comment.
	{"Connection Manager", "ConnMan"},
	{"Docker", "Docker"},
	{"openvpn", "OpenVPN"},
	{"wg-quick", "wg-quick"},
}

// writer returns the program that has written the file according to its comments, empty if unknown.
func writer(c Conf) string {
	for _, comment := range c.Comments {
		for _, w := range writers {
			if strings.Contains(comment, w.sign) {
				return w.name
			}
		}
	}
	return ""
}
