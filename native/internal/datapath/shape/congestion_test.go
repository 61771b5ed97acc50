package shape

import (
	"encoding/binary"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/mtu"
)

// reno is a simple model of TCP: additive increase, and half the window once per round trip with losses.
type reno struct {
	port             uint16
	window           float64
	slow             bool // slow start
	sent, acked      uint32
	inFlight         map[uint32]time.Duration // number → when it was sent
	recovered        uint32                   // losses below this number are of a known congestion
	delivered        int
	waited           []time.Duration
	acknowledgements []acknowledgement
}

type acknowledgement struct {
	at     time.Duration
	number uint32
}

// TCP connections use the rate, share it, and do not build a standing queue: CoDel and the bound of the backlog tell them to slow down.
func TestCongestionControlFindsTheRate(t *testing.T) {
	for _, rate := range rates {
		for _, n := range []int{1, 8} {
			const roundTrip, from, until = 20 * time.Millisecond, 2 * time.Second, 8 * time.Second
			scheduler, c := NewScheduler(testMemory), newAccount(rate)
			var senders []*reno
			for i := range n {
				senders = append(senders, &reno{port: uint16(40_000 + i), window: 10, slow: true, inFlight: map[uint32]time.Duration{}})
			}
			for now := time.Duration(0); now < until; now += 200 * time.Microsecond {
				for _, s := range senders {
					s.step(now, scheduler, c, roundTrip)
				}
				for p := scheduler.Pop(now); p != nil; p = scheduler.Pop(now) {
					s, number := senders[binary.BigEndian.Uint16(p.Raw[22:])-40_000], numberOf(p.Raw)
					s.acknowledgements = append(s.acknowledgements, acknowledgement{now + roundTrip, number})
					if now >= from {
						s.delivered += len(p.Raw)
						s.waited = append(s.waited, now-p.arrived)
					}
					p.Release()
				}
			}
			sum, shares, late, all := 0, []float64{}, 0, 0
			full := time.Duration(mtu.Ceiling * 8 * float64(time.Second) / float64(rate))
			most := max(3*codelTarget, time.Duration(8*n)*full)
			for _, s := range senders {
				sum += s.delivered
				shares = append(shares, float64(s.delivered))
				for _, d := range s.waited {
					if all++; d > most {
						late++
					}
				}
			}
			if share := float64(sum) * 8 / ((until - from).Seconds() * float64(rate)); share < 0.9 || share > 1.02 {
				t.Errorf("at %d with %d: %.3f of the rate", rate, n, share)
			}
			if index := jain(shares); index < 0.9 {
				t.Errorf("at %d with %d: fairness %.3f of %v", rate, n, index, shares)
			}
			if float64(late) > 0.1*float64(all) {
				t.Errorf("at %d with %d: %d of %d packets waited for more than %s", rate, n, late, all, most)
			}
			if c.instance.Counters(DefaultClass).Dropped() == 0 {
				t.Errorf("at %d with %d: nothing was dropped", rate, n)
			}
		}
	}
}

func (s *reno) step(now time.Duration, scheduler *Scheduler, c *Account, roundTrip time.Duration) {
	for len(s.acknowledgements) > 0 && s.acknowledgements[0].at <= now {
		number := s.acknowledgements[0].number
		s.acknowledgements = s.acknowledgements[1:]
		lost := false
		for ; s.acked+1 < number; s.acked++ { // packets stay in order, so that what is skipped is lost
			delete(s.inFlight, s.acked+1)
			lost = lost || s.acked+1 >= s.recovered
		}
		s.acked = number
		delete(s.inFlight, number)
		switch {
		case lost:
			s.window, s.slow, s.recovered = max(s.window/2, 2), false, s.sent
		case s.slow:
			s.window++
		default:
			s.window += 1 / s.window
		}
	}
	for number, at := range s.inFlight { // a timeout
		if now-at > time.Second+roundTrip {
			delete(s.inFlight, number)
			s.window, s.slow = 2, false
		}
	}
	for len(s.inFlight) < int(s.window) {
		s.sent++
		s.inFlight[s.sent] = now
		raw := parcel(packet.TCP, 443, s.port, mtu.Ceiling, s.sent)
		scheduler.Push(now, c, DefaultClass, raw, kindOf(raw))
	}
}
