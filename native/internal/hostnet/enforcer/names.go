package enforcer

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/dns/forward"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/hostnet/route"
	"sag.software/native/internal/msg"
)

const (
	// settleLimit is how long the program that keeps the name servers may take until those that it was given are in force, and
	// settleInterval how often that is looked at in the meantime: the last of its steps may not be told.
	settleLimit    = 5 * time.Second
	settleInterval = 500 * time.Millisecond
)

// Resolver answers the host's questions for names.
type Resolver interface {
	Address() netip.Addr
	Use(forward.Rules)
	// Drain answers all queries that wait for the intranet's name servers, and all further ones for its names, with that there is none.
	Drain()
	Close()
}

// names is the enforcer's part for DNS settings. Protected by the enforcer's lock.
type names struct {
	resolver Resolver
	// put is when names were put back last after another program took them; zero before the first time.
	put time.Time
	// unsettled is since when their keeper has been told of them without their being in force: it needs time, which is nobody's
	// interference. Zero while they are in force.
	unsettled time.Time
	// ceded is why DNS settings are left to another program; without a text if they are not.
	ceded msg.Message
	// network are the host's default routes at that time: in another network another try is made.
	network string
	// others are the name servers that others wanted at that time: other ones are news, the same ones again are a conflict.
	others []netip.Addr
	// away is true until names are put back after the program that keeps them was not running: no one has changed them.
	away bool
}

// serve has the forwarder answer by the intranet's rules, at the address that a predecessor had if that can be.
func (e *Enforcer[L]) serve(at hostnet.Snapshot, prefer netip.Addr) error {
	if len(e.in.Servers) == 0 || e.config.OpenResolver == nil {
		return nil
	}
	rules := forward.Rules{
		Domains: e.in.Domains, Search: e.in.Search, AllNames: len(e.in.Domains) == 0, Prefixes: e.in.Routes, BypassNames: e.in.BypassNames,
		Servers: e.in.Servers, IPv6: plan.IPv6Tunneled(e.in, at),
	}
	if e.names.resolver != nil {
		e.names.resolver.Use(rules)
		return nil
	}
	resolver, err := e.config.OpenResolver(e.chosen.Link, prefer, rules)
	if err != nil {
		return err
	}
	e.names.resolver, e.chosen.Resolver = resolver, resolver.Address()
	return nil
}

// drain is before anybody else is asked for names: a question that was begun inside ends here.
func (e *Enforcer[L]) drain() {
	e.mu.Lock()
	resolver := e.names.resolver
	e.mu.Unlock()
	if resolver != nil {
		resolver.Drain()
	}
}

// stopServing is for when nobody is told to ask us any more, or when a successor answers.
func (e *Enforcer[L]) stopServing() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.names.resolver != nil {
		e.names.resolver.Close()
		e.names.resolver = nil
	}
}

// cede takes names out of a plan if somebody else wants them differently: they are put back once, and if they are taken
// again soon, they stay as the other wants them for as long as the host is in this network. Two programs that take turns
// in writing a file are worse than either. slow is true while what was put back is not in force yet, within settleLimit.
func (e *Enforcer[L]) cede(next *plan.Plan, at hostnet.Snapshot) (slow bool) {
	wanted := slices.IndexFunc(next.Changes, isNames)
	had := slices.ContainsFunc(e.now.Changes, isNames)
	n := &e.names
	if routes := defaultRoutes(at); n.network != routes {
		n.ceded, n.put, n.network = msg.Message{}, time.Time{}, routes
	}
	if wanted < 0 {
		n.unsettled = time.Time{}
		return false
	}
	if had && e.managerAway(at) {
		// It will be back; until then nobody else's file is written into in its stead.
		n.away = true
		next.Changes = slices.Delete(next.Changes, wanted, wanted+1)
		next.Changes = append(next.Changes, e.now.Changes[slices.IndexFunc(e.now.Changes, isNames)])
		return false
	}
	change := next.Changes[wanted]
	missing := len(plan.Missing([]hostnet.Change{change}, at)) > 0
	if missing && had {
		// What we want has changed, and what we had is still there: that is our own change, and nobody else's.
		former := e.now.Changes[slices.IndexFunc(e.now.Changes, isNames)]
		missing = len(plan.Missing([]hostnet.Change{former}, at)) > 0
	}
	switch {
	case n.ceded.Text != "" || !had:
	case !missing:
		n.unsettled = time.Time{}
	case n.away:
		n.unsettled = time.Time{}
	case !n.unsettled.IsZero() && time.Since(n.unsettled) < settleLimit:
		slow = true
	case !n.put.IsZero() && time.Since(n.put) < conflictWindow && slices.Equal(n.others, at.Names.Others):
		n.ceded = taken(*change.Names, at.Names)
		e.config.Logger.Warn("names are left to another program", "why", n.ceded.Text)
	default:
		n.put, n.unsettled, n.others = time.Now(), time.Time{}, at.Names.Others
	}
	n.away = false
	if n.ceded.Text != "" {
		next.Changes = slices.Delete(next.Changes, wanted, wanted+1)
	}
	return slow
}

// settle notes whether names are in force, as the host was found after changes were made.
func (n *names) settle(now plan.Plan, at hostnet.Snapshot) {
	i := slices.IndexFunc(now.Changes, isNames)
	switch {
	// A file is as it was written: whoever has written into it since has done so after us.
	case i < 0 || now.Changes[i].Names.Backend == dns.File || len(plan.Missing(now.Changes[i:i+1], at)) == 0:
		n.unsettled = time.Time{}
	case n.unsettled.IsZero():
		n.unsettled = time.Now()
	}
}

// unsettled tells when names that are not in force yet should be looked at again; never if they are.
func (e *Enforcer[L]) unsettled() <-chan time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.names.unsettled.IsZero() {
		return nil
	}
	return time.After(settleInterval)
}

// managerAway is true while who has our name server does not run.
func (e *Enforcer[L]) managerAway(at hostnet.Snapshot) bool {
	now := slices.IndexFunc(e.now.Changes, isNames)
	return now >= 0 && at.Names.Away != "" && e.now.Changes[now].Names.Backend == at.Names.Away
}

// withoutNames makes the host as planned, except that it asks whom it asked before.
func (e *Enforcer[L]) withoutNames(next plan.Plan, at hostnet.Snapshot, why error) error {
	e.names.ceded, e.names.network = msg.Of(why), defaultRoutes(at)
	next.Changes = slices.DeleteFunc(next.Changes, isNames)
	e.now = next
	err := e.config.Reconciler.Set(next.Changes)
	if errors.Is(err, dns.ErrRefused) {
		// Ours is in there and can not be taken out either. It has been said already.
		return nil
	}
	return err
}

func isNames(c hostnet.Change) bool { return c.Kind == hostnet.ChangeNames }

// taken says who has the names now.
func taken(n dns.Names, found dns.Status) msg.Message {
	place := string(n.Backend)
	if n.Backend == dns.File {
		place = n.Path
	}
	switch moved := found.Backend != n.Backend; {
	case moved && found.Rival == "":
		return msg.DNSTakenKeeper(found.Why)
	case moved:
		return msg.DNSTakenByKeeper(found.Rival, found.Why)
	case found.Rival == "":
		return msg.DNSTaken(place)
	default:
		return msg.DNSTakenBy(found.Rival, place)
	}
}

// defaultRoutes is the network that the host is in, as its default routes show it.
func defaultRoutes(at hostnet.Snapshot) string {
	var all []string
	for _, r := range at.Routes {
		if !r.Owned && r.Scope == route.Host && r.Destination.Bits() == 0 {
			all = append(all, r.String())
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// Names are who is asked for names.
type Names struct {
	// Want is what was to be done about names; nil if nothing.
	Want    *dns.Names
	Servers []netip.Addr
	// Trouble is why the host is not like that; without a text if it is.
	Trouble msg.Message
}

// Names tells what was done about names, and what stands in the way.
func (e *Enforcer[L]) Names() Names {
	e.mu.Lock()
	defer e.mu.Unlock()
	told := Names{Servers: slices.Clone(e.in.Servers), Trouble: e.names.ceded}
	for _, c := range e.now.Changes {
		if isNames(c) {
			told.Want = c.Names
		}
	}
	return told
}
