package control

import (
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

// crowd accepts no more than so many connections of one user at a time, so that no user can keep out the others. Further ones
// are told why and closed.
type crowd struct {
	net.Listener
	logger *slog.Logger

	mu          sync.Mutex
	connections map[uint32]int
}

func newCrowd(l net.Listener, logger *slog.Logger) *crowd {
	return &crowd{Listener: l, logger: logger, connections: map[uint32]int{}}
}

// Accept gives the next connection of a user who has not too many.
func (c *crowd) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		uid, err := callerOf(conn)
		if err == nil && c.enter(uid) {
			return &counted{Conn: conn, release: sync.OnceFunc(func() { c.leave(uid) })}, nil
		}
		c.logger.Warn("a connection was refused", "uid", uid, "error", err)
		turnAway(conn)
	}
}

func (c *crowd) enter(uid uint32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.connections[uid] >= userLimit {
		return false
	}
	c.connections[uid]++
	return true
}

func (c *crowd) leave(uid uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.connections[uid]--; c.connections[uid] == 0 {
		delete(c.connections, uid)
	}
}

// turnAway says why, in the words of the protocol, without waiting for a question.
func turnAway(conn net.Conn) {
	refusal := failure.Connect(failure.New(typesv1.Cause_CAUSE_TOO_MANY_ATTEMPTS, "too many connections of this user at a time"))
	body := fmt.Sprintf(`{"code":%q,"message":%q}`, refusal.Code(), refusal.Message())
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
	_ = conn.Close()
}
