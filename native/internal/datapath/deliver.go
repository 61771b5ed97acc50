package datapath

import (
	"log/slog"

	"sag.software/native/internal/panics"
)

// deliverLimit is the capacity of the queue of packets for the device.
const deliverLimit = 64

// deliverOffset is the space in front of a delivered packet, bytes, which a link needs for its own header.
const deliverOffset = 16

// DeliverThrough sets the stages that delivered packets pass, in order.
func (p *Path) DeliverThrough(stages ...Stage) { p.beforeDelivery = stages }

// Deliver writes a packet to the device as if it came out of the tunnel, through the stages of DeliverThrough instead of those of FromTunnel.
// It does not block, so stages can call it. It takes ownership of the packet.
func (p *Path) Deliver(raw []byte) error {
	p.delivering.Do(func() { go p.deliver() })
	select {
	case p.delivered <- raw:
		return nil
	default:
		return ErrQueueFull
	}
}

// deliver runs on its own goroutine, because a device may wait for its reader while it takes a packet.
func (p *Path) deliver() {
	for {
		select {
		case <-p.closed:
			return
		case raw := <-p.delivered:
			p.deliverOne(raw)
		}
	}
}

func (p *Path) deliverOne(raw []byte) {
	defer panics.Log(slog.Default(), "a packet for the device")
	b := &Batch{}
	b.fill([][]byte{append(make([]byte, deliverOffset), raw...)}, nil, deliverOffset)
	run(p.beforeDelivery, b)
	if b.Rewind(); b.Next() == nil {
		return
	}
	b.Rewind()
	_ = p.device.Write(b) // the device is closed, or the packet is lost as any packet can be
}
