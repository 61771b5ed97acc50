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

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/userspace/httpproxy"
	"sag.software/native/internal/userspace/inside"
	"sag.software/native/internal/userspace/owner"
	"sag.software/native/internal/userspace/pac"
	"sag.software/native/internal/userspace/socks"
)

// maxPAC bounds the PAC file of all intranets, bytes.
const maxPAC = 1 << 20

// anyLoopback is where a proxy listens when nothing is asked for.
const anyLoopback = "127.0.0.1:0"

// proxies are the listeners of one intranet.
type proxies struct {
	socksAt, httpAt       net.Listener
	socks                 *socks.Server
	http                  *httpproxy.Server
	askedSocks, askedHTTP string
}

// openProxies listens; now tells what holds whenever a client asks for something. dir is the intranet's runtime directory.
func openProxies(socksListen, httpListen, dir string, now func() inside.Current, table owner.Table, logger *slog.Logger) (*proxies, error) {
	p := &proxies{askedSocks: socksListen, askedHTTP: httpListen}
	var err error
	if p.socksAt, err = listen("socks_listen", socksListen); err != nil {
		return nil, err
	}
	if p.httpAt, err = listen("http_listen", httpListen); err != nil {
		_ = p.socksAt.Close()
		return nil, err
	}
	dialer := inside.NewDialer(now)
	guard := owner.Guard{Table: table, UID: uint32(os.Geteuid())}
	p.socks = &socks.Server{Dialer: dialer, Guard: guard, Logger: logger}
	p.http = httpproxy.New(dialer, guard, logger, func() string {
		return pac.Write(now().Rule, at(p.httpAt), at(p.socksAt))
	}, func() string { return allPAC(dir) })
	go p.socks.Serve(p.socksAt)
	go p.http.Serve(p.httpAt)
	return p, nil
}

// allPAC is the file that core writes beside the directories of all intranets, as only core knows all of them.
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

// serves says whether these listeners are what is asked for.
func (p *proxies) serves(socksListen, httpListen string) bool {
	same := func(asked, before string, l net.Listener) bool {
		return asked == "" || asked == before || asked == l.Addr().String()
	}
	return same(socksListen, p.askedSocks, p.socksAt) && same(httpListen, p.askedHTTP, p.httpAt)
}

func (p *proxies) close() {
	_, _ = p.socksAt.Close(), p.httpAt.Close()
	p.socks.Close()
	p.http.Close()
}

func (p *proxies) state() *tunnelv1.ProxyState {
	return &tunnelv1.ProxyState{
		Socks: p.socksAt.Addr().String(), Http: p.httpAt.Addr().String(),
		Pac: "http://" + p.httpAt.Addr().String() + "/proxy.pac",
	}
}

func at(l net.Listener) netip.AddrPort { return l.Addr().(*net.TCPAddr).AddrPort() }

// listen takes loopback only: whatever else can reach the proxy is somebody else.
func listen(field, address string) (net.Listener, error) {
	if address == "" {
		address = anyLoopback
	}
	invalid := func(text string) error {
		f := failure.Of(typesv1.Cause_CAUSE_INVALID_ARGUMENT, "%s", text)
		f.Field = "proxy." + field
		return &failure.Error{Failure: f}
	}
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, invalid("not an ADDRESS:PORT")
	}
	if !parsed.Addr().IsLoopback() || parsed.Addr().Zone() != "" {
		return nil, invalid("a proxy listens on loopback only")
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(parsed))
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &failure.Error{Failure: failure.Of(typesv1.Cause_CAUSE_PORT_IN_USE, "%s is in use by another program", address), Under: err}
	case errors.Is(err, syscall.EACCES):
		return nil, &failure.Error{Failure: failure.Of(typesv1.Cause_CAUSE_NOT_PERMITTED, "this user may not listen on %s", address), Under: err}
	default:
		return nil, invalid(err.Error())
	}
}
