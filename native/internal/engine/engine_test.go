package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestKeysAreRedacted(t *testing.T) {
	private, err := NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	shared := PresharedKey(private)
	secret := Key(private)
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("keys", "private", private, "shared", shared, "in a struct", Config{PrivateKey: private}.PrivateKey, "peer", PeerConfig{PresharedKey: shared})
	encoded, err := json.Marshal(map[string]any{"a": private, "b": shared})
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{
		fmt.Sprint(private, shared), fmt.Sprintf("%v %+v %#v %s %q", private, private, private, private, private),
		fmt.Sprintf("%v %+v %#v %s", shared, PeerConfig{PresharedKey: shared}, shared, shared), log.String(), string(encoded),
	} {
		if strings.Contains(printed, secret.String()) || strings.Contains(printed, secret.hex()) ||
			strings.Contains(printed, fmt.Sprint(secret[0], secret[1], secret[2])) {
			t.Errorf("a secret was printed: %s", printed)
		}
	}
}

// The example of RFC 7748, section 6.1.
func TestPublic(t *testing.T) {
	private := PrivateKey{
		0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
		0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a,
	}
	if got := private.Public().hex(); got != "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a" {
		t.Fatalf("got %s", got)
	}
}

func TestParsePeers(t *testing.T) {
	text := strings.Join([]string{
		"private_key=" + strings.Repeat("11", 32), "listen_port=51820",
		"public_key=" + strings.Repeat("22", 32), "endpoint=192.0.2.1:51820",
		"last_handshake_time_sec=100", "last_handshake_time_nsec=5", "tx_bytes=7", "rx_bytes=9", "allowed_ip=10.0.0.1/32",
		"public_key=" + strings.Repeat("33", 32), "last_handshake_time_sec=0", "last_handshake_time_nsec=0", "tx_bytes=0", "rx_bytes=0",
	}, "\n")
	peers := parsePeers(text)
	if len(peers) != 2 {
		t.Fatalf("%d peers", len(peers))
	}
	var busy, quiet Key
	for i := range busy {
		busy[i], quiet[i] = 0x22, 0x33
	}
	got := peers[busy]
	if got.RxBytes != 9 || got.TxBytes != 7 || !got.LastHandshake.Equal(time.Unix(100, 5)) || got.Endpoint.AddrPort.String() != "192.0.2.1:51820" {
		t.Fatalf("got %+v", got)
	}
	if !peers[quiet].LastHandshake.IsZero() {
		t.Fatal("a handshake that never was")
	}
}

// An endpoint with an unsupported transport is refused before anything changes, and the error contains the reason.
func TestUnsupportedTransports(t *testing.T) {
	at := netip.MustParseAddrPort("192.0.2.1:443")
	err := (&Device{}).Apply([]PeerConfig{{Endpoint: Endpoint{Transport: TLS, AddrPort: at}}}, []Key{{1}})
	if !errors.Is(err, ErrTransport) || !strings.Contains(err.Error(), "tls:192.0.2.1:443") {
		t.Errorf("got %v", err)
	}
	if err := (&Device{}).Apply([]PeerConfig{{Endpoint: Endpoint{AddrPort: at}}}, nil); !errors.Is(err, ErrTransport) {
		t.Errorf("no transport: %v", err)
	}
	for _, fine := range []Endpoint{{}, UDPEndpoint(at)} {
		if err := fine.check(); err != nil {
			t.Errorf("%s: %v", fine, err)
		}
	}
}
