// Package link is a network link of the operating system whose other end is the tunnel: what the host sends by it is read here, and
// what is written here the host receives.
package link

import (
	"errors"
	"os"
	"time"

	"golang.zx2c4.com/wireguard/tun"

	"sag.software/native/internal/datapath"
)

// Device is a link as a datapath.Device. Waking its reader costs the host's packets nothing: a reader that waits for the kernel is
// woken by its deadline.
type Device struct {
	tun tun.Device
}

var _ datapath.Device = (*Device)(nil)

// Open makes a link. It is gone when the process is, however that ends.
func Open(name string, mtu int) (*Device, error) {
	device, err := open(name, mtu)
	if err != nil {
		return nil, err
	}
	return &Device{device}, nil
}

// Name of the link.
func (d *Device) Name() (string, error) { return d.tun.Name() }

// MTU of the link, bytes.
func (d *Device) MTU() (int, error) { return d.tun.MTU() }

// BatchSize is how many packets one system call may carry.
func (d *Device) BatchSize() int { return d.tun.BatchSize() }

// Events tells when the link goes down or up.
func (d *Device) Events() <-chan tun.Event { return d.tun.Events() }

// Close removes the link.
func (d *Device) Close() error { return d.tun.Close() }

// Wake has the Read under way, or the next one, return: its deadline is in the past.
func (d *Device) Wake() error { return d.tun.File().SetReadDeadline(time.Unix(1, 0)) }

// Read gives packets of the host; none after a Wake.
func (d *Device) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	n, err := d.tun.Read(buffers, sizes, offset)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	return 0, d.tun.File().SetReadDeadline(time.Time{})
}

// Write hands packets to the host.
func (d *Device) Write(b *datapath.Batch) error {
	buffers, offset := b.Kept()
	_, err := d.tun.Write(buffers, offset)
	return err
}
