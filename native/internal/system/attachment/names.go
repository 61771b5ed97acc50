package attachment

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sag.software/native/internal/system"
	"sag.software/native/internal/system/dns"
	"sag.software/native/internal/system/dns/forward"
	"sag.software/native/internal/system/plan"
)

// Resolver answers the machine's questions for names.
type Resolver interface {
	Address() netip.Addr
	Use(forward.Rules)
	// Dismiss answers everybody who waits for an answer from inside, and whoever still asks, with that there is none.
	Dismiss()
	Close()
}

// names is the attachment's part that is about names. Guarded by the attachment's lock.
type names struct {
	resolver Resolver
	// put is when names were put back last; zero before the first time.
	put time.Time
	// yielded is why names are left to somebody else; empty if they are not.
	yielded string
	// network is the way out of the machine at that time: in another network another try is made.
	network string
	// others are the name servers that others wanted at that time: other ones are news, the same ones again are a fight.
	others []netip.Addr
	// away is true until names are put back after who keeps them was away: nobody has taken them.
	away bool
}

// serve has the forwarder answer by the intranet's rules, at the address that a predecessor had if that can be.
func (a *Attachment[L]) serve(at system.Snapshot, prefer netip.Addr) error {
	if len(a.in.Servers) == 0 || a.config.OpenResolver == nil {
		return nil
	}
	rules := forward.Rules{
		Domains: a.in.Domains, Everything: len(a.in.Domains) == 0, Prefixes: a.in.Routes, Never: a.in.Spared,
		Servers: a.in.Servers, IPv6: plan.IPv6Inside(a.in, at),
	}
	if a.names.resolver != nil {
		a.names.resolver.Use(rules)
		return nil
	}
	resolver, err := a.config.OpenResolver(a.numbers.Link, prefer, rules)
	if err != nil {
		return err
	}
	a.names.resolver, a.numbers.Resolver = resolver, resolver.Address()
	return nil
}

// dismiss is before anybody else is asked for names: a question that was begun inside ends here.
func (a *Attachment[L]) dismiss() {
	a.mu.Lock()
	resolver := a.names.resolver
	a.mu.Unlock()
	if resolver != nil {
		resolver.Dismiss()
	}
}

// stopServing is for when nobody is told to ask us any more, or when a successor answers.
func (a *Attachment[L]) stopServing() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.names.resolver != nil {
		a.names.resolver.Close()
		a.names.resolver = nil
	}
}

// yield takes names out of a plan if somebody else wants them differently: they are put back once, and if they are taken
// again soon, they stay as the other wants them for as long as the machine is in this network. Two programs that take turns
// in writing a file are worse than either.
func (a *Attachment[L]) yield(next *plan.Plan, at system.Snapshot) {
	wanted := slices.IndexFunc(next.Changes, isNames)
	had := slices.ContainsFunc(a.now.Changes, isNames)
	n := &a.names
	if way := wayOut(at); n.network != way {
		n.yielded, n.put, n.network = "", time.Time{}, way
	}
	if wanted < 0 {
		return
	}
	if had && a.keeperAway(at) {
		// It will be back; until then nobody else's file is written into in its stead.
		n.away = true
		next.Changes = slices.Delete(next.Changes, wanted, wanted+1)
		next.Changes = append(next.Changes, a.now.Changes[slices.IndexFunc(a.now.Changes, isNames)])
		return
	}
	change := next.Changes[wanted]
	missing := len(plan.Missing([]system.Change{change}, at)) > 0
	if n.yielded == "" && had && missing {
		again := !n.put.IsZero() && time.Since(n.put) < patience && slices.Equal(n.others, at.Names.Others)
		switch {
		case n.away:
		case again:
			n.yielded = taken(*change.Names, at.Names)
			a.config.Logger.Warn("names are left to another program", "why", n.yielded)
		default:
			n.put, n.others = time.Now(), at.Names.Others
		}
	}
	n.away = false
	if n.yielded != "" {
		next.Changes = slices.Delete(next.Changes, wanted, wanted+1)
	}
}

// keeperAway is true while who has our name server does not run.
func (a *Attachment[L]) keeperAway(at system.Snapshot) bool {
	now := slices.IndexFunc(a.now.Changes, isNames)
	return now >= 0 && at.Names.Away != "" && a.now.Changes[now].Names.Backend == at.Names.Away
}

// withoutNames makes the machine as planned, except that it asks whom it asked before.
func (a *Attachment[L]) withoutNames(next plan.Plan, at system.Snapshot, why error) error {
	a.names.yielded, a.names.network = why.Error(), wayOut(at)
	next.Changes = slices.DeleteFunc(next.Changes, isNames)
	a.now = next
	err := a.config.Reconciler.Set(next.Changes)
	if errors.Is(err, dns.ErrRefused) {
		// Ours is in there and can not be taken out either. It has been said already.
		return nil
	}
	return err
}

func isNames(c system.Change) bool { return c.Kind == system.ChangeNames }

// taken says who has the names now.
func taken(n dns.Names, found dns.Found) string {
	who := found.Rival
	if who == "" {
		who = "another program"
	}
	where := string(n.Backend)
	if n.Backend == dns.File {
		where = n.Path
	}
	if found.Backend != n.Backend {
		where = "who keeps them: " + found.Why
	}
	return fmt.Sprintf("%s keeps changing the machine's name servers (%s); names of the intranet are not asked for while that lasts", who, where)
}

// wayOut is the network that the machine is in, as its default routes show it.
func wayOut(at system.Snapshot) string {
	var all []string
	for _, r := range at.Routes {
		if !r.Ours && r.Table == at.MainTable() && r.Destination.Bits() == 0 {
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
	// Trouble is why the machine is not like that; empty if it is.
	Trouble string
}

// Names tells what was done about names, and what stands in the way.
func (a *Attachment[L]) Names() Names {
	a.mu.Lock()
	defer a.mu.Unlock()
	told := Names{Servers: slices.Clone(a.in.Servers), Trouble: a.names.yielded}
	for _, c := range a.now.Changes {
		if isNames(c) {
			told.Want = c.Names
		}
	}
	return told
}
