package engine

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.zx2c4.com/wireguard/device"
)

// Peer is the desired configuration of one peer.
type Peer struct {
	PublicKey    Key
	PresharedKey PresharedKey
	// Endpoint is where to reach it; invalid (zero) = wait to be reached, or keep what is known.
	Endpoint netip.AddrPort
	// AllowedIPs are the inner addresses that are its own: what goes to it, and what it may send from.
	AllowedIPs []netip.Prefix
	// Keepalive is the persistent keep-alive interval, whole seconds; 0 = none.
	Keepalive time.Duration
}

// PeerStatistics is what the device knows of a peer.
type PeerStatistics struct {
	// RxBytes and TxBytes count outer bytes of WireGuard messages.
	RxBytes, TxBytes uint64
	// LastHandshake is when the last handshake was completed, on the wall clock; zero = never.
	LastHandshake time.Time
	// Endpoint is where the peer was last heard, or is to be reached.
	Endpoint netip.AddrPort
}

// UpsertPeer adds a peer or changes it to this configuration. A peer that stays keeps its session keys.
func (d *Device) UpsertPeer(peer Peer) error { return d.Apply([]Peer{peer}, nil) }

// RemovePeer removes a peer, if it is there.
func (d *Device) RemovePeer(key Key) error { return d.Apply(nil, []Key{key}) }

// Apply removes and upserts peers in one go; removals first, so that an address may change hands.
func (d *Device) Apply(upsert []Peer, remove []Key) error {
	if len(upsert) == 0 && len(remove) == 0 {
		return nil
	}
	var set strings.Builder
	for _, key := range remove {
		fmt.Fprintf(&set, "public_key=%s\nremove=true\n", key.hex())
	}
	for _, peer := range upsert {
		writePeer(&set, peer)
	}
	return d.wg.IpcSet(set.String())
}

func writePeer(set *strings.Builder, peer Peer) {
	fmt.Fprintf(set, "public_key=%s\n", peer.PublicKey.hex())
	fmt.Fprintf(set, "preshared_key=%s\n", Key(peer.PresharedKey).hex())
	if peer.Endpoint.IsValid() {
		fmt.Fprintf(set, "endpoint=%s\n", peer.Endpoint)
	}
	set.WriteString("replace_allowed_ips=true\n")
	for _, prefix := range peer.AllowedIPs {
		fmt.Fprintf(set, "allowed_ip=%s\n", prefix)
	}
	fmt.Fprintf(set, "persistent_keepalive_interval=%d\n", int(peer.Keepalive/time.Second))
}

// SetEndpoint moves a peer's outer address.
func (d *Device) SetEndpoint(key Key, endpoint netip.AddrPort) error {
	if d.wg.LookupPeer(device.NoisePublicKey(key)) == nil {
		return fmt.Errorf("%w: %s", ErrUnknownPeer, key)
	}
	return d.wg.IpcSet(fmt.Sprintf("public_key=%s\nupdate_only=true\nendpoint=%s\n", key.hex(), endpoint))
}

// Peers lists all peers with their statistics.
func (d *Device) Peers() (map[Key]PeerStatistics, error) {
	text, err := d.wg.IpcGet()
	if err != nil {
		return nil, err
	}
	return parsePeers(text), nil
}

// ListenPort is the outer UDP port; 0 while there is none.
func (d *Device) ListenPort() uint16 {
	text, err := d.wg.IpcGet()
	if err != nil {
		return 0
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, "listen_port="); ok {
			port, _ := strconv.ParseUint(strings.TrimSpace(value), 10, 16)
			return uint16(port)
		}
	}
	return 0
}

// parsePeers reads what wireguard-go writes of itself; the lines of a peer follow its public_key.
func parsePeers(text string) map[Key]PeerStatistics {
	peers := map[Key]PeerStatistics{}
	var current Key
	var seconds int64
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		if name == "public_key" {
			b, err := hex.DecodeString(value)
			if err != nil || len(b) != len(current) {
				continue
			}
			current = Key(b)
			peers[current] = PeerStatistics{}
			continue
		}
		statistics, known := peers[current]
		if !known {
			continue
		}
		switch name {
		case "rx_bytes":
			statistics.RxBytes, _ = strconv.ParseUint(value, 10, 64)
		case "tx_bytes":
			statistics.TxBytes, _ = strconv.ParseUint(value, 10, 64)
		case "endpoint":
			statistics.Endpoint, _ = netip.ParseAddrPort(value)
		case "last_handshake_time_sec":
			seconds, _ = strconv.ParseInt(value, 10, 64)
		case "last_handshake_time_nsec":
			nanoseconds, _ := strconv.ParseInt(value, 10, 64)
			if seconds != 0 || nanoseconds != 0 {
				statistics.LastHandshake = time.Unix(seconds, nanoseconds)
			}
		}
		peers[current] = statistics
	}
	return peers
}
