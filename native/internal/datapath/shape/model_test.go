package shape

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
)

const (
	testMemory = 8 << 20
	testSeed   = 0x5a9
)

// parcel makes an IPv4 packet of a protocol and size, from a port to a port. It carries a number, by which a test recognises it.
func parcel(protocol byte, from, to uint16, size int, number uint32) []byte {
	raw := make([]byte, max(size, 44))
	raw[0], raw[9] = 0x45, protocol
	binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
	copy(raw[12:], []byte{10, 0, 0, 1})
	copy(raw[16:], []byte{10, 9, 0, 2})
	binary.BigEndian.PutUint16(raw[20:], from)
	binary.BigEndian.PutUint16(raw[22:], to)
	if protocol == packet.TCP {
		raw[32], raw[33] = 5<<4, packet.ACK
	}
	binary.BigEndian.PutUint32(raw[40:], number)
	return raw
}

func numberOf(raw []byte) uint32 { return binary.BigEndian.Uint32(raw[40:]) }

func kindOf(raw []byte) Kind {
	var h packet.Header
	packet.Parse(raw, &h)
	return Classify(&h, raw, testSeed)
}

// source sends packets of one flow at a constant rate, whatever is dropped.
type source struct {
	protocol byte
	port     uint16 // of the client
	server   uint16
	size     int
	every    time.Duration
	jitter   float64 // part of every by which a packet may be late

	next       time.Duration
	sent, got  int
	bytes      int
	worst      time.Duration
	sentAt     map[uint32]time.Duration
	lastNumber uint32
}

// newAccount makes an account of an instance of its own, which has no limit.
func newAccount(cap uint64) *Account { return NewAccount(NewInstance(), cap) }

// queuedBy is the memory that an account's packets take, bytes.
func queuedBy(a *Account) (sum int) {
	for _, f := range flowsOf(a) {
		sum += f.cost
	}
	return sum
}

// flowsOf returns those of all classes.
func flowsOf(a *Account) (all []*flows) {
	for _, q := range a.queues {
		if q != nil && q.flows != nil {
			all = append(all, q.flows)
		}
	}
	return all
}

// model is an account with sources, and a link without limit behind it.
type model struct {
	t         *testing.T
	scheduler *Scheduler
	account   *Account
	sources   []*source
	random    *rand.Rand
	// late is how late a timer may be.
	late time.Duration
	// left is when which number of bytes left.
	left []departure
	most int // cost
}

type departure struct {
	at    time.Duration
	bytes int
}

func newModel(t *testing.T, rate uint64, sources ...*source) *model {
	m := &model{
		t: t, scheduler: NewScheduler(testMemory), account: newAccount(rate), sources: sources,
		random: rand.New(rand.NewPCG(testSeed, rate)), late: time.Millisecond,
	}
	for i, s := range sources {
		s.sentAt = map[uint32]time.Duration{}
		s.next = time.Duration(i) * s.every / time.Duration(len(sources))
	}
	return m
}

// run runs the model until a time. What passes before a time is not counted.
func (m *model) run(from, until time.Duration) {
	const never = time.Duration(math.MaxInt64)
	released := never
	for now := time.Duration(0); now < until; {
		next := released
		for _, s := range m.sources {
			next = min(next, s.next)
		}
		now = max(now, next)
		for _, s := range m.sources {
			for s.next <= now {
				m.send(now, s, now >= from)
			}
		}
		if released <= now {
			for p := m.scheduler.Pop(now); p != nil; p = m.scheduler.Pop(now) {
				m.receive(now, p, now >= from)
			}
			released = never
		}
		m.most = max(m.most, queuedBy(m.account))
		if at, ok := m.scheduler.Next(); ok && released == never {
			released = max(at, now)
			if m.late > 0 && at > now {
				released += time.Duration(m.random.Int64N(int64(m.late)))
			}
		}
	}
}

func (m *model) send(now time.Duration, s *source, counted bool) {
	s.lastNumber++
	raw := parcel(s.protocol, s.server, s.port, s.size, s.lastNumber)
	m.scheduler.Push(now, m.account, DefaultClass, raw, kindOf(raw))
	if counted {
		s.sent++
		s.sentAt[s.lastNumber] = now
	}
	s.next += s.every
	if s.jitter > 0 {
		s.next += time.Duration(float64(s.every) * s.jitter * (m.random.Float64() - 0.5))
	}
}

func (m *model) receive(now time.Duration, p *Packet, counted bool) {
	port := binary.BigEndian.Uint16(p.Raw[22:])
	for _, s := range m.sources {
		if s.port != port {
			continue
		}
		if sent, ok := s.sentAt[numberOf(p.Raw)]; ok {
			delete(s.sentAt, numberOf(p.Raw))
			s.got++
			s.worst = max(s.worst, now-sent)
		}
		if counted {
			s.bytes += len(p.Raw)
		}
	}
	if counted {
		m.left = append(m.left, departure{now, len(p.Raw)})
	}
	p.Release()
}

// bytes is what left in total.
func (m *model) bytes() (sum int) {
	for _, d := range m.left {
		sum += d.bytes
	}
	return sum
}

// excess is the largest number of bytes by which a window of any length was above the rate.
func excess(left []departure, rate uint64) float64 {
	level, worst := 0.0, 0.0
	for i, d := range left {
		if i > 0 {
			level = max(0, level-(d.at-left[i-1].at).Seconds()*float64(rate)/8)
		}
		level += float64(d.bytes)
		worst = max(worst, level)
	}
	return worst
}

// jain is Jain's index of fairness: 1 = all have the same, 1/n = one has all.
func jain(all []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, x := range all {
		sum += x
		squares += x * x
	}
	return sum * sum / (float64(len(all)) * squares)
}
