package kernel

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
)

const (
	forward4 = "/proc/sys/net/ipv4/ip_forward"
	forward6 = "/proc/sys/net/ipv6/conf/all/forwarding"
	bootID   = "/proc/sys/kernel/random/boot_id"
)

// forwarding is what had to be switched on: by us, or by a former process that was killed before it could switch it off.
type forwarding struct {
	paths []string
	notes Notebook
}

// noted is what is kept over a kill.
type noted struct {
	// Boot is the id of the boot it holds in: a restart of the machine switches off by itself.
	Boot  string   `json:"boot"`
	Paths []string `json:"paths"`
}

// switchOn has the machine forward packets, and notes what was off before it does so. A machine without IPv6 is none the
// worse for it.
func switchOn(notes Notebook) (forwarding, error) {
	f := forwarding{notes: notes}
	boot, err := os.ReadFile(bootID)
	if err != nil {
		return f, err
	}
	var former noted
	if json.Unmarshal([]byte(notes.Forwarding()), &former) != nil || former.Boot != strings.TrimSpace(string(boot)) {
		former = noted{}
	}
	for _, path := range []string{forward4, forward6} {
		value, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return f, err
		}
		if isOff := string(bytes.TrimSpace(value)) == "0"; isOff || slices.Contains(former.Paths, path) {
			f.paths = append(f.paths, path)
		}
	}
	if len(f.paths) == 0 {
		return f, nil
	}
	text, err := json.Marshal(noted{Boot: strings.TrimSpace(string(boot)), Paths: f.paths})
	if err == nil {
		err = notes.NoteForwarding(string(text))
	}
	for _, path := range f.paths {
		if err == nil {
			err = os.WriteFile(path, []byte("1"), 0)
		}
	}
	return f, err
}

// restore switches off what was off. While another access point of this machine needs it, it stays on, and stays noted: who
// started first gives it back at its next end.
func (f forwarding) restore(own string) error {
	if len(f.paths) == 0 || othersNeedIt(own) {
		return nil
	}
	var all error
	for _, path := range f.paths {
		all = errors.Join(all, os.WriteFile(path, []byte("0"), 0))
	}
	if all != nil {
		return all
	}
	return f.notes.NoteForwarding("")
}

// othersNeedIt is true if there is a device of another access point.
func othersNeedIt(own string) bool {
	links, err := netlink.LinkList()
	return err == nil && slices.ContainsFunc(links, func(l netlink.Link) bool {
		return strings.HasPrefix(l.Attrs().Name, devicePrefix) && l.Attrs().Name != own && l.Type() == "tuntap"
	})
}
