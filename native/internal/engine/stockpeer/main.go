// Command stockpeer is a WireGuard peer with unmodified wireguard-go, for tests. It answers each packet with a copy whose source
// and destination are exchanged.
//
// It reads UAPI lines up to an empty line and prints its UDP port. For each further line it starts a handshake with every peer.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"strings"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun"
)

func main() {
	log.SetFlags(0)
	peer := device.NewDevice(newEcho(), conn.NewDefaultBind(), device.NewLogger(device.LogLevelError, "stock: "))
	if _, changed := any(peer).(interface{ SetInline(bool) }); changed {
		log.Fatal("wireguard-go is modified: build with GOWORK=off")
	}
	lines := bufio.NewScanner(os.Stdin)
	var set strings.Builder
	var keys []device.NoisePublicKey
	for lines.Scan() && lines.Text() != "" {
		fmt.Fprintln(&set, lines.Text())
		if text, is := strings.CutPrefix(lines.Text(), "public_key="); is {
			key, err := hex.DecodeString(text)
			if err != nil || len(key) != device.NoisePublicKeySize {
				log.Fatal("no public key: ", text)
			}
			keys = append(keys, device.NoisePublicKey(key))
		}
	}
	if err := peer.IpcSet(set.String()); err != nil {
		log.Fatal(err)
	}
	if err := peer.Up(); err != nil {
		log.Fatal(err)
	}
	state, err := peer.IpcGet()
	if err != nil {
		log.Fatal(err)
	}
	_, rest, _ := strings.Cut(state, "listen_port=")
	port, _, _ := strings.Cut(rest, "\n")
	fmt.Println(port)
	for lines.Scan() {
		for _, key := range keys {
			peer.LookupPeer(key).ExpireCurrentKeypairs()
			if err := peer.LookupPeer(key).SendHandshakeInitiation(false); err != nil {
				log.Print(err)
			}
		}
	}
}

// echo is a TUN device that returns each packet to its sender.
type echo struct {
	packets chan []byte
	events  chan tun.Event
}

func newEcho() *echo { return &echo{packets: make(chan []byte, 4096), events: make(chan tun.Event)} }

func (*echo) File() *os.File             { return nil }
func (*echo) MTU() (int, error)          { return 1420, nil }
func (*echo) Name() (string, error)      { return "echo", nil }
func (e *echo) Events() <-chan tun.Event { return e.events }
func (*echo) BatchSize() int             { return 16 }
func (*echo) Close() error               { return nil }

func (e *echo) Write(buffers [][]byte, offset int) (int, error) {
	for _, buffer := range buffers {
		back := append([]byte(nil), buffer[offset:]...)
		copy(back[12:16], buffer[offset+16:])
		copy(back[16:20], buffer[offset+12:])
		e.packets <- back
	}
	return len(buffers), nil
}

func (e *echo) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	packet := <-e.packets
	for n := 0; ; {
		sizes[n] = copy(buffers[n][offset:], packet)
		if n++; n == len(buffers) {
			return n, nil
		}
		select {
		case packet = <-e.packets:
		default:
			return n, nil
		}
	}
}
