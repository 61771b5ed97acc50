package kernel

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"

	"sag.software/native/internal/clock"
	"sag.software/native/internal/hostnet/journal"
)

// forwardingPath is the sysctl file for forwarding, by "is IPv6".
var forwardingPath = map[bool]string{false: "/proc/sys/net/ipv4/ip_forward", true: "/proc/sys/net/ipv6/conf/all/forwarding"}

// forwarding are the settings that were switched on by this process, or by an earlier one that was killed before it could restore
// them.
type forwarding struct {
	changes []Change
	journal *Journal
}

// switchOn enables forwarding on the host. What was off is written to the journal first. If the host has no IPv6, only IPv4 is
// enabled.
func switchOn(j *Journal) (forwarding, error) {
	f := forwarding{journal: j}
	boot, err := clock.BootID()
	if err != nil {
		return f, err
	}
	var former, earlier []Change
	for _, e := range j.Entries() {
		if e.Boot == boot {
			former = append(former, e.Change)
		} else {
			// A restart of the host has reset the setting.
			earlier = append(earlier, e.Change)
		}
	}
	if err := j.Forget(earlier); err != nil {
		return f, err
	}
	var fresh []journal.Entry[Change]
	for _, six := range []bool{false, true} {
		value, err := os.ReadFile(forwardingPath[six])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return f, err
		}
		c := Change{Kind: changeForwarding, IPv6: six}
		isOff, isKnown := string(bytes.TrimSpace(value)) == "0", slices.Contains(former, c)
		if isOff || isKnown {
			f.changes = append(f.changes, c)
		}
		if isOff && !isKnown {
			fresh = append(fresh, journal.Entry[Change]{Boot: boot, Change: c})
		}
	}
	err = j.Append(fresh)
	for _, c := range f.changes {
		if err == nil {
			err = os.WriteFile(forwardingPath[c.IPv6], []byte("1"), 0)
		}
	}
	return f, err
}

// restore disables forwarding where it was off before. If another access point on this host still needs it, forwarding and the
// journal entry stay, and the access point that enabled it disables it the next time it ends.
func (f forwarding) restore(own string) error {
	if len(f.changes) == 0 || othersNeedIt(own) {
		return nil
	}
	var all error
	for _, c := range f.changes {
		all = errors.Join(all, os.WriteFile(forwardingPath[c.IPv6], []byte("0"), 0))
	}
	if all != nil {
		return all
	}
	return f.journal.Forget(f.changes)
}

// othersNeedIt is true if another access point's device exists.
func othersNeedIt(own string) bool {
	links, err := netlink.LinkList()
	return err == nil && slices.ContainsFunc(links, func(l netlink.Link) bool {
		return strings.HasPrefix(l.Attrs().Name, devicePrefix) && l.Attrs().Name != own && l.Type() == "tuntap"
	})
}
