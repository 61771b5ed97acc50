package probe

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"sag.software/native/internal/datapath"
)

// written is a device that stores what is written to it.
type written struct {
	datapath.Device
	packets [][]byte
}

func (w *written) Write(b *datapath.Batch) error {
	for p := b.Next(); p != nil; p = b.Next() {
		w.packets = append(w.packets, p.Raw)
	}
	return nil
}

// A packet that causes a panic is dropped. Other packets of the batch pass, and the process continues.
func TestPanicDropsOnePacket(t *testing.T) {
	var text strings.Builder
	former := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, nil)))
	t.Cleanup(func() { slog.SetDefault(former) })
	device := &written{}
	tap := datapath.New(device)
	tap.FromTunnel(NewStage(nil, Callbacks{Replied: func(netip.Addr, Message, int) { panic("out of range") }}).FromTunnel)
	reply := example
	reply.Kind = Reply
	other := []byte{0x45, 0, 0, 0}
	n, err := tap.Write([][]byte{other, Packet(src, dst, reply, 0), other}, 0)
	if n != 3 || err != nil || len(device.packets) != 2 || !bytes.Equal(device.packets[1], other) {
		t.Errorf("%d %v, handed on %d", n, err, len(device.packets))
	}
	if !strings.Contains(text.String(), "out of range") {
		t.Errorf("log: %q", text.String())
	}
}
