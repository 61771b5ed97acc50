package nft

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"
)

const (
	// signature begins the comment with the digest that a table was built from.
	signature = "sag-tunnel "
	// signed is the chain with that comment.
	signed = "made"
)

// sign stores the digest of the table's configuration and the number of counted rules in a chain of its own.
func (t *Table) sign(digest string) {
	t.add(t.Chain(signed), fmt.Sprintf("%s%s %d", signature, digest, t.rules), Count())
}

// Found is a signed table as read from the kernel.
type Found struct {
	// Digest is the one passed to Update, or Damaged.
	Digest string
	// Rules are those of the requested chains.
	Rules map[string][]*nftables.Rule
}

// Damaged is the digest of a table that another program has changed or made dormant.
const Damaged = "damaged"

// Inspect reads a signed table; nil if there is none. chains are those with counted rules.
func Inspect(name string, chains ...string) (*Found, error) {
	conn, err := Dial()
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.CloseLasting() }()
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyINet)
	at := slices.IndexFunc(tables, func(t *nftables.Table) bool { return t.Name == name })
	if err != nil || at < 0 {
		return nil, err
	}
	f := &Found{Digest: Damaged, Rules: map[string][]*nftables.Rule{}}
	count := 0
	for _, chain := range append(chains, signed) {
		// A chain that does not exist has no rules.
		f.Rules[chain], err = conn.GetRules(Named(name), &nftables.Chain{Name: chain})
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return nil, err
		}
		count += len(f.Rules[chain])
	}
	if len(f.Rules[signed]) != 1 {
		return f, nil
	}
	comment, _ := userdata.GetString(f.Rules[signed][0].UserData, userdata.TypeComment)
	text, found := strings.CutPrefix(comment, signature)
	digest, number, _ := strings.Cut(text, " ")
	// The kernel does not evaluate the rules of a dormant table.
	dormant := flags(tables[at])&unix.NFT_TABLE_F_DORMANT != 0
	if wanted, err := strconv.Atoi(number); found && err == nil && wanted == count-1 && !dormant {
		f.Digest = digest
	}
	return f, nil
}

// Exists reports whether there is a table with this name.
func Exists(conn *nftables.Conn, name string) (bool, error) {
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyINet)
	return slices.ContainsFunc(tables, func(t *nftables.Table) bool { return t.Name == name }), err
}

// Packets returns the sum of the counters of a chain's rules.
func (f *Found) Packets(chain string) (packets uint64) {
	for _, r := range f.Rules[chain] {
		for _, e := range r.Exprs {
			if c, is := e.(*expr.Counter); is {
				packets += c.Packets
			}
		}
	}
	return packets
}

// flags returns a table's flags. The library decodes them in host byte order, although they are in network byte order.
func flags(t *nftables.Table) uint32 {
	return binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, t.Flags))
}
