package acl

import (
	"net/netip"
	"time"

	"sag.software/native/internal/datapath/packet"
)

const (
	// maxFragmented limits the fragmented packets of one client whose decision is kept.
	maxFragmented = 32
	// fragmentAge is how long a decision is kept. The fragments of a packet follow each other closely.
	fragmentAge = time.Second
)

// fragmented identifies a fragmented packet (RFC 791, RFC 8200).
type fragmented struct {
	src, dst netip.Addr
	id       uint32
	protocol uint8
}

// fragments keeps what was decided about the first fragments of packets, because later ones have no ports. The zero value is empty.
type fragments struct {
	all []keptFragment
	at  int
}

type keptFragment struct {
	fragmented
	allowed bool
	until   time.Duration
}

// fragmentedOf leaves out the protocol of IPv6 fragments, which in later ones may be that of an extension header.
func fragmentedOf(h *packet.Header) fragmented {
	f := fragmented{src: h.Src, dst: h.Dst, id: h.FragmentID}
	if h.Version == 4 {
		f.protocol = h.Protocol
	}
	return f
}

// note keeps the decision about a first fragment.
func (f *fragments) note(h *packet.Header, allowed bool, now time.Duration) {
	k := keptFragment{fragmentedOf(h), allowed, now + fragmentAge}
	for i := range f.all {
		if f.all[i].fragmented == k.fragmented {
			f.all[i] = k
			return
		}
	}
	if len(f.all) < maxFragmented {
		f.all = append(f.all, k)
		return
	}
	f.all[f.at] = k
	f.at = (f.at + 1) % maxFragmented
}

// allowed is true if the first fragment of this one's packet was allowed.
func (f *fragments) allowed(h *packet.Header, now time.Duration) bool {
	wanted := fragmentedOf(h)
	for i := range f.all {
		if k := &f.all[i]; k.fragmented == wanted {
			return k.allowed && now <= k.until
		}
	}
	return false
}
