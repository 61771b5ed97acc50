package killswitch

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/hostnet/permit"
)

// connect sends the first packet of a TCP connection without waiting for the reply.
func connect(t *testing.T, to netip.AddrPort, controls ...func(fd int)) {
	t.Helper()
	var address unix.Sockaddr
	family := unix.AF_INET
	if to.Addr().Is4() {
		address = &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}
	} else {
		family, address = unix.AF_INET6, &unix.SockaddrInet6{Addr: to.Addr().As16(), Port: int(to.Port())}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for _, control := range controls {
		control(fd)
	}
	_ = unix.Connect(fd, address) // only the packet matters, not the result
}

// An endpoint is permitted for its own protocol only, under the kill switch and under lockdown, for IPv4 and IPv6.
func TestEndpointsArePermittedByProtocol(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	tls := netip.MustParseAddrPort("203.0.113.8:443")
	tls6 := netip.MustParseAddrPort("[2001:db8:7::8]:443")
	s := spec()
	// More than maxDirect.
	for _, a := range []string{"203.0.113.11:443", "203.0.113.12:443", "203.0.113.13:443"} {
		s.Endpoints = append(s.Endpoints, permit.At(permit.TCP, netip.MustParseAddrPort(a)))
	}
	s.Endpoints = append(s.Endpoints, permit.At(permit.TCP, tls), permit.At(permit.TCP, tls6))
	// The cloud instance reached by UDP is within the intranet's prefixes, like the one reached by TCP.
	quic := netip.MustParseAddrPort("10.200.0.2:443")
	// Lockdown must also pass the marker packet of heard.
	s.Cloud = append(s.Cloud, permit.At(permit.UDP, quic), permit.At(permit.UDP, netip.MustParseAddrPort("198.51.100.99:9")))
	// Lockdown comes second, because it permits less and stays in force.
	for _, guard := range []struct {
		name  string
		force func() error
	}{
		{"kill switch", func() error { return System().Set(s) }},
		{"lockdown", func() error {
			return lockdown.System().Set(lockdown.Rules{Links: "sag", Endpoints: s.Endpoints, Cloud: s.Cloud})
		}},
	} {
		name := guard.name
		if err := guard.force(); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			to     netip.AddrPort
			tcp    bool
			how    []func(int)
			leaves bool
		}{
			{tls, true, []func(int){marked}, true},
			{tls, true, nil, false},
			{tls6, true, []func(int){marked}, true},
			{tls6, true, nil, false},
			{endpoint6, true, []func(int){marked}, name != "lockdown"}, // the kill switch contains prefixes and endpoints only
			{endpoint6, false, []func(int){marked}, true},
			{quic, false, nil, true},
			{netip.MustParseAddrPort("10.200.0.1:443"), true, nil, true},
		} {
			if c.tcp {
				connect(t, c.to, c.how...)
			} else {
				_ = send(t, c.to.Addr(), int(c.to.Port()), "x", c.how...)
			}
			if left := len(l.heard(c.to.Addr())) > 0; left != c.leaves {
				t.Errorf("%s: to %s, TCP %v, marked %v: left %v", name, c.to, c.tcp, c.how != nil, left)
			}
		}
	}
	_, err := System().Clear(s)
	_, failed := lockdown.System().Clear()
	if err != nil || failed != nil {
		t.Error(err, failed)
	}
}
