package flows

import (
	"net"
	"net/netip"
	"time"
)

const (
	// sendLimit is how long sending may wait for room in the socket's buffer.
	sendLimit = 100 * time.Millisecond
	// After burst datagrams, sending pauses, because a collector's buffer often has room for fewer than a hundred.
	burst      = 32
	burstPause = 2 * time.Millisecond
)

// collector is the socket to a collector. It is connected, so that the host reports a collector that is not running.
type collector struct {
	address netip.AddrPort
	conn    *net.UDPConn
	// last is the number of records in the last datagram.
	last int
	// sent counts datagrams since the last pause.
	sent int
}

// begin is called before a series of datagrams.
func (c *collector) begin() {
	if c.conn == nil {
		return
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(sendLimit))
}

// send sends a datagram with a number of records. It returns the records that are known to be lost, of this datagram and of the last one, and why.
func (c *collector) send(datagram []byte, records int) (lost int, err error) {
	if c.conn == nil {
		if c.conn, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(c.address)); err != nil {
			c.conn = nil
			return records, err
		}
		c.begin()
	}
	_, err = c.conn.Write(datagram)
	if refused := err; isRefused(err) {
		// The last datagram was refused, and this one was not sent.
		lost, c.last = c.last, 0
		if _, err = c.conn.Write(datagram); err == nil {
			c.pace(records)
			return lost, refused
		}
	}
	if err != nil {
		c.close() // the host's addresses may have changed
		return lost + records, err
	}
	c.pace(records)
	return lost, nil
}

func (c *collector) pace(records int) {
	c.last = records
	if c.sent++; c.sent >= burst {
		c.sent = 0
		time.Sleep(burstPause)
		c.begin()
	}
}

func (c *collector) close() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
	c.conn, c.last = nil, 0
}
