package flows

import (
	"net/netip"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/flowlog"
)

// FromTunnel is the stage for packets from clients.
func (f *Flows) FromTunnel(b *datapath.Batch) { f.count(b, rules.FromClient) }

// ToTunnel is the stage for packets to clients.
func (f *Flows) ToTunnel(b *datapath.Batch) { f.count(b, rules.ToClient) }

// count counts the packets of sessions with a flow log. It locks the table only if there are some.
func (f *Flows) count(b *datapath.Batch, d rules.Direction) {
	w := whose{recorded: *f.recorded.Load(), probe: *f.probe.Load(), direction: d}
	if len(w.recorded) == 0 {
		return
	}
	for p := b.Next(); p != nil; p = b.Next() {
		if w.client(p) != nil {
			f.countFrom(b, p, &w)
			return
		}
	}
}

// countFrom is count from the first packet of a recorded session.
func (f *Flows) countFrom(b *datapath.Batch, p *datapath.Packet, w *whose) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.config.Now()
	for ; p != nil; p = b.Next() {
		if c := w.client(p); c != nil {
			f.table.Count(now, c, w.direction, &p.Header, len(p.Raw))
		}
	}
	if f.table.Crowded() {
		f.wakeUp()
	}
}

// whose finds the sessions of packets. It keeps the last one, because most packets of a batch belong to one client.
type whose struct {
	recorded  map[netip.Addr]*flowlog.Client
	probe     netip.Addr
	direction rules.Direction
	address   netip.Addr
	last      *flowlog.Client
}

// client returns nil for packets that are not recorded.
func (w *whose) client(p *datapath.Packet) *flowlog.Client {
	address := p.Src
	if w.direction == rules.ToClient {
		if p.Src == w.probe {
			return nil
		}
		address = p.Dst
	}
	if address != w.address {
		w.address, w.last = address, w.recorded[address]
	}
	return w.last
}
