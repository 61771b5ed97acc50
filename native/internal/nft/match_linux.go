package nft

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Registers 1 to 4 hold 16 bytes each. 32-bit registers are numbered separately: 9 is the second one of register 1.
const (
	firstRegister = 1
	secondWord    = 9
	secondLong    = 2
	// nameSize is IFNAMSIZ.
	nameSize = 16
	// loopback is the index of lo, the same in every network namespace.
	loopback = 1
)

// header returns the offset and length of the destination address in the IP header.
func header(six bool) (family byte, destination, size uint32) {
	if six {
		return unix.NFPROTO_IPV6, 24, 16
	}
	return unix.NFPROTO_IPV4, 16, 4
}

func compare(key expr.MetaKey, op expr.CmpOp, value []byte) Match {
	return Match{&expr.Meta{Key: key, Register: firstRegister}, &expr.Cmp{Op: op, Register: firstRegister, Data: value}}
}

// LinkName returns a link's name, padded for comparison in nftables.
func LinkName(name string) []byte { return append([]byte(name), make([]byte, nameSize-len(name))...) }

// LeavesBy matches packets that leave by a link.
func LeavesBy(link string) Match { return compare(expr.MetaKeyOIFNAME, expr.CmpOpEq, LinkName(link)) }

// LeavesByPrefix matches packets that leave by a link whose name has this prefix.
func LeavesByPrefix(prefix string) Match {
	return compare(expr.MetaKeyOIFNAME, expr.CmpOpEq, []byte(prefix))
}

// LeavesByOneOf matches packets that leave by a link in a set.
func LeavesByOneOf(s *Set) Match {
	return Match{&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: firstRegister}, lookup(s)}
}

// CameBy matches packets that came in by a link.
func CameBy(link string) Match { return compare(expr.MetaKeyIIFNAME, expr.CmpOpEq, LinkName(link)) }

// PassesNone matches packets that neither came in nor leave by a link whose name has this prefix.
func PassesNone(prefix string) Match {
	return append(compare(expr.MetaKeyIIFNAME, expr.CmpOpNeq, []byte(prefix)), compare(expr.MetaKeyOIFNAME, expr.CmpOpNeq, []byte(prefix))...)
}

// StaysHere matches packets that leave by the loopback link.
func StaysHere() Match {
	return compare(expr.MetaKeyOIF, expr.CmpOpEq, binary.NativeEndian.AppendUint32(nil, loopback))
}

// CameByNeither matches packets that came in by neither this link nor the loopback link.
func CameByNeither(link string) Match {
	return append(compare(expr.MetaKeyIIF, expr.CmpOpNeq, binary.NativeEndian.AppendUint32(nil, loopback)),
		compare(expr.MetaKeyIIFNAME, expr.CmpOpNeq, LinkName(link))...)
}

// Family matches packets of one IP version.
func Family(six bool) Match {
	family, _, _ := header(six)
	return compare(expr.MetaKeyNFPROTO, expr.CmpOpEq, []byte{family})
}

// Protocol matches packets of one transport protocol (IPPROTO_*).
func Protocol(number byte) Match {
	return compare(expr.MetaKeyL4PROTO, expr.CmpOpEq, []byte{number})
}

// Marked matches packets with a fwmark.
func Marked(mark uint32) Match {
	return compare(expr.MetaKeyMARK, expr.CmpOpEq, binary.NativeEndian.AppendUint32(nil, mark))
}

// SetMark sets the packets' fwmark.
func SetMark(mark uint32) Match {
	return Match{
		&expr.Immediate{Register: firstRegister, Data: binary.NativeEndian.AppendUint32(nil, mark)},
		&expr.Meta{Key: expr.MetaKeyMARK, SourceRegister: true, Register: firstRegister},
	}
}

// OfRoot matches packets of root's sockets. Forwarded packets, and those of the kernel, have no owner and do not match.
func OfRoot() Match { return compare(expr.MetaKeySKUID, expr.CmpOpEq, make([]byte, 4)) }

// GoesTo matches packets to an address in a prefix.
func GoesTo(p netip.Prefix) Match {
	_, offset, size := header(p.Addr().Is6())
	all := append(Family(p.Addr().Is6()), network(firstRegister, offset, size))
	if !p.IsSingleIP() {
		mask := make([]byte, size)
		for bit := range p.Bits() {
			mask[bit/8] |= 0x80 >> (bit % 8)
		}
		all = append(all, &expr.Bitwise{SourceRegister: firstRegister, DestRegister: firstRegister, Len: size, Mask: mask, Xor: make([]byte, size)})
	}
	return append(all, &expr.Cmp{Op: expr.CmpOpEq, Register: firstRegister, Data: p.Masked().Addr().AsSlice()})
}

// GoesInto matches packets to an address in a set of one IP version.
func GoesInto(s *Set, six bool) Match {
	_, offset, size := header(six)
	return append(Family(six), network(firstRegister, offset, size), lookup(s))
}

// GoesToEndpoint matches packets to an address and port in a set of one IP version.
func GoesToEndpoint(s *Set, six bool, transport byte) Match {
	_, offset, size := header(six)
	second := uint32(secondWord)
	if six {
		second = secondLong
	}
	all := append(Family(six), Protocol(transport)...)
	return append(all, network(firstRegister, offset, size), destinationPort(second), lookup(s))
}

// GoesToExactly matches packets to an IPv4 address and port, whatever the transport. It uses only loads and comparisons of
// up to 4 bytes, which the kernel evaluates without a function call, because every packet of the tunnel passes this rule.
// Use it only for root's packets: other users could craft packets with matching bytes.
func GoesToExactly(to netip.AddrPort) Match {
	_, offset, size := header(false)
	return Match{
		network(firstRegister, offset, size), &expr.Cmp{Op: expr.CmpOpEq, Register: firstRegister, Data: to.Addr().AsSlice()},
		destinationPort(firstRegister), &expr.Cmp{Op: expr.CmpOpEq, Register: firstRegister, Data: port(to.Port())},
	}
}

// GoesToPorts matches packets of a transport protocol to a port in a set.
func GoesToPorts(transport byte, s *Set) Match {
	return append(Protocol(transport), destinationPort(firstRegister), lookup(s))
}

// GoesToPort matches packets of a transport protocol to a port.
func GoesToPort(transport byte, number uint16) Match {
	return append(Protocol(transport), destinationPort(firstRegister), &expr.Cmp{Op: expr.CmpOpEq, Register: firstRegister, Data: port(number)})
}

// BetweenPorts matches packets of a transport protocol from one port to another.
func BetweenPorts(transport byte, source, destination uint16) Match {
	return append(Protocol(transport),
		&expr.Payload{DestRegister: firstRegister, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: firstRegister, Data: append(port(source), port(destination)...)})
}

// ICMPv6 matches ICMPv6 messages of a type in a set.
func ICMPv6(types *Set) Match {
	return append(Protocol(unix.IPPROTO_ICMPV6),
		&expr.Payload{DestRegister: firstRegister, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1}, lookup(types))
}

func network(register, offset, size uint32) expr.Any {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size}
}

func destinationPort(register uint32) expr.Any {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2}
}

func lookup(s *Set) expr.Any {
	return &expr.Lookup{SourceRegister: firstRegister, SetName: s.Name, SetID: s.ID}
}

func port(number uint16) []byte { return binary.BigEndian.AppendUint16(nil, number) }

func endpointKey(a netip.AddrPort) []byte {
	return slices.Concat(a.Addr().Unmap().AsSlice(), port(a.Port()), []byte{0, 0})
}

func endpointKind(six bool) nftables.SetDatatype {
	if six {
		return nftables.MustConcatSetType(nftables.TypeIP6Addr, nftables.TypeInetService)
	}
	return nftables.MustConcatSetType(nftables.TypeIPAddr, nftables.TypeInetService)
}
