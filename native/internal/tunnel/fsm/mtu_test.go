package fsm

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sag.software/native/internal/mtu"
)

// path is a world in which packets up to a size arrive.
type path struct {
	*world
	// carries is the largest packet that arrives, bytes; lossy says whether one that fits is lost.
	carries int
	lossy   func() bool
	// small: the access point is of a former version and answers each probe by a small packet.
	small bool
	mtu   int
}

func newPath(t failer, carries int) *path {
	p := &path{world: newWorld(t, testProfile("a")), carries: carries, lossy: func() bool { return false }, mtu: mtu.Floor}
	p.watch = p.answer
	return p
}

// connectedPath is a path with a tunnel that is up.
func connectedPath(t failer, carries int) *path {
	p := newPath(t, carries)
	p.up(p.renewal)
	return p
}

// answer answers probes of sizes that the path carries.
func (p *path) answer(e Effect) {
	switch e := e.(type) {
	case SetMTU:
		p.mtu = e.MTU
	case SendMTUProbe:
		if e.Size > p.carries || p.dead["a"] || p.lossy() {
			return
		}
		reply := MTUProbeReplied(e)
		if p.small {
			reply.Size = 90
		}
		p.later(p.rtt, reply)
	}
}

// transfer is run with large packets both ways all the time, as far as the path carries them.
func (p *path) transfer(limit time.Duration, until func(View) bool) bool {
	for end := p.now + limit; p.now < end; {
		if until != nil && until(p.m.View()) {
			return true
		}
		p.traffic.Out, p.traffic.Large = p.now, p.now
		if p.mtu <= p.carries {
			p.traffic.In = p.now
		}
		if p.m.WakeOnTraffic() { // as the loop does it by account.Arm
			p.effects(p.m.Step(p.now, p.traffic))
			p.send(Tick{})
		}
		p.run(min(20*time.Millisecond, end-p.now), nil)
	}
	return false
}

func mtuIs(size int) func(View) bool { return func(v View) bool { return v.MTU == size } }

func TestTheMTUOfThePathIsFound(t *testing.T) {
	for _, test := range []struct {
		carries, want int
		within        time.Duration
	}{
		{1500, 1420, 30 * time.Millisecond},
		{1420, 1420, 30 * time.Millisecond},
		{1419, 1408, time.Second},
		{1340, 1328, time.Second},
		{1300, 1296, time.Second},
		{1290, 1280, time.Second},
	} {
		p := connectedPath(t, test.carries)
		if p.m.View().MTU != mtu.Floor {
			t.Errorf("it starts with %d", p.m.View().MTU)
		}
		if !p.run(test.within, mtuIs(test.want)) {
			t.Errorf("%d: after %v it is %d", test.carries, test.within, p.m.View().MTU)
		}
		p.run(5*time.Second, nil)
		if p.m.View().MTU != test.want || p.mtu != test.want {
			t.Errorf("%d: then it is %d", test.carries, p.m.View().MTU)
		}
	}
}

// A former access point answers a large probe by a small packet, which says nothing of the way back.
func TestSmallAnswersDoNotCount(t *testing.T) {
	p := newPath(t, 1500)
	p.small = true
	p.up(p.renewal)
	p.run(5*time.Second, nil)
	if v := p.m.View(); v.Phase != connected || v.MTU != mtu.Floor {
		t.Errorf("%v with %d", v.Phase, v.MTU)
	}
}

// A path that carries less without a word is found out while there is traffic, before TCP pauses for long.
func TestABlackHoleIsFoundOut(t *testing.T) {
	for _, rtt := range []time.Duration{time.Millisecond, 50 * time.Millisecond, 200 * time.Millisecond} {
		p := connectedPath(t, 1500)
		p.rtt = rtt
		p.transfer(3*time.Second, nil)
		if p.mtu != 1420 {
			t.Fatalf("%v: it is %d at first", rtt, p.mtu)
		}
		p.carries = 1340
		from := p.now
		if !p.transfer(3*time.Second, mtuIs(mtu.Floor)) {
			t.Fatalf("%v: still %d after 3 s", rtt, p.mtu)
		}
		t.Logf("%v: found out after %v", rtt, p.now-from)
		if !p.transfer(2*time.Second, mtuIs(1328)) {
			t.Errorf("%v: then it is %d", rtt, p.mtu)
		}
		if n := p.count(from, isHandshake); n > 0 || p.m.View().Phase != connected {
			t.Errorf("%v: %d handshakes, %v", rtt, n, p.m.View().Phase)
		}
		p.carries = 1500
		p.run(raiseInterval+time.Second, nil)
		if p.mtu != 1420 {
			t.Errorf("%v: after %v it is %d", rtt, raiseInterval, p.mtu)
		}
	}
}

func TestARefusalShrinksAtOnce(t *testing.T) {
	p := connectedPath(t, 1500)
	p.run(time.Second, nil)
	p.carries = 1340
	for _, size := range []int{1424, 1421} { // a probe, or a packet of before
		if p.send(MTURefused{Size: size}); p.m.View().MTU != 1420 {
			t.Fatalf("a refusal of %d bytes counts", size)
		}
	}
	if p.send(MTURefused{Size: 1420}); p.m.View().MTU != mtu.Floor {
		t.Fatalf("it is %d", p.m.View().MTU)
	}
	if !p.run(time.Second, mtuIs(1328)) {
		t.Errorf("then it is %d", p.m.View().MTU)
	}
}

// What says nothing of the size does not change it: a dead path, or one without traffic.
func TestNothingIsSentWithoutTraffic(t *testing.T) {
	p := connectedPath(t, 1500)
	p.run(time.Second, nil)
	from := p.now
	p.run(time.Minute, nil)
	if n := p.count(from, func(e Effect) bool { _, is := e.(SendMTUProbe); return is }); n > 0 {
		t.Errorf("%d probes of the MTU in a minute without traffic", n)
	}
	if n := p.count(from, isProbe); n > 3 {
		t.Errorf("%d probes in a minute without traffic", n)
	}
}

func TestTheMTUIsForgottenWithThePath(t *testing.T) {
	p := connectedPath(t, 1500)
	p.run(time.Second, nil)
	p.dead["a"] = true
	p.send(Attention{Watching: true})
	if !p.run(4*time.Second, is(reconnecting)) || p.mtu != mtu.Floor {
		t.Fatalf("%v with %d", p.m.View().Phase, p.mtu)
	}
	p.dead["a"], p.carries = false, 1400
	if !p.run(5*time.Second, mtuIs(1392)) {
		t.Errorf("back, it is %d", p.mtu)
	}
}

// Whatever the path carries, loses and becomes: no size is in force that it has not carried since it last changed for longer than a
// black hole takes to be found out, all ends with the right one, and the floor is never left downwards.
func TestMTUProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1200, 1500)
		p := connectedPath(t, size.Draw(t, "carries"))
		p.rtt = time.Duration(rapid.IntRange(1, 400).Draw(t, "rtt ms")) * time.Millisecond
		loss := rapid.IntRange(0, 20).Draw(t, "loss %")
		random := rapid.IntRange(0, 99)
		p.lossy = func() bool { return loss > 0 && random.Draw(t, "lost") < loss }
		check := func() {
			if m := p.m.View().MTU; m < mtu.Floor || m > mtu.Ceiling || m != p.mtu {
				t.Fatalf("in force %d, seen %d", p.mtu, m)
			}
		}
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			p.transfer(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms"))*time.Millisecond, nil)
			check()
			p.carries = size.Draw(t, "carries")
		}
		loss = 0
		p.transfer(8*time.Second, nil)
		check()
		if p.mtu > max(p.carries, mtu.Floor) {
			t.Fatalf("%d on a path of %d", p.mtu, p.carries)
		}
		p.run(raiseInterval+5*time.Second, nil)
		if above := mtu.Above(p.mtu); len(above) > 0 && above[len(above)-1] <= p.carries {
			t.Fatalf("%d on a path of %d", p.mtu, p.carries)
		}
	})
}
