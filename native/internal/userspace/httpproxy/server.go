// Package httpproxy is an HTTP proxy on loopback: absolute-form requests and CONNECT, and the PAC file that points to it.
package httpproxy

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"sag.software/native/internal/userspace/inside"
	"sag.software/native/internal/userspace/owner"
	"sag.software/native/internal/userspace/pac"
)

const (
	headerLimit       = 10 * time.Second
	maxHeaderBytes    = 64 << 10
	idleLimit         = 2 * time.Minute
	idleUpstream      = 30 * time.Second
	idleUpstreamCount = 32
	copyBuffer        = 32 << 10
	pacPath           = "/proxy.pac"
	allPath           = "/all.pac"
)

// Server serves one listener.
type Server struct {
	dialer    *inside.Dialer
	guard     owner.Guard
	logger    *slog.Logger
	pac, all  func() string
	transport *http.Transport
	forward   *httputil.ReverseProxy
	http      *http.Server
	tunnels   tunnels
}

// New makes a server; pacFile writes the PAC file as it is now, allFile the one of all intranets of this user, "" if there
// is none.
func New(dialer *inside.Dialer, guard owner.Guard, logger *slog.Logger, pacFile, allFile func() string) *Server {
	s := &Server{dialer: dialer, guard: guard, logger: logger, pac: pacFile, all: allFile}
	s.transport = &http.Transport{
		DialContext:         s.dial,
		DisableCompression:  true, // the client's own wish about encodings is passed on
		MaxIdleConns:        idleUpstreamCount,
		IdleConnTimeout:     idleUpstream,
		MaxIdleConnsPerHost: 4,
		ReadBufferSize:      copyBuffer,
	}
	s.forward = &httputil.ReverseProxy{
		Rewrite:       rewrite,
		Transport:     s.transport,
		FlushInterval: -1,
		BufferPool:    &buffers{},
		ErrorHandler:  s.failed,
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerLimit,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    maxHeaderBytes,
		// "OPTIONS *" is nobody's business but ServeHTTP's, which asks first whose it is.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0), // what clients do wrong is answered, not logged
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, &admission{conn: conn})
		},
	}
	return s
}

type connKey struct{}

// admission asks once per connection whose it is.
type admission struct {
	conn  net.Conn
	asked sync.Once
	ok    bool
}

// Serve accepts clients until Close.
func (s *Server) Serve(listener net.Listener) {
	if err := s.http.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		s.logger.Warn("the HTTP proxy ended", "error", err)
	}
}

// Close ends all clients.
func (s *Server) Close() {
	_ = s.http.Close()
	s.tunnels.close()
	s.transport.CloseIdleConnections()
}

// Forget drops idle connections to destinations: they lead where the tunnel no longer does.
func (s *Server) Forget() { s.transport.CloseIdleConnections() }

func (s *Server) admitted(r *http.Request) bool {
	a, ok := r.Context().Value(connKey{}).(*admission)
	if !ok {
		return false
	}
	a.asked.Do(func() { a.ok = s.guard.TCP(addrPort(a.conn.RemoteAddr()), addrPort(a.conn.LocalAddr())) })
	return a.ok
}

// ServeHTTP takes absolute-form and CONNECT requests, and the PAC file's own; everything else is a 400.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !s.admitted(r):
		s.logger.Warn("a client of another user, or of nobody, was refused", "client", r.RemoteAddr)
		answer(w, http.StatusForbidden, "not_permitted: this proxy belongs to another user")
	case r.Method == http.MethodConnect:
		s.connect(w, r)
	case r.URL.IsAbs():
		s.absolute(w, r)
	case r.URL.Path == pacPath && isRead(r):
		s.servePAC(w, s.pac())
	case r.URL.Path == allPath && isRead(r):
		if file := s.all(); file != "" {
			s.servePAC(w, file)
		} else {
			answer(w, http.StatusNotFound, "not_found: there is no PAC file for all intranets")
		}
	default:
		answer(w, http.StatusBadRequest, "this is a proxy: it takes absolute-form requests and CONNECT")
	}
}

func isRead(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && loopbackHost(r.Host)
}

func (s *Server) servePAC(w http.ResponseWriter, file string) {
	w.Header().Set("Content-Type", pac.ContentType)
	w.Header().Set("Cache-Control", "no-cache")
	// No web page may load it as a script, and so learn the intranet's names.
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = io.WriteString(w, file)
}

// loopbackHost says whether a Host header is an address of loopback: a name would be somebody's trick.
func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

func (s *Server) absolute(w http.ResponseWriter, r *http.Request) {
	if r.URL.Scheme != "http" || r.URL.Hostname() == "" {
		answer(w, http.StatusBadRequest, "only http:// can be fetched here; use CONNECT for the rest")
		return
	}
	s.forward.ServeHTTP(w, r)
}

// rewrite passes a request on as it is, but for what belongs to this hop, which ReverseProxy has removed already.
func rewrite(p *httputil.ProxyRequest) {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := p.In.Header[name]; ok {
			p.Out.Header[name] = values
		}
	}
	if _, ok := p.In.Header["User-Agent"]; !ok {
		p.Out.Header.Set("User-Agent", "") // or Go would add its own
	}
	p.Out.Host = p.In.Host
}

func (s *Server) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := splitHostPort(address)
	if err != nil {
		return nil, err
	}
	return s.dialer.Dial(ctx, host, port)
}

func splitHostPort(address string) (string, uint16, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 || host == "" {
		return "", 0, errors.New("not HOST:PORT")
	}
	return host, uint16(port), nil
}

func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return tcp.AddrPort()
}

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if kept, ok := b.pool.Get().(*[]byte); ok {
		return *kept
	}
	return make([]byte, copyBuffer)
}

func (b *buffers) Put(buffer []byte) { b.pool.Put(&buffer) }
