package datapath

import "sag.software/native/internal/datapath/packet"

// Packet is one packet of a batch, with its headers parsed.
type Packet struct {
	packet.Header
	// Raw is the whole IP packet.
	Raw []byte
	// Injected is true for packets of Path.Inject, false for packets of the device.
	Injected bool

	dropped bool
}

// Drop drops the packet: later stages skip it, and it is not forwarded.
func (p *Packet) Drop() { p.dropped = true }

// Batch is the packets from one system call or one WireGuard peer. A stage iterates over them with Next.
type Batch struct {
	packets []Packet
	// at is the index of the packet that the running stage works on.
	at int

	buffers [][]byte
	offset  int
	kept    [][]byte
}

// Next returns the next packet that has not been dropped, nil after the last one.
func (b *Batch) Next() *Packet {
	for b.at++; b.at < len(b.packets); b.at++ {
		if p := &b.packets[b.at]; !p.dropped {
			return p
		}
	}
	return nil
}

// Len returns the number of packets, including dropped ones.
func (b *Batch) Len() int { return len(b.packets) }

// Rewind makes Next start with the first packet again.
func (b *Batch) Rewind() { b.at = -1 }

// Kept returns the buffers of the packets that have not been dropped, and the offset of the packets in them. The slice is reused
// by the batch.
func (b *Batch) Kept() (buffers [][]byte, offset int) {
	b.kept = b.kept[:0]
	for i := range b.packets {
		if !b.packets[i].dropped {
			b.kept = append(b.kept, b.buffers[i])
		}
	}
	return b.kept, b.offset
}

// fill parses packets at an offset of their buffers. If sizes is nil, each packet extends to the end of its buffer.
func (b *Batch) fill(buffers [][]byte, sizes []int, offset int) {
	n := len(buffers)
	if cap(b.packets) < n {
		b.packets = make([]Packet, n)
	}
	b.packets, b.buffers, b.offset = b.packets[:n], buffers, offset
	for i, buffer := range buffers {
		p := &b.packets[i]
		p.Raw = buffer[offset:]
		if sizes != nil {
			p.Raw = buffer[offset : offset+sizes[i]]
		}
		p.Injected, p.dropped = false, false
		packet.Parse(p.Raw, &p.Header)
	}
	b.Rewind()
}

// release drops references to buffers that belong to the caller.
func (b *Batch) release() {
	for i := range b.packets {
		b.packets[i].Raw = nil
	}
	clear(b.kept)
	b.buffers = nil
}
