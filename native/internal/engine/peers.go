package engine

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// PeerConfig is the desired configuration of one peer.
type PeerConfig struct {
	PublicKey    Key
	PresharedKey PresharedKey
	// Endpoint is the address of the peer. Zero = wait for the peer to send first, or keep the current one.
	Endpoint Endpoint
	// AllowedIPs are the inner prefixes that are sent to the peer and accepted from it.
	AllowedIPs []netip.Prefix
}

// PeerStats are the statistics of a peer.
type PeerStats struct {
	// RxBytes and TxBytes count outer bytes of WireGuard messages.
	RxBytes, TxBytes uint64
	// LastHandshake is when the last handshake was completed, on the wall clock; zero = never.
	LastHandshake time.Time
	// Endpoint is where the last authenticated packet of the peer came from, or the configured one.
	Endpoint Endpoint
}

// UpsertPeer adds a peer or changes its configuration. An existing peer keeps its session keys.
func (d *Device) UpsertPeer(peer PeerConfig) error { return d.Apply([]PeerConfig{peer}, nil) }

// RemovePeer removes a peer, if it exists.
func (d *Device) RemovePeer(key Key) error { return d.Apply(nil, []Key{key}) }

// Apply removes and upserts peers in one call. Removals come first, so that an address can move from one peer to another. Nothing
// is changed if an endpoint's transport is not supported (ErrTransport).
func (d *Device) Apply(upsert []PeerConfig, remove []Key) error {
	if len(upsert) == 0 && len(remove) == 0 {
		return nil
	}
	for _, peer := range upsert {
		if err := peer.Endpoint.check(); err != nil {
			return err
		}
	}
	var set strings.Builder
	for _, key := range remove {
		fmt.Fprintf(&set, "public_key=%s\nremove=true\n", key.hex())
	}
	for _, peer := range upsert {
		writePeer(&set, peer)
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	return d.wg.IpcSet(set.String())
}

func writePeer(set *strings.Builder, peer PeerConfig) {
	fmt.Fprintf(set, "public_key=%s\n", peer.PublicKey.hex())
	fmt.Fprintf(set, "preshared_key=%s\n", Key(peer.PresharedKey).hex())
	if peer.Endpoint.IsValid() {
		fmt.Fprintf(set, "endpoint=%s\n", peer.Endpoint.AddrPort)
	}
	set.WriteString("replace_allowed_ips=true\n")
	for _, prefix := range peer.AllowedIPs {
		fmt.Fprintf(set, "allowed_ip=%s\n", prefix)
	}
}

// Peers lists all peers with their stats.
func (d *Device) Peers() (map[Key]PeerStats, error) {
	text, err := d.wg.IpcGet()
	if err != nil {
		return nil, err
	}
	return parsePeers(text), nil
}

// ListenPort returns the outer UDP port; 0 if there is none.
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

// parsePeers parses wireguard-go's UAPI output. The lines of a peer follow its public_key.
func parsePeers(text string) map[Key]PeerStats {
	peers := map[Key]PeerStats{}
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
			peers[current] = PeerStats{}
			continue
		}
		stats, known := peers[current]
		if !known {
			continue
		}
		switch name {
		case "rx_bytes":
			stats.RxBytes, _ = strconv.ParseUint(value, 10, 64)
		case "tx_bytes":
			stats.TxBytes, _ = strconv.ParseUint(value, 10, 64)
		case "endpoint":
			if at, err := netip.ParseAddrPort(value); err == nil {
				stats.Endpoint = UDPEndpoint(at)
			}
		case "last_handshake_time_sec":
			seconds, _ = strconv.ParseInt(value, 10, 64)
		case "last_handshake_time_nsec":
			nanoseconds, _ := strconv.ParseInt(value, 10, 64)
			if seconds != 0 || nanoseconds != 0 {
				stats.LastHandshake = time.Unix(seconds, nanoseconds)
			}
		}
		peers[current] = stats
	}
	return peers
}
