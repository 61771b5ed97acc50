// Package flowlog counts an access point's traffic by flow and returns records of it for a collector. It is pure: it has no clock and
// no socket of its own.
package flowlog

import (
	"net/netip"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
)

// Key identifies a flow, which has one direction: the answers are another flow.
type Key struct {
	// src and dst are IPv4-mapped for IPv4.
	src, dst [16]byte
	// Session is the number of the client's session. Two sessions that have an address one after the other do not share flows.
	Session uint64
	// SrcPort and DstPort are 0 for packets without ports, such as later fragments. For ICMP, DstPort is type × 256 + code, as
	// collectors expect it.
	SrcPort, DstPort uint16
	Protocol         uint8
	// Version is 4 or 6.
	Version   uint8
	Direction rules.Direction
}

// Src returns the source address.
func (k *Key) Src() netip.Addr { return netip.AddrFrom16(k.src).Unmap() }

// Dst returns the destination address.
func (k *Key) Dst() netip.Addr { return netip.AddrFrom16(k.dst).Unmap() }

// End is why a record ended, with the numbers of IPFIX (flowEndReason).
type End uint8

// The reasons that occur.
const (
	EndIdle     End = 1 // no packet for the inactive timeout
	EndActive   End = 2 // the active timeout is over; the flow may go on in another record
	EndDetected End = 3 // TCP was closed or reset, or a DNS query was answered
	EndForced   End = 4 // the client's session ended, or its flow log was removed
	EndEviction End = 5 // the table was full
)

// Record is what was counted of a flow from First to Last.
type Record struct {
	Key
	// Packets and Bytes count IP packets and their bytes, including IP headers.
	Packets, Bytes uint64
	// First and Last are when the first and the last of these packets passed, by the clock that Count was given.
	First, Last time.Duration
	// Flags are the TCP flags of all packets.
	Flags uint8
	End   End
}

func (r *Record) count(now time.Duration, size int) {
	r.Packets++
	r.Bytes += uint64(size)
	r.Last = now
}

// keyOf sets k to the flow of a packet, which must be Valid.
func keyOf(k *Key, session uint64, d rules.Direction, h *packet.Header) {
	*k = Key{
		src: h.Src.As16(), dst: h.Dst.As16(), Session: session,
		SrcPort: h.SrcPort, DstPort: h.DstPort, Protocol: h.Protocol, Version: h.Version, Direction: d,
	}
	if h.IsICMP() && h.HasTransport {
		k.DstPort = uint16(h.ICMPType)<<8 | uint16(h.ICMPCode)
	}
}

// reverse returns the key of the answers.
func (k *Key) reverse() Key {
	r := *k
	r.src, r.dst, r.SrcPort, r.DstPort = k.dst, k.src, k.DstPort, k.SrcPort
	r.Direction = rules.FromClient + rules.ToClient - k.Direction
	return r
}
