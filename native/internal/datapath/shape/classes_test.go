package shape

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/mtu"
)

const mbit = 1_000_000

// offered is what an account sends in a class: Mbit/s.
type offered struct {
	account, class int
	rate           float64
}

// share sends for two seconds, with timers that are late, and returns what left in the second one, Mbit/s by account and class. A packet
// carries both in its addresses.
func share(s *Scheduler, accounts []*Account, from time.Duration, all ...offered) map[[2]int]float64 {
	random := rand.New(rand.NewPCG(testSeed, uint64(from)))
	shares, sent := map[[2]int]float64{}, make([]float64, len(all))
	for now := from; now < from+2*time.Second; now += time.Duration(random.Int64N(int64(time.Millisecond))) {
		for i, o := range all {
			for ; sent[i] < o.rate*1e6/8*(now-from).Seconds(); sent[i] += mtu.Ceiling {
				raw := parcel(packet.TCP, uint16(o.class+2), 443, mtu.Ceiling, 0)
				raw[15], raw[18] = byte(o.account), byte(o.class+1)
				s.Push(now, accounts[o.account], o.class, raw, kindOf(raw))
			}
		}
		for p := s.Pop(now); p != nil; p = s.Pop(now) {
			if now >= from+time.Second {
				shares[[2]int{int(p.Raw[15]), int(p.Raw[18]) - 1}] += float64(len(p.Raw)) * 8 / 1e6
			}
			p.Release()
		}
	}
	return shares
}

// Two classes of an instance with 20 Mbit/s: guaranteed rates are met within 5 %, the rest is borrowed in order of priority up to the
// ceilings, and what one class does not use, others get.
func TestGuaranteedRatesAndBorrowing(t *testing.T) {
	s, i := NewScheduler(testMemory), NewInstance()
	s.Configure(0, i, Config{Bandwidth: 20 * mbit, Classes: []ClassConfig{
		{ID: "a", Rate: 4 * mbit, Ceiling: 12 * mbit},
		{ID: "b", Rate: 8 * mbit, Ceiling: 20 * mbit},
	}}, nil)
	accounts := []*Account{NewAccount(i, 0), NewAccount(i, 0)}
	const a, b = 0, 1
	for step, test := range []struct {
		name string
		send []offered
		want map[int]float64 // by class
	}{
		{"all send too much", []offered{{0, a, 40}, {1, b, 40}, {1, DefaultClass, 40}}, map[int]float64{a: 11, b: 8, DefaultClass: 1}},
		{"no others", []offered{{0, a, 40}, {1, b, 40}}, map[int]float64{a: 12, b: 8}},
		{"b alone", []offered{{0, b, 40}}, map[int]float64{b: 20}},
		{"a alone, up to its ceiling", []offered{{0, a, 40}}, map[int]float64{a: 12}},
		{"a sends less than it may", []offered{{0, a, 2}, {1, b, 40}}, map[int]float64{a: 2, b: 18}},
		{"b sends less than it may", []offered{{0, a, 40}, {1, b, 5}, {0, DefaultClass, 40}}, map[int]float64{a: 12, b: 5, DefaultClass: 3}},
		{"the others alone", []offered{{0, DefaultClass, 40}}, map[int]float64{DefaultClass: 20}},
		{"the other account", []offered{{1, a, 40}, {0, b, 40}, {1, DefaultClass, 40}}, map[int]float64{a: 11, b: 8, DefaultClass: 1}},
	} {
		got := map[int]float64{}
		for key, rate := range share(s, accounts, time.Duration(step)*2*time.Second, test.send...) {
			got[key[1]] += rate
		}
		for class, want := range test.want {
			if got[class] < want*0.95 || got[class] > want*1.05 {
				t.Errorf("%s: %v, want %v", test.name, got, test.want)
				break
			}
		}
	}
	for class := range 2 {
		if c := i.Counters(class); c.Bytes != c.Packets*mtu.Ceiling || c.Packets == 0 || c.Dropped() == 0 {
			t.Errorf("class %d: %+v", class, c)
		}
	}
}

// Whatever classes, caps and senders there are: each class gets its guaranteed rate if it sends as much, no limit is exceeded, and all of
// the bandwidth is used that ceilings and caps permit to use.
func TestGuaranteesHoldForAnyClasses(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 7))
		s, i := NewScheduler(testMemory), NewInstance()
		bandwidth := float64(5 + random.IntN(60))
		config := Config{Bandwidth: uint64(bandwidth * mbit)}
		rest := bandwidth * 0.95 // 5 % are guaranteed to the default class
		rates := map[int]float64{DefaultClass: bandwidth * 0.05}
		ceilings := map[int]float64{DefaultClass: bandwidth}
		for class := range 1 + random.IntN(6) {
			rates[class] = rest * random.Float64() / 2
			rest -= rates[class]
			ceilings[class] = min(rates[class]*(1+3*random.Float64()), bandwidth)
			config.Classes = append(config.Classes, ClassConfig{
				ID: fmt.Sprint(class), Rate: uint64(rates[class] * mbit), Ceiling: uint64(ceilings[class] * mbit),
			})
		}
		s.Configure(0, i, config, nil)
		accounts := make([]*Account, len(rates))
		var all []offered
		sent := map[int]float64{}
		for n, class := range random.Perm(len(rates)) {
			accounts[n] = NewAccount(i, 0)
			rate := bandwidth * random.Float64() * 2
			all = append(all, offered{n, class - 1, rate})
			sent[class-1] = rate
		}
		got, total, possible := map[int]float64{}, 0.0, 0.0
		for key, rate := range share(s, accounts, 0, all...) {
			got[key[1]] += rate
			total += rate
		}
		for class, rate := range rates {
			possible += min(sent[class], ceilings[class])
			if want := min(rate, sent[class]); got[class] < want*0.95-0.05 {
				t.Errorf("seed %d: class %d has %.2f of %.2f, which are guaranteed", seed, class, got[class], want)
			}
			if got[class] > ceilings[class]*1.02+0.05 {
				t.Errorf("seed %d: class %d has %.2f, its ceiling is %.2f", seed, class, got[class], ceilings[class])
			}
		}
		if possible = min(possible, bandwidth); total < possible*0.95-0.05 || total > bandwidth*1.02 {
			t.Errorf("seed %d: %.2f of %.2f Mbit/s are used, %.2f are possible", seed, total, bandwidth, possible)
		}
	}
}

// The cap of an account holds over all classes; its traffic of the class with the higher priority comes first.
func TestCapOverAllClasses(t *testing.T) {
	s, i := NewScheduler(testMemory), NewInstance()
	s.Configure(0, i, Config{Bandwidth: 20 * mbit, Classes: []ClassConfig{{ID: "a", Rate: 2 * mbit, Ceiling: 20 * mbit}}}, nil)
	accounts := []*Account{NewAccount(i, 5*mbit), NewAccount(i, 0)}
	got := share(s, accounts, 0, offered{0, 0, 3}, offered{0, DefaultClass, 20}, offered{1, DefaultClass, 40})
	for key, want := range map[[2]int]float64{{0, 0}: 3, {0, DefaultClass}: 2, {1, DefaultClass}: 15} {
		if got[key] < want*0.95 || got[key] > want*1.05 {
			t.Fatalf("%v", got)
		}
	}
}

// Accounts share each class equally.
func TestAccountsShareAClass(t *testing.T) {
	s, i := NewScheduler(testMemory), NewInstance()
	s.Configure(0, i, Config{Bandwidth: 20 * mbit, Classes: []ClassConfig{{ID: "a", Rate: 10 * mbit, Ceiling: 10 * mbit}}}, nil)
	var accounts []*Account
	var all []offered
	for n := range 20 {
		accounts = append(accounts, NewAccount(i, 0))
		all = append(all, offered{n, 0, float64(2 + n)}, offered{n, DefaultClass, float64(30 - n)})
	}
	shares := map[int][]float64{}
	for key, rate := range share(s, accounts, 0, all...) {
		shares[key[1]] = append(shares[key[1]], rate)
	}
	for class, each := range shares {
		if index := jain(each); len(each) != 20 || index < 0.95 {
			t.Errorf("class %d: fairness %.3f of %.2f", class, index, each)
		}
	}
}

// A change of rates and of classes applies from the next packet on, to waiting packets as well.
func TestClassesChange(t *testing.T) {
	s, i := NewScheduler(testMemory), NewInstance()
	accounts := []*Account{NewAccount(i, 0)}
	set := func(now time.Duration, config Config) {
		s.Configure(now, i, config, func(*Packet) int { return 0 })
	}
	set(0, Config{Bandwidth: mbit, Classes: []ClassConfig{{ID: "a"}}})
	share(s, accounts, 0, offered{0, 0, 40})
	before := i.Counters(0)
	if queuedBy(accounts[0]) == 0 {
		t.Fatal("nothing waits")
	}
	set(2*time.Second, Config{Classes: []ClassConfig{{ID: "b", Ceiling: 10 * mbit}, {ID: "a"}}})
	if c := i.Counters(1); c != before || i.Counters(0) != (Counters{}) {
		t.Errorf("the counters of class a went on from %+v as %+v", before, c)
	}
	if got := share(s, accounts, 2*time.Second, offered{0, 0, 40}); got[[2]int{0, 0}] < 9.5 || got[[2]int{0, 0}] > 10.5 {
		t.Errorf("%v Mbit/s with a ceiling of 10", got)
	}
	set(4*time.Second, Config{})
	for p := s.Pop(4 * time.Second); p != nil; p = s.Pop(4 * time.Second) {
		p.Release()
	}
	if _, queued := s.Next(); queued || s.held != 0 || i.active != 0 {
		t.Error("packets wait without a limit")
	}
}
