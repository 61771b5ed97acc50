// Package accept accepts the connections of one local user, within limits. The SOCKS and HTTP proxies share it.
package accept

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"sag.software/native/internal/panics"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/proxy/relay"
	"sag.software/native/internal/sampled"
)

const (
	// Limit is how many clients are served at a time.
	Limit = 1024
	// foreignLimit is how many refused clients of other users get an answer at a time. Others are closed without one.
	foreignLimit = 64
	// crowdedLimit is the same for clients of this user. Others wait until they can be refused.
	crowdedLimit = 256
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
	// NoDescriptor is for a client whose user could not be looked up, because there are too many open files.
	NoDescriptor
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
	// refusing has an element for each refused client of another user that is being answered, refusingOwn for those of this user.
	refusing, refusingOwn                 chan struct{}
	foreign, crowded, noFiles, unaccepted sampled.Log

	mu        sync.Mutex
	conns     map[net.Conn]struct{}
	listeners []net.Listener
	closed    bool
}

// New returns a server. client is the name of a client in log lines, such as "a SOCKS client".
func New(client string, guard peercred.Guard, logger *slog.Logger, handler Handler) *Server {
	s := &Server{
		client: client, guard: guard, logger: logger, handler: handler, conns: map[net.Conn]struct{}{},
		refusing: make(chan struct{}, foreignLimit), refusingOwn: make(chan struct{}, crowdedLimit),
	}
	for _, log := range []*sampled.Log{&s.foreign, &s.crowded, &s.noFiles, &s.unaccepted} {
		log.Logger = logger
	}
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
			s.unaccepted.Warn("failed to accept a client", "error", err)
			time.Sleep(pause)
			continue
		}
		s.admit(conn)
	}
}

func (s *Server) admit(conn net.Conn) {
	// The owner is checked before a slot is taken, so that other users cannot use up this user's slots.
	if !s.guard.TCP(conn) {
		s.foreign.Warn(s.client+" of another or unknown user was refused", "client", conn.RemoteAddr())
		s.refuse(conn, s.whyForeign(conn))
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

// whyForeign tells a client of another user from one whose user could not be looked up.
func (s *Server) whyForeign(conn net.Conn) Refusal {
	if !s.guard.Blind(conn) {
		return Foreign
	}
	s.noFiles.Warn(s.client+" was refused: too many open files", "client", conn.RemoteAddr())
	return NoDescriptor
}

// refuse answers a client in a goroutine. While too many of this user's clients are being refused, it blocks, so that each gets an answer;
// other users must not be able to make it block.
func (s *Server) refuse(conn net.Conn, why Refusal) {
	slots := s.refusing
	if why == Crowded {
		slots = s.refusingOwn
		slots <- struct{}{}
	} else {
		select {
		case slots <- struct{}{}:
		default:
			_ = conn.Close()
			return
		}
	}
	go func() {
		defer func() { <-slots }()
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
