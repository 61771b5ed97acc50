package nft

import (
	"errors"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"
)

// Replace creates or replaces a table in one transaction, so that either the old or the new rules apply to every packet.
// Two properties of the kernel complicate that. It swaps base chains one after the other, and a packet in between would
// pass neither the old nor the new one, so base chains are kept. And lookups in a new interval set find nothing for a
// moment after the transaction, so `ahead` adds interval sets before the rules that use them. If another program has
// changed the table in a way that prevents this, the table is deleted and created again, which has such a moment.
func Replace(name string, ahead, build func(*Table) error) error {
	if replaced, err := inPlace(name, ahead, build); replaced || err != nil {
		return err
	}
	return Rebuild(name, build)
}

// Rebuild deletes a table, if it exists, and creates it again in one transaction.
func Rebuild(name string, build func(*Table) error) error {
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

// inPlace replaces the rules of an existing table; it returns false if the table does not exist or another program has
// changed it.
func inPlace(name string, ahead, build func(*Table) error) (bool, error) {
	t, closer, err := open(name)
	if err != nil {
		return false, err
	}
	defer closer()
	exists, err := Exists(t.conn, name)
	if err != nil || !exists {
		return false, err
	}
	sets, err := t.prepare(ahead)
	if err != nil {
		return false, nil
	}
	t.ready, t.used = names(sets), map[string]bool{}
	if err := t.refill(build, sets); err != nil {
		return false, nil
	}
	return t.conn.Flush() == nil, nil
}

// open returns a table with a netlink socket of its own.
func open(name string) (*Table, func(), error) {
	conn, err := Dial()
	if err != nil {
		return nil, nil, err
	}
	return &Table{conn: conn, table: Named(name)}, func() { _ = conn.CloseLasting() }, nil
}

func names(sets []*nftables.Set) map[string]bool {
	all := map[string]bool{}
	for _, s := range sets {
		all[s.Name] = true
	}
	return all
}

// prepare runs ahead, which also restores deleted sets, and returns all sets.
func (t *Table) prepare(ahead func(*Table) error) ([]*nftables.Set, error) {
	if err := ahead(t); err != nil {
		return nil, err
	}
	if err := t.conn.Flush(); err != nil {
		return nil, err
	}
	return t.conn.GetSets(t.table)
}

// refill empties the table and builds it again. It keeps base chains, and interval sets that are still used.
func (t *Table) refill(build func(*Table) error, sets []*nftables.Set) error {
	chains, err := t.conn.ListChainsOfTableFamily(t.table.Family)
	if err != nil {
		return err
	}
	// Adding an existing table changes nothing but clears the dormant flag.
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

// Remove deletes a table; it returns false if there is none.
func Remove(name string) (bool, error) {
	conn, err := Dial()
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.CloseLasting() }()
	conn.DelTable(Named(name))
	err = conn.Flush()
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	return err == nil, err
}
