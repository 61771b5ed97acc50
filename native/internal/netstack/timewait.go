package netstack

import (
	"sync"
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/seqnum"
	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"sag.software/native/internal/datapath/packet"
)

// timeWait keeps connections in TIME-WAIT from blocking new ones, and bounds their number: gVisor needs some 6 KB for each.
//
// gVisor lets a new connection replace one in TIME-WAIT for listening sockets only, and drops every other SYN: a client
// whose new connection has the same ports as a recent one would have to wait for a minute. timeWait allows it by the rules
// of RFC 6191, which reject old duplicates. A RST never ends TIME-WAIT (RFC 1337).
type timeWait struct {
	stack *gstack.Stack
	// limit is how many connections may be in TIME-WAIT. Beyond it the oldest one is removed, as Linux does beyond
	// tcp_max_tw_buckets.
	limit int
	// silenced is the connection that is being removed; its RST must not be sent.
	silenced atomic.Pointer[gstack.TransportEndpointID]

	mu sync.Mutex
	// ends are the sequence numbers after the last received FINs. order is the ring of their ids, and next its oldest
	// entry.
	ends  map[gstack.TransportEndpointID]seqnum.Value
	order []gstack.TransportEndpointID
	next  int
}

// look is called for every received packet, before the stack handles it.
func (w *timeWait) look(h *packet.Header, raw []byte) {
	if h.Protocol != packet.TCP || h.TCPFlags&(packet.FIN|packet.SYN) == 0 || h.TCPFlags&packet.RST != 0 || h.Fragment ||
		h.Version == 6 && h.Options {
		return
	}
	segment := header.TCP(h.Payload(raw))
	length := len(segment)
	if length < header.TCPMinimumSize || int(segment.DataOffset()) < header.TCPMinimumSize || int(segment.DataOffset()) > length {
		return
	}
	id := gstack.TransportEndpointID{ // as seen by the stack
		RemoteAddress: fromAddr(h.Src), RemotePort: h.SrcPort, LocalAddress: fromAddr(h.Dst), LocalPort: h.DstPort,
	}
	switch {
	case h.TCPFlags&packet.FIN != 0:
		w.finished(id, seqnum.Value(segment.SequenceNumber()).Add(seqnum.Size(length-int(segment.DataOffset())+1)))
	case h.TCPFlags&packet.ACK == 0:
		w.reopen(id, segment)
	}
}

// finished records a FIN: the connection may soon be in TIME-WAIT.
func (w *timeWait) finished(id gstack.TransportEndpointID, end seqnum.Value) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ends == nil {
		w.ends = map[gstack.TransportEndpointID]seqnum.Value{}
	}
	_, known := w.ends[id]
	w.ends[id] = end
	switch {
	case known:
	case len(w.order) < w.limit:
		w.order = append(w.order, id)
	default:
		oldest := w.order[w.next]
		w.order[w.next] = id
		w.next = (w.next + 1) % w.limit
		delete(w.ends, oldest)
		if endpoint, _ := w.find(oldest); endpoint != nil {
			w.remove(oldest, endpoint)
		}
	}
}

// find returns the connection and its last timestamps if it is in TIME-WAIT; else nil.
func (w *timeWait) find(id gstack.TransportEndpointID) (*tcp.Endpoint, former) {
	protocol := header.IPv4ProtocolNumber
	if id.LocalAddress.Len() == header.IPv6AddressSize {
		protocol = header.IPv6ProtocolNumber
	}
	endpoint, _ := w.stack.FindTransportEndpoint(protocol, tcp.ProtocolNumber, id, nic).(*tcp.Endpoint)
	if endpoint == nil {
		return nil, former{}
	}
	endpoint.LockUser() // the endpoint may still be processing the last packet
	defer endpoint.UnlockUser()
	if endpoint.EndpointState() != tcp.StateTimeWait {
		return nil, former{}
	}
	return endpoint, former{timestamps: endpoint.SendTSOk, timestamp: endpoint.RecentTS}
}

// remove removes a connection in TIME-WAIT without sending a RST. The caller holds the lock.
func (w *timeWait) remove(id gstack.TransportEndpointID, endpoint *tcp.Endpoint) {
	w.silenced.Store(&id)
	endpoint.Abort()
	w.silenced.Store(nil)
}

// reopen removes a connection in TIME-WAIT if the SYN may replace it.
func (w *timeWait) reopen(id gstack.TransportEndpointID, syn header.TCP) {
	endpoint, old := w.find(id)
	if endpoint == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	old.end, old.endKnown = w.ends[id]
	options := header.ParseSynOptions(syn.Options(), false)
	if old.mayBeReplacedBy(seqnum.Value(syn.SequenceNumber()), options.TS, options.TSVal) {
		w.remove(id, endpoint)
	}
}

// silences reports whether an outgoing packet is the RST of a connection that is being removed.
func (w *timeWait) silences(out *gstack.PacketBuffer) bool {
	silenced := w.silenced.Load()
	if silenced == nil || out.TransportProtocolNumber != tcp.ProtocolNumber {
		return false
	}
	segment := header.TCP(out.TransportHeader().Slice())
	return segment.Flags().Contains(header.TCPFlagRst) &&
		segment.SourcePort() == silenced.LocalPort && segment.DestinationPort() == silenced.RemotePort
}

// former is a connection in TIME-WAIT.
type former struct {
	timestamps bool
	timestamp  uint32 // last timestamp received
	// end is the sequence number after the client's FIN.
	end      seqnum.Value
	endKnown bool
}

// mayBeReplacedBy implements RFC 6191, section 2.
func (f former) mayBeReplacedBy(sequence seqnum.Value, timestamps bool, timestamp uint32) bool {
	later := f.endKnown && f.end.LessThan(sequence)
	switch {
	case f.timestamps && timestamps:
		return seqnum.Value(f.timestamp).LessThan(seqnum.Value(timestamp)) || f.timestamp == timestamp && later
	case !f.timestamps && timestamps:
		return true
	default:
		return later
	}
}
