package httpproxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"

	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/relay"
)

const established = "HTTP/1.1 200 Connection established\r\n\r\n"

var errDeadline = os.ErrDeadlineExceeded

// connect serves CONNECT.
func (c *client) connect(r *request) {
	host, port, err := splitHostPort(r.target, 0)
	if err != nil {
		c.answer(http.StatusBadRequest, msg.HTTPConnectTarget())
		return
	}
	target, err := c.server.dialer.Dial(c.server.ctx, host, port)
	if err != nil {
		c.failed(host, err)
		return
	}
	c.dropUpstream()
	if _, err := io.WriteString(c.conn, established); err != nil {
		_ = target.Close()
		return
	}
	relay.Both(early(c.conn, c.reader), target)
}

// early returns conn with the bytes that its buffered reader has already read.
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

// CloseWrite, SetLinger and Abort are the methods of a TCP connection that package relay uses.
func (p *prefixed) CloseWrite() error {
	if half, ok := p.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return p.Close()
}

// SetLinger implements the method of net.TCPConn.
func (p *prefixed) SetLinger(sec int) error {
	if tcp, ok := p.Conn.(interface{ SetLinger(sec int) error }); ok {
		return tcp.SetLinger(sec)
	}
	return nil
}

// Abort resets the connection.
func (p *prefixed) Abort() {
	if tcp, ok := p.Conn.(interface{ Abort() }); ok {
		tcp.Abort()
		return
	}
	_ = p.SetLinger(0)
	_ = p.Close()
}
