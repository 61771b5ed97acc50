package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
)

// Target is the address of a published service: either Address or Unix is set.
type Target struct {
	Address netip.AddrPort
	// Unix is the path of a stream socket.
	Unix string
}

// String returns the target as it is written on the command line.
func (t Target) String() string {
	if t.Unix != "" {
		return "unix:" + t.Unix
	}
	return t.Address.String()
}

type publication struct {
	protocol Protocol
	at       netip.AddrPort
}

// Publications maps inner destinations to targets.
type Publications struct {
	targets   map[publication]Target
	addresses map[netip.Addr]bool
}

// Publish adds a publication, written [tcp:|udp:]ADDRESS:PORT=TARGET with TARGET = ADDRESS:PORT or unix:PATH. Without a protocol
// it applies to both; a Unix socket carries TCP only.
func (p *Publications) Publish(text string) error {
	left, right, ok := strings.Cut(text, "=")
	if !ok {
		return errors.New("must be ADDRESS:PORT=TARGET")
	}
	protocols := []Protocol{TCP, UDP}
	for _, protocol := range protocols {
		if rest, limited := strings.CutPrefix(left, string(protocol)+":"); limited {
			left, protocols = rest, []Protocol{protocol}
			break
		}
	}
	at, err := netip.ParseAddrPort(left)
	if err != nil || at.Port() == 0 {
		return fmt.Errorf("%q must be ADDRESS:PORT", left)
	}
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	target, err := parseTarget(right)
	if err != nil {
		return err
	}
	if target.Unix != "" {
		if len(protocols) == 1 && protocols[0] == UDP {
			return errors.New("a Unix socket carries TCP only")
		}
		protocols = []Protocol{TCP}
	}
	if p.targets == nil {
		p.targets, p.addresses = map[publication]Target{}, map[netip.Addr]bool{}
	}
	for _, protocol := range protocols {
		key := publication{protocol, at}
		if _, twice := p.targets[key]; twice {
			return fmt.Errorf("%s:%s is published twice", protocol, at)
		}
		p.targets[key] = target
	}
	p.addresses[at.Addr()] = true
	return nil
}

func parseTarget(text string) (Target, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if !filepath.IsAbs(path) {
			return Target{}, fmt.Errorf("%q must be an absolute path", path)
		}
		return Target{Unix: path}, nil
	}
	address, err := netip.ParseAddrPort(text)
	if err != nil || address.Port() == 0 {
		return Target{}, fmt.Errorf("%q must be ADDRESS:PORT or unix:PATH", text)
	}
	return Target{Address: address}, nil
}

func (p Publications) find(protocol Protocol, at netip.AddrPort) (Target, bool) {
	target, ok := p.targets[publication{protocol, at}]
	return target, ok
}

// has is true if anything is published at the address.
func (p Publications) has(address netip.Addr) bool { return p.addresses[address] }
