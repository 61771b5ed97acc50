package netstack

import (
	"errors"
	"os"

	"sag.software/native/internal/datapath"
)

// deviceBatch is how many packets one Read or Write may carry. wireguard-go allocates this many 64 KiB buffers for its
// reader.
const deviceBatch = 64

// ErrQueueFull means that a packet was dropped because WireGuard does not read packets fast enough.
var ErrQueueFull = errors.New("the outgoing queue is full")

// Device is the stack's datapath.Device.
type Device struct {
	link *link
	echo EchoHandler
}

var _ datapath.Device = (*Device)(nil)

// Name returns the name for logs.
func (*Device) Name() (string, error) { return "userspace", nil }

// MTU returns the MTU of inner packets, bytes.
func (d *Device) MTU() (int, error) { return int(d.link.MTU()), nil }

// BatchSize returns how many packets one Read or Write may carry.
func (*Device) BatchSize() int { return deviceBatch }

// Close ends reading and writing. Stack.Close calls it, too.
func (d *Device) Close() error {
	d.link.shut()
	return nil
}

// Read blocks until the stack has packets to send, or Wake is called.
func (d *Device) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	return d.link.read(buffers, sizes, offset)
}

// Wake makes the current Read, or the next one, return.
func (d *Device) Wake() error { return d.link.wake() }

// Write delivers packets that came out of the tunnel. Malformed ones are dropped silently.
func (d *Device) Write(b *datapath.Batch) error {
	if d.link.closed() {
		return os.ErrClosed
	}
	d.link.deliver(b, d.echo)
	return nil
}
