// Package killswitch keeps an intranet's packets and DNS queries from leaving outside the tunnel while a session is wanted. The
// operating system drops them, whether or not the process is running. What is dropped is described by a Config, which is the same
// while the tunnel connects, is up and is down. There is one implementation per operating system.
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

// ErrNotSupported is returned on operating systems without an implementation.
var ErrNotSupported error = &msg.Error{Message: msg.UnsupportedKillSwitch()}

// KillSwitch is a host's kill switch.
type KillSwitch interface {
	// Set puts a config in force. It replaces a former one atomically, and does nothing if the same one is in force.
	Set(Config) error
	// Clear removes the kill switch if it has this config. It returns false if it has another one, or if there is none.
	Clear(Config) (bool, error)
	// Status returns the kill switch in force, nil if there is none.
	Status() (*Status, error)
	Capabilities() Capabilities
}

// Capabilities are what the kill switch of an operating system supports.
type Capabilities uint

const (
	// Packets means that it drops packets, including those of other programs and forwarded ones.
	Packets Capabilities = 1 << iota
	// Queries means that it drops DNS queries by name.
	Queries
	// Persists means that it stays in force after the process that set it has ended.
	Persists
)

// Has is true if all the given capabilities are present.
func (c Capabilities) Has(all Capabilities) bool { return c&all == all }

// Net is a network on one of the host's links.
type Net struct {
	Prefix netip.Prefix `json:"prefix"`
	// Link is empty for all links.
	Link string `json:"link,omitempty"`
}

// Config is what is dropped while a session is wanted. Everything else is not affected.
type Config struct {
	// Link is the tunnel's link. What leaves by it passes.
	Link string `json:"link"`
	// TunnelAddrs are the client's addresses in the tunnel. Packets to them that arrive by another link are dropped.
	TunnelAddrs []netip.Addr `json:"tunnelAddrs,omitempty"`
	// Tunneled are the prefixes that are reached only through the tunnel. None contains another, except default routes.
	Tunneled []netip.Prefix `json:"tunneled,omitempty"`
	// Endpoints are the access points' endpoints. Only the tunnel's own traffic may reach them.
	Endpoints []permit.Endpoint `json:"endpoints,omitempty"`
	// Cloud is the cloud instance. Every program may reach it, even in a tunneled prefix.
	Cloud []permit.Endpoint `json:"cloud,omitempty"`
	// LinkServices are the gateways, DHCP servers and resolvers of the host's links. The protocols that a link needs may reach
	// them.
	LinkServices []Net `json:"linkServices,omitempty"`
	// LocalNets stay reachable with a full tunnel, except IncludedNets, which belong to the intranet.
	LocalNets    []Net          `json:"localNets,omitempty"`
	IncludedNets []netip.Prefix `json:"includedNets,omitempty"`
	// Domains are queried only through the tunnel, with all names below them. Lower-case, without a trailing dot.
	Domains []string `json:"domains,omitempty"`
	// AllNames means that all names except BypassNames are queried only through the tunnel.
	AllNames bool `json:"allNames,omitempty"`
	// BypassNames may be queried outside the tunnel: the names of the cloud instance and the access points.
	BypassNames []string `json:"bypassNames,omitempty"`
	// FoundDigest is the digest of a kill switch found in force whose config is unknown.
	FoundDigest string `json:"-"`
}

// Digest is equal for two configs exactly if they are the same.
func (c Config) Digest() string {
	if c.FoundDigest != "" {
		return c.FoundDigest
	}
	text, err := json.Marshal(c)
	if err != nil {
		// A Config contains only values that JSON can encode.
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// String describes the kill switch for people.
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

// Drops is true if a packet of a program is dropped when it leaves by a link. It is a simplification of the rules: it treats
// LinkServices as reachable for all protocols.
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
	// Digest is that of its config. A table that another program has changed matches no digest.
	Digest string
	// Dropped counts dropped packets to tunneled prefixes and access points since a kill switch was first set.
	Dropped uint64
	// DroppedQueries counts dropped DNS queries.
	DroppedQueries uint64
}
