package acl

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/rules"
)

// BenchmarkManyClients is the cost of the stage for packets of 500 clients, of which two that follow each other never belong to one, so that
// nothing is kept for a batch. The difference to "no list" is what the list costs. "new flows" decides every packet by the list.
func BenchmarkManyClients(b *testing.B) {
	const many, size = 500, 64
	counters := NewCounters()
	list := twoHundredRules()
	for i := range list {
		list[i].ID = fmt.Sprint("acr-", i)
	}
	for _, test := range []struct {
		name   string
		rules  []rules.Rule
		opened bool
	}{{"no list", nil, false}, {"200 rules, open flows", list, false}, {"200 rules, new flows", list, true}} {
		b.Run(test.name, func(b *testing.B) {
			compiler, all := NewCompiler(counters), map[netip.Addr]*Client{}
			address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 90, byte(i >> 8), byte(i)}) }
			for i := range many {
				c := &Client{}
				all[address(i)] = c
				if test.rules != nil {
					c.Begin(compiler.Compile(test.rules, []netip.Addr{address(i)}), 0)
				}
			}
			s := newStaged(nil)
			stage := NewStage(s.Path, func(a netip.Addr) *Client { return all[a] }, func() time.Duration { return time.Hour }, counters)
			s.Path.FromTunnel(stage.FromTunnel, drain)
			var batches [][][]byte
			for i := 0; i < many; i += size {
				var batch [][]byte
				for n := range size {
					raw := tcp(netip.AddrPortFrom(address((i+n)%many), 40000), netip.AddrPortFrom(host.Addr(), 5201), ack)
					batch = append(batch, append(make([]byte, offset), raw...))
				}
				batches = append(batches, batch)
			}
			port := uint16(0)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				batch := batches[n%len(batches)]
				if test.opened {
					for _, raw := range batch {
						port++
						binary.BigEndian.PutUint16(raw[offset+20:], port)
					}
				}
				_, _ = s.Path.Write(batch, offset)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/size, "ns/packet")
		})
	}
}

func drain(b *datapath.Batch) {
	for p := b.Next(); p != nil; p = b.Next() {
		p.Drop()
	}
}
