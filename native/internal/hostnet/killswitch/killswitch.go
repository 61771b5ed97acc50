// Package killswitch keeps an intranet's packets and DNS queries from leaving by any other way than the tunnel while a session is
// wanted. The operating system drops them, so it makes no difference whether a process is alive. What is dropped is a Config, which is
// the same while the tunnel connects, is up and is down; how it is done is in one file for each operating system.
package killswitch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/msg"
)

// ErrNotSupported is the error on operating systems that this is not written for.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedKillSwitch()}

// KillSwitch is a host's kill switch.
type KillSwitch interface {
	// Set puts it in force as configured, in the place of a former one and without a moment between the two. It does nothing if that
	// is in force already.
	Set(Config) error
	// Clear removes it if it is the one configured; false if it is another one, or if there is none.
	Clear(Config) (bool, error)
	// Status reads what is in force; nil if nothing is.
	Status() (*Status, error)
	Capabilities() Capabilities
}

// Capabilities say what the kill switch of an operating system can do.
type Capabilities uint

const (
	// Packets: it drops packets, also those of other programs and those that the host forwards.
	Packets Capabilities = 1 << iota
	// Queries: it drops DNS queries by the name that they ask for.
	Queries
	// Persists: it stays in force when the process that set it ends.
	Persists
)

// Has is true if all of some capabilities are there.
func (c Capabilities) Has(all Capabilities) bool { return c&all == all }

// Net is a network on one of the host's links.
type Net struct {
	Prefix netip.Prefix `json:"prefix"`
	// Link is empty where every link counts.
	Link string `json:"link,omitempty"`
}

// Config is what is dropped while a session is wanted. Whatever it does not name passes as without a kill switch.
type Config struct {
	// Link is the tunnel's: what leaves by it passes.
	Link string `json:"link"`
	// TunnelAddrs are the client's addresses in the tunnel. Packets for them that come in by another link are dropped.
	TunnelAddrs []netip.Addr `json:"tunnelAddrs,omitempty"`
	// Tunneled are the prefixes that are reached through the tunnel or not at all. None is inside another.
	Tunneled []netip.Prefix `json:"tunneled,omitempty"`
	// Endpoints are the access points'. Only the tunnel's own traffic reaches them.
	Endpoints []permit.Endpoint `json:"endpoints,omitempty"`
	// Cloud is the cloud instance: every program may reach it, even if it is in a tunneled prefix.
	Cloud []permit.Endpoint `json:"cloud,omitempty"`
	// LinkServices are the gateways, DHCP servers and resolvers of the host's own links: what a link needs to work may go there.
	LinkServices []Net `json:"linkServices,omitempty"`
	// LocalNets stay reachable beside a full tunnel, except for IncludedNets, which are the intranet's own.
	LocalNets    []Net          `json:"localNets,omitempty"`
	IncludedNets []netip.Prefix `json:"includedNets,omitempty"`
	// Domains are asked for through the tunnel or not at all, with all names below them. Lower case, without a dot at the end.
	Domains []string `json:"domains,omitempty"`
	// AllNames: so are all names, except BypassNames.
	AllNames bool `json:"allNames,omitempty"`
	// BypassNames may be asked for outside the tunnel: the cloud instance's name and the access points'.
	BypassNames []string `json:"bypassNames,omitempty"`
	// FoundDigest is the digest of a kill switch that was found in force and of which no more is known.
	FoundDigest string `json:"-"`
}

// Digest is the same for two configs exactly if they are the same.
func (c Config) Digest() string {
	if c.FoundDigest != "" {
		return c.FoundDigest
	}
	text, err := json.Marshal(c)
	if err != nil {
		// It consists of values that can always be written.
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// String describes it for people.
func (c Config) String() string {
	if c.FoundDigest != "" {
		return "of the intranet's packets and names (" + c.FoundDigest + ")"
	}
	names := amount(len(c.Domains), "domain", "domains")
	if c.AllNames {
		names = "all names"
	}
	return fmt.Sprintf("of %s and %s by %s", amount(len(c.Tunneled), "prefix", "prefixes"), names, c.Link)
}

func amount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Drops is true if a packet of a program is dropped when it leaves by a link. It is a short form of the rules: LinkServices count
// here as reachable for everything, not only for what they are for.
func (c Config) Drops(to netip.Addr, link string) bool {
	if link == c.Link {
		return false
	}
	contains := func(p netip.Prefix) bool { return p.Contains(to) }
	reachable := func(n Net) bool { return contains(n.Prefix) && (n.Link == "" || n.Link == link) }
	local := slices.ContainsFunc(c.LocalNets, reachable) && !slices.ContainsFunc(c.IncludedNets, contains)
	passes := local || slices.ContainsFunc(c.LinkServices, reachable) ||
		slices.ContainsFunc(c.Cloud, func(e permit.Endpoint) bool { return e.Addr() == to })
	return slices.ContainsFunc(c.Tunneled, contains) && !passes
}

// Status is a kill switch that is in force.
type Status struct {
	// Digest is that of its config; a table that another program has changed matches no digest.
	Digest string
	// Dropped counts the packets to tunneled prefixes and access points that were dropped since a kill switch was first set.
	Dropped uint64
	// DroppedQueries counts the DNS queries that were dropped.
	DroppedQueries uint64
}
