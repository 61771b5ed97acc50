package kernel

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

const (
	// fromClient marks forwarded packets that came from clients.
	fromClient = 0x53470000
	// nameSize is IFNAMSIZ.
	nameSize = 16
	// offsets and sizes of destinations in IP headers.
	v4Destination, v4Size, v6Destination, v6Size = 16, 4, 24, 16
)

// firewall is a table of ours.
type firewall struct {
	conn  *nftables.Conn
	table *nftables.Table
}

// protect keeps clients from the host itself, whatever addresses it gets; with NAT it gives them the host's address
// outward. If forwarding was off, it stays so for everybody but the clients. The table outlives a process that is killed, as
// the forwarding does that it narrows down; a successor puts its own in its place.
func protect(tun string, config Config, switched []string) (*firewall, error) {
	conn, err := nftables.New(nftables.AsLasting())
	if err != nil {
		return nil, err
	}
	table := &nftables.Table{Name: "sag-access-point-" + tun, Family: nftables.TableFamilyINet}
	// At once, or not at all: whatever a former process left under this name, and ours in its place.
	conn.AddTable(table)
	conn.DelTable(table)
	conn.AddTable(table)
	rule := func(chain *nftables.Chain, parts ...[]expr.Any) {
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: slices.Concat(parts...)})
	}
	chain := func(name string, kind nftables.ChainType, hook *nftables.ChainHook, priority *nftables.ChainPriority) *nftables.Chain {
		return conn.AddChain(&nftables.Chain{Name: name, Table: table, Type: kind, Hooknum: hook, Priority: priority})
	}
	input := chain("input", nftables.ChainTypeFilter, nftables.ChainHookInput, nftables.ChainPriorityFilter)
	for _, allowed := range config.Policy.Allowed {
		rule(input, came(tun), goesTo(allowed), verdict(expr.VerdictAccept))
	}
	rule(input, came(tun), verdict(expr.VerdictDrop))
	forwarded := chain("forward", nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityMangle)
	for _, path := range switched {
		family := byte(unix.NFPROTO_IPV4)
		if path == forward6 {
			family = unix.NFPROTO_IPV6
		}
		rule(forwarded, is(family), notOurs(expr.MetaKeyIIFNAME), notOurs(expr.MetaKeyOIFNAME), verdict(expr.VerdictDrop))
	}
	if config.Mode == NAT {
		rule(forwarded, came(tun), []expr.Any{
			&expr.Immediate{Register: 1, Data: marked()}, &expr.Meta{Key: expr.MetaKeyMARK, SourceRegister: true, Register: 1},
		})
		outward := chain("outward", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource)
		rule(outward, []expr.Any{
			&expr.Meta{Key: expr.MetaKeyMARK, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: marked()}, &expr.Masq{},
		})
	}
	if err := conn.Flush(); err != nil {
		_ = conn.CloseLasting()
		return nil, err
	}
	return &firewall{conn, table}, nil
}

// close takes the table away.
func (f *firewall) close() error {
	f.conn.DelTable(f.table)
	return errors.Join(f.conn.Flush(), f.conn.CloseLasting())
}

func marked() []byte {
	const mark = fromClient
	return []byte{byte(mark & 0xff), byte(mark >> 8 & 0xff), byte(mark >> 16 & 0xff), byte(mark >> 24)}
}

func named(name string) []byte { return append([]byte(name), make([]byte, nameSize-len(name))...) }

func came(link string) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: named(link)},
	}
}

// notOurs matches links that are no access point's of this machine.
func notOurs(which expr.MetaKey) []expr.Any {
	return []expr.Any{&expr.Meta{Key: which, Register: 1}, &expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: []byte(devicePrefix)}}
}

func is(family byte) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{family}},
	}
}

func goesTo(prefix netip.Prefix) []expr.Any {
	family, offset, size := byte(unix.NFPROTO_IPV4), uint32(v4Destination), v4Size
	if prefix.Addr().Is6() {
		family, offset, size = unix.NFPROTO_IPV6, v6Destination, v6Size
	}
	mask := make([]byte, size)
	for bit := range prefix.Bits() {
		mask[bit/8] |= 0x80 >> (bit % 8)
	}
	return append(is(family),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(size)},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: uint32(size), Mask: mask, Xor: make([]byte, size)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: prefix.Masked().Addr().AsSlice()},
	)
}

func verdict(kind expr.VerdictKind) []expr.Any { return []expr.Any{&expr.Verdict{Kind: kind}} }
