// Package link is a TUN interface of the operating system: packets that the host sends through it are read here, and packets
// written here are received by the host.
package link

import (
	"errors"
	"os"
	"time"

	"golang.zx2c4.com/wireguard/tun"

	"sag.software/native/internal/datapath"
)

// Device implements datapath.Device with a TUN interface. Wake uses the file's read deadline, so it does not slow down reading.
type Device struct {
	tun tun.Device
}

var _ datapath.Device = (*Device)(nil)

// Open creates an interface. It disappears when the process ends, even if it is killed.
func Open(name string, mtu int) (*Device, error) {
	device, err := open(name, mtu)
	if err != nil {
		return nil, err
	}
	return &Device{device}, nil
}

// Name returns the interface's name.
func (d *Device) Name() (string, error) { return d.tun.Name() }

// MTU returns the interface's MTU, bytes.
func (d *Device) MTU() (int, error) { return d.tun.MTU() }

// BatchSize is the maximum number of packets in one system call.
func (d *Device) BatchSize() int { return d.tun.BatchSize() }

// Events reports when the interface goes down or up.
func (d *Device) Events() <-chan tun.Event { return d.tun.Events() }

// Close removes the interface.
func (d *Device) Close() error { return d.tun.Close() }

// Wake makes the current Read, or the next one, return, by setting a read deadline in the past.
func (d *Device) Wake() error { return d.tun.File().SetReadDeadline(time.Unix(1, 0)) }

// Read returns packets that the host has sent; none after Wake.
func (d *Device) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	n, err := d.tun.Read(buffers, sizes, offset)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	return 0, d.tun.File().SetReadDeadline(time.Time{})
}

// Write delivers packets to the host.
func (d *Device) Write(b *datapath.Batch) error {
	buffers, offset := b.Kept()
	_, err := d.tun.Write(buffers, offset)
	return err
}
