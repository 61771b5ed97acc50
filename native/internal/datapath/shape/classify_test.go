package shape

import (
	"testing"

	"sag.software/native/internal/datapath/packet"
)

func TestInteractivePackets(t *testing.T) {
	change := func(raw []byte, at int, value byte) []byte {
		raw[at] = value
		return raw
	}
	fragment := func(protocol byte) []byte { return change(parcel(protocol, 5000, 5000, 200, 0), 6, 0x20) }
	for name, test := range map[string]struct {
		raw  []byte
		want bool
	}{
		"a DNS answer":                  {parcel(packet.UDP, 53, 40_000, 1232, 0), true},
		"a DNS query":                   {parcel(packet.UDP, 40_000, 53, 60, 0), true},
		"a datagram of a call":          {parcel(packet.UDP, 5004, 5004, 228, 0), true},
		"a large datagram":              {parcel(packet.UDP, 443, 40_000, 1280, 0), false},
		"a small fragment":              {fragment(packet.UDP), false},
		"a large ping":                  {parcel(packet.ICMP, 0, 0, 1400, 0), true},
		"a fragment of a larger one":    {fragment(packet.ICMP), true},
		"TCP data":                      {parcel(packet.TCP, 443, 40_000, 1280, 0), false},
		"a byte of TCP data":            {parcel(packet.TCP, 443, 40_000, 44, 0), false},
		"an acknowledgement":            {change(parcel(packet.TCP, 443, 40_000, 44, 0), 32, 6<<4), true},
		"SYN with options":              {change(change(parcel(packet.TCP, 443, 40_000, 60, 0), 33, packet.SYN), 32, 10<<4), true},
		"SYN with data (TCP Fast Open)": {change(parcel(packet.TCP, 443, 40_000, 600, 0), 33, packet.SYN), true},
		"RST":                           {change(parcel(packet.TCP, 443, 40_000, 60, 0), 33, packet.RST), true},
		"a TCP header that is cut":      {change(parcel(packet.TCP, 443, 40_000, 44, 0)[:28], 3, 28), false},
		"what is no IP packet":          {make([]byte, 60), false},
	} {
		if got := kindOf(test.raw).Interactive; got != test.want {
			t.Errorf("%s: interactive = %v", name, got)
		}
	}
}

// The packets of a flow have one hash, fragments of one packet as well, and those of different flows spread over the queues.
func TestFlowsSpread(t *testing.T) {
	used := map[uint16]int{}
	const flows = 20 * buckets
	for i := range flows {
		raw := parcel(packet.TCP, uint16(i), 443, 1280, uint32(i))
		raw[19] = byte(i >> 4)
		used[kindOf(raw).Flow%buckets]++
	}
	most := 0
	for _, n := range used {
		most = max(most, n)
	}
	if len(used) < buckets*99/100 || most > 3*flows/buckets {
		t.Errorf("%d queues are used, with at most %d flows each", len(used), most)
	}
	first, later := parcel(packet.UDP, 1, 2, 100, 1), parcel(packet.UDP, 3, 4, 100, 2)
	first[6], later[7] = 0x20, 10
	if kindOf(first).Flow != kindOf(later).Flow {
		t.Error("two fragments of a packet have different hashes")
	}
	if kindOf(parcel(packet.TCP, 1, 2, 44, 1)).Flow != kindOf(parcel(packet.TCP, 1, 2, 1400, 2)).Flow {
		t.Error("two packets of a flow have different hashes")
	}
}

func TestClassifyDoesNotAllocate(t *testing.T) {
	var h packet.Header
	raw := parcel(packet.TCP, 443, 40_000, 1280, 0)
	packet.Parse(raw, &h)
	if n := testing.AllocsPerRun(1000, func() { Classify(&h, raw, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkClassify(b *testing.B) {
	var h packet.Header
	raw := parcel(packet.TCP, 443, 40_000, 1280, 0)
	packet.Parse(raw, &h)
	for b.Loop() {
		Classify(&h, raw, 1)
	}
}
