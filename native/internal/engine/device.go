// Package engine embeds wireguard-go: a WireGuard device with peers and statistics.
package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"

	"golang.zx2c4.com/wireguard/device"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/engine/transport/udp"
	"sag.software/native/internal/mtu"
)

// ErrUnknownPeer means that the device has no peer with that key.
var ErrUnknownPeer = errors.New("no such peer")

// Config configures a device. The device takes ownership of Path in New, and closes it.
type Config struct {
	PrivateKey PrivateKey
	// ListenPort is used for addresses in Listen without a port; 0 = any free port.
	ListenPort uint16
	// Listen are the outer addresses to listen on; none = all.
	Listen []netip.AddrPort
	// Path receives and sends the inner packets.
	Path   *datapath.Path
	Logger *slog.Logger
	// Mark is put on outer packets (SO_MARK); 0 = none.
	Mark uint32
	// ManyPeers is true if the device serves many peers at once, as in an access point.
	ManyPeers  bool
	Scheduling Scheduling
	// TooLarge is called with the size of an inner packet, bytes, padding included, that the host refused to send because it does not
	// fit the path; nil = it is only lost. It must not block.
	TooLarge func(size int)
}

// CanFindMTU: a large packet does not arrive in fragments, so that a probe shows what fits the path.
const CanFindMTU = udp.CanForbidFragments

// Device is a running WireGuard device.
type Device struct {
	wg *device.Device
	// changing serializes changes. wireguard-go can deadlock if sockets are replaced and a peer is removed at the same time:
	// BindUpdate locks the peers while it holds the lock of the sockets, and RemovePeer waits for a sender while it holds the
	// lock of the peers.
	changing sync.Mutex
}

// New makes a device and brings it up.
func New(config Config) (*Device, error) {
	if config.Path == nil {
		return nil, errors.New("engine: a device needs a path")
	}
	bind := udp.New(config.Listen...)
	bind.NotifyTooLarge(func(size int) {
		if config.TooLarge != nil {
			config.TooLarge(size - mtu.Overhead)
		}
	})
	d := &Device{wg: device.NewDevice(config.Path, bind, logger(config.Logger))}
	var set strings.Builder
	fmt.Fprintf(&set, "private_key=%s\n", Key(config.PrivateKey).hex())
	fmt.Fprintf(&set, "listen_port=%d\n", config.ListenPort)
	if config.Mark != 0 {
		fmt.Fprintf(&set, "fwmark=%d\n", config.Mark)
	}
	err := d.schedule(config)
	if err == nil {
		err = d.wg.IpcSet(set.String())
	}
	if err == nil {
		err = d.wg.Up()
	}
	if err != nil {
		d.wg.Close()
		return nil, err
	}
	return d, nil
}

// SetPrivateKey replaces the device's private key. Peers stay, but their session keys are discarded, so new handshakes follow.
func (d *Device) SetPrivateKey(key PrivateKey) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	return d.wg.IpcSet(fmt.Sprintf("private_key=%s\n", Key(key).hex()))
}

// Close closes the device, its sockets and its path.
func (d *Device) Close() {
	d.changing.Lock()
	defer d.changing.Unlock()
	d.wg.Close()
}

// Closed returns a channel that is closed when the device has ended, including after an error of its own.
func (d *Device) Closed() <-chan struct{} { return d.wg.Wait() }

// Rebind closes the outer sockets and opens them again, for example after sleep or a network change.
func (d *Device) Rebind() error {
	d.changing.Lock()
	defer d.changing.Unlock()
	return d.wg.BindUpdate()
}

// ForceHandshake discards the session keys of a peer and starts a handshake at once. A handshake in progress is abandoned, and
// its late response ignored. WireGuard responders ignore an initiation within about 40 ms of the previous one (flood protection),
// so calls should be further apart.
func (d *Device) ForceHandshake(key Key) error {
	peer := d.wg.LookupPeer(device.NoisePublicKey(key))
	if peer == nil {
		return fmt.Errorf("%w: %s", ErrUnknownPeer, key)
	}
	peer.ExpireCurrentKeypairs()
	return peer.SendHandshakeInitiation(false)
}
