package guard

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Registers: 1 to 4 hold 16 bytes each; the one after the first 4 bytes of register 1 has a number of its own.
const (
	firstWord  = 1
	secondWord = 9
	secondLong = 2
	// nameSize is IFNAMSIZ.
	nameSize = 16
	// rejectICMPX and hostUnreachable (NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_HOST_UNREACH): whoever sends hears at once
	// what it also hears from a route that refuses; an established connection takes it for a passing trouble and waits.
	rejectICMPX, hostUnreachable = 2, 2
)

func addresses(six bool) (family byte, destination, size uint32) {
	if six {
		return unix.NFPROTO_IPV6, 24, 16
	}
	return unix.NFPROTO_IPV4, 16, 4
}

func compare(key expr.MetaKey, op expr.CmpOp, value []byte) []expr.Any {
	return []expr.Any{&expr.Meta{Key: key, Register: firstWord}, &expr.Cmp{Op: op, Register: firstWord, Data: value}}
}

func linkName(name string) []byte { return append([]byte(name), make([]byte, nameSize-len(name))...) }

func leavesBy(link string) []expr.Any {
	return compare(expr.MetaKeyOIFNAME, expr.CmpOpEq, linkName(link))
}

// loopback is the index of every network's own link.
const loopback = 1

// staysHere is true for what leaves by the loopback.
func staysHere() []expr.Any {
	return compare(expr.MetaKeyOIF, expr.CmpOpEq, binary.NativeEndian.AppendUint32(nil, loopback))
}

// cameByOthersThan is true for what came by neither this link nor the loopback.
func cameByOthersThan(link string) []expr.Any {
	return append(compare(expr.MetaKeyIIF, expr.CmpOpNeq, binary.NativeEndian.AppendUint32(nil, loopback)),
		compare(expr.MetaKeyIIFNAME, expr.CmpOpNeq, linkName(link))...)
}

func family(six bool) []expr.Any {
	family, _, _ := addresses(six)
	return compare(expr.MetaKeyNFPROTO, expr.CmpOpEq, []byte{family})
}

func protocol(number byte) []expr.Any {
	return compare(expr.MetaKeyL4PROTO, expr.CmpOpEq, []byte{number})
}

// byEngine is true for packets of root's sockets that carry the mark.
func byEngine(mark uint32) []expr.Any { return append(withMark(mark), ofRoot()...) }

func withMark(mark uint32) []expr.Any {
	return compare(expr.MetaKeyMARK, expr.CmpOpEq, binary.NativeEndian.AppendUint32(nil, mark))
}

// ofRoot is true for packets of root's sockets. Forwarded packets, and those of the kernel's own, have no owner, and so do not
// match.
func ofRoot() []expr.Any { return compare(expr.MetaKeySKUID, expr.CmpOpEq, make([]byte, 4)) }

// goesTo is true for a destination within a prefix.
func goesTo(p netip.Prefix) []expr.Any {
	_, offset, size := addresses(p.Addr().Is6())
	all := append(family(p.Addr().Is6()), network(firstWord, offset, size))
	if !p.IsSingleIP() {
		mask := make([]byte, size)
		for bit := range p.Bits() {
			mask[bit/8] |= 0x80 >> (bit % 8)
		}
		all = append(all, &expr.Bitwise{SourceRegister: firstWord, DestRegister: firstWord, Len: size, Mask: mask, Xor: make([]byte, size)})
	}
	return append(all, &expr.Cmp{Op: expr.CmpOpEq, Register: firstWord, Data: p.Masked().Addr().AsSlice()})
}

// goesInto is true for a destination in a set of one family.
func goesInto(s *nftables.Set, six bool) []expr.Any {
	_, offset, size := addresses(six)
	return append(family(six), network(firstWord, offset, size), lookup(s))
}

// goesToOneOf is true for a destination address and port in a set of one family.
func goesToOneOf(s *nftables.Set, six bool, transport byte) []expr.Any {
	_, offset, size := addresses(six)
	second := uint32(secondWord)
	if six {
		second = secondLong
	}
	all := append(family(six), protocol(transport)...)
	return append(all, network(firstWord, offset, size), destinationPort(second), lookup(s))
}

// isTo is true for an IPv4 address and port, whatever the transport. Of nothing but loads of up to 4 bytes and comparisons with
// them, which the kernel does in line: every packet of the tunnel's passes here. It is for packets that are known to be root's
// alone, who could make the bytes of any other packet look like that.
func isTo(to netip.AddrPort) []expr.Any {
	const destination = 16
	return []expr.Any{
		network(firstWord, destination, 4), &expr.Cmp{Op: expr.CmpOpEq, Register: firstWord, Data: to.Addr().AsSlice()},
		destinationPort(firstWord), &expr.Cmp{Op: expr.CmpOpEq, Register: firstWord, Data: port(to.Port())},
	}
}

func network(register, offset, size uint32) expr.Any {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size}
}

func destinationPort(register uint32) expr.Any {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2}
}

func lookup(s *nftables.Set) expr.Any {
	return &expr.Lookup{SourceRegister: firstWord, SetName: s.Name, SetID: s.ID}
}

// toPorts is true for a protocol's packets to a port in a set.
func toPorts(transport byte, s *nftables.Set) []expr.Any {
	return append(protocol(transport), destinationPort(firstWord), lookup(s))
}

func port(number uint16) []byte { return binary.BigEndian.AppendUint16(nil, number) }

func endpointKey(a netip.AddrPort) []byte {
	return append(append(a.Addr().AsSlice(), port(a.Port())...), 0, 0)
}

func endpointKind(six bool) nftables.SetDatatype {
	if six {
		return nftables.MustConcatSetType(nftables.TypeIP6Addr, nftables.TypeInetService)
	}
	return nftables.MustConcatSetType(nftables.TypeIPAddr, nftables.TypeInetService)
}

func count() []expr.Any { return []expr.Any{&expr.Counter{}} }

func accept() []expr.Any { return []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}} }

func drop() []expr.Any { return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}} }

func refuse() []expr.Any { return []expr.Any{&expr.Reject{Type: rejectICMPX, Code: hostUnreachable}} }

func reset() []expr.Any { return []expr.Any{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}} }

func jump(to *nftables.Chain) []expr.Any {
	return []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: to.Name}}
}

func goTo(to *nftables.Chain) []expr.Any {
	return []expr.Any{&expr.Verdict{Kind: expr.VerdictGoto, Chain: to.Name}}
}
