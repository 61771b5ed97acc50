package httpproxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"sag.software/native/internal/panics"
	"sag.software/native/internal/proxy/relay"
)

// client is one client's connection and its current connection to a server.
type client struct {
	server *Server
	conn   net.Conn
	reader *bufio.Reader
	writer *bufio.Writer

	// method of the request that is being answered.
	method string
	up     *upstream
	// pump is the goroutine that reads from the client until the response is complete; nil if there is none.
	pump *pump
}

// upstream is a connection to a server.
type upstream struct {
	key    string
	conn   net.Conn
	reader *bufio.Reader
	writer *bufio.Writer
	// used is set after the first request. The server may have closed the idle connection since then.
	used bool
}

func (c *client) dropUpstream() {
	if c.up != nil {
		_ = c.up.conn.Close()
		c.up = nil
	}
}

// connectUpstream keeps the current connection if it is to the same server, and otherwise dials a new one.
func (c *client) connectUpstream(host string, port uint16, key string) error {
	if c.up != nil && c.up.key == key && c.up.quiet() {
		return nil
	}
	c.dropUpstream()
	ctx, cancel := context.WithCancel(c.server.ctx)
	defer cancel()
	conn, err := c.server.dialer.Dial(ctx, host, port)
	if err != nil {
		return err
	}
	c.up = &upstream{key: key, conn: conn, reader: bufio.NewReaderSize(conn, bufferSize), writer: bufio.NewWriterSize(conn, bufferSize)}
	return nil
}

// quiet reports whether an idle connection can be reused: it is open and has no unread data.
func (u *upstream) quiet() bool { return u.reader.Buffered() == 0 && relay.Idle(u.conn) }

// pump sends a request's body to the server and then waits for the client's next request or disconnect, so that a server
// does not keep working for a client that is gone. A half-closed client still gets its response.
type pump struct {
	// sent is closed when the body has been sent, done when the pump ends.
	sent, done chan struct{}
	// err is the error on the client's side; valid after done.
	err error
}

func (c *client) startPump(f framing, up *upstream) {
	p := &pump{sent: make(chan struct{}), done: make(chan struct{})}
	c.pump = p
	go func() {
		defer close(p.done)
		defer func() {
			if p.err == errPanic {
				relay.Reset(up.conn) // unblocks the goroutine that waits for the response
			}
		}()
		defer panics.Log(c.server.logger, "the body of a request")
		p.err = errPanic
		if !f.none() {
			err := copyBody(stream{c.reader, up.writer}, f, up.writer)
			if err != nil {
				var fromClient readError
				if p.err = err; errors.As(err, &fromClient) {
					relay.Reset(up.conn) // the server must not take a truncated request for a complete one
				}
				// Otherwise the server has stopped reading; its response may explain why.
				return
			}
		}
		close(p.sent)
		if _, p.err = c.reader.Peek(1); p.err != nil && !errors.Is(p.err, io.EOF) && !errors.Is(p.err, os.ErrDeadlineExceeded) {
			relay.Reset(up.conn)
		}
	}()
}

// errPanic is the result of a pump that panicked.
var errPanic = errors.New("internal error")

// sentPatience is how long isSent waits for the pump after the response: the response can arrive before the pump has
// noticed that its last write succeeded. If a server responds without reading the whole body, its connection is closed.
const sentPatience = 250 * time.Millisecond

func (p *pump) isSent() bool {
	patience := time.NewTimer(sentPatience)
	defer patience.Stop()
	select {
	case <-p.sent:
		return true
	case <-p.done:
	case <-patience.C:
	}
	select {
	case <-p.sent:
		return true
	default:
		return false
	}
}

func copyBody(s stream, f framing, w *bufio.Writer) error {
	var err error
	if f.chunked {
		err = s.chunks(true)
	} else {
		err = s.exactly(f.length)
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

func (c *client) pumping() bool {
	if c.pump == nil {
		return false
	}
	select {
	case <-c.pump.done:
		return false
	default:
		return true
	}
}

// await waits for the next request; it returns false if there is none.
func (c *client) await() bool {
	_ = c.conn.SetReadDeadline(time.Now().Add(idleLimit))
	if c.pump != nil {
		<-c.pump.done
		err := c.pump.err
		c.pump = nil
		return err == nil
	}
	_, err := c.reader.Peek(1)
	return err == nil
}

// reset resets the connection, so that the client does not take a truncated response for a complete one.
func (c *client) reset() { relay.Reset(c.conn) }

func keeps(all fields, minor int) bool {
	keep := minor > 0
	for _, token := range append(all.tokens("Connection"), all.tokens("Proxy-Connection")...) {
		switch token {
		case "close":
			return false
		case "keep-alive":
			keep = true
		}
	}
	return keep
}

// hopByHop matches hop-by-hop fields (RFC 9110, 7.6.1), including those listed in Connection. Fields that define where a
// message ends are kept even if Connection lists them.
func hopByHop(all fields) func(f field) bool {
	named := all.tokens("Connection")
	return func(f field) bool {
		if f.is("Connection", "Proxy-Connection", "Keep-Alive", "TE", "Proxy-Authorization", "Upgrade") {
			return true
		}
		if f.is("Host", "Content-Length", "Transfer-Encoding") {
			return false
		}
		for _, name := range named {
			if strings.EqualFold(f.name, name) && f.name != "" {
				return true
			}
		}
		return false
	}
}
