package accesspoint

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sag.software/native/internal/accesspoint/policy"
)

// hostAge is how long what is known of the host's addresses is good. The address that a connection really took is
// checked as well (forward.Forwarder), so this may lag.
const hostAge = 5 * time.Second

// HostWatch knows what must not be reached, without asking the kernel for every flow.
type HostWatch struct {
	mu       sync.Mutex
	at       time.Time
	known    policy.Host
	services []string // HOST:PORT, not resolved yet
}

// NewHostWatch watches this host and the named services, HOST:PORT each.
func NewHostWatch(services ...string) *HostWatch {
	h := &HostWatch{services: services}
	h.Host() // begins to look names up
	return h
}

// Host is what is known now.
func (h *HostWatch) Host() policy.Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.at) >= hostAge {
		h.at = time.Now()
		h.known.Interfaces = interfaces()
		if len(h.services) > 0 {
			go h.resolve(h.services)
			h.services = nil
		}
	}
	return h.known
}

// resolve looks names up beside the flows: it may take long. What fails is tried again.
func (h *HostWatch) resolve(services []string) {
	var found []netip.AddrPort
	var failed []string
	for _, service := range services {
		addresses := resolve(service)
		if addresses == nil {
			failed = append(failed, service)
		}
		found = append(found, addresses...)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known.Services = slices.Concat(h.known.Services, found)
	h.services = append(h.services, failed...)
}

func resolve(hostPort string) []netip.AddrPort {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return nil
	}
	ips, err := net.LookupHost(host)
	if err != nil {
		return nil
	}
	var addresses []netip.AddrPort
	for _, ip := range ips {
		if address, err := netip.ParseAddr(ip); err == nil {
			addresses = append(addresses, netip.AddrPortFrom(address.Unmap(), uint16(number)))
		}
	}
	return addresses
}

func interfaces() []netip.Prefix {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var prefixes []netip.Prefix
	for _, address := range addresses {
		network, ok := address.(*net.IPNet)
		if !ok {
			continue
		}
		ip, _ := netip.AddrFromSlice(network.IP)
		bits, _ := network.Mask.Size()
		prefixes = append(prefixes, netip.PrefixFrom(ip.Unmap(), bits))
	}
	return prefixes
}
