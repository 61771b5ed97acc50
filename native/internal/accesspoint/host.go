package accesspoint

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sag.software/native/internal/accesspoint/policy"
)

// hostAge is how long the list of the host's addresses is cached. It may be out of date, because forward.Forwarder also checks
// the local address of each connection.
const hostAge = 5 * time.Second

// lookupLimit is how long a service's name may take to resolve. A name that takes longer is tried again at the next refresh.
const lookupLimit = 5 * time.Second

// HostWatch caches the addresses and services that clients must not reach, so that not every flow needs a system call.
type HostWatch struct {
	mu       sync.Mutex
	at       time.Time
	known    policy.Host
	services []string // HOST:PORT, not resolved yet
}

// NewHostWatch watches this host's addresses and the named services, HOST:PORT each.
func NewHostWatch(services ...string) *HostWatch {
	h := &HostWatch{services: services}
	h.Host() // starts resolving the services
	return h
}

// Host returns the current addresses and services.
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

// resolve resolves services in the background, because it may take long. Names that fail are tried again at the next refresh.
func (h *HostWatch) resolve(services []string) {
	var found []netip.AddrPort
	var failed []string
	for _, service := range services {
		addresses := resolve(service, net.DefaultResolver.LookupHost)
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

// resolve returns the addresses of a service, HOST:PORT; nil if its name cannot be resolved in time.
func resolve(hostPort string, lookup func(context.Context, string) ([]string, error)) []netip.AddrPort {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupLimit)
	defer cancel()
	ips, err := lookup(ctx, host)
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
