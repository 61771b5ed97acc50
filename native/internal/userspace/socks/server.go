package socks

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/userspace/inside"
	"sag.software/native/internal/userspace/owner"
	"sag.software/native/internal/userspace/relay"
)

const (
	// handshakeLimit is how long a client may take to say what it wants.
	handshakeLimit = 10 * time.Second
	// connectionLimit is how many clients are served at a time.
	connectionLimit = 1024
)

// Server serves one listener.
type Server struct {
	Dialer *inside.Dialer
	Guard  owner.Guard
	Logger *slog.Logger

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// Serve accepts clients until the listener is closed.
func (s *Server) Serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.Logger.Warn("no client could be accepted", "error", err)
			time.Sleep(50 * time.Millisecond) // out of descriptors, most likely: some are given back by and by
			continue
		}
		if !s.add(conn) {
			_ = conn.Close()
			continue
		}
		go func() {
			defer s.remove(conn)
			s.serve(conn)
		}()
	}
}

func (s *Server) add(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= connectionLimit {
		return false
	}
	if s.conns == nil {
		s.conns = map[net.Conn]struct{}{}
	}
	s.conns[conn] = struct{}{}
	return true
}

func (s *Server) remove(conn net.Conn) {
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
	_ = conn.Close()
}

// Close ends all clients.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for conn := range s.conns {
		_ = conn.Close()
	}
}

func (s *Server) serve(conn net.Conn) {
	if !s.Guard.TCP(addrPort(conn.RemoteAddr()), addrPort(conn.LocalAddr())) {
		s.Logger.Warn("a client of another user, or of nobody, was refused", "client", conn.RemoteAddr())
		s.refuse(conn)
		return
	}
	_ = conn.SetDeadline(time.Now().Add(handshakeLimit))
	if err := readGreeting(conn); err != nil {
		if errors.Is(err, errMethod) {
			_, _ = conn.Write([]byte{version5, methodNoGood})
		}
		return
	}
	if _, err := conn.Write([]byte{version5, methodNone}); err != nil {
		return
	}
	request, err := readRequest(conn)
	if err != nil {
		switch {
		case errors.Is(err, errAddressType):
			s.reply(conn, BadAddressType, netip.AddrPort{})
		case errors.Is(err, errCommand):
			s.reply(conn, BadCommand, netip.AddrPort{})
		}
		return
	}
	_ = conn.SetDeadline(time.Time{})
	if request.Command == UDPAssociate {
		s.associate(conn)
		return
	}
	s.connect(conn, request)
}

// refuse answers a greeting that has not been read: "no acceptable method" is all that SOCKS can say before a request.
func (s *Server) refuse(conn net.Conn) {
	_, _ = conn.Write([]byte{version5, methodNoGood})
	if half, ok := conn.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}

func (s *Server) reply(conn net.Conn, reply Reply, bound netip.AddrPort) bool {
	_, err := conn.Write(appendReply(nil, reply, bound))
	return err == nil
}

func (s *Server) connect(conn net.Conn, request Request) {
	target, err := s.Dialer.Dial(context.Background(), request.Host, request.Port)
	if err != nil {
		s.Logger.Debug("a destination could not be reached", "host", request.Host, "port", request.Port, "error", err)
		s.reply(conn, replyTo(err), netip.AddrPort{})
		return
	}
	if !s.reply(conn, Succeeded, addrPort(target.LocalAddr())) {
		_ = target.Close()
		return
	}
	relay.Both(conn, target)
}

// replyTo tells a failure in SOCKS' words.
func replyTo(err error) Reply {
	switch failure.Cause(err) {
	case typesv1.Cause_CAUSE_TARGET_REFUSED:
		return Refused
	case typesv1.Cause_CAUSE_TARGET_UNREACHABLE, typesv1.Cause_CAUSE_NAME_NOT_FOUND, typesv1.Cause_CAUSE_DNS_UNAVAILABLE:
		return HostUnreachable
	case typesv1.Cause_CAUSE_TARGET_TIMEOUT:
		return TTLExpired
	case typesv1.Cause_CAUSE_NOT_PERMITTED:
		return NotAllowed
	case typesv1.Cause_CAUSE_NOT_CONNECTED:
		return NetworkUnreachable
	default:
		return GeneralFailure
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.TCPAddr:
		return unmapped(a.AddrPort())
	case *net.UDPAddr:
		return unmapped(a.AddrPort())
	default:
		return netip.AddrPort{}
	}
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
