package neighbour

import (
	"net/netip"
	"testing"
)

var (
	ours   = hardware{2, 0, 0, 0, 0, 1}
	theirs = hardware{2, 0, 0, 0, 0, 2}
)

func TestFrames(t *testing.T) {
	for _, test := range []struct{ client, host string }{{"10.90.0.2", "10.0.0.80"}, {"fd00:5a9::2", "fd00:1::80"}} {
		client, host := netip.MustParseAddr(test.client), netip.MustParseAddr(test.host)
		told, ok := read(announcement(ours, client))
		if !ok || told.asks || told.about != client || told.sender != ours {
			t.Errorf("announcement of %s: %+v", client, told)
		}
		question := said{about: client, asks: true, sender: theirs, reply: host}
		answered, ok := read(answer(ours, question))
		if !ok || answered.asks || answered.about != client || answered.sender != ours {
			t.Errorf("answer for %s: %+v", client, answered)
		}
		if to := hardware(answer(ours, question)[:6]); to != theirs {
			t.Errorf("answered to %v", to)
		}
	}
}

func TestQuestions(t *testing.T) {
	client, host := netip.MustParseAddr("10.90.0.2"), netip.MustParseAddr("10.0.0.80")
	asked, ok := read(arp(theirs, everybody, arpRequest, host, hardware{}, client))
	if !ok || asked != (said{about: client, asks: true, sender: theirs, reply: host}) {
		t.Errorf("ARP: %+v", asked)
	}
	free := said{about: netip.MustParseAddr("fd00:5a9::2"), asks: true, sender: theirs, reply: netip.IPv6Unspecified()}
	if to := hardware(answer(ours, free)[:6]); to != (hardware{0x33, 0x33, 0, 0, 0, 1}) {
		t.Errorf("a check whether the address is free is answered to %v", to)
	}
}

// Whatever comes by is read without harm, and what has passed a router is not believed.
func FuzzRead(f *testing.F) {
	f.Add(announcement(ours, netip.MustParseAddr("10.90.0.2")))
	f.Add(announcement(ours, netip.MustParseAddr("fd00::2")))
	f.Fuzz(func(t *testing.T, frame []byte) {
		told, ok := read(frame)
		if ok && told.about.Is6() && frame[ethernetSize+7] != hopLimit {
			t.Fatal("from afar")
		}
	})
}
