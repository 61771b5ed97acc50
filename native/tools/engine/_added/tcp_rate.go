package tcp

import (
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// ccRate is a congestion control that sets the window from the measured delivery rate and round-trip time, as BBR does
// (draft-ietf-ccwg-bbr), but without pacing. A single lost packet does not count as congestion: on radio links most losses are random, and
// at 1 % loss Reno's window shrinks to a few packets. Only the loss of more than one in eight packets in a round trip counts.
const ccRate = "rate"

const (
	// rateRounds is the number of round trips over which the maximum rate is taken.
	rateRounds = 10
	// startGain and steadyGain are the window in bandwidth-delay products, during startup and afterwards. steadyGain is above 1 because
	// acknowledgements arrive in batches.
	startGain, steadyGain = 2.89, 2.0
	// Startup ends after flatRounds round trips in which the rate grew by less than the factor rateGrowth.
	rateGrowth, flatRounds = 1.25, 3
	// minimumWindow is the smallest window, packets.
	minimumWindow = 4
	// The smallest round-trip time is valid for minRTTAge. Then the window is reduced for minRTTProbe, so that queues drain and it can
	// be measured again.
	minRTTAge, minRTTProbe = 10 * time.Second, 200 * time.Millisecond
	// Losing more than one packet in lossShare, and at least lossLeast packets, in a round trip is congestion.
	lossShare, lossLeast = 8, 8
	// Three bursts may be in flight beyond the bandwidth-delay product, because batching delays packets. A burst is what the path carries
	// in burstTime: at least burstLeast packets and at most burstMost bytes.
	burstLeast, burstMost = 2, 64 << 10
	burstTime             = time.Millisecond
)

// segmentRate is the state of deliveryRate when a segment was sent.
type segmentRate struct {
	delivered            int64
	deliveredAt, firstAt tcpip.MonotonicTime
	limited              bool
}

// deliveryRate measures how fast data arrives at the other end (draft-cheng-iccrg-delivery-rate-estimation).
type deliveryRate struct {
	delivered            int64 // bytes
	deliveredAt, firstAt tcpip.MonotonicTime
	// limitedUntil is the count of delivered bytes up to which the application limited the rate; 0 = it does not.
	limitedUntil int64
	// lost counts lost packets.
	lost int
	// The rest describes the acknowledgement being processed: the delivered segment that was sent last, and the shortest round trip.
	newest  segmentRate
	sending time.Duration
	rtt     time.Duration
	has     bool
}

// rateSent stores the current state in a segment that is being sent.
//
// +checklocks:s.ep.mu
func (s *sender) rateSent(seg *segment) {
	r := &s.rate
	if s.Outstanding == 0 {
		r.firstAt, r.deliveredAt = seg.xmitTime, seg.xmitTime
	}
	seg.rate = segmentRate{delivered: r.delivered, deliveredAt: r.deliveredAt, firstAt: r.firstAt, limited: r.limitedUntil != 0}
}

// rateDelivered counts a segment that is acknowledged for the first time.
//
// +checklocks:s.ep.mu
func (s *sender) rateDelivered(seg, ack *segment) {
	r := &s.rate
	r.delivered += int64(seg.payloadSize())
	r.deliveredAt = ack.rcvdTime
	if seg.xmitCount == 1 {
		if rtt := ack.rcvdTime.Sub(seg.xmitTime); r.rtt == 0 || rtt < r.rtt {
			r.rtt = max(rtt, 1)
		}
	}
	if !r.has || seg.rate.delivered >= r.newest.delivered {
		r.has, r.newest = true, seg.rate
		r.sending = seg.xmitTime.Sub(seg.rate.firstAt)
		r.firstAt = seg.xmitTime
	}
}

// rateAcked finishes the processing of an acknowledgement.
//
// +checklocks:s.ep.mu
func (s *sender) rateAcked(ack *segment) {
	r := &s.rate
	if r.limitedUntil != 0 && r.delivered > r.limitedUntil {
		r.limitedUntil = 0
	}
	if cc, ok := s.cc.(*rateState); ok && r.has {
		cc.acked(r, ack.rcvdTime)
	}
	r.has, r.rtt = false, 0
}

// rateLimited records that the application provides less data than the window permits.
//
// +checklocks:s.ep.mu
func (s *sender) rateLimited() {
	if s.writeNext == nil && s.Outstanding < s.SndCwnd {
		s.rate.limitedUntil = max(s.rate.delivered+int64(s.Outstanding*s.MaxPayloadSize), 1)
	}
}

// rateState implements congestionControl.
type rateState struct {
	s *sender
	// rates are the maxima of the last round trips, bytes per second.
	rates [rateRounds]float64
	round int
	// roundEnd is the count of delivered bytes at which this round trip ends.
	roundEnd int64
	// roundLost and roundDelivered are the counts at the start of this round trip.
	roundLost      int
	roundDelivered int64
	found          bool // startup is over
	flat           int
	highest        float64
	minRTT         time.Duration
	minRTTAt       tcpip.MonotonicTime
	probeEnd       tcpip.MonotonicTime // zero = the round-trip time is not being measured again
	// seen is the count of delivered bytes that the window has already grown by.
	seen int64
	// bound limits the window after congestion, packets; 0 = no limit.
	bound int
}

// +checklocks:s.ep.mu
func newRateCC(s *sender) *rateState { return &rateState{s: s} }

// acked sets the window after an acknowledgement. Unlike Update it is also called during recovery.
func (c *rateState) acked(r *deliveryRate, now tcpip.MonotonicTime) {
	ended := r.newest.delivered >= c.roundEnd
	if ended {
		c.endRound(r)
	}
	if c.measure(r, now); ended {
		c.look(r)
	}
	s := c.s
	window := s.SndCwnd + c.grown(r)
	if target := c.target(c.gain()); target > 0 {
		window = min(window, target)
	}
	if c.bound > 0 {
		window = min(window, c.bound)
	}
	if c.probing(now) {
		window = min(window, c.target(0.5))
	}
	s.SndCwnd = max(window, minimumWindow)
	s.Ssthresh = s.SndCwnd
}

// grown returns by how many packets the window may grow: as many as were delivered.
func (c *rateState) grown(r *deliveryRate) int {
	packets := int(r.delivered-c.seen) / c.s.MaxPayloadSize
	c.seen += int64(packets * c.s.MaxPayloadSize)
	return packets
}

func (c *rateState) gain() float64 {
	if c.found {
		return steadyGain
	}
	return startGain
}

// endRound starts the next round trip.
func (c *rateState) endRound(r *deliveryRate) {
	lost, delivered := r.lost-c.roundLost, int(r.delivered-c.roundDelivered)/c.s.MaxPayloadSize
	switch {
	case lost >= lossLeast && lost*lossShare > lost+delivered:
		c.bound, c.found = max(c.s.SndCwnd*7/10, minimumWindow), true
	case c.bound > 0:
		if c.bound += c.bound/8 + 1; c.bound > 2*c.s.SndCwnd {
			c.bound = 0
		}
	}
	c.roundLost, c.roundDelivered, c.roundEnd = r.lost, r.delivered, r.delivered
	c.round = (c.round + 1) % rateRounds
	c.rates[c.round] = 0
}

// measure updates rate and round-trip time from an acknowledgement.
func (c *rateState) measure(r *deliveryRate, now tcpip.MonotonicTime) {
	if r.rtt > 0 && (c.minRTT == 0 || r.rtt <= c.minRTT) {
		c.minRTT, c.minRTTAt = r.rtt, now
	}
	took := max(r.sending, r.deliveredAt.Sub(r.newest.deliveredAt))
	if took <= 0 || took < c.minRTT {
		return
	}
	rate := float64(r.delivered-r.newest.delivered) / took.Seconds()
	if !r.newest.limited || rate > c.rate() {
		c.rates[c.round] = max(c.rates[c.round], rate)
	}
}

// look ends startup when the rate no longer grows.
func (c *rateState) look(r *deliveryRate) {
	if c.found || r.newest.limited {
		return
	}
	rate := c.rate()
	if rate >= c.highest*rateGrowth {
		c.highest, c.flat = rate, 0
		return
	}
	c.flat++
	c.found = c.flat >= flatRounds
}

// probing reports whether the window is reduced to measure the round-trip time.
func (c *rateState) probing(now tcpip.MonotonicTime) bool {
	if c.probeEnd != (tcpip.MonotonicTime{}) {
		if now.Before(c.probeEnd) {
			return true
		}
		c.probeEnd = tcpip.MonotonicTime{}
		return false
	}
	if c.minRTT == 0 || now.Sub(c.minRTTAt) < minRTTAge {
		return false
	}
	// Forget the old minimum.
	c.minRTTAt, c.minRTT = now, c.s.rate.rtt
	if c.found {
		c.probeEnd = now.Add(minRTTProbe)
	}
	return c.found
}

func (c *rateState) rate() float64 {
	highest := 0.0
	for _, rate := range c.rates {
		highest = max(highest, rate)
	}
	return highest
}

// target returns a multiple of the bandwidth-delay product, plus bursts, in packets; 0 = not measured yet.
func (c *rateState) target(gain float64) int {
	rate := c.rate()
	if rate == 0 || c.minRTT == 0 {
		return 0
	}
	size := float64(c.s.MaxPayloadSize)
	burst := min(max(rate*burstTime.Seconds(), burstLeast*size), burstMost)
	return int((gain*rate*c.minRTT.Seconds()+3*burst)/size) + 1
}

// HandleLossDetected implements congestionControl. Recovery sets the window to the threshold, so the window stays as it is.
func (c *rateState) HandleLossDetected() { c.s.Ssthresh = max(c.s.SndCwnd, minimumWindow) }

// HandleRTOExpired implements congestionControl.
func (c *rateState) HandleRTOExpired() {
	c.s.SndCwnd = minimumWindow
	c.s.Ssthresh = minimumWindow
}

// Update implements congestionControl; acked does the work.
func (*rateState) Update(int, time.Duration, tcpip.MonotonicTime) {}

// PostRecovery implements congestionControl.
func (*rateState) PostRecovery() {}
