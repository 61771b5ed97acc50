package datapath

import "sag.software/native/internal/datapath/packet"

// Limit is the rate-limit stage: it drops packets beyond their limit. Injected packets are not limited.
func Limit(b *Batch) {
	for p := b.Next(); p != nil; p = b.Next() {
		if p.Limit == nil || p.Injected || !p.Limit.IsCapped() {
			continue
		}
		allowed := false
		if p.Protocol == packet.TCP {
			allowed = p.Limit.AllowTCP(len(p.Raw))
		} else {
			allowed = p.Limit.AllowDatagram(len(p.Raw))
		}
		if !allowed {
			p.Drop()
		}
	}
}
