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

// stub is where systemd-resolved answers programs that read /etc/resolv.conf.
var stub = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 53}), netip.AddrFrom4([4]byte{127, 0, 0, 54})}

// Facts are what tells who keeps a host's name servers.
type Facts struct {
	// Path is /etc/resolv.conf behind all symbolic links; Text is what is in it.
	Path, Text string
	// Bus are the names of the system bus that matter and whose owners answer, each with its owner.
	Bus map[string]string
	// Manager is what NetworkManager says of itself, if it was asked.
	Manager ManagerFacts
}

// ManagerFacts are what NetworkManager does with name servers, in its own words; empty where it does not say.
type ManagerFacts struct {
	// Mode is who answers programs: "default" for the name servers themselves, "dnsmasq", "systemd-resolved", or "none".
	Mode string
	// RcManager is how /etc/resolv.conf is written: "unmanaged" and "immutable" for not at all.
	RcManager string
}

// managerFolder has NetworkManager's own resolv.conf, which it writes also where it leaves that of /etc alone.
const managerFolder = "/run/NetworkManager/"

// resolvedFolder has what systemd-resolved writes for programs.
const resolvedFolder = "/run/systemd/resolve/"

// leadsTo is who would write the file that a symbolic link leads to; empty if that is not known. They make it when they start.
func leadsTo(path string) Backend {
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

// writes is true if it keeps the file at a path up to date.
func (m ManagerFacts) writes(path string) bool {
	switch {
	case m.Mode == "none":
		return false
	case m.RcManager == "unmanaged", m.RcManager == "immutable":
		return strings.HasPrefix(path, managerFolder)
	}
	return true
}

// hint is who seems to keep the name servers by what is in the file, running or not; empty if the file is all there is.
func (f Facts) hint() Backend {
	conf := ReadConf(f.Text)
	switch {
	case toStub(conf):
		return Resolved
	case writer(conf) == string(NetworkManager):
		return NetworkManager
	}
	return ""
}

// toStub is true if programs ask systemd-resolved and nobody else.
func toStub(conf Conf) bool {
	return len(conf.Servers) > 0 && !slices.ContainsFunc(conf.Servers, func(a netip.Addr) bool { return !slices.Contains(stub, a) })
}

// Detect finds out who keeps the name servers. What programs read decides, not what happens to run.
func Detect(f Facts) (Backend, string) {
	conf := ReadConf(f.Text)
	runs := func(name string) bool { _, has := f.Bus[name]; return has }
	switch {
	case toStub(conf) && runs(resolvedName):
		return Resolved, f.Path + " leads to systemd-resolved"
	case toStub(conf):
		return File, f.Path + " leads to systemd-resolved, which does not run or does not answer"
	case writer(conf) == string(NetworkManager) && runs(managerName) && !f.Manager.writes(f.Path):
		return File, f.Path + ", which NetworkManager has written once and leaves alone now"
	case writer(conf) == string(NetworkManager) && runs(managerName):
		return NetworkManager, "NetworkManager writes " + f.Path
	case writer(conf) != "":
		return File, f.Path + ", written by " + writer(conf)
	}
	return File, f.Path + " is kept by nobody in particular"
}

// writers are programs as they name themselves in the head of the file, as that is to be looked for, and as they are called.
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
	// What ConnMan writes itself.
	{"Connection Manager", "ConnMan"},
	{"Docker", "Docker"},
	{"openvpn", "OpenVPN"},
	{"wg-quick", "wg-quick"},
}

// writer is the program that says in the file that it has written it; empty if none does.
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
