package refuse

import (
	"sync"

	"golang.org/x/time/rate"

	"sag.software/native/internal/datapath/packet"
)

// perSecond and atOnce limit the answers to refused packets of one client.
const perSecond, atOnce = 200, 50

// Limit limits the answers that one client causes, so that no client uses up those of others. The zero value is ready. It is safe for
// concurrent use.
type Limit struct {
	once    sync.Once
	limiter *rate.Limiter
}

// Allow is true if another answer may be sent.
func (l *Limit) Allow() bool {
	l.once.Do(func() { l.limiter = rate.NewLimiter(perSecond, atOnce) })
	return l.limiter.Allow()
}

// Refuser sends answers to refused packets.
type Refuser struct {
	inject func([]byte) error
}

// New makes a refuser. inject sends a packet to a client.
func New(inject func([]byte) error) *Refuser { return &Refuser{inject} }

// Prohibit sends an ICMP "administratively prohibited" to the sender of a packet, as often as the sender's limit allows. Later fragments and
// ICMP errors are not answered (RFC 1122, section 3.2.2).
func (r *Refuser) Prohibit(limit *Limit, h *packet.Header, raw []byte) {
	if h.FragmentOffset == 0 && !h.IsICMPError() && limit.Allow() {
		_ = r.inject(Prohibited(raw, h.Src, h.Dst)) // if the queue is full, the client tries again
	}
}
