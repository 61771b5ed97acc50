package nft

import (
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// rejectICMPX and hostUnreachable are NFT_REJECT_ICMPX_UNREACH and NFT_REJECT_ICMPX_HOST_UNREACH.
const rejectICMPX, hostUnreachable = 2, 2

// Count counts packets.
func Count() Match { return CountFrom(0) }

// CountFrom counts packets, starting at the count of a former rule.
func CountFrom(packets uint64) Match { return Match{&expr.Counter{Packets: packets}} }

// Accept accepts packets.
func Accept() Match { return Match{&expr.Verdict{Kind: expr.VerdictAccept}} }

// Drop drops packets silently.
func Drop() Match { return Match{&expr.Verdict{Kind: expr.VerdictDrop}} }

// Refuse drops packets and sends an ICMP "host unreachable", like an unreachable route. TCP treats that as temporary for
// established connections, which keep retrying.
func Refuse() Match { return Match{&expr.Reject{Type: rejectICMPX, Code: hostUnreachable}} }

// Reset drops packets and answers with a TCP RST.
func Reset() Match { return Match{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}} }

// Masquerade rewrites the source address to that of the outgoing link.
func Masquerade() Match { return Match{&expr.Masq{}} }

// Jump evaluates a chain and continues after it.
func Jump(to *Chain) Match {
	return Match{&expr.Verdict{Kind: expr.VerdictJump, Chain: to.Name}}
}

// Goto continues with a chain and does not return.
func Goto(to *Chain) Match {
	return Match{&expr.Verdict{Kind: expr.VerdictGoto, Chain: to.Name}}
}

// Return continues after the jump to this chain.
func Return() Match { return Match{&expr.Verdict{Kind: expr.VerdictReturn}} }
