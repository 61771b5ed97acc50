// Package httpproxy is an HTTP proxy on loopback: absolute-form requests, CONNECT, and the PAC file that points to it. It
// forwards messages unchanged and parses only their destination and length. Connections to servers are not shared between
// clients, because NTLM and Negotiate authenticate a connection and not a request.
package httpproxy

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/accept"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/pac"
	"sag.software/native/internal/proxy/peercred"
)

const (
	// headerLimit is how long a client may take to send a request's head.
	headerLimit = 10 * time.Second
	// idleLimit is how long a client's connection may be idle between requests.
	idleLimit  = 2 * time.Minute
	bufferSize = 32 << 10
	pacPath    = "/proxy.pac"
	allPath    = "/all.pac"
)

// Server serves the HTTP clients of one local user.
type Server struct {
	*accept.Server
	dialer   *dialer.Dialer
	logger   *slog.Logger
	pac, all func() string
	// stop cancels pending dials.
	ctx  context.Context
	stop context.CancelFunc
}

// New returns a server. pacFile returns the current PAC file, allFile the one for all intranets of this user, or "" if
// there is none.
func New(dialer *dialer.Dialer, guard peercred.Guard, logger *slog.Logger, pacFile, allFile func() string) *Server {
	s := &Server{dialer: dialer, logger: logger, pac: pacFile, all: allFile}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.Server = accept.New("an HTTP client", guard, logger, protocol{s})
	return s
}

// Close resets all clients and cancels their dials.
func (s *Server) Close() {
	s.stop()
	s.Server.Close()
}

// protocol keeps the methods of accept.Handler off the exported Server.
type protocol struct{ server *Server }

func (p protocol) Serve(conn net.Conn) {
	c := p.server.newClient(conn)
	defer c.dropUpstream()
	for c.serveOne() {
	}
}

func (p protocol) Refuse(conn net.Conn, why accept.Refusal) {
	c := p.server.newClient(conn)
	switch why {
	case accept.Foreign:
		c.refuse(http.StatusForbidden, failure.NotPermitted, msg.ProxyOfOtherUser())
	case accept.Crowded:
		c.answer(http.StatusServiceUnavailable, msg.ProxyTooManyConnections(strconv.Itoa(accept.Limit)))
	case accept.NoDescriptor:
		c.answer(http.StatusServiceUnavailable, msg.ProxyNoFiles())
	}
}

func (s *Server) newClient(conn net.Conn) *client {
	return &client{
		server: s, conn: conn,
		reader: bufio.NewReaderSize(conn, bufferSize), writer: bufio.NewWriterSize(conn, bufferSize),
	}
}

// serveOne serves one request and reports whether the connection stays open.
func (c *client) serveOne() bool {
	if !c.await() {
		return false
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(headerLimit))
	r, err := readRequest(c.reader)
	var wrong *badRequest
	if errors.As(err, &wrong) {
		c.answer(wrong.status, wrong.why)
	}
	if err != nil {
		return false
	}
	c.method = r.method
	_ = c.conn.SetReadDeadline(time.Time{})
	switch {
	case r.method == http.MethodConnect:
		c.connect(r)
	case !strings.HasPrefix(r.target, "/") && r.target != "*":
		return c.forward(r)
	default:
		c.own(r)
	}
	return false
}

// own answers requests to the proxy itself.
func (c *client) own(r *request) {
	path, _, _ := strings.Cut(r.target, "?")
	switch {
	case path == pacPath && isRead(r):
		c.servePAC(c.server.pac())
	case path == allPath && isRead(r):
		if file := c.server.all(); file != "" {
			c.servePAC(file)
		} else {
			c.refuse(http.StatusNotFound, failure.NotFound, msg.NoCommonPAC())
		}
	default:
		c.answer(http.StatusBadRequest, msg.HTTPNotAbsolute())
	}
}

func isRead(r *request) bool {
	if r.method != http.MethodGet && r.method != http.MethodHead {
		return false
	}
	hosts := 0
	for _, f := range r.fields {
		if f.is("Host") {
			if hosts++; !loopbackHost(f.value) {
				return false
			}
		}
	}
	return hosts == 1
}

// loopbackHost reports whether a Host field is a loopback address. Names are not accepted, because a web page could use one
// for DNS rebinding.
func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

func (c *client) servePAC(file string) {
	// Without this header a web page could load the file as a script and read the intranet's names.
	c.reply(http.StatusOK, "Content-Type: "+pac.ContentType+"\r\nCache-Control: no-cache\r\nCross-Origin-Resource-Policy: same-origin\r\n", file)
}
