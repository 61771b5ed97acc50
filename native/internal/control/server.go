// Package control is sag-tunnel's local RPC server: a Unix socket in a directory of one user. Only that user's processes may call
// it.
package control

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"connectrpc.com/connect"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/panics"
)

const (
	// SocketName is the socket's name in the runtime directory of an intranet.
	SocketName = "rpc.sock"
	// connectionLimit is the number of concurrent connections.
	connectionLimit = 64
	idleLimit       = time.Minute
	maxHeaderBytes  = 16 << 10
)

// headerLimit is the timeout for a request's headers. It is a variable for tests.
var headerLimit = 5 * time.Second

// ErrNotSupported means that there is no local RPC on this operating system yet.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedHere()}

// Server answers calls from one user's processes.
type Server struct {
	listener net.Listener
	http     *http.Server
	path     string
}

// Listen makes the socket in dir, to which other users must not have access. An older socket is replaced, so the caller must hold
// the directory's lock.
func Listen(dir string, handler http.Handler, logger *slog.Logger) (*Server, error) {
	path, listener, err := socketIn(dir)
	if err != nil {
		return nil, err
	}
	return newServer(path, newLimited(listener, connectionLimit), panics.Handler(owned(handler, uint32(os.Geteuid()), logger), logger)), nil
}

// socketIn makes the socket. It removes one that a former process has left.
func socketIn(dir string) (path string, listener net.Listener, err error) {
	path = filepath.Join(dir, SocketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", nil, refusal(path, err)
	}
	if listener, err = listen(path); err != nil {
		return "", nil, refusal(path, err)
	}
	return path, listener, nil
}

func newServer(path string, listener net.Listener, handler http.Handler) *Server {
	s := &Server{path: path, listener: listener}
	s.http = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerLimit,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(io.Discard, "", 0), // errors caused by callers are answered, not logged
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, callerKey{}, conn)
		},
	}
	return s
}

// Path returns the path of the socket.
func (s *Server) Path() string { return s.path }

// Serve answers calls until Shutdown.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown waits up to limit for calls in progress and removes the socket.
func (s *Server) Shutdown(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	_ = os.Remove(s.path)
}

type callerKey struct{}

// owned refuses processes of other users.
func owned(next http.Handler, uid uint32, logger *slog.Logger) http.Handler {
	refusals := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(callerKey{}).(net.Conn)
		caller, err := callerOf(conn)
		if err == nil && caller == uid {
			next.ServeHTTP(w, r)
			return
		}
		logger.Warn("refused a caller of another user", "uid", caller, "error", err)
		_ = refusals.Write(w, r, wire.Connect(failure.New(failure.NotPermitted, msg.TunnelOfOtherUser())))
	})
}

// limited accepts a limited number of concurrent connections. Further ones wait in the kernel's accept queue.
type limited struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newLimited(l net.Listener, n int) *limited {
	return &limited{Listener: l, slots: make(chan struct{}, n), closed: make(chan struct{})}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := acceptRetrying(l.Listener)
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &counted{Conn: conn, release: sync.OnceFunc(func() { <-l.slots })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type counted struct {
	net.Conn
	release func()
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.release()
	return err
}
