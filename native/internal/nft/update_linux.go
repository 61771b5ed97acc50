package nft

// Update puts a signed table with this digest in force, in one transaction as described at Replace. It does nothing if the table
// has this digest already, and nobody has changed it. chains are those with counted rules, as for Inspect. ahead adds the interval
// sets, nil if there are none. build adds everything else; it gets the table in force before, so that counters continue, which
// is empty if there was none. It may be called twice.
func Update(name, digest string, chains []string, ahead func(*Table) error, build func(t *Table, former *Found) error) error {
	former, err := Inspect(name, chains...)
	if err != nil {
		return err
	}
	if former == nil {
		former = &Found{}
	}
	if former.Digest == digest {
		return nil
	}
	if ahead == nil {
		ahead = func(*Table) error { return nil }
	}
	return Replace(name, ahead, func(t *Table) error {
		if err := build(t, former); err != nil {
			return err
		}
		t.sign(digest)
		return nil
	})
}
