package httpproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/relay"
	"sag.software/native/internal/router"
)

// forward forwards one request and its response, and reports whether the connection stays open.
func (c *client) forward(r *request) bool {
	host, port, written, rest, err := r.authority()
	var body framing
	if err == nil {
		body, err = requestFraming(r)
	}
	var wrong *badRequest
	if errors.As(err, &wrong) {
		c.answer(wrong.status, wrong.why)
		return false
	}
	// From here on the client may recognise the end of the response only by the end of the connection, so an abort must
	// reset it.
	relay.Breakable(c.conn, true)
	head := headFor(r, asciiHost(host, written), rest)
	key := fmt.Sprintf("%s:%d", strings.ToLower(host), port)
	for {
		if err := c.connectUpstream(host, port, key); err != nil {
			c.failed(host, err)
			return false
		}
		up := c.up
		again := up.used
		up.used = true
		_, err := up.writer.WriteString(head)
		if err == nil {
			err = up.writer.Flush()
		}
		if err == nil {
			c.startPump(body, up)
			var res *response
			if res, err = readResponse(up.reader); err == nil {
				return c.back(r, res, up)
			}
			if err := c.stopPump(); err != nil && !errors.Is(err, io.EOF) {
				return false
			}
		}
		c.dropUpstream()
		if !again {
			c.failed(host, noAnswer(host, err))
			return false
		}
		// The server may have closed the idle connection while the request was in flight (RFC 9112, 9.3.1).
		if !body.none() || r.method != http.MethodGet && r.method != http.MethodHead && r.method != http.MethodOptions {
			return false // the client sees a closed connection, as without a proxy, and decides whether a retry is safe
		}
	}
}

// noAnswer is the error for a connection that ended before a response.
func noAnswer(host string, err error) error {
	return failure.Over(err, failure.TargetUnreachable, msg.HostClosed(host))
}

// stopPump stops reading from the client once the request's body has been sent, and returns an error if it has not.
func (c *client) stopPump() error {
	p := c.pump
	if p == nil {
		return nil
	}
	_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	<-p.done
	_ = c.conn.SetReadDeadline(time.Time{})
	c.pump = nil
	if p.isSent() && errors.Is(p.err, errDeadline) {
		return nil
	}
	return p.err
}

// asciiHost returns the Host field as written, with non-ASCII names in Punycode.
func asciiHost(host, written string) string {
	for i := range len(written) {
		if written[i] >= 0x80 {
			if h, err := router.ParseHost(host); err == nil && h.Name != "" {
				return strings.Replace(written, host, h.Name, 1)
			}
		}
	}
	return written
}

// headFor returns the request's head for the server: the target and all fields byte for byte, except hop-by-hop fields.
func headFor(r *request, host, target string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.%d\r\nHost: %s\r\n", r.method, target, r.minor, host)
	isHop := hopByHop(r.fields)
	for _, f := range r.fields {
		if !isHop(f) && !f.is("Host") {
			b.WriteString(f.name + ":" + strings.TrimRight(rawValue(f), "\r\n") + "\r\n")
		}
	}
	tokens := r.fields.tokens("Connection")
	switch {
	case slices.Contains(tokens, "upgrade") && r.fields.has("Upgrade"):
		for _, f := range r.fields {
			if f.is("Upgrade") {
				b.WriteString("Upgrade: " + f.value + "\r\n")
			}
		}
		b.WriteString("Connection: Upgrade\r\n")
	case slices.Contains(tokens, "close") || r.minor == 0 && !keeps(r.fields, 0):
		b.WriteString("Connection: close\r\n")
	case r.minor == 0 || slices.Contains(tokens, "keep-alive"):
		b.WriteString("Connection: keep-alive\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// rawValue returns everything after the colon.
func rawValue(f field) string {
	_, value, _ := strings.Cut(string(f.raw), ":")
	return value
}

// back forwards a response to the client.
func (c *client) back(r *request, res *response, up *upstream) bool {
	for res.status >= 100 && res.status < 200 && res.status != http.StatusSwitchingProtocols && !res.bare {
		if r.minor > 0 { // HTTP/1.0 has no 1xx responses (RFC 9110, 15.2)
			c.writeHead(res, "")
			if c.writer.Flush() != nil {
				return false
			}
		}
		var err error
		if res, err = readResponse(up.reader); err != nil {
			c.reset()
			return false
		}
	}
	if res.status == http.StatusSwitchingProtocols && !res.bare {
		c.upgrade(res, up)
		return false
	}
	body := responseFraming(r.method, res)
	both := body.chunked && res.fields.has("Content-Length")
	keep := !body.untilEnd && !both && keeps(res.fields, res.minor) && keeps(r.fields, r.minor)
	switch {
	case res.bare:
	case !keep:
		c.writeHead(res, "Connection: close\r\n")
	case res.minor == 0 || r.minor == 0:
		c.writeHead(res, "Connection: keep-alive\r\n")
	default:
		c.writeHead(res, "")
	}
	if err := c.backBody(body, up); err != nil {
		c.dropUpstream()
		var fromServer readError
		if errors.As(err, &fromServer) {
			c.reset()
		}
		return false
	}
	relay.Breakable(c.conn, false)
	if keep && c.pump.isSent() {
		return true
	}
	c.dropUpstream()
	c.linger()
	return false
}

// writeHead writes a response's head as received, without hop-by-hop fields, and adds one field.
func (c *client) writeHead(res *response, add string) {
	_, _ = c.writer.Write(res.line) // a write error is returned by Flush
	isHop := hopByHop(res.fields)
	for _, f := range res.fields {
		if f.is("Upgrade") || !isHop(f) {
			_, _ = c.writer.Write(f.raw)
		}
	}
	_, _ = c.writer.WriteString(add + "\r\n")
}

func (c *client) backBody(f framing, up *upstream) error {
	s := stream{up.reader, c.writer}
	var err error
	switch {
	case f.chunked:
		if err = s.chunks(false); errors.Is(err, errChunk) {
			err = s.untilEnd()
			if err == nil {
				err = readError{errChunk} // the invalid chunk has been forwarded as it is, and the connection cannot be reused
			}
		}
	case f.untilEnd:
		err = s.untilEnd()
	default:
		err = s.exactly(f.length)
	}
	return errors.Join(err, c.writer.Flush())
}

// upgrade switches to another protocol, such as WebSocket, and relays bytes without parsing them.
func (c *client) upgrade(res *response, up *upstream) {
	if err := c.stopPump(); err != nil {
		return
	}
	c.writeHead(res, "Connection: Upgrade\r\n")
	if c.writer.Flush() != nil {
		return
	}
	c.up = nil
	relay.Both(early(c.conn, c.reader), early(up.conn, up.reader))
}

var _ net.Conn = (*prefixed)(nil)
