// Package datapath is the path of packets between WireGuard and a device. Each packet is parsed once and passes an ordered list
// of stages (probes, accounting, rules, bandwidth caps). Client and access point share it.
package datapath

import (
	"errors"
	"log/slog"
	"os"
	"sync"

	"golang.zx2c4.com/wireguard/tun"

	"sag.software/native/internal/mtu"
	"sag.software/native/internal/panics"
)

// ErrQueueFull means that injected packets arrive faster than WireGuard sends them.
var ErrQueueFull = errors.New("the queue of injected packets is full")

// injectLimit is the capacity of the queue of injected packets.
const injectLimit = 256

// Stage inspects the packets of a batch: it counts, answers or drops them. It is called once per batch and must not block. If it
// panics at a packet, the packet is dropped and the stage is called again for the rest.
type Stage func(*Batch)

// Source copies packets that a stage has held back, and that may continue now, to buffers[i][offset:], and their sizes to sizes[i]. It
// returns their number, and must not block.
type Source func(buffers [][]byte, sizes []int, offset int) int

// Path is a device with stages in front of it, for WireGuard. Injected packets pass the stages, too.
type Path struct {
	device               Device
	fromTunnel, toTunnel []Stage
	// held gives packets that a stage has held back; afterHold are the stages behind it.
	held      Source
	afterHold []Stage

	batches  sync.Pool // for packets from the tunnel, which arrive on a goroutine per peer
	reading  Batch
	injected chan []byte

	delivering     sync.Once
	delivered      chan []byte
	beforeDelivery []Stage

	closing sync.Once
	closed  chan struct{}
	events  chan tun.Event
}

var _ tun.Device = (*Path)(nil)

// New makes a path without stages. Set them before the path is used.
func New(device Device) *Path {
	p := &Path{
		device: device, injected: make(chan []byte, injectLimit), delivered: make(chan []byte, deliverLimit),
		closed: make(chan struct{}), events: make(chan tun.Event, 1),
	}
	p.batches.New = func() any { return &Batch{} }
	p.events <- tun.EventUp
	return p
}

// FromTunnel sets the stages for packets that WireGuard has received, in order.
func (p *Path) FromTunnel(stages ...Stage) { p.fromTunnel = stages }

// ToTunnel sets the stages for packets that WireGuard is to send, in order.
func (p *Path) ToTunnel(stages ...Stage) { p.toTunnel = stages }

// HeldToTunnel sets where packets to the tunnel come from that a stage has taken out of its batch, and the stages that they still have to
// pass. Call Wake when there are some.
func (p *Path) HeldToTunnel(held Source, after ...Stage) { p.held, p.afterHold = held, after }

// Wake makes the path look for held packets.
func (p *Path) Wake() error { return p.device.Wake() }

// HeldToDevice writes packets from the tunnel that a stage has held back to the device. They are at an offset of their buffers, and the device
// may use the space in front of them. It can block, as the device can.
func (p *Path) HeldToDevice(buffers [][]byte, offset int) error {
	b := p.batches.Get().(*Batch)
	b.fill(buffers, nil, offset)
	err := p.device.Write(b)
	b.release()
	p.batches.Put(b)
	return err
}

// Inject sends a packet through WireGuard in addition to those of the device. It takes ownership of the packet.
func (p *Path) Inject(raw []byte) error {
	select {
	case p.injected <- raw:
		return p.device.Wake()
	default:
		return ErrQueueFull
	}
}

// Write implements tun.Device, for packets that WireGuard has received.
func (p *Path) Write(buffers [][]byte, offset int) (int, error) {
	b := p.batches.Get().(*Batch)
	b.fill(buffers, nil, offset)
	run(p.fromTunnel, b)
	var err error
	if b.Rewind(); b.Next() != nil {
		b.Rewind()
		err = p.device.Write(b)
	}
	b.release()
	p.batches.Put(b)
	if err != nil {
		return 0, err
	}
	return len(buffers), nil
}

// Read implements tun.Device, for packets that WireGuard sends. A dropped packet gets size 0, which WireGuard skips.
func (p *Path) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	for {
		n, err := p.takeInjected(buffers, sizes, offset), error(nil)
		stages, injected := p.toTunnel, n > 0
		if n == 0 && p.held != nil {
			n, stages = p.held(buffers, sizes, offset), p.afterHold
		}
		if n == 0 {
			stages = p.toTunnel
			n, err = p.device.Read(buffers, sizes, offset)
		}
		remain := n > 0
		if n > 0 && len(stages) > 0 {
			remain = p.pass(stages, buffers[:n], sizes, offset, injected)
		}
		if remain || err != nil {
			return n, err
		}
	}
}

// pass returns false if no packet is left.
func (p *Path) pass(stages []Stage, buffers [][]byte, sizes []int, offset int, injected bool) bool {
	b := &p.reading
	b.fill(buffers, sizes, offset)
	for i := range b.packets {
		b.packets[i].Injected = injected
	}
	run(stages, b)
	remain := false
	for i := range b.packets {
		if b.packets[i].dropped {
			sizes[i] = 0
		} else {
			remain = true
		}
	}
	b.release()
	return remain
}

func (p *Path) takeInjected(buffers [][]byte, sizes []int, offset int) int {
	n := 0
	for n < len(buffers) {
		select {
		case raw := <-p.injected:
			sizes[n] = copy(buffers[n][offset:], raw)
			n++
		default:
			return n
		}
	}
	return n
}

func run(stages []Stage, b *Batch) {
	for _, stage := range stages {
		b.Rewind()
		for !step(stage, b) {
			if b.at < 0 || b.at >= len(b.packets) { // the stage panicked outside of a packet, so the whole batch is dropped
				for i := range b.packets {
					b.packets[i].dropped = true
				}
				return
			}
			b.packets[b.at].dropped = true
		}
	}
}

// step returns false if the stage panicked.
func step(stage Stage, b *Batch) (done bool) {
	defer panics.Log(slog.Default(), "a packet of the tunnel")
	stage(b)
	return true
}

// Close implements tun.Device.
func (p *Path) Close() error {
	err := p.device.Close()
	p.closing.Do(func() { close(p.closed); close(p.events) })
	return err
}

// Events implements tun.Device. It returns the device's events if the device can go down and up.
func (p *Path) Events() <-chan tun.Event {
	if d, ok := p.device.(interface{ Events() <-chan tun.Event }); ok {
		return d.Events()
	}
	return p.events
}

// File implements tun.Device. There is no file descriptor.
func (*Path) File() *os.File { return nil }

// Name implements tun.Device.
func (p *Path) Name() (string, error) { return p.device.Name() }

// MTU implements tun.Device: up to this size WireGuard pads packets. It is the ceiling whatever the device's is, so that a probe has the
// padding that a packet of its size has later.
func (p *Path) MTU() (int, error) { return mtu.Ceiling, nil }

// BatchSize implements tun.Device.
func (p *Path) BatchSize() int { return p.device.BatchSize() }
