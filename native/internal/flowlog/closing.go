package flowlog

import (
	"time"

	"sag.software/native/internal/datapath/packet"
)

// Linger is how long a flow that was closed or answered is kept, for its last packets.
const Linger = time.Second

// dnsPort is the port of name servers.
const dnsPort = 53

// closeTCP marks a connection as closed if it was reset, or if both ends have sent a FIN.
func (t *Table) closeTCP(i int32, flags uint8) {
	k := t.all[i].reverse()
	back := t.find(&k)
	if flags&packet.RST == 0 && back != 0 && t.all[back].Flags&packet.FIN == 0 {
		return
	}
	t.setClosing(i)
	t.setClosing(back)
}

// answered marks DNS queries and answers as closed if there are as many answers as queries.
func (t *Table) answered(i int32) {
	k := t.all[i].reverse()
	if back := t.find(&k); back != 0 && t.all[back].Packets <= t.all[i].Packets {
		t.setClosing(i)
		t.setClosing(back)
	}
}

// reopen is called for a packet of a flow that was closed. It returns the flow to which the packet belongs, 0 = none.
func (t *Table) reopen(c *Client, i int32, h *packet.Header) int32 {
	f := &t.all[i]
	switch {
	case h.Protocol == packet.TCP && h.TCPFlags&packet.SYN != 0: // another connection
		if t.stats.Waiting == len(t.waiting) {
			return 0
		}
		k := f.Key
		t.wait(t.remove(i, EndDetected))
		i = t.add(c, &k)
		c.recent[k.Direction].flow = i
	case h.Protocol == packet.UDP && h.SrcPort != dnsPort: // another query
		k := f.reverse()
		t.unsetClosing(i)
		t.unsetClosing(t.find(&k))
	}
	return i
}

func (t *Table) setClosing(i int32) {
	if i == 0 || t.all[i].closing {
		return
	}
	t.all[i].closing, t.all[i].closed = true, t.now
	t.link(byClosing, i)
}

func (t *Table) unsetClosing(i int32) {
	if i == 0 || !t.all[i].closing {
		return
	}
	t.all[i].closing = false
	t.unlink(byClosing, i)
}
