package neighbour

import (
	"net/netip"
	"testing"
)

var (
	ours   = hardwareAddr{2, 0, 0, 0, 0, 1}
	theirs = hardwareAddr{2, 0, 0, 0, 0, 2}
)

func TestFrames(t *testing.T) {
	for _, test := range []struct{ client, host string }{{"10.90.0.2", "10.0.0.80"}, {"fd00:5a9::2", "fd00:1::80"}} {
		client, host := netip.MustParseAddr(test.client), netip.MustParseAddr(test.host)
		heard, ok := read(announcement(ours, client, 1<<32|7))
		if !ok || heard.asks || heard.about != client || heard.sender != ours || heard.generation != 1<<32|7 {
			t.Errorf("announcement of %s: %+v", client, heard)
		}
		question := message{about: client, asks: true, sender: theirs, reply: host}
		answered, ok := read(answer(ours, question, 9))
		if !ok || answered.asks || answered.about != client || answered.sender != ours || answered.generation != 9 {
			t.Errorf("answer for %s: %+v", client, answered)
		}
		if to := hardwareAddr(answer(ours, question, 9)[:6]); to != theirs {
			t.Errorf("answered to %v", to)
		}
	}
}

// Hosts that are not access points send no generation: their frames are shorter, or padded with anything.
func TestFramesWithoutGeneration(t *testing.T) {
	client4, client6 := netip.MustParseAddr("10.90.0.2"), netip.MustParseAddr("fd00:5a9::2")
	plain := arp(theirs, broadcastAddr, arpRequest, client4, hardwareAddr{}, client4)
	unmarked := announcement(theirs, client6, 9)
	unmarked = unmarked[:len(unmarked)-4-markSize]
	for _, frame := range [][]byte{plain, append(plain, make([]byte, 18)...), unmarked} {
		heard, ok := read(frame)
		if !ok || heard.asks || heard.sender != theirs || heard.generation != 0 {
			t.Errorf("%x: %+v", frame, heard)
		}
	}
}

func TestRequests(t *testing.T) {
	client, host := netip.MustParseAddr("10.90.0.2"), netip.MustParseAddr("10.0.0.80")
	asked, ok := read(arp(theirs, broadcastAddr, arpRequest, host, hardwareAddr{}, client))
	if !ok || asked != (message{about: client, asks: true, sender: theirs, reply: host}) {
		t.Errorf("ARP: %+v", asked)
	}
	free := message{about: netip.MustParseAddr("fd00:5a9::2"), asks: true, sender: theirs, reply: netip.IPv6Unspecified()}
	if to := hardwareAddr(answer(ours, free, 9)[:6]); to != (hardwareAddr{0x33, 0x33, 0, 0, 0, 1}) {
		t.Errorf("a check whether the address is free is answered to %v", to)
	}
}

// No frame makes read panic, and frames that a router has forwarded are ignored.
func FuzzRead(f *testing.F) {
	f.Add(announcement(ours, netip.MustParseAddr("10.90.0.2"), 1))
	f.Add(announcement(ours, netip.MustParseAddr("fd00::2"), 1))
	f.Fuzz(func(t *testing.T, frame []byte) {
		heard, ok := read(frame)
		if ok && heard.about.Is6() && frame[ethernetSize+7] != hopLimit {
			t.Fatal("from afar")
		}
	})
}
