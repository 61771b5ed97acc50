package guard

import (
	"bytes"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

const (
	// payload is NFT_PAYLOAD_INNER_HEADER: what a UDP or TCP header is followed by.
	payload expr.PayloadBase = 3
	// register holds 16 bytes, and four of them can be looked up at once.
	register, registers = 16, 4
)

// Where names are asked for in the clear: DNS, multicast DNS, LLMNR.
const portDNS, portMDNS, portLLMNR = 53, 5353, 5355

// names holds back questions for names of the intranet. It looks for the end of the name at every place of a message's first
// question where it could stand, so it takes no process, no connection tracking and no assumption about who asks.
func (t *table) names(outward *nftables.Chain, s Spec, dropped uint64) error {
	endings := endings(s.Domains)
	if len(endings) == 0 && !s.Everything {
		return nil
	}
	held := t.chain("names-held")
	t.rule(held, []expr.Any{&expr.Counter{Packets: dropped}})
	// A connection that would only wait ends here: it would send the same question again for minutes, and outlive the guard.
	t.rule(held, protocol(unix.IPPROTO_TCP), reset())
	t.rule(held, refuse())
	chain := t.chain("names")
	ports, err := t.ports("names-ports", []uint16{portDNS, portMDNS, portLLMNR})
	if err != nil {
		return err
	}
	for _, transport := range []byte{unix.IPPROTO_UDP, unix.IPPROTO_TCP} {
		t.rule(outward, toPorts(transport, ports), jump(chain))
	}
	if !s.Everything {
		return t.endings(chain, held, endings)
	}
	for _, name := range s.Spared {
		if form := wire(name); form != nil {
			t.add(chain, "", protocol(unix.IPPROTO_UDP), oneQuestion(), asks(form), []expr.Any{&expr.Verdict{Kind: expr.VerdictReturn}})
		}
	}
	everything, err := t.ports("names-all", []uint16{portDNS, portLLMNR})
	if err != nil {
		return err
	}
	for _, transport := range []byte{unix.IPPROTO_UDP, unix.IPPROTO_TCP} {
		t.add(chain, "", toPorts(transport, everything), goTo(held))
	}
	return nil
}

// endings writes one rule for each length of an ending and each place it could begin at.
func (t *table) endings(chain, held *nftables.Chain, all []ending) error {
	for i, e := range all {
		var sets []*nftables.Set
		for part := 0; part < e.length; part += register * registers {
			set, err := t.forms(fmt.Sprintf("names-%d-%d", i, part), e, part)
			if err != nil {
				return err
			}
			sets = append(sets, set)
		}
		for at := e.first; at <= e.last; at++ {
			var match []expr.Any
			for i, set := range sets {
				part := i * register * registers
				match = append(match, fold(at+part, min(e.length-part, register*registers))...)
				match = append(match, lookup(set))
			}
			t.add(chain, "", match, goTo(held))
		}
	}
	return nil
}

// forms adds the set of the endings of one length, or of as much of them as can be looked up at once.
func (t *table) forms(name string, e ending, part int) (*nftables.Set, error) {
	end := min(e.length, part+register*registers)
	kind := nftables.TypeInteger
	kind.Bytes = uint32((end - part + 3) / 4 * 4)
	var keys [][]byte
	for _, form := range e.forms {
		key := append(bytes.Clone(form[part:end]), make([]byte, int(kind.Bytes)-(end-part))...)
		known := false
		for _, k := range keys {
			known = known || bytes.Equal(k, key)
		}
		if !known {
			keys = append(keys, key)
		}
	}
	return t.set(name, kind, keys)
}

// fold loads a part of a message into the registers, upper and lower case made the same.
func fold(at, length int) []expr.Any {
	var all []expr.Any
	for i := 0; i < length; i += register {
		n, r := uint32(min(register, length-i)), uint32(1+i/register)
		all = append(all,
			&expr.Payload{DestRegister: r, Base: payload, Offset: uint32(at + i), Len: n},
			&expr.Bitwise{SourceRegister: r, DestRegister: r, Len: n, Mask: bytes.Repeat([]byte{folded}, int(n)), Xor: make([]byte, n)})
	}
	return all
}

// asks is true for a message over UDP whose first question is for exactly this name.
func asks(form []byte) []expr.Any {
	var all []expr.Any
	for i := 0; i < len(form); i += register {
		n := min(register, len(form)-i)
		all = append(all, fold(question+i, n)...)
		all = append(all, &expr.Cmp{Op: expr.CmpOpEq, Register: firstWord, Data: form[i : i+n]})
	}
	return all
}

// oneQuestion is true for messages with one question, no answers and no authorities: there is no room for other names.
func oneQuestion() []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: firstWord, Base: payload, Offset: 4, Len: 6},
		&expr.Cmp{Op: expr.CmpOpEq, Register: firstWord, Data: []byte{0, 1, 0, 0, 0, 0}},
	}
}
