package httpproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/relay"
)

const (
	// lingerLimit and lingerBytes bound what is read from a client after the last response. A connection that is closed
	// with unread data is reset, and the client would lose the response.
	lingerLimit = time.Second
	lingerBytes = 1 << 20
)

// answer sends a short response by the proxy itself and ends the connection.
func (c *client) answer(status int, why msg.Message) { c.plain(status, why.Text) }

// refuse is answer with the cause code before the text, for scripts.
func (c *client) refuse(status int, cause failure.Cause, why msg.Message) {
	c.plain(status, cause.String()+": "+why.Text)
}

func (c *client) plain(status int, text string) {
	c.reply(status, "Content-Type: text/plain; charset=utf-8\r\n", text+"\n")
}

func (c *client) reply(status int, header, body string) {
	relay.Breakable(c.conn, false)
	_ = c.conn.SetWriteDeadline(time.Now().Add(headerLimit))
	_, _ = fmt.Fprintf(c.writer, "HTTP/1.1 %d %s\r\n%sX-Content-Type-Options: nosniff\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		status, http.StatusText(status), header, len(body))
	if c.method != http.MethodHead {
		_, _ = c.writer.WriteString(body)
	}
	_ = c.writer.Flush()
	c.linger()
}

// linger closes the connection in a way that lets the client read the response.
func (c *client) linger() {
	half, ok := c.conn.(*net.TCPConn)
	if !ok || half.CloseWrite() != nil || c.pumping() {
		return
	}
	_ = half.SetReadDeadline(time.Now().Add(lingerLimit))
	_, _ = io.CopyN(io.Discard, c.reader, lingerBytes)
}

// failed responds that a destination could not be reached.
func (c *client) failed(host string, err error) {
	c.server.logger.Debug("a destination could not be reached", "host", host, "error", err)
	status, f := explain(err)
	c.refuse(status, f.Cause, f.Message)
}

// explain returns the HTTP status of a failure, and the failure.
func explain(err error) (int, *failure.Failure) {
	f := failure.From(err, failure.TargetUnreachable)
	status := http.StatusBadGateway
	switch f.Cause {
	case failure.TargetTimeout, failure.DNSUnavailable:
		status = http.StatusGatewayTimeout
	case failure.NotPermitted, failure.TargetDenied:
		status = http.StatusForbidden
	}
	if dialer.OutOfFiles(err) {
		status = http.StatusServiceUnavailable
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		status = http.StatusGatewayTimeout
	}
	return status, f
}
