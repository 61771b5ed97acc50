package kernel

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/accesspoint/kernel/neighbour"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/link"
	"sag.software/native/internal/mtu"
)

const (
	// addrGenNone is IN6_ADDR_GEN_MODE_NONE.
	addrGenNone = 1
	// devicePrefix is the prefix of access points' device names.
	devicePrefix = "sag-ap"
)

type linuxPlatform struct {
	name       string
	tun        *link.Device
	index      int
	firewall   firewall
	forwarding forwarding
	responders []*neighbour.Responder
	hook       string
	nat        bool
	logger     *slog.Logger
}

// Open makes the device and prepares the host. The changes disappear with the process, except that a killed process leaves
// forwarding and the firewall table behind. A later process with the same journal restores them when it ends.
func Open(config Config) (*Kernel, error) {
	k := &Kernel{config: config}
	g, err := prepare(k)
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			err = fmt.Errorf("%w: %w", ErrPrivilege, err)
		}
		return nil, errors.Join(err, g.close())
	}
	k.platform = g
	k.start()
	return k, nil
}

func prepare(k *Kernel) (*linuxPlatform, error) {
	config := k.config
	g := &linuxPlatform{hook: config.Route, nat: config.Mode == NAT, logger: config.Logger}
	name, err := freeName()
	if err != nil {
		return g, err
	}
	g.name = name
	if g.tun, err = link.Open(name, mtu.Ceiling); err != nil {
		return g, fmt.Errorf("a TUN device: %w", err)
	}
	k.rules = newRules(config)
	if err := g.up(name); err != nil {
		return g, fmt.Errorf("%s: %w", name, err)
	}
	if g.forwarding, err = switchOn(config.Journal); err != nil {
		return g, fmt.Errorf("forwarding: %w", err)
	}
	if g.firewall, err = protect(name, config, g.forwarding.changes); err != nil {
		return g, fmt.Errorf("nftables: %w", err)
	}
	if config.Mode != Routed {
		return g, nil
	}
	names, err := lans(config.Links, name)
	if err != nil {
		return g, err
	}
	for _, lan := range names {
		r, err := neighbour.Open(lan, k.displaced, config.Logger)
		if err != nil {
			return g, err
		}
		g.responders = append(g.responders, r)
	}
	return g, nil
}

// freeName returns the first unused name with devicePrefix, because several access points may share a host.
func freeName() (string, error) {
	for i := range 100 {
		name := devicePrefix + strconv.Itoa(i)
		if _, err := net.InterfaceByName(name); err != nil {
			return name, nil
		}
	}
	return "", errors.New("no name is left for a TUN device")
}

func (g *linuxPlatform) up(name string) error {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	g.index = l.Attrs().Index
	// The device needs no link-local address. The call fails where IPv6 is off, which does not matter.
	_ = netlink.LinkSetIP6AddrGenMode(l, addrGenNone)
	return netlink.LinkSetUp(l)
}

func (g *linuxPlatform) device() datapath.Device { return g.tun }

// route leads to a client. Its MTU is locked, because IPv6 honours only a locked one when it forwards (ip6_dst_mtu_maybe_forward).
func (g *linuxPlatform) route(address netip.Addr, mtu int) *netlink.Route {
	bits := address.BitLen()
	r := &netlink.Route{
		LinkIndex: g.index, Protocol: unix.RTPROT_STATIC, MTU: mtu, MTULock: mtu > 0,
		Dst: &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(bits, bits)},
	}
	if address.Is4() {
		r.Scope = unix.RT_SCOPE_LINK
	}
	return r
}

func (g *linuxPlatform) advertise(address netip.Addr, client presence) error {
	if err := g.setMTU(address, client.MTU); err != nil {
		return err
	}
	for _, r := range g.responders {
		r.Claim(address, client.Generation)
	}
	g.runRouteProgram("add", address)
	return nil
}

func (g *linuxPlatform) setMTU(address netip.Addr, mtu int) error {
	return netlink.RouteReplace(g.route(address, mtu))
}

func (g *linuxPlatform) withdraw(address netip.Addr) error {
	for _, r := range g.responders {
		r.Release(address)
	}
	g.runRouteProgram("remove", address)
	if g.nat { // the client that gets the address next must not inherit its translations
		g.forgetConnections(address)
	}
	if err := netlink.RouteDel(g.route(address, 0)); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

func (g *linuxPlatform) forgetConnections(address netip.Addr) {
	family := netlink.InetFamily(unix.AF_INET)
	if address.Is6() {
		family = unix.AF_INET6
	}
	filter := &netlink.ConntrackFilter{}
	_ = filter.AddIP(netlink.ConntrackOrigSrcIP, address.AsSlice()) // never fails for the first address
	if _, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, family, filter); err != nil {
		g.logger.Warn("could not remove the NAT entries of a client that has left", "address", address, "error", err)
	}
}

// runRouteProgram runs the operator's program, without a shell. Its path is a command-line option.
func (g *linuxPlatform) runRouteProgram(what string, address netip.Addr) {
	if g.hook == "" {
		return
	}
	if out, err := exec.Command(g.hook, what, address.String()).CombinedOutput(); err != nil {
		g.logger.Error("the program for routes failed", "program", g.hook, "error", err, "output", string(out))
	}
}

func (g *linuxPlatform) close() error {
	for _, r := range g.responders {
		r.Close()
	}
	err := g.forwarding.restore(g.name)
	if g.firewall != "" {
		err = errors.Join(err, g.firewall.close())
	}
	if g.tun != nil {
		_ = g.tun.Close() // mostly closed by WireGuard already
	}
	return err
}

// lans returns the networks on which the access point answers for clients.
func lans(named []string, own string) ([]string, error) {
	if len(named) > 0 {
		return named, nil
	}
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	outside, err := wayOut()
	if err != nil {
		return nil, err
	}
	var inside, all []string
	for _, l := range links {
		a := l.Attrs()
		if a.Name == own || a.Flags&net.FlagUp == 0 || a.Flags&net.FlagBroadcast == 0 || len(a.HardwareAddr) != 6 || a.MasterIndex != 0 {
			continue
		}
		all = append(all, a.Name)
		if !outside[a.Index] {
			inside = append(inside, a.Name)
		}
	}
	switch {
	case len(inside) > 0:
		return inside, nil
	case len(all) > 0:
		return all, nil
	}
	return nil, errors.New("there is no network on which clients could be answered for; name one by --link")
}

// wayOut returns the links with an IPv4 default route, by index.
func wayOut() (map[int]bool, error) {
	outside := map[int]bool{}
	routes, err := netlink.RouteList(nil, unix.AF_INET)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, err
	}
	for _, r := range routes {
		if r.Dst == nil || r.Dst.IP.IsUnspecified() {
			outside[r.LinkIndex] = true
		}
	}
	return outside, nil
}
