package stack

import (
	"errors"
	"os"

	"golang.zx2c4.com/wireguard/tun"
)

// deviceBatch is how many packets one Read or Write may carry. wireguard-go keeps this many 64 KiB buffers for its reader.
const deviceBatch = 64

// ErrQueueFull means that a packet was dropped because WireGuard does not take them as fast as they come.
var ErrQueueFull = errors.New("the outgoing queue is full")

// Device is the stack's lower end: what wireguard-go reads from and writes to.
type Device struct {
	link   *link
	echo   EchoHandler
	events chan tun.Event
}

var _ tun.Device = (*Device)(nil)

// File is nil: there is no descriptor behind it.
func (*Device) File() *os.File { return nil }

// Name names it in logs.
func (*Device) Name() (string, error) { return "userspace", nil }

// MTU of the inner packets, bytes.
func (d *Device) MTU() (int, error) { return int(d.link.MTU()), nil }

// Events tells once that it is up.
func (d *Device) Events() <-chan tun.Event { return d.events }

// BatchSize is how many packets one Read or Write may carry.
func (*Device) BatchSize() int { return deviceBatch }

// Close ends reading and writing. Stack.Close calls it too.
func (d *Device) Close() error {
	if d.link.shut() {
		close(d.events)
	}
	return nil
}

// Read blocks until the stack has something to send.
func (d *Device) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	return d.link.read(buffers, sizes, offset)
}

// Inject queues a ready packet for Read; it takes ownership of it.
func (d *Device) Inject(packet []byte) error { return d.link.inject(packet) }

// Write delivers what WireGuard received. Malformed packets are dropped without a word.
func (d *Device) Write(buffers [][]byte, offset int) (int, error) {
	if d.link.closed() {
		return 0, os.ErrClosed
	}
	d.link.deliver(buffers, offset, d.echo)
	return len(buffers), nil
}
