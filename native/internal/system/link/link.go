// Package link is a network link of the operating system's whose other end is the tunnel: what the machine sends by it is
// read here, and what is written here the machine receives.
package link

import (
	"errors"
	"os"
	"time"

	"golang.zx2c4.com/wireguard/tun"
)

// ErrQueueFull means that more packets were injected than are read.
var ErrQueueFull = errors.New("the link's queue of injected packets is full")

// injectLimit is how many injected packets wait to be read.
const injectLimit = 64

// Device is a tun.Device that can also be given packets to be read beside the machine's own, as probes are. It costs the
// machine's packets nothing: a reader that waits for the kernel is woken by its deadline.
type Device struct {
	tun.Device
	injected chan []byte
}

// Open makes a link. It is gone when the process is, whatever way that goes.
func Open(name string, mtu int) (*Device, error) {
	device, err := open(name, mtu)
	if err != nil {
		return nil, err
	}
	return &Device{Device: device, injected: make(chan []byte, injectLimit)}, nil
}

// Inject has a packet read as if the machine had sent it. It takes ownership of the packet.
func (d *Device) Inject(packet []byte) error {
	select {
	case d.injected <- packet:
	default:
		return ErrQueueFull
	}
	// In the past: the read under way, or the next one, ends at once.
	return d.File().SetReadDeadline(time.Unix(1, 0))
}

// Read gives packets of the machine, or injected ones.
func (d *Device) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	for {
		if n := d.takeInjected(buffers, sizes, offset); n > 0 {
			return n, nil
		}
		n, err := d.Device.Read(buffers, sizes, offset)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		// First the deadline, then the queue: whoever injects in between sets it again.
		if err := d.File().SetReadDeadline(time.Time{}); err != nil {
			return 0, err
		}
	}
}

func (d *Device) takeInjected(buffers [][]byte, sizes []int, offset int) int {
	n := 0
	for n < len(buffers) {
		select {
		case packet := <-d.injected:
			sizes[n] = copy(buffers[n][offset:], packet)
			n++
		default:
			return n
		}
	}
	return n
}
