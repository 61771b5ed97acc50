// Package caps enforces bandwidth limits at an access point: accounts' caps, and bandwidth and QoS classes of SAG instances. Packets of
// clients with a limit are taken out of the data path and continue when the limits permit (see shape). Packets of other clients are not
// touched.
package caps

import (
	"math/rand/v2"
	"net/netip"
	"sync"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/qos"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/datapath/shape"
)

// atOnce is how many packets are delivered together.
const atOnce = 64

// Client is a session.
type Client struct {
	// Group is shared by the sessions that have a cap together, those of one account.
	Group string
	// Instance is the id of its SAG instance.
	Instance  string
	Addresses []netip.Addr
	Rates     rules.Rates
}

// Path is the data path behind the stages.
type Path interface {
	// Wake makes the path call ReadHeld.
	Wake() error
	// HeldToDevice writes packets from clients to the device.
	HeldToDevice(buffers [][]byte, offset int) error
}

// Caps holds the packets of clients with a limit back.
type Caps struct {
	path     Path
	up, down *line

	// delivering keeps the packets to the device in order.
	delivering sync.Mutex
	packets    []*shape.Packet
	buffers    [][]byte
	reading    []*shape.Packet
}

// New makes the stages of a path. Nobody has a limit at first.
func New(path Path) *Caps {
	c := &Caps{path: path, packets: make([]*shape.Packet, 0, atOnce), buffers: make([][]byte, 0, atOnce)}
	c.up = newLine(rand.Uint64(), c.deliver)
	c.down = newLine(rand.Uint64(), c.wake)
	return c
}

// Assign sets the sessions with their caps, and the limits of their instances. A packet is queued by the former limits or by the new ones.
func (c *Caps) Assign(clients []Client, instances []qos.Instance) {
	c.up.assign(clients, instances, func(client Client) uint64 { return client.Rates.Up })
	c.down.assign(clients, instances, func(client Client) uint64 { return client.Rates.Down })
}

// Counters returns those of the classes of all instances with limits, for packets from and to clients.
func (c *Caps) Counters() (up, down []Counters) { return c.up.counters(), c.down.counters() }

// FromTunnel is the stage for packets from clients. It must be the last one.
func (c *Caps) FromTunnel(b *datapath.Batch) {
	if c.up.hold(b, func(p *datapath.Packet) netip.Addr { return p.Src }) {
		c.deliver()
	}
}

// ToTunnel is the stage for packets to clients. They continue by ReadHeld.
func (c *Caps) ToTunnel(b *datapath.Batch) {
	c.down.hold(b, func(p *datapath.Packet) netip.Addr { return p.Dst }) // the path calls ReadHeld next
}

// ReadHeld is the path's datapath.Source of packets to clients. Only one goroutine may call it.
func (c *Caps) ReadHeld(buffers [][]byte, sizes []int, offset int) int {
	if cap(c.reading) < len(buffers) {
		c.reading = make([]*shape.Packet, 0, len(buffers))
	}
	packets := c.down.pop(c.reading[:0:len(buffers)])
	for i, p := range packets {
		sizes[i] = copy(buffers[i][offset:], p.Raw)
		p.Release()
		packets[i] = nil
	}
	return len(packets)
}

// Close ends the timers. Packets that wait are lost.
func (c *Caps) Close() {
	c.up.close()
	c.down.close()
}

// wake fails only when the path is closed.
func (c *Caps) wake() { _ = c.path.Wake() }

// deliver delivers all packets from clients that may leave.
func (c *Caps) deliver() {
	c.delivering.Lock()
	defer c.delivering.Unlock()
	for {
		packets := c.up.pop(c.packets[:0])
		if len(packets) == 0 {
			return
		}
		buffers := c.buffers[:0]
		for _, p := range packets {
			buffers = append(buffers, p.Buffer())
		}
		_ = c.path.HeldToDevice(buffers, shape.Headroom) // it fails for packets that the host refuses, or when the path is closed
		for i, p := range packets {
			p.Release()
			packets[i], buffers[i] = nil, nil
		}
	}
}
