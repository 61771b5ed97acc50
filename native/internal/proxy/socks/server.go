package socks

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/proxy/accept"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/proxy/relay"
)

const (
	// handshakeLimit is how long a client may take to send its request.
	handshakeLimit = 10 * time.Second
	// refusalTime is how long a refused client has to read the reply, and refusalBytes how much it may send in that time.
	refusalTime  = time.Second
	refusalBytes = 4 << 10
)

// Server serves the SOCKS clients of one local user.
type Server struct {
	*accept.Server
	dialer *dialer.Dialer
	guard  peercred.Guard
	logger *slog.Logger
}

// New returns a server.
func New(dialer *dialer.Dialer, guard peercred.Guard, logger *slog.Logger) *Server {
	s := &Server{dialer: dialer, guard: guard, logger: logger}
	s.Server = accept.New("a SOCKS client", guard, logger, protocol{s})
	return s
}

// protocol keeps the methods of accept.Handler off the exported Server.
type protocol struct{ server *Server }

func (p protocol) Serve(conn net.Conn) { p.server.serve(conn) }

func (p protocol) Refuse(conn net.Conn, why accept.Refusal) {
	_ = conn.SetDeadline(time.Now().Add(refusalTime))
	if why == accept.Foreign {
		refuseForeign(conn)
	} else {
		p.server.refuseCrowded(conn)
	}
}

// refuseForeign answers with "no acceptable method", the only negative reply that SOCKS has before a request.
func refuseForeign(conn net.Conn) {
	_, _ = conn.Write([]byte{version5, methodNoGood})
	if half, ok := conn.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
	// A connection that is closed with unread data is reset, and the client would lose the reply.
	_, _ = io.CopyN(io.Discard, conn, refusalBytes)
}

// refuseCrowded answers the request with a general failure.
func (s *Server) refuseCrowded(conn net.Conn) {
	if readGreeting(conn) != nil {
		return
	}
	if _, err := conn.Write([]byte{version5, methodNone}); err != nil {
		return
	}
	if _, err := readRequest(conn); err == nil {
		s.reply(conn, GeneralFailure, netip.AddrPort{})
	}
}

func (s *Server) serve(conn net.Conn) {
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

func (s *Server) reply(conn net.Conn, reply Reply, bound netip.AddrPort) bool {
	_, err := conn.Write(appendReply(nil, reply, bound))
	return err == nil
}

func (s *Server) connect(conn net.Conn, request Request) {
	target, err := s.dialer.Dial(context.Background(), request.Host, request.Port)
	if err != nil {
		s.logger.Debug("a destination could not be reached", "host", request.Host, "port", request.Port, "error", err)
		s.reply(conn, replyTo(err), netip.AddrPort{})
		return
	}
	if !s.reply(conn, Succeeded, addrPort(target.LocalAddr())) {
		_ = target.Close()
		return
	}
	relay.Both(conn, target)
}

// replyTo returns the reply code for a failure.
func replyTo(err error) Reply {
	switch failure.CauseOf(err) {
	case failure.TargetRefused:
		return Refused
	case failure.TargetUnreachable, failure.NameNotFound, failure.DNSUnavailable:
		return HostUnreachable
	case failure.TargetTimeout:
		return TTLExpired
	case failure.NotPermitted, failure.TargetDenied:
		return NotAllowed
	case failure.NotConnected:
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
