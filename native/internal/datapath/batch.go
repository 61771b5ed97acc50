package datapath

import (
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rate"
)

// Packet is one packet of a batch, with its headers parsed.
type Packet struct {
	packet.Header
	// Raw is the whole IP packet.
	Raw []byte
	// Injected is true for packets that this program made (Path.Inject), not the device.
	Injected bool
	// Limit is what the packet counts against; nil = no limit. The rules stage sets it.
	Limit *rate.Limit

	dropped bool
}

// Drop takes the packet out: no later stage sees it, and it goes no further.
func (p *Packet) Drop() { p.dropped = true }

// Batch is the packets that one system call or one WireGuard peer delivered. A stage goes through them with Next.
type Batch struct {
	packets []Packet
	// at is the packet that the running stage looks at.
	at int

	buffers [][]byte
	offset  int
	kept    [][]byte
}

// Next is the next packet that no stage has dropped, nil after the last one.
func (b *Batch) Next() *Packet {
	for b.at++; b.at < len(b.packets); b.at++ {
		if p := &b.packets[b.at]; !p.dropped {
			return p
		}
	}
	return nil
}

// Len is how many packets there are, dropped or not.
func (b *Batch) Len() int { return len(b.packets) }

// Rewind has Next begin with the first packet again.
func (b *Batch) Rewind() { b.at = -1 }

// Kept are the buffers of all packets that no stage has dropped, and where in them the packets begin. The batch keeps the slice.
func (b *Batch) Kept() (buffers [][]byte, offset int) {
	b.kept = b.kept[:0]
	for i := range b.packets {
		if !b.packets[i].dropped {
			b.kept = append(b.kept, b.buffers[i])
		}
	}
	return b.kept, b.offset
}

// fill parses packets that begin at an offset of their buffers. Without sizes they fill them.
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
		p.Injected, p.Limit, p.dropped = false, nil, false
		packet.Parse(p.Raw, &p.Header)
	}
	b.Rewind()
}

// release lets go of what belongs to others.
func (b *Batch) release() {
	for i := range b.packets {
		b.packets[i].Raw, b.packets[i].Limit = nil, nil
	}
	clear(b.kept)
	b.buffers = nil
}
