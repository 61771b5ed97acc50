package tcp

import (
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/seqnum"
)

// Loss detection (RACK, RFC 8985) for segments sent with GSO. A segment of the write list is up to 16 packets then. It is split where an
// acknowledgement ends inside it, so that each part as a whole is acknowledged, lost or in flight. Upstream counts a segment as
// acknowledged when its first packet is, and often retransmits the lost packets in it only after the retransmission timeout.

// maxBlocks is the maximum number of SACK blocks in a TCP header.
const maxBlocks = 4

// walkSACK marks the segments that an acknowledgement covers and updates RACK. It reports whether there is a DSACK block.
//
// +checklocks:s.ep.mu
func (s *sender) walkSACK(rcvdSeg *segment) bool {
	blocks := rcvdSeg.parsedOptions.SACKBlocks
	duplicate := checkDSACK(rcvdSeg)
	s.rc.setDSACKSeen(duplicate)
	if duplicate {
		packets := uint64(blocks[0].Start.Size(blocks[0].End)) / uint64(s.MaxPayloadSize)
		s.ep.stack.Stats().TCP.SegmentsAckedWithDSACK.IncrementBy(max(packets, 1))
		blocks = blocks[1:]
	}
	s.splitAtAck(rcvdSeg.ackNumber)
	var sorted [maxBlocks]header.SACKBlock
	n := 0
	for _, b := range blocks {
		if n == maxBlocks || !rcvdSeg.ackNumber.LessThan(b.Start) || !s.SndUna.LessThan(b.Start) || !b.Start.LessThan(b.End) ||
			!b.End.LessThanEq(s.SndNxt) {
			continue
		}
		at := n
		for ; at > 0 && b.Start.LessThan(sorted[at-1].Start); at-- {
			sorted[at] = sorted[at-1]
		}
		sorted[at] = b
		n++
	}
	s.markSACKed(rcvdSeg, sorted[:n])
	return duplicate
}

// splitAtAck splits the segment that a cumulative acknowledgement ends in.
//
// +checklocks:s.ep.mu
func (s *sender) splitAtAck(ack seqnum.Value) {
	if !(ack - 1).InRange(s.SndUna, s.SndNxt) {
		return
	}
	for seg := s.writeList.Front(); seg != nil && seg.xmitCount != 0 && seg.sequenceNumber.LessThan(ack); seg = seg.Next() {
		if ack.LessThan(seg.sequenceNumber.Add(seg.logicalLen())) {
			s.splitSeg(seg, int(seg.sequenceNumber.Size(ack)))
		}
	}
}

// markSACKed marks the segments within blocks, which are in ascending order, and splits segments where a block begins or ends. The parts
// are whole packets, and at least TCPDefaultMSS bytes long: the peer chooses the size of packets, down to 12 bytes of data, and could
// otherwise turn each few bytes of the send buffer into a segment of about 1 KB (compare CVE-2019-11478 and CVE-2019-11479 in Linux).
//
// +checklocks:s.ep.mu
func (s *sender) markSACKed(rcvdSeg *segment, blocks []header.SACKBlock) {
	part := seqnum.Size(s.MaxPayloadSize)
	part *= (header.TCPDefaultMSS + part - 1) / part
	for seg := s.writeList.Front(); seg != nil && seg.xmitCount != 0; seg = seg.Next() {
		for len(blocks) > 0 && blocks[0].End.LessThanEq(seg.sequenceNumber) {
			blocks = blocks[1:]
		}
		if len(blocks) == 0 {
			return
		}
		block, end := blocks[0], seg.sequenceNumber.Add(seg.logicalLen())
		if end.LessThanEq(block.Start) {
			continue
		}
		if seg.sequenceNumber.LessThan(block.Start) {
			before := (seg.sequenceNumber.Size(block.Start) + part - 1) / part * part
			if before < seqnum.Size(seg.payloadSize()) {
				s.splitSeg(seg, int(before))
			}
			continue
		}
		if block.End.LessThan(end) {
			inside := seg.sequenceNumber.Size(block.End) / part * part
			if inside == 0 {
				continue
			}
			s.splitSeg(seg, int(inside))
		}
		if !seg.acked {
			s.rc.update(seg, rcvdSeg)
			s.rc.detectReorder(seg)
			seg.acked, seg.lost = true, false
		}
	}
}

// SetPipe counts the packets in flight: sent, not acknowledged, and not marked as lost since the last transmission.
//
// +checklocks:s.ep.mu
func (s *sender) SetPipe() {
	if !s.ep.SACKPermitted || s.ep.scoreboard.Empty() && !s.FastRecovery.Active && s.state == tcpip.Open {
		return
	}
	flying, acked := 0, 0
	// After a retransmission timeout everything from writeNext on is sent again.
	for seg := s.writeList.Front(); seg != nil && seg.xmitCount != 0 && seg != s.writeNext; seg = seg.Next() {
		switch n := s.pCount(seg, s.MaxPayloadSize); {
		case seg.acked:
			acked += n
		case !seg.lost:
			flying += n
		}
	}
	s.Outstanding, s.SackedOut = flying, acked
}

// forgetSACKs resets the marks after a retransmission timeout (RFC 6675, section 5.1).
//
// +checklocks:s.ep.mu
func (s *sender) forgetSACKs() {
	for seg := s.writeList.Front(); seg != nil && seg.xmitCount != 0; seg = seg.Next() {
		seg.acked, seg.lost = false, false
	}
}

// detectLoss marks a segment as lost if it was sent before a delivered one, and longer ago than the round trip plus the reordering
// window (RFC 8985, section 6.2, step 5). It returns the number of lost segments that were not retransmitted yet.
//
// +checklocks:rc.snd.ep.mu
func (rc *rackControl) detectLoss(now tcpip.MonotonicTime) int {
	var wait time.Duration
	lost := 0
	for seg := rc.snd.writeList.Front(); seg != nil && seg.xmitCount != 0 && seg != rc.snd.writeNext; seg = seg.Next() {
		if seg.acked {
			continue
		}
		if seg.lost {
			lost++
			continue
		}
		end := seg.sequenceNumber.Add(seg.logicalLen())
		if !seg.xmitTime.Before(rc.XmitTime) && (seg.xmitTime != rc.XmitTime || !end.LessThan(rc.EndSequence)) {
			continue
		}
		if left := seg.xmitTime.Sub(now) + rc.RTT + rc.ReoWnd; left > 0 {
			wait = max(wait, left)
			continue
		}
		seg.lost = true
		lost++
		rc.snd.rate.lost += rc.snd.pCount(seg, rc.snd.MaxPayloadSize)
	}
	if wait != 0 && !rc.snd.reorderTimer.enabled() {
		rc.snd.reorderTimer.enable(wait)
	}
	return lost
}

// DoRecovery retransmits lost segments as far as the congestion window permits. If nothing is in flight, it sends one regardless.
//
// +checklocks:rc.snd.ep.mu
// +checklocksexclude:rc.snd.rtt.rttMutex
func (rc *rackControl) DoRecovery(*segment, bool) {
	snd := rc.snd
	snd.SetPipe()
	sent := false
	end := snd.SndUna.Add(snd.SndWnd)
	for seg := snd.writeList.Front(); seg != nil && seg.xmitCount != 0 && seg != snd.writeNext; seg = seg.Next() {
		if !seg.lost || seg.acked {
			continue
		}
		if snd.Outstanding >= snd.SndCwnd && (sent || snd.Outstanding > 0) {
			break
		}
		if !snd.maybeSendSegment(seg, snd.MaxPayloadSize, end) {
			break
		}
		if seg == snd.writeList.Front() {
			// As in Linux, the retransmission gets a full timeout to be acknowledged.
			snd.resendTimer.enable(snd.RTO)
		}
		sent = true
		snd.Outstanding += snd.pCount(seg, snd.MaxPayloadSize)
	}
	snd.postXmit(sent, true)
}
