package nft

import (
	"bytes"
	"strings"

	"github.com/google/nftables/expr"
)

const (
	// payload is NFT_PAYLOAD_INNER_HEADER: the data after a UDP or TCP header.
	payload expr.PayloadBase = 3
	// RegisterSize is the size of a register, bytes; Registers is how many of them one lookup can use.
	RegisterSize, Registers = 16, 4
	// QuestionOffset is the offset of the first question in a DNS message.
	QuestionOffset = 12
	// CaseMask clears the bit in which upper and lower case differ. It also merges some other bytes, which do not occur in
	// names.
	CaseMask = 0xdf
	// maxWireName is the longest name in a DNS message, with length bytes and the final zero, bytes.
	maxWireName = 255
)

// WireName returns a name as encoded in a DNS question, under CaseMask; nil if it is not a valid name.
func WireName(name string) []byte {
	var wire []byte
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > 63 {
			return nil
		}
		wire = append(append(wire, byte(len(label))), label...)
	}
	if wire = append(wire, 0); len(wire) > maxWireName {
		return nil
	}
	for i := range wire {
		wire[i] &= CaseMask
	}
	return wire
}

// Folded loads a part of a message into the registers, under CaseMask.
func Folded(at, length int) Match {
	var all Match
	for i := 0; i < length; i += RegisterSize {
		n, r := uint32(min(RegisterSize, length-i)), uint32(firstRegister+i/RegisterSize)
		all = append(all,
			&expr.Payload{DestRegister: r, Base: payload, Offset: uint32(at + i), Len: n},
			&expr.Bitwise{SourceRegister: r, DestRegister: r, Len: n, Mask: bytes.Repeat([]byte{CaseMask}, int(n)), Xor: make([]byte, n)})
	}
	return all
}

// FoldedIn matches if a part of a message, under CaseMask, is in a set.
func FoldedIn(s *Set, at, length int) Match { return append(Folded(at, length), lookup(s)) }

// AsksOnly matches DNS messages over UDP with exactly one question, for this WireName, and without answer and authority
// records, so that they cannot contain other names.
func AsksOnly(wire []byte) Match {
	all := Match{
		&expr.Payload{DestRegister: firstRegister, Base: payload, Offset: 4, Len: 6},
		&expr.Cmp{Op: expr.CmpOpEq, Register: firstRegister, Data: []byte{0, 1, 0, 0, 0, 0}},
	}
	for i := 0; i < len(wire); i += RegisterSize {
		n := min(RegisterSize, len(wire)-i)
		all = append(all, Folded(QuestionOffset+i, n)...)
		all = append(all, &expr.Cmp{Op: expr.CmpOpEq, Register: firstRegister, Data: wire[i : i+n]})
	}
	return all
}
