// Package engine is WireGuard as the rest of the program sees it: a device with peers and statistics, embedded from
// wireguard-go.
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
)

// ErrUnknownPeer means that the device has no peer with that key.
var ErrUnknownPeer = errors.New("no such peer")

// Config is what a device is made of. The device owns Path from New on, and closes it.
type Config struct {
	PrivateKey PrivateKey
	// ListenPort is used where Listen does not say; 0 = any free port.
	ListenPort uint16
	// Listen holds the outer addresses to listen on; none = all.
	Listen []netip.AddrPort
	// Path is where the inner packets come from and go to.
	Path   *datapath.Path
	Logger *slog.Logger
	// Mark is put on outer packets (SO_MARK); 0 = none.
	Mark uint32
	// ManyPeers: the device serves many peers at once, as an access point does.
	ManyPeers  bool
	Scheduling Scheduling
}

// Device is a running WireGuard device.
type Device struct {
	wg *device.Device
	// changing: replacing the sockets and removing a peer at once can lock up wireguard-go, because BindUpdate takes the lock of
	// the peers while it holds that of the sockets, and RemovePeer waits for a sender while it holds that of the peers.
	changing sync.Mutex
}

// New makes a device and brings it up.
func New(config Config) (*Device, error) {
	if config.Path == nil {
		return nil, errors.New("engine: a device needs a path")
	}
	d := &Device{wg: device.NewDevice(config.Path, udp.New(config.Listen...), logger(config.Logger))}
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

// SetPrivateKey replaces the device's own key. Peers stay; what is in force with them is given up, so handshakes follow.
func (d *Device) SetPrivateKey(key PrivateKey) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	return d.wg.IpcSet(fmt.Sprintf("private_key=%s\n", Key(key).hex()))
}

// Close ends the device, its sockets and its path.
func (d *Device) Close() {
	d.changing.Lock()
	defer d.changing.Unlock()
	d.wg.Close()
}

// Closed is closed when the device has ended, also by itself.
func (d *Device) Closed() <-chan struct{} { return d.wg.Wait() }

// Rebind closes the outer sockets and opens them anew, for example after sleep or a change of network.
func (d *Device) Rebind() error {
	d.changing.Lock()
	defer d.changing.Unlock()
	return d.wg.BindUpdate()
}

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
