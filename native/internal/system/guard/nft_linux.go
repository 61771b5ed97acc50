package guard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	mdlayher "github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// socketBuffer holds the kernel's answers to a whole transaction, one for each rule, bytes.
const socketBuffer = 8 << 20

// tag begins the comment that says whose table it is, and what it was made from.
const tag = "sag-tunnel "

// table is one of ours, while it is being made. It does not belong to a process: it has to outlive ours.
type table struct {
	conn  *nftables.Conn
	table *nftables.Table
	// rules counts those outside of the chains of names, so that a missing one is noticed.
	rules int
	// ready are the sets that are there already, by name; used are the sets of ranges that rules look into, and the chains that
	// packets enter.
	ready, used map[string]bool
}

// dial opens one socket for all that is asked; the caller closes it.
func dial() (*nftables.Conn, error) {
	return nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *mdlayher.Conn) error {
		return errors.Join(c.SetReadBuffer(socketBuffer), c.SetWriteBuffer(socketBuffer))
	}))
}

func named(name string) *nftables.Table {
	return &nftables.Table{Name: name, Family: nftables.TableFamilyINet}
}

// replace puts rules in the place of those of the table of the same name, if there is one, in one transaction: there is no moment
// at which neither hold. For that the chains that packets enter have to stay, or the kernel would ask an old one and a new one, one
// after the other, and a packet between the two be looked at by neither; and what `ahead` adds, sets of ranges, has to be there
// before: the kernel finds nothing in those for a moment after rules that look into them are in force. If somebody has made
// something else of the table, that can not be changed back, all of it goes, and there is such a moment.
func replace(name string, ahead, build func(*table) error) error {
	if replaced, err := inPlace(name, ahead, build); replaced || err != nil {
		return err
	}
	t, closer, err := open(name)
	if err != nil {
		return err
	}
	defer closer()
	t.conn.AddTable(t.table)
	t.conn.DelTable(t.table)
	t.conn.AddTable(t.table)
	if err := build(t); err != nil {
		return err
	}
	return t.conn.Flush()
}

// inPlace is replace for a table that is there and that nobody else has changed; false if that can not be.
func inPlace(name string, ahead, build func(*table) error) (bool, error) {
	t, closer, err := open(name)
	if err != nil {
		return false, err
	}
	defer closer()
	there, err := exists(t.conn, name)
	if err != nil || !there {
		return false, err
	}
	sets, err := t.prepare(ahead)
	if err != nil {
		return false, nil
	}
	t.ready, t.used = names(sets), map[string]bool{}
	if err := t.empty(build, sets); err != nil {
		return false, nil
	}
	return t.conn.Flush() == nil, nil
}

// open begins a table; what is done to it is sent over a socket of its own.
func open(name string) (*table, func(), error) {
	conn, err := dial()
	if err != nil {
		return nil, nil, err
	}
	return &table{conn: conn, table: named(name)}, func() { _ = conn.CloseLasting() }, nil
}

func names(sets []*nftables.Set) map[string]bool {
	all := map[string]bool{}
	for _, s := range sets {
		all[s.Name] = true
	}
	return all
}

// prepare adds what has to be there before, also where somebody has taken a part of it away, and gives all sets that are then.
func (t *table) prepare(ahead func(*table) error) ([]*nftables.Set, error) {
	if err := ahead(t); err != nil {
		return nil, err
	}
	if err := t.conn.Flush(); err != nil {
		return nil, err
	}
	return t.conn.GetSets(t.table)
}

// empty has the table built anew from all that is in it, the chains that packets enter and the sets of ranges that are used again.
func (t *table) empty(build func(*table) error, sets []*nftables.Set) error {
	chains, err := t.conn.ListChainsOfTableFamily(t.table.Family)
	if err != nil {
		return err
	}
	// Adding what is there does no harm, and wakes it up.
	t.conn.AddTable(t.table)
	t.conn.FlushTable(t.table)
	for _, c := range chains {
		if c.Table.Name == t.table.Name && c.Hooknum == nil {
			t.conn.DelChain(&nftables.Chain{Table: t.table, Name: c.Name})
		}
	}
	for _, s := range sets {
		if !s.Interval {
			t.conn.DelSet(&nftables.Set{Table: t.table, Name: s.Name})
		}
	}
	if err := build(t); err != nil {
		return err
	}
	for _, c := range chains {
		if c.Table.Name == t.table.Name && c.Hooknum != nil && !t.used[c.Name] {
			t.conn.DelChain(&nftables.Chain{Table: t.table, Name: c.Name})
		}
	}
	for _, s := range sets {
		if s.Interval && !t.used[s.Name] {
			t.conn.DelSet(&nftables.Set{Table: t.table, Name: s.Name})
		}
	}
	return nil
}

// remove takes a table away; false if it is not there.
func remove(name string) (bool, error) {
	conn, err := dial()
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.CloseLasting() }()
	conn.DelTable(named(name))
	err = conn.Flush()
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	return err == nil, err
}

// chain adds a chain that others jump to.
func (t *table) chain(name string) *nftables.Chain {
	return t.conn.AddChain(&nftables.Chain{Name: name, Table: t.table})
}

// hook adds a chain that packets enter. It comes after everybody's filters and address translation, so that what it sees
// is what would leave.
func (t *table) hook(name string, hook *nftables.ChainHook) *nftables.Chain {
	accept := nftables.ChainPolicyAccept
	t.uses(name)
	return t.conn.AddChain(&nftables.Chain{
		Name: name, Table: t.table, Type: nftables.ChainTypeFilter, Hooknum: hook, Policy: &accept,
		Priority: nftables.ChainPriorityRef(*nftables.ChainPriorityFilter + 10),
	})
}

func (t *table) uses(name string) {
	if t.used != nil {
		t.used[name] = true
	}
}

func (t *table) rule(chain *nftables.Chain, parts ...[]expr.Any) {
	t.rules++
	t.add(chain, "", parts...)
}

func (t *table) add(chain *nftables.Chain, comment string, parts ...[]expr.Any) {
	rule := &nftables.Rule{Table: t.table, Chain: chain}
	for _, part := range parts {
		rule.Exprs = append(rule.Exprs, part...)
	}
	if comment != "" {
		rule.UserData = userdata.AppendString(nil, userdata.TypeComment, comment)
	}
	t.conn.AddRule(rule)
}

// sign says in a chain of its own what the table was made from, and how many rules it has.
func (t *table) sign(digest string) {
	t.add(t.chain("made"), fmt.Sprintf("%s%s %d", tag, digest, t.rules), count())
}

// set adds a set of values. The kernel, told how many there will be, takes the quickest way of looking them up.
func (t *table) set(name string, kind nftables.SetDatatype, keys [][]byte) (*nftables.Set, error) {
	s := &nftables.Set{
		Table: t.table, Name: name, KeyType: kind, Concatenation: strings.Contains(kind.Name, " . "), Size: uint32(len(keys)),
	}
	elements := make([]nftables.SetElement, len(keys))
	for i, key := range keys {
		elements[i].Key = key
	}
	return s, t.fill(s, elements)
}

// atOnce is how many elements go into one message: their list has to stay below 64 KiB. Even, for ranges have two.
const atOnce = 256

// fill adds a set with its elements.
func (t *table) fill(s *nftables.Set, elements []nftables.SetElement) error {
	first := min(len(elements), atOnce)
	err := t.conn.AddSet(s, elements[:first])
	for more := range slices.Chunk(elements[first:], atOnce) {
		err = errors.Join(err, t.conn.SetAddElements(s, more))
	}
	return err
}

// prefixes gives a set of ranges, and adds it unless it is ready; nil if there are none of that family. Its name says what is in it.
func (t *table) prefixes(name string, all []netip.Prefix, six bool) (*nftables.Set, error) {
	kind := nftables.TypeIPAddr
	if six {
		kind = nftables.TypeIP6Addr
	}
	var elements []nftables.SetElement
	digest := fnv.New64a()
	for _, r := range Merged(all, six) {
		_, _ = fmt.Fprintln(digest, r) // never fails
		elements = append(elements, nftables.SetElement{Key: r[0].AsSlice()})
		if after := r[1].Next(); after.IsValid() {
			elements = append(elements, nftables.SetElement{Key: after.AsSlice(), IntervalEnd: true})
		}
	}
	if len(elements) == 0 {
		return nil, nil
	}
	s := &nftables.Set{Table: t.table, Name: fmt.Sprintf("%s-%x", name, digest.Sum64()), KeyType: kind, Interval: true}
	t.uses(s.Name)
	if t.ready[s.Name] {
		return s, nil
	}
	return s, t.fill(s, elements)
}

// flags of a table, which the library reads as numbers of this machine, though they come in network order.
func flags(t *nftables.Table) uint32 {
	return binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, t.Flags))
}

func exists(conn *nftables.Conn, name string) (bool, error) {
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyINet)
	return slices.ContainsFunc(tables, func(t *nftables.Table) bool { return t.Name == name }), err
}

// inspect reads a table of ours. The chains named are those whose rules are counted.
func inspect(name string, chains ...string) (digest string, rules map[string][]*nftables.Rule, err error) {
	conn, err := dial()
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = conn.CloseLasting() }()
	tables, err := conn.ListTablesOfFamily(nftables.TableFamilyINet)
	at := slices.IndexFunc(tables, func(t *nftables.Table) bool { return t.Name == name })
	if err != nil || at < 0 {
		return "", nil, err
	}
	rules = map[string][]*nftables.Rule{}
	count := 0
	for _, chain := range append(chains, "made") {
		// A chain that is not there has no rules.
		rules[chain], err = conn.GetRules(named(name), &nftables.Chain{Name: chain})
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return "", nil, err
		}
		count += len(rules[chain])
	}
	if len(rules["made"]) != 1 {
		return Damaged, rules, nil
	}
	comment, _ := userdata.GetString(rules["made"][0].UserData, userdata.TypeComment)
	made, found := strings.CutPrefix(comment, tag)
	digest, number, _ := strings.Cut(made, " ")
	// Of a table that is dormant no rule is looked at.
	dormant := flags(tables[at])&unix.NFT_TABLE_F_DORMANT != 0
	if wanted, err := strconv.Atoi(number); !found || err != nil || wanted != count-1 || dormant {
		return Damaged, rules, nil
	}
	return digest, rules, nil
}

// counted adds up what the counters of some rules have seen.
func counted(rules []*nftables.Rule) (packets uint64) {
	for _, r := range rules {
		for _, e := range r.Exprs {
			if c, is := e.(*expr.Counter); is {
				packets += c.Packets
			}
		}
	}
	return packets
}
