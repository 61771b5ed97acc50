package accesspoint

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"sag.software/native/internal/accesspoint/policy"
)

// hostAge is how long what is known of the host's addresses is good. The address that a connection really took is
// checked as well (forward.Forwarder), so this may lag.
const hostAge = 5 * time.Second

// HostWatch knows what must not be reached, without asking the kernel for every flow.
type HostWatch struct {
	cloud string

	mu    sync.Mutex
	at    time.Time
	known policy.Host
}

// NewHostWatch watches this machine and a cloud instance, HOST:PORT.
func NewHostWatch(cloud string) *HostWatch { return &HostWatch{cloud: cloud} }

// Host is what is known now.
func (h *HostWatch) Host() policy.Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.at) < hostAge {
		return h.known
	}
	h.at = time.Now()
	h.known.Interfaces = interfaces()
	if h.known.Cloud == nil {
		go h.resolve()
	}
	return h.known
}

// resolve looks the cloud's name up beside the flows: it may take long.
func (h *HostWatch) resolve() {
	addresses := resolve(h.cloud)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known.Cloud = addresses
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
