package nft

import (
	"errors"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"
)

// Replace builds a table, or builds it anew in one transaction, so that at every moment either the old or the new rules hold. For
// that, base chains stay: the kernel runs an old and a new one one after the other, and a packet between the two would be seen by
// neither. Interval sets, which ahead adds, have to exist before the rules that look into them: the kernel finds nothing in a new one
// for a moment after the transaction. Only if another program has changed the table so that it cannot be changed back is it deleted
// and made again, with such a moment.
func Replace(name string, ahead, build func(*Table) error) error {
	if replaced, err := inPlace(name, ahead, build); replaced || err != nil {
		return err
	}
	return Rebuild(name, build)
}

// Rebuild deletes a table, if it exists, and builds it, in one transaction.
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

// inPlace is Replace for a table that exists and that no other program has changed; false if that cannot be done.
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

// open begins a table on a socket of its own.
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

// prepare adds what ahead says, also where a part of it was deleted, and gives all sets that exist then.
func (t *Table) prepare(ahead func(*Table) error) ([]*nftables.Set, error) {
	if err := ahead(t); err != nil {
		return nil, err
	}
	if err := t.conn.Flush(); err != nil {
		return nil, err
	}
	return t.conn.GetSets(t.table)
}

// refill empties the table and builds it anew. Base chains, and interval sets that are used again, stay.
func (t *Table) refill(build func(*Table) error, sets []*nftables.Set) error {
	chains, err := t.conn.ListChainsOfTableFamily(t.table.Family)
	if err != nil {
		return err
	}
	// Adding a table that exists changes nothing, but wakes up a dormant one.
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

// Remove deletes a table; false if there is none.
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
