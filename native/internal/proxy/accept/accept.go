// Package accept accepts the connections of one local user, within limits. The SOCKS and HTTP proxies share it.
package accept

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sag.software/native/internal/panics"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/proxy/relay"
	"sag.software/native/internal/sampled"
)

const (
	// Limit is how many clients are served at a time.
	Limit = 1024
	// refusalLimit is how many refused clients get an answer at a time. Others are closed without one.
	refusalLimit = 64
	// pause follows a failed accept: the process is most likely out of file descriptors, and retrying at once would
	// busy-loop.
	pause = 50 * time.Millisecond
)

// Refusal is why a client is not served.
type Refusal int

const (
	// Foreign is for a client of another local user, or one whose user cannot be determined.
	Foreign Refusal = iota
	// Crowded is for a client beyond Limit.
	Crowded
)

// Handler serves one protocol. Each call has its own goroutine; the connection is closed when it returns.
type Handler interface {
	Serve(net.Conn)
	Refuse(net.Conn, Refusal)
}

// Server accepts clients and passes them to a Handler.
type Server struct {
	client  string
	guard   peercred.Guard
	logger  *slog.Logger
	handler Handler
	// refusing counts the refused clients that are being answered.
	refusing         atomic.Int32
	foreign, crowded sampled.Log

	mu        sync.Mutex
	conns     map[net.Conn]struct{}
	listeners []net.Listener
	closed    bool
}

// New returns a server. client is the name of a client in log lines, such as "a SOCKS client".
func New(client string, guard peercred.Guard, logger *slog.Logger, handler Handler) *Server {
	s := &Server{client: client, guard: guard, logger: logger, handler: handler, conns: map[net.Conn]struct{}{}}
	s.foreign.Logger, s.crowded.Logger = logger, logger
	return s
}

// Serve accepts clients until Close, or until the listener is closed.
func (s *Server) Serve(listener net.Listener) {
	s.mu.Lock()
	s.listeners = append(s.listeners, listener)
	if s.closed {
		_ = listener.Close()
	}
	s.mu.Unlock()
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.logger.Warn("failed to accept a client", "error", err)
			time.Sleep(pause)
			continue
		}
		s.admit(conn)
	}
}

func (s *Server) admit(conn net.Conn) {
	// The owner is checked before a slot is taken, so that other users cannot use up this user's slots.
	if !s.guard.TCP(addrPort(conn.RemoteAddr()), addrPort(conn.LocalAddr())) {
		s.foreign.Warn(s.client+" of another or unknown user was refused", "client", conn.RemoteAddr())
		s.refuse(conn, Foreign)
		return
	}
	switch full, ok := s.add(conn); {
	case full:
		s.crowded.Warn(s.client+" was refused: too many connections", "limit", Limit)
		s.refuse(conn, Crowded)
	case !ok:
		_ = conn.Close()
	default:
		go func() {
			defer s.remove(conn)
			defer panics.Log(s.logger, s.client)
			s.handler.Serve(conn)
		}()
	}
}

// add registers a connection. It returns !ok if the server is full or closed.
func (s *Server) add(conn net.Conn) (full, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= Limit {
		return !s.closed, false
	}
	s.conns[conn] = struct{}{}
	return false, true
}

func (s *Server) remove(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

func (s *Server) refuse(conn net.Conn, why Refusal) {
	if s.refusing.Add(1) > refusalLimit {
		s.refusing.Add(-1)
		_ = conn.Close()
		return
	}
	go func() {
		defer s.refusing.Add(-1)
		defer conn.Close()
		defer panics.Log(s.logger, s.client)
		s.handler.Refuse(conn, why)
	}()
}

// Clients returns the number of connections being served.
func (s *Server) Clients() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Close closes the listeners and resets all clients, so that they do not take truncated data for complete.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, listener := range s.listeners {
		_ = listener.Close()
	}
	for conn := range s.conns {
		relay.Reset(conn)
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return tcp.AddrPort()
}
