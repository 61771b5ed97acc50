package hostnet

import (
	"bufio"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// leases are the files in which common DHCP clients store the address of the DHCP server.
var leases = []string{
	"/run/systemd/netif/leases/*",
	"/run/NetworkManager/devices/*",
	"/var/lib/NetworkManager/internal-*.lease",
	"/var/lib/dhcp/dhclient*.leases",
	"/var/lib/dhclient/dhclient*.leases",
}

var serverLine = regexp.MustCompile(`(?m)^\s*(?:SERVER_ADDRESS=|dhcp-server-identifier=|option dhcp-server-identifier )([0-9.]+);?\s*$`)

// maxLease is the maximum size of such a file, bytes.
const maxLease = 1 << 20

func dhcpServers() []netip.Addr {
	var all []netip.Addr
	for _, pattern := range leases {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			info, err := os.Stat(path)
			if err != nil || !info.Mode().IsRegular() || info.Size() > maxLease {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				continue
			}
			for _, match := range serverLine.FindAllSubmatch(text, -1) {
				if a, err := netip.ParseAddr(string(match[1])); err == nil && !slices.Contains(all, a) {
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// resolvers returns the host's own name servers, including those behind systemd-resolved, which are in a separate file.
func resolvers() []netip.Addr {
	var all []netip.Addr
	for _, path := range []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"} {
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			fields := strings.Fields(lines.Text())
			if len(fields) < 2 || fields[0] != "nameserver" {
				continue
			}
			if a, err := netip.ParseAddr(fields[1]); err == nil && !a.IsLoopback() && !slices.Contains(all, a.WithZone("")) {
				all = append(all, a.WithZone(""))
			}
		}
		_ = file.Close()
	}
	return all
}
