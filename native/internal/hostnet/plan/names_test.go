package plan

import (
	"net/netip"
	"slices"
	"testing"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/route"
)

func TestNames(t *testing.T) {
	in := Intranet{
		MTU: 1400, Servers: []netip.Addr{netip.MustParseAddr("10.0.0.53")}, Domains: []string{"corp.test"},
		Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
	at := func(b dns.Backend) hostnet.Snapshot {
		return hostnet.Snapshot{
			Status: route.Status{Capabilities: route.Scopes | route.IPv6}, Names: dns.Status{Backend: b, Path: "/run/real.conf"},
		}
	}
	numbers := Choice{Link: "sag0", Resolver: netip.MustParseAddr("127.83.71.53")}
	names := func(in Intranet, n Choice, at hostnet.Snapshot) *dns.Names {
		changes := Make(in, n, at).Changes
		i := slices.IndexFunc(changes, func(c hostnet.Change) bool { return c.Kind == hostnet.ChangeNames })
		if i < 0 {
			return nil
		}
		if i != len(changes)-1 {
			t.Error("names are not last, so they would not be undone first")
		}
		return changes[i].Names
	}
	file := names(in, numbers, at(dns.File))
	if file == nil || file.Path != "/run/real.conf" || !slices.Equal(file.Domains, []string{"corp.test", "10.in-addr.arpa"}) || file.Everything {
		t.Errorf("%+v", file)
	}
	resolved := names(in, numbers, at(dns.Resolved))
	if resolved == nil || resolved.Path != "" || resolved.Link != "sag0" {
		t.Errorf("%+v", resolved)
	}
	all := in
	all.Domains = nil
	if n := names(all, numbers, at(dns.Resolved)); n == nil || !n.Everything || n.Domains != nil {
		t.Errorf("%+v", n)
	}
	none := in
	none.Servers = nil
	if n := names(none, numbers, at(dns.File)); n != nil {
		t.Errorf("without a server: %+v", n)
	}
	mute := numbers
	mute.Resolver = netip.Addr{}
	if n := names(in, mute, at(dns.File)); n != nil {
		t.Errorf("without a forwarder: %+v", n)
	}
	// Settings are missing if the backend is another or another program has changed them, but not while the backend is
	// restarting.
	change := []hostnet.Change{{Kind: hostnet.ChangeNames, Names: resolved}}
	for name, c := range map[string]struct {
		found   dns.Status
		missing int
	}{
		"as wanted":       {dns.Status{Backend: dns.Resolved, Ours: resolved}, 0},
		"removed":         {dns.Status{Backend: dns.Resolved}, 1},
		"other domains":   {dns.Status{Backend: dns.Resolved, Ours: &dns.Names{Link: "sag0", Resolver: numbers.Resolver}}, 1},
		"another backend": {dns.Status{Backend: dns.File}, 1},
		"restarting":      {dns.Status{Backend: dns.File, Away: dns.Resolved}, 0},
	} {
		if missing := Missing(change, hostnet.Snapshot{Names: c.found}); len(missing) != c.missing {
			t.Errorf("%s: %v", name, missing)
		}
	}
	if !IPv6Tunneled(Intranet{Full: true}, at(dns.File)) || IPv6Tunneled(in, at(dns.File)) {
		t.Error("IPv6 inside")
	}
}
