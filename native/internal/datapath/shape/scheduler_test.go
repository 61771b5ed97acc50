package shape

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/mtu"
)

var rates = []uint64{2_000_000, 20_000_000, 200_000_000}

// bulk returns flows that together send factor times a rate.
func bulk(n int, rate uint64, factor float64) (all []*source) {
	for i := range n {
		all = append(all, &source{
			protocol: packet.TCP, server: 443, port: uint16(40_000 + i), size: mtu.Ceiling, jitter: 1,
			every: time.Duration(float64(n) * mtu.Ceiling * 8 / (float64(rate) * factor) * float64(time.Second)),
		})
	}
	return all
}

// lasting is how long to look at a rate: at a high one, enough packets pass in a short time.
func lasting(rate uint64) time.Duration {
	if rate > 100_000_000 {
		return time.Second
	}
	return 5 * time.Second
}

// burstOf is what may leave at once, bytes.
func burstOf(rate uint64) float64 {
	return max(burst.Seconds()*float64(rate)/8, minBurst) + 1
}

// Whatever arrives: everything that arrived has left, was dropped or is queued; flows stay in order; what leaves keeps to the rates, and
// what is queued to the memory.
func TestNothingIsLostOrReordered(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		memory := 64 << 10 << random.IntN(6)
		scheduler, instance, total := NewScheduler(memory), NewInstance(), uint64(0)
		// The class of a packet depends on its flow only, until the configuration changes.
		const classes = 4
		shift := 0
		classOf := func(raw []byte) int { return (int(raw[23])+shift)%(classes+1) - 1 }
		if random.IntN(2) == 0 {
			total = 1_000_000 << random.IntN(6)
		}
		configure := func(now time.Duration) {
			shift = random.IntN(12)
			config := Config{Bandwidth: total}
			for _, i := range random.Perm(classes) {
				rate := uint64(100_000 << random.IntN(8))
				config.Classes = append(config.Classes, ClassConfig{ID: fmt.Sprint(i), Rate: rate, Ceiling: rate << random.IntN(4)})
			}
			scheduler.Configure(now, instance, config, func(p *Packet) int { return classOf(p.Raw) })
		}
		configure(0)
		accounts, limits := make([]*Account, 1+random.IntN(4)), make([]uint64, 4)
		for i := range accounts {
			limits[i] = 100_000 << random.IntN(12)
			accounts[i] = NewAccount(instance, limits[i])
		}
		var left [4][]departure
		var all []departure
		const largest = 4000
		sizes := []int{44, 100, 228, 300, 576, 1280, 1420, 1420, 1420, largest}
		in, out, now, last := uint32(0), uint64(0), time.Duration(0), map[[2]byte]uint32{}
		for range 3000 {
			switch random.IntN(100) {
			case 0:
				now += time.Duration(random.Int64N(int64(300 * time.Millisecond)))
			case 1:
				configure(now)
			default:
				now += time.Duration(random.Int64N(int64(time.Millisecond)))
			}
			for range random.IntN(4) {
				in++
				account, port, protocol := random.IntN(len(accounts)), uint16(random.IntN(12)), byte(packet.TCP)
				if port%3 == 0 {
					protocol = packet.UDP
				}
				raw := parcel(protocol, 443, port, sizes[random.IntN(len(sizes))], in)
				raw[15] = byte(account)
				scheduler.Push(now, accounts[account], classOf(raw), raw, kindOf(raw))
			}
			for range random.IntN(6) {
				p := scheduler.Pop(now)
				if p == nil {
					break
				}
				out++
				account, flow, d := p.Raw[15], [2]byte{p.Raw[15], p.Raw[23]}, departure{now, len(p.Raw)}
				if numberOf(p.Raw) <= last[flow] {
					t.Fatalf("seed %d: number %d of flow %d after %d", seed, numberOf(p.Raw), flow, last[flow])
				}
				last[flow] = numberOf(p.Raw)
				left[account], all = append(left[account], d), append(all, d)
				p.Release()
			}
			if scheduler.held > memory {
				t.Fatalf("seed %d: %d bytes are held with a limit of %d", seed, scheduler.held, memory)
			}
		}
		dropped, queued, held := uint64(0), uint64(0), 0
		for i := range classes {
			dropped += instance.Counters(i).Dropped()
		}
		dropped += instance.Counters(DefaultClass).Dropped()
		for i, a := range accounts {
			held += queuedBy(a)
			for _, flows := range flowsOf(a) {
				for _, f := range flows.all {
					for p := f.head; p != nil; p = p.next {
						queued++
					}
				}
			}
			if over := excess(left[i], limits[i]); over > burstOf(limits[i])+largest-mtu.Ceiling {
				t.Errorf("seed %d: %.0f bytes above the cap of an account", seed, over)
			}
		}
		if out+dropped+queued != uint64(in) || held != scheduler.held {
			t.Errorf("seed %d: %d arrived; %d left, %d dropped, %d queued; %d held, %d counted", seed, in, out, dropped, queued, held, scheduler.held)
		}
		if over := excess(all, total); total > 0 && over > burstOf(total)+largest-mtu.Ceiling {
			t.Errorf("seed %d: %.0f bytes above the rate of all", seed, over)
		}
	}
}

// Downloads use the rate and do not exceed it, although timers are late; and calls, DNS and ping lose nothing meanwhile and hardly wait.
func TestCallsAndDNSPassBesideDownloads(t *testing.T) {
	for _, rate := range rates {
		for _, n := range []int{1, 8} {
			t.Run(fmt.Sprintf("%d beside %d", rate, n), func(t *testing.T) {
				call := &source{protocol: packet.UDP, server: 5004, port: 5004, size: 228, every: 20 * time.Millisecond, jitter: 0.5}
				dns := &source{protocol: packet.UDP, server: dnsPort, port: 3000, size: 400, every: 50 * time.Millisecond, jitter: 0.5}
				ping := &source{protocol: packet.ICMP, port: 1, size: 1300, every: 200 * time.Millisecond}
				first := &source{protocol: packet.TCP, server: 22, port: 3001, size: 100, every: 150 * time.Millisecond, jitter: 0.5}
				m := newModel(t, rate, append(bulk(n, rate, 3), call, dns, ping, first)...)
				lasts := lasting(rate)
				m.run(time.Second, time.Second+lasts)
				if share := float64(m.bytes()) * 8 / (lasts.Seconds() * float64(rate)); share < 0.98 || share > 1.005 {
					t.Errorf("%.3f of the rate was used", share)
				}
				if over := excess(m.left, rate); over > burstOf(rate) {
					t.Errorf("%.0f bytes above the rate", over)
				}
				// One full packet, or what a timer is late; the last one is not interactive, but its flow sends little.
				most := 2*time.Duration(mtu.Ceiling*8*float64(time.Second)/float64(rate)) + 2*time.Millisecond + m.late
				for i, s := range []*source{call, dns, ping, first} {
					limit := most
					if s == first {
						limit += time.Duration(n) * quantum * 8 * time.Second / time.Duration(rate)
					}
					if s.sent-s.got > 1 || s.worst > limit {
						t.Errorf("%d: %d of %d arrived, at most %s late", i, s.got, s.sent, s.worst)
					}
				}
				if m.most > max(m.account.queue(DefaultClass).limit, flowBacklog*(n+4)) {
					t.Errorf("%d bytes were queued", m.most)
				}
			})
		}
	}
}

// A flood of interactive packets does not exceed the rate, leaves half of it to others, and does not delay another call.
func TestFloodOfSmallDatagrams(t *testing.T) {
	for _, rate := range rates {
		flood := &source{protocol: packet.UDP, server: 9, port: 9, size: 200, every: time.Duration(200 * 8 / (3 * float64(rate)) * float64(time.Second))}
		call := &source{protocol: packet.UDP, server: 5004, port: 5004, size: 228, every: 20 * time.Millisecond, jitter: 0.5}
		downloads := bulk(3, rate, 3)
		m := newModel(t, rate, append(downloads, flood, call)...)
		lasts := lasting(rate)
		m.run(time.Second, time.Second+lasts)
		sum := 0
		for _, s := range downloads {
			sum += s.bytes
		}
		if share := float64(sum) * 8 / (lasts.Seconds() * float64(rate)); share < 0.45 {
			t.Errorf("at %d, downloads have %.2f of the rate", rate, share)
		}
		if over := excess(m.left, rate); over > burstOf(rate) {
			t.Errorf("at %d, %.0f bytes above the rate", rate, over)
		}
		if call.sent-call.got > 1 || call.worst > 60*time.Millisecond {
			t.Errorf("at %d, %d of %d datagrams of a call arrived, at most %s late", rate, call.got, call.sent, call.worst)
		}
	}
}

// Flows share the rate equally, whatever they send and in packets of whatever size.
func TestFlowsShareEqually(t *testing.T) {
	for _, rate := range rates {
		all := bulk(20, rate, 2)
		for i, s := range all {
			if i%2 == 0 { // half as large, and more often
				s.size, s.every = s.size/2, s.every/4
			}
			if i%5 == 0 {
				s.every /= 4
			}
		}
		m := newModel(t, rate, all...)
		m.run(time.Second, time.Second+lasting(rate))
		var shares []float64
		for _, s := range all {
			shares = append(shares, float64(s.bytes))
		}
		if index := jain(shares); index < 0.95 {
			t.Errorf("at %d: %.3f, %v", rate, index, shares)
		}
	}
}

// Accounts share the bandwidth of their instance: what one does not use, the others may, up to their own limits.
func TestAccountsBorrow(t *testing.T) {
	const each, total = 20_000_000, 30_000_000
	scheduler := NewScheduler(testMemory)
	instance := NewInstance()
	scheduler.Configure(0, instance, Config{Bandwidth: total}, nil)
	accounts := []*Account{NewAccount(instance, each), NewAccount(instance, each), NewAccount(instance, each)}
	left := make([][]departure, len(accounts))
	var all []departure
	share := func(from time.Duration, active ...int) []float64 {
		shares := make([]float64, len(accounts))
		for now := from; now < from+2*time.Second; now += time.Millisecond / 2 {
			for _, i := range active {
				for range 2 { // 44 Mbit/s
					raw := parcel(packet.TCP, 443, 1, 1420, 0)
					raw[15] = byte(i)
					scheduler.Push(now, accounts[i], DefaultClass, raw, kindOf(raw))
				}
			}
			for p := scheduler.Pop(now); p != nil; p = scheduler.Pop(now) {
				d, i := departure{now, len(p.Raw)}, p.Raw[15]
				left[i], all = append(left[i], d), append(all, d)
				if now >= from+time.Second {
					shares[i] += float64(len(p.Raw)) * 8 / 1e6
				}
				p.Release()
			}
		}
		return shares
	}
	for step, test := range []struct {
		active []int
		want   []float64
	}{
		{[]int{0, 1, 2}, []float64{10, 10, 10}},
		{[]int{0, 2}, []float64{15, 0, 15}},
		{[]int{1}, []float64{0, 20, 0}},
	} {
		got := share(time.Duration(step)*2*time.Second, test.active...)
		for i, want := range test.want {
			if got[i] < want*0.97 || got[i] > want*1.02 {
				t.Errorf("%v send: %.2f Mbit/s, want %.2f", test.active, got, test.want)
				break
			}
		}
	}
	if over := excess(all, total); over > burstOf(total) {
		t.Errorf("%.0f bytes above the rate of all", over)
	}
}

// An account that holds a lot leaves room for another one, and all together keep to the memory.
func TestMemoryIsShared(t *testing.T) {
	scheduler := NewScheduler(256 << 10)
	var accounts []*Account
	for i := range 40 {
		c := newAccount(50_000_000)
		accounts = append(accounts, c)
		for n := range 1000 {
			raw := parcel(packet.TCP, 443, uint16(n%10), 1420, 0)
			scheduler.Push(0, c, DefaultClass, raw, kindOf(raw))
		}
		if i < 6 && c.IsEmpty() {
			t.Errorf("there was no room for account %d", i)
		}
		if scheduler.held > scheduler.memory {
			t.Fatalf("%d bytes are held", scheduler.held)
		}
	}
	for now := time.Duration(0); scheduler.held > 0; now += time.Millisecond {
		for p := scheduler.Pop(now); p != nil; p = scheduler.Pop(now) {
			p.Release()
		}
	}
	if _, waits := scheduler.Next(); waits {
		t.Error("an empty scheduler waits for something")
	}
	for i, c := range accounts {
		if len(flowsOf(c)) > 0 || !c.IsEmpty() {
			t.Errorf("account %d has flows left", i)
		}
	}
}

// A changed rate counts from the next packet, and without a rate everything leaves at once.
func TestRateChanges(t *testing.T) {
	scheduler, c := NewScheduler(testMemory), newAccount(40_000) // 5 kB/s
	raw := parcel(packet.TCP, 443, 1, 1000, 0)
	for range 16 {
		scheduler.Push(0, c, DefaultClass, raw, kindOf(raw))
	}
	now := time.Duration(0)
	pop := func(lasts time.Duration) (n int) {
		for until := now + lasts; now < until; now += time.Millisecond {
			for p := scheduler.Pop(now); p != nil; p = scheduler.Pop(now) {
				p.Release()
				n++
			}
		}
		return n
	}
	if n := pop(time.Second); n < 5 || n > 7 {
		t.Errorf("%d packets of 1,000 bytes left in a second at 5 kB/s", n)
	}
	scheduler.SetCap(now, c, 400_000)
	if n := pop(100 * time.Millisecond); n < 5 || n > 7 {
		t.Errorf("%d packets left within 0.1 s at 50 kB/s", n)
	}
	scheduler.SetCap(now, c, 0)
	if pop(time.Millisecond); !c.IsEmpty() {
		t.Error("something waits without a limit")
	}
}
