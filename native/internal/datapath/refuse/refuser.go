package refuse

import (
	"golang.org/x/time/rate"

	"sag.software/native/internal/datapath/packet"
)

// perSecond and atOnce limit the answers to refused packets, for all clients together.
const perSecond, atOnce = 200, 50

// Refuser sends answers to refused packets, as many as its limit allows.
type Refuser struct {
	inject func([]byte) error
	limit  *rate.Limiter
}

// New makes a refuser. inject sends a packet to a client.
func New(inject func([]byte) error) *Refuser {
	return &Refuser{inject, rate.NewLimiter(perSecond, atOnce)}
}

// Prohibit sends an ICMP "administratively prohibited" to the sender of a packet. Later fragments are not answered.
func (r *Refuser) Prohibit(h *packet.Header, raw []byte) {
	if h.FragmentOffset == 0 && r.limit.Allow() {
		_ = r.inject(Prohibited(raw, h.Src, h.Dst)) // if the queue is full, the client tries again
	}
}

// Allow is true if another answer may be sent.
func (r *Refuser) Allow() bool { return r.limit.Allow() }
