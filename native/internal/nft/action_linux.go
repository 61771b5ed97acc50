package nft

import (
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// rejectICMPX and hostUnreachable are NFT_REJECT_ICMPX_UNREACH and NFT_REJECT_ICMPX_HOST_UNREACH.
const rejectICMPX, hostUnreachable = 2, 2

// Count counts packets.
func Count() Match { return CountFrom(0) }

// CountFrom counts packets, beginning at what a former rule has counted.
func CountFrom(packets uint64) Match { return Match{&expr.Counter{Packets: packets}} }

// Accept lets packets pass.
func Accept() Match { return Match{&expr.Verdict{Kind: expr.VerdictAccept}} }

// Drop drops packets silently.
func Drop() Match { return Match{&expr.Verdict{Kind: expr.VerdictDrop}} }

// Refuse drops packets and tells the sender at once that the host cannot be reached, as a route that refuses does. An established
// connection takes that for a passing trouble and waits.
func Refuse() Match { return Match{&expr.Reject{Type: rejectICMPX, Code: hostUnreachable}} }

// Reset drops packets and ends their TCP connection.
func Reset() Match { return Match{&expr.Reject{Type: unix.NFT_REJECT_TCP_RST}} }

// Masquerade gives packets the address of the link that they leave by.
func Masquerade() Match { return Match{&expr.Masq{}} }

// Jump goes on with a chain's rules and comes back.
func Jump(to *Chain) Match {
	return Match{&expr.Verdict{Kind: expr.VerdictJump, Chain: to.Name}}
}

// Goto goes on with a chain's rules and does not come back.
func Goto(to *Chain) Match {
	return Match{&expr.Verdict{Kind: expr.VerdictGoto, Chain: to.Name}}
}

// Return goes back to the rules after the jump to this chain.
func Return() Match { return Match{&expr.Verdict{Kind: expr.VerdictReturn}} }
