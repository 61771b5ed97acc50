// Package engine is WireGuard as the rest of the program sees it: a device with peers and statistics, embedded from
// wireguard-go.
package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun"

	"sag.software/native/internal/engine/bind"
)

// ErrUnknownPeer means that the device has no peer with that key.
var ErrUnknownPeer = errors.New("no such peer")

// Config is what a device is made of. The device owns Tun and Bind from New on, and closes them.
type Config struct {
	PrivateKey PrivateKey
	// ListenPort is used where Listen does not say; 0 = any free port.
	ListenPort uint16
	// Listen holds the outer addresses to listen on; none = all. Ignored if Bind is set.
	Listen []netip.AddrPort
	Tun    tun.Device
	// Bind replaces the engine's own UDP bind.
	Bind   conn.Bind
	Logger *slog.Logger
	// Mark is put on outer packets (SO_MARK); 0 = none.
	Mark uint32
}

// Device is a running WireGuard device.
type Device struct {
	wg *device.Device
}

// New makes a device and brings it up.
func New(config Config) (*Device, error) {
	if config.Tun == nil {
		return nil, errors.New("engine: a device needs a tun.Device")
	}
	carrier := config.Bind
	if carrier == nil {
		carrier = bind.New(config.Listen...)
	}
	d := &Device{wg: device.NewDevice(config.Tun, carrier, logger(config.Logger))}
	var set strings.Builder
	fmt.Fprintf(&set, "private_key=%s\n", Key(config.PrivateKey).hex())
	fmt.Fprintf(&set, "listen_port=%d\n", config.ListenPort)
	if config.Mark != 0 {
		fmt.Fprintf(&set, "fwmark=%d\n", config.Mark)
	}
	err := d.wg.IpcSet(set.String())
	if err == nil {
		err = d.wg.Up()
	}
	if err != nil {
		d.wg.Close()
		return nil, err
	}
	return d, nil
}

// Close ends the device, its sockets and its tun.Device.
func (d *Device) Close() { d.wg.Close() }

// Closed is closed when the device has ended, also by itself.
func (d *Device) Closed() <-chan struct{} { return d.wg.Wait() }

// Rebind closes the outer sockets and opens them anew, for example after sleep or a change of network.
func (d *Device) Rebind() error { return d.wg.BindUpdate() }

// ForceHandshake gives up the current keys with a peer and starts a handshake at once, however recent the last one was.
// A handshake that is under way is abandoned, its late answer ignored. WireGuard's responders ignore an initiation that
// comes within some 40 ms of the one before (flood protection): leave at least that between calls.
func (d *Device) ForceHandshake(key Key) error {
	peer := d.wg.LookupPeer(device.NoisePublicKey(key))
	if peer == nil {
		return fmt.Errorf("%w: %s", ErrUnknownPeer, key)
	}
	peer.ExpireCurrentKeypairs()
	return peer.SendHandshakeInitiation(false)
}
