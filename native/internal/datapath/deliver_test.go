package datapath

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// receiving is a device that passes on what is written to it.
type receiving struct {
	fake
	got chan []byte
}

func (r *receiving) Write(b *Batch) error {
	buffers, offset := b.Kept()
	r.got <- slices.Clone(buffers[0][offset:])
	return nil
}

// A delivered packet reaches the device without passing the stages.
func TestDeliver(t *testing.T) {
	device := &receiving{got: make(chan []byte, 1)}
	path := New(device)
	path.FromTunnel(func(b *Batch) {
		for p := b.Next(); p != nil; p = b.Next() {
			p.Drop()
		}
	})
	packet := udp(1, 40)
	if err := path.Deliver(slices.Clone(packet)); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-device.got:
		if !slices.Equal(got, packet) {
			t.Errorf("got %x", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("not delivered")
	}
}

// A delivered packet passes the stages that are set for it, which may drop it.
func TestDeliverThrough(t *testing.T) {
	device := &receiving{got: make(chan []byte, 2)}
	path := New(device)
	refused := udp(1, 40)
	path.DeliverThrough(func(b *Batch) {
		for p := b.Next(); p != nil; p = b.Next() {
			if slices.Equal(p.Raw, refused) {
				p.Drop()
			}
		}
	})
	allowed := udp(2, 40)
	for _, raw := range [][]byte{refused, allowed} {
		if err := path.Deliver(slices.Clone(raw)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case got := <-device.got:
		if !slices.Equal(got, allowed) {
			t.Errorf("got %x", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("not delivered")
	}
}

// blocked is a device that does not take packets.
type blocked struct {
	fake
	release chan struct{}
}

func (b *blocked) Write(*Batch) error { <-b.release; return nil }

func TestDeliverDoesNotBlock(t *testing.T) {
	device := &blocked{release: make(chan struct{})}
	defer close(device.release)
	path := New(device)
	for range deliverLimit + 2 {
		if err := path.Deliver(udp(1, 40)); errors.Is(err, ErrQueueFull) {
			return
		}
	}
	t.Error("the queue has no limit")
}
