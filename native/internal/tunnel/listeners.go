package tunnel

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/httpproxy"
	"sag.software/native/internal/proxy/pac"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/proxy/socks"
)

// maxPAC bounds the PAC file that covers all intranets, bytes.
const maxPAC = 1 << 20

// anyLoopback is where a proxy listens unless the caller sets an address.
const anyLoopback = "127.0.0.1:0"

type listeners struct {
	socksAt, httpAt net.Listener
	socks           *socks.Server
	http            *httpproxy.Server
	options         ProxyOptions
}

// openListeners opens the listeners. now returns the policy and network for each new connection; dir is the intranet's
// runtime directory.
func openListeners(options ProxyOptions, dir string, now func() dialer.Intranet, table peercred.Table, logger *slog.Logger) (*listeners, error) {
	p := &listeners{options: options}
	var err error
	if p.socksAt, err = listen("socks_listen", options.Socks); err != nil {
		return nil, err
	}
	if p.httpAt, err = listen("http_listen", options.HTTP); err != nil {
		_ = p.socksAt.Close()
		return nil, err
	}
	dialer := dialer.NewDialer(now, dns.Search)
	guard := peercred.Guard{Table: table, UID: uint32(os.Geteuid())}
	p.socks = socks.New(dialer, guard, logger)
	p.http = httpproxy.New(dialer, guard, logger, func() string {
		return pac.Write(now().Policy, at(p.httpAt), at(p.socksAt))
	}, func() string { return allPAC(dir) })
	go p.socks.Serve(p.socksAt)
	go p.http.Serve(p.httpAt)
	return p, nil
}

// allPAC reads the PAC file that core writes beside the intranets' directories, because only core has the list of all
// intranets.
func allPAC(dir string) string {
	file, err := os.Open(filepath.Join(filepath.Dir(dir), "all.pac"))
	if err != nil {
		return ""
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxPAC))
	if err != nil {
		return ""
	}
	return string(text)
}

// serves reports whether these listeners match the requested addresses.
func (p *listeners) serves(options ProxyOptions) bool {
	same := func(address, former string, l net.Listener) bool {
		return address == "" || address == former || address == l.Addr().String()
	}
	return same(options.Socks.Address, p.options.Socks.Address, p.socksAt) && same(options.HTTP.Address, p.options.HTTP.Address, p.httpAt)
}

func (p *listeners) close() {
	_, _ = p.socksAt.Close(), p.httpAt.Close()
	p.socks.Close()
	p.http.Close()
}

func (p *listeners) state() *ProxyState {
	return &ProxyState{
		Socks: p.socksAt.Addr().String(), HTTP: p.httpAt.Addr().String(),
		PAC: "http://" + p.httpAt.Addr().String() + "/proxy.pac",
	}
}

func at(l net.Listener) netip.AddrPort { return l.Addr().(*net.TCPAddr).AddrPort() }

// listen listens at an address or, where it is only preferred and not available, at any free port.
func listen(field string, where ListenAddress) (net.Listener, error) {
	l, err := listenExactly(field, where.Address)
	if err != nil && where.Preferred {
		return listenExactly(field, anyLoopback)
	}
	return l, err
}

// listenExactly accepts loopback addresses only: other hosts must not reach the proxy.
func listenExactly(field, address string) (net.Listener, error) {
	if address == "" {
		address = anyLoopback
	}
	failed := func(cause failure.Cause, m msg.Message, under error) error {
		f := failure.Of(cause, m)
		f.Field = "proxy." + field
		return &failure.Error{Failure: f, Under: under}
	}
	invalid := func(m msg.Message) error { return failed(failure.InvalidArgument, m, nil) }
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, invalid(msg.ListenAddressInvalid())
	}
	if !parsed.Addr().IsLoopback() || parsed.Addr().Zone() != "" {
		return nil, invalid(msg.ListenLoopbackOnly())
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(parsed))
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, failed(failure.PortInUse, msg.ListenInUse(address), err)
	case errors.Is(err, syscall.EACCES):
		return nil, failed(failure.NotPermitted, msg.ListenNotPermitted(address), err)
	default:
		return nil, invalid(msg.Of(err))
	}
}
