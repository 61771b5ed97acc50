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
	// signature begins the comment that says whose table it is, and what it was made from.
	signature = "sag-tunnel "
	// signed is the chain with that comment.
	signed = "made"
)

// Sign notes in a chain of its own what the table was made from, and how many counted rules it has.
func (t *Table) Sign(digest string) {
	t.add(t.Chain(signed), fmt.Sprintf("%s%s %d", signature, digest, t.rules), Count())
}

// Found is a signed table as it was found.
type Found struct {
	// Digest is what Sign was given, or Damaged.
	Digest string
	// Rules are those of the chains that were asked for.
	Rules map[string][]*nftables.Rule
}

// Damaged is the digest of a table that another program has changed or made dormant.
const Damaged = "damaged"

// Inspect reads a signed table; nil if there is none. The chains named are those with counted rules.
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
	// No rule of a dormant table is run.
	dormant := flags(tables[at])&unix.NFT_TABLE_F_DORMANT != 0
	if wanted, err := strconv.Atoi(number); found && err == nil && wanted == count-1 && !dormant {
		f.Digest = digest
	}
	return f, nil
}

// Exists is true if there is a table of this name.
func Exists(conn *nftables.Conn, name string) (bool, error) {
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyINet)
	return slices.ContainsFunc(tables, func(t *nftables.Table) bool { return t.Name == name }), err
}

// Packets adds up the packets that counters of a chain's rules have seen.
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

// flags of a table, which the library reads in this host's byte order, though they come in network order.
func flags(t *nftables.Table) uint32 {
	return binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, t.Flags))
}
