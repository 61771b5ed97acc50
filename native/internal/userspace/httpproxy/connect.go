package httpproxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"sag.software/native/internal/userspace/relay"
)

const established = "HTTP/1.1 200 Connection established\r\n\r\n"

// tunnels are the connections taken over from the HTTP server, which does not know them any longer.
type tunnels struct {
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

func (t *tunnels) add(conn net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	if t.conns == nil {
		t.conns = map[net.Conn]struct{}{}
	}
	t.conns[conn] = struct{}{}
	return true
}

func (t *tunnels) remove(conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, conn)
}

func (t *tunnels) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for conn := range t.conns {
		_ = conn.Close()
	}
}

func (s *Server) connect(w http.ResponseWriter, r *http.Request) {
	host, port, err := splitHostPort(r.Host)
	if err != nil || r.URL.Path != "" {
		answer(w, http.StatusBadRequest, "CONNECT takes HOST:PORT")
		return
	}
	target, err := s.dialer.Dial(r.Context(), host, port)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		_ = target.Close()
		answer(w, http.StatusBadRequest, "CONNECT takes HTTP/1.1")
		return
	}
	conn, buffered, err := hijacker.Hijack()
	if err != nil {
		_ = target.Close()
		return
	}
	if !s.tunnels.add(conn) {
		_, _ = target.Close(), conn.Close()
		return
	}
	defer s.tunnels.remove(conn)
	_ = conn.SetDeadline(time.Time{})
	if _, err := io.WriteString(conn, established); err != nil {
		_, _ = target.Close(), conn.Close()
		return
	}
	relay.Both(early(conn, buffered.Reader), target)
}

// early gives back what the client sent before it was answered.
func early(conn net.Conn, from *bufio.Reader) net.Conn {
	n := from.Buffered()
	if n == 0 {
		return conn
	}
	head, _ := from.Peek(n)
	return &prefixed{Conn: conn, head: append([]byte(nil), head...)}
}

type prefixed struct {
	net.Conn
	head []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.head) > 0 {
		n := copy(b, p.head)
		p.head = p.head[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// CloseWrite and SetLinger are what a relay asks of a TCP connection.
func (p *prefixed) CloseWrite() error {
	if tcp, ok := p.Conn.(*net.TCPConn); ok {
		return tcp.CloseWrite()
	}
	return p.Close()
}

func (p *prefixed) SetLinger(sec int) error {
	if tcp, ok := p.Conn.(*net.TCPConn); ok {
		return tcp.SetLinger(sec)
	}
	return nil
}
