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
	// settleLimit is how long the program that manages DNS may take to apply a change, and settleInterval how often the host is
	// checked meanwhile, because the last step may not cause a notification.
	settleLimit    = 5 * time.Second
	settleInterval = 500 * time.Millisecond
)

// Resolver is the DNS forwarder.
type Resolver interface {
	Address() netip.Addr
	Use(forward.Rules)
	// Drain answers all pending and further queries for the intranet's names with an empty answer.
	Drain()
	Close()
}

// names is the enforcer's state for DNS settings, protected by the enforcer's lock.
type names struct {
	resolver Resolver
	// restoredAt is when DNS settings were last restored after another program changed them; zero if never.
	restoredAt time.Time
	// unsettled is since when the settings have been set but are not in force. The manager may need time, so this is no conflict.
	// Zero while they are in force.
	unsettled time.Time
	// ceded is why DNS settings are left to another program; its Text is empty if they are not.
	ceded msg.Message
	// network are the host's default routes at that time. In another network the settings are tried again.
	network string
	// others are the name servers of others at that time. If they have changed since, this is no conflict.
	others []netip.Addr
	// away is true until the settings are restored after the manager was not running, which is no conflict either.
	away bool
}

// serve starts the forwarder with the intranet's rules, at a former forwarder's address if possible, or updates its rules.
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

// drain ends queries through the tunnel before DNS is switched to other name servers.
func (e *Enforcer[L]) drain() {
	e.mu.Lock()
	resolver := e.names.resolver
	e.mu.Unlock()
	if resolver != nil {
		resolver.Drain()
	}
}

// stopServing closes the forwarder. DNS no longer points to it, or a new process takes over.
func (e *Enforcer[L]) stopServing() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.names.resolver != nil {
		e.names.resolver.Close()
		e.names.resolver = nil
	}
}

// cede removes DNS settings from a plan if another program wants other ones: the settings are restored once, and if they are
// changed again soon, the other program's stay until the host is in another network. Two programs that overwrite each other in
// turns would be worse. slow is true while restored settings are not in force yet, within settleLimit.
func (e *Enforcer[L]) cede(next *plan.Plan, at hostnet.Snapshot) (slow bool) {
	wanted := slices.IndexFunc(next.Changes, isNames)
	had := slices.ContainsFunc(e.now.Changes, isNames)
	n := &e.names
	if routes := defaultRoutes(at); n.network != routes {
		n.ceded, n.restoredAt, n.network = msg.Message{}, time.Time{}, routes
	}
	if wanted < 0 {
		n.unsettled = time.Time{}
		return false
	}
	if had && e.managerAway(at) {
		// The manager will be back. Until then the settings are not written elsewhere.
		n.away = true
		next.Changes = slices.Delete(next.Changes, wanted, wanted+1)
		next.Changes = append(next.Changes, e.now.Changes[slices.IndexFunc(e.now.Changes, isNames)])
		return false
	}
	change := next.Changes[wanted]
	missing := len(plan.Missing([]hostnet.Change{change}, at)) > 0
	if missing && had {
		// The wanted settings have changed while the former ones are still in force, so no other program has interfered.
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
	case !n.restoredAt.IsZero() && time.Since(n.restoredAt) < conflictWindow && slices.Equal(n.others, at.Names.Others):
		n.ceded = conflictMessage(*change.Names, at.Names)
		e.config.Logger.Warn("leaving DNS to another program", "why", n.ceded.Text)
	default:
		n.restoredAt, n.unsettled, n.others = time.Now(), time.Time{}, at.Names.Others
	}
	n.away = false
	if n.ceded.Text != "" {
		next.Changes = slices.Delete(next.Changes, wanted, wanted+1)
	}
	return slow
}

// settle records whether the settings are in force, from a snapshot taken after changes were made.
func (n *names) settle(now plan.Plan, at hostnet.Snapshot) {
	i := slices.IndexFunc(now.Changes, isNames)
	switch {
	// A file takes effect at once. A difference means that another program has written it since.
	case i < 0 || now.Changes[i].Names.Backend == dns.File || len(plan.Missing(now.Changes[i:i+1], at)) == 0:
		n.unsettled = time.Time{}
	case n.unsettled.IsZero():
		n.unsettled = time.Now()
	}
}

// unsettled returns when to check settings that are not in force yet; nil if they are.
func (e *Enforcer[L]) unsettled() <-chan time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.names.unsettled.IsZero() {
		return nil
	}
	return time.After(settleInterval)
}

// managerAway is true while the program that manages the settings is not running.
func (e *Enforcer[L]) managerAway(at hostnet.Snapshot) bool {
	now := slices.IndexFunc(e.now.Changes, isNames)
	return now >= 0 && at.Names.Away != "" && e.now.Changes[now].Names.Backend == at.Names.Away
}

// withoutNames applies the plan without DNS settings.
func (e *Enforcer[L]) withoutNames(next plan.Plan, at hostnet.Snapshot, why error) error {
	e.names.ceded, e.names.network = msg.Of(why), defaultRoutes(at)
	next.Changes = slices.DeleteFunc(next.Changes, isNames)
	e.now = next
	err := e.config.Reconciler.Set(next.Changes)
	if errors.Is(err, dns.ErrRefused) {
		// The forwarder is in the file and cannot be removed either. The first error was reported already.
		return nil
	}
	return err
}

func isNames(c hostnet.Change) bool { return c.Kind == hostnet.ChangeNames }

// conflictMessage returns the message that another program has changed the settings.
func conflictMessage(n dns.Names, found dns.Status) msg.Message {
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

// defaultRoutes identifies the network that the host is in, by its default routes.
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

// Names is the state of DNS settings.
type Names struct {
	// Want are the planned settings; nil if there are none.
	Want    *dns.Names
	Servers []netip.Addr
	// Trouble is why they are not in force; its Text is empty if they are.
	Trouble msg.Message
}

// Names returns the state of DNS settings.
func (e *Enforcer[L]) Names() Names {
	e.mu.Lock()
	defer e.mu.Unlock()
	names := Names{Servers: slices.Clone(e.in.Servers), Trouble: e.names.ceded}
	for _, c := range e.now.Changes {
		if isNames(c) {
			names.Want = c.Names
		}
	}
	return names
}
