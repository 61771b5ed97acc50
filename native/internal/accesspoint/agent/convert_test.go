package agent

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/msg"
)

const probeText = "fd00:5a9:0:ffff::1"

// full returns a valid peer for session n with key k and address a.
func full(n, k, a int, lease time.Duration) *accesspointv1.Peer {
	key := make([]byte, 32)
	key[0], key[31] = byte(k), 1
	return &accesspointv1.Peer{
		SessionId: fmt.Sprintf("%032x", n), PublicKey: key, PresharedKey: slices.Repeat([]byte{byte(k + 1)}, 32),
		Addresses:    []string{fmt.Sprintf("10.9.0.%d/32", a+1), fmt.Sprintf("fd00:5a9::%x/128", a+1)},
		Destinations: []string{"10.0.0.0/8"}, Lease: durationpb.New(lease),
	}
}

// receive converts a snapshot and applies it to a session table.
func receive(t *testing.T, peers ...*accesspointv1.Peer) sessiontable.Change {
	t.Helper()
	message, err := Message(&accesspointv1.WatchResponse{Epoch: 1, Revision: 1, Change: &accesspointv1.WatchResponse_Snapshot{
		Snapshot: &accesspointv1.Snapshot{Settings: &accesspointv1.Settings{ProbeAddress: probeText}, Peers: peers, Last: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	change, err := sessiontable.New().Receive(message, 0)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func TestInvalidPeersAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*accesspointv1.Peer){
		"session id":               func(p *accesspointv1.Peer) { p.SessionId = strings.Repeat("G", 32) },
		"short key":                func(p *accesspointv1.Peer) { p.PublicKey = p.PublicKey[1:] },
		"no pre-shared key":        func(p *accesspointv1.Peer) { p.PresharedKey = nil },
		"no address":               func(p *accesspointv1.Peer) { p.Addresses = nil },
		"a whole network":          func(p *accesspointv1.Peer) { p.Addresses = []string{"10.0.0.0/8"} },
		"loopback":                 func(p *accesspointv1.Peer) { p.Addresses = []string{"127.0.0.1/32"} },
		"IPv4 in IPv6 dress":       func(p *accesspointv1.Peer) { p.Addresses = []string{"::ffff:10.0.0.1/128"} },
		"the same address twice":   func(p *accesspointv1.Peer) { p.Addresses = []string{"10.0.0.1/32", "10.0.0.1/32"} },
		"the access point's":       func(p *accesspointv1.Peer) { p.Addresses = []string{probeText + "/128"} },
		"malformed destination":    func(p *accesspointv1.Peer) { p.Destinations = []string{"everywhere"} },
		"too many destinations":    func(p *accesspointv1.Peer) { p.Destinations = slices.Repeat([]string{"10.0.0.0/8"}, 1025) },
		"no lease":                 func(p *accesspointv1.Peer) { p.Lease = nil },
		"a lease that is over":     func(p *accesspointv1.Peer) { p.Lease = durationpb.New(-time.Second) },
		"a lease beyond all times": func(p *accesspointv1.Peer) { p.Lease = &durationpb.Duration{Seconds: 1 << 50} },
		"a rule of a later version": func(p *accesspointv1.Peer) {
			p.Rules = []*accesspointv1.Rule{rule(func(r *accesspointv1.Rule) { r.Protocol = 99 })}
		},
		"too many rules": func(p *accesspointv1.Peer) {
			p.Rules = slices.Repeat([]*accesspointv1.Rule{rule(func(*accesspointv1.Rule) {})}, 1025)
		},
		"a long id of a rate":     func(p *accesspointv1.Peer) { p.SharedRateId = strings.Repeat("a", 65) },
		"a rate beyond all links": func(p *accesspointv1.Peer) { p.RateDown = 1_000_000_000_001 },
	} {
		t.Run(name, func(t *testing.T) {
			bad := full(1, 1, 1, time.Hour)
			spoil(bad)
			change := receive(t, bad, full(2, 2, 2, time.Hour))
			refused := Acknowledge(change.Acknowledgement, bootID).GetRefused()
			if len(refused) != 1 || refused[0].GetFailure().GetText() == "" || len(change.UpsertPeers) != 1 {
				t.Fatalf("got %+v", change)
			}
		})
	}
}

// rule returns a rule that allows 10.1.0.0/16.
func rule(change func(*accesspointv1.Rule)) *accesspointv1.Rule {
	r := &accesspointv1.Rule{
		Direction: accesspointv1.Rule_DIRECTION_FROM_CLIENT, Prefix: "10.1.0.0/16", Action: accesspointv1.Rule_ACTION_ALLOW, Priority: 10,
	}
	change(r)
	return r
}

func TestRules(t *testing.T) {
	ports := func(list ...uint32) []*accesspointv1.Rule_PortRange {
		return []*accesspointv1.Rule_PortRange{{First: list[0], Last: list[1]}}
	}
	for name, test := range map[string]struct {
		change func(*accesspointv1.Rule)
		want   string // part of the error; empty = accepted
	}{
		"to a prefix":     {func(*accesspointv1.Rule) {}, ""},
		"no direction":    {func(r *accesspointv1.Rule) { r.Direction = 0 }, "direction"},
		"no action":       {func(r *accesspointv1.Rule) { r.Action = 0 }, "action"},
		"a later version": {func(r *accesspointv1.Rule) { r.Protocol = 99 }, "protocol"},
		"no prefix":       {func(r *accesspointv1.Rule) { r.Prefix = "" }, "prefix"},
		"a mapped prefix": {func(r *accesspointv1.Rule) { r.Prefix = "::ffff:10.0.0.0/104" }, "prefix"},
		"a client":        {func(r *accesspointv1.Rule) { r.ClientPrefix = "10.9.0.0/24" }, ""},
		"no client":       {func(r *accesspointv1.Rule) { r.ClientPrefix = "everybody" }, "client_prefix"},
		"client ports": {func(r *accesspointv1.Rule) {
			r.Protocol, r.ClientPorts = accesspointv1.Rule_PROTOCOL_TCP, ports(80, 90)
		}, ""},
		"client ports of nothing": {func(r *accesspointv1.Rule) { r.ClientPorts = ports(80, 80) }, "only TCP and UDP"},
		"TCP ports": {func(r *accesspointv1.Rule) {
			r.Protocol, r.Ports = accesspointv1.Rule_PROTOCOL_TCP, ports(80, 90)
		}, ""},
		"ports of nothing": {func(r *accesspointv1.Rule) { r.Ports = ports(80, 80) }, "only TCP and UDP"},
		"a range backwards": {func(r *accesspointv1.Rule) {
			r.Protocol, r.Ports = accesspointv1.Rule_PROTOCOL_UDP, ports(90, 80)
		}, "no range"},
		"a port above all": {func(r *accesspointv1.Rule) {
			r.Protocol, r.Ports = accesspointv1.Rule_PROTOCOL_UDP, ports(90, math.MaxUint16+1)
		}, "no range"},
	} {
		got, err := toRule("rules: 0", rule(test.change))
		switch {
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v", name, err)
		case test.want != "" && !strings.HasPrefix(msg.Of(err).Key, "tunnel.peer_"):
			t.Errorf("%s: %q has the key %q", name, err, msg.Of(err).Key)
		case test.want == "" && (err != nil || got.Prefix.String() != "10.1.0.0/16" || got.Priority != 10):
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestSessionsHaveRates(t *testing.T) {
	for name, test := range map[string]struct {
		change       func(*accesspointv1.Peer)
		destinations string
		rates        rules.Rates
	}{
		"a rate of several sessions": {func(p *accesspointv1.Peer) { p.Bandwidth, p.SharedRateId = 8, "account" }, "[10.0.0.0/8]", rules.Rates{Up: 8, Down: 8}},
		"neither":                    {func(*accesspointv1.Peer) {}, "[10.0.0.0/8]", rules.Rates{}},
		"bandwidth":                  {func(p *accesspointv1.Peer) { p.Bandwidth = 8 }, "[10.0.0.0/8]", rules.Rates{Up: 8, Down: 8}},
		"one rate":                   {func(p *accesspointv1.Peer) { p.Bandwidth, p.RateUp = 8, 5 }, "[10.0.0.0/8]", rules.Rates{Up: 5, Down: 8}},
		"rates":                      {func(p *accesspointv1.Peer) { p.RateUp, p.RateDown = 5, 6 }, "[10.0.0.0/8]", rules.Rates{Up: 5, Down: 6}},
		"nowhere":                    {func(p *accesspointv1.Peer) { p.Destinations = nil }, "[]", rules.Rates{}},
	} {
		peer := full(1, 1, 1, time.Hour)
		test.change(peer)
		session, err := toSession(peer, &lists{})
		if got := fmt.Sprint(session.Destinations); err != nil || got != test.destinations || session.Rates != test.rates {
			t.Errorf("%s: %s %+v %v", name, got, session.Rates, err)
		}
		if want := cmp.Or(peer.GetSharedRateId(), session.ID); session.SharedRate != want {
			t.Errorf("%s: the rate is shared by %q", name, session.SharedRate)
		}
	}
}

// The sessions of an instance share the converted list, because it can be long.
func TestSessionsShareTheirAccessList(t *testing.T) {
	var shared lists
	list := func(more ...*accesspointv1.Rule) []rules.Rule {
		peer := full(1, 1, 1, time.Hour)
		peer.Rules = append([]*accesspointv1.Rule{rule(func(r *accesspointv1.Rule) { r.Id = "acr-1" })}, more...)
		session, err := toSession(peer, &shared)
		if err != nil {
			t.Fatal(err)
		}
		return session.Rules
	}
	first, second := list(), list()
	if len(first) != 1 || &first[0] != &second[0] || first[0].ID != "acr-1" || first[0].Action != rules.Allow {
		t.Errorf("%+v, %+v", first, second)
	}
	third := list(rule(func(r *accesspointv1.Rule) { r.Action = accesspointv1.Rule_ACTION_DENY }))
	if len(third) != 2 || third[1].Action != rules.Deny || third[1].Priority != 10 {
		t.Errorf("%+v", third)
	}
}

// The first list that has a matching rule decides, so its rules come first, whatever their priorities are.
func TestListsByID(t *testing.T) {
	prioritized := func(id string, priority uint32) *accesspointv1.Rule {
		return rule(func(r *accesspointv1.Rule) { r.Id, r.Priority = id, priority })
	}
	change := func(ids ...string) sessiontable.Message {
		peer, other := full(1, 1, 1, time.Hour), full(2, 2, 2, time.Hour)
		peer.RuleListIds, other.RuleListIds = ids, ids
		message, err := Message(&accesspointv1.WatchResponse{Change: &accesspointv1.WatchResponse_Delta{Delta: &accesspointv1.Delta{
			Upsert: []*accesspointv1.Peer{peer, other},
			RuleLists: []*accesspointv1.RuleList{
				{Id: "a", Rules: []*accesspointv1.Rule{prioritized("third", 7), prioritized("fourth", 7)}},
				{Id: "b", Rules: []*accesspointv1.Rule{prioritized("second", 90), prioritized("first", 80)}},
				{Id: "later", Rules: []*accesspointv1.Rule{rule(func(r *accesspointv1.Rule) { r.Action = 99 })}},
			},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		return message
	}
	got := change("b", "a")
	one, other := got.Upsert[0].Session, got.Upsert[1].Session
	var order []string
	for i, r := range one.Rules {
		order = append(order, r.ID)
		if r.Priority != uint32(i) {
			t.Errorf("%s has the priority %d", r.ID, r.Priority)
		}
	}
	if !slices.Equal(order, []string{"first", "second", "third", "fourth"}) || one.RulesID != "b a" {
		t.Errorf("%q: %v", one.RulesID, order)
	}
	if &one.Rules[0] != &other.Rules[0] {
		t.Error("the peers do not share their lists")
	}
	for _, ids := range [][]string{{"unknown"}, {"a", "later"}, {"a", "a", "a", "a", "a"}} {
		if got := change(ids...); got.Upsert[0].Invalid == nil {
			t.Errorf("%v was accepted", ids)
		}
	}
}

func TestInvalidSettingsEndTheStream(t *testing.T) {
	for _, address := range []string{"", "10.0.0.1", "::ffff:10.0.0.1", "ff02::1"} {
		_, err := Message(&accesspointv1.WatchResponse{Change: &accesspointv1.WatchResponse_Delta{
			Delta: &accesspointv1.Delta{Settings: &accesspointv1.Settings{ProbeAddress: address}},
		}})
		if err == nil {
			t.Errorf("%q was accepted", address)
		}
	}
	got, err := Message(&accesspointv1.WatchResponse{Epoch: 3, Change: &accesspointv1.WatchResponse_Heartbeat{}})
	if err != nil || got.Kind != sessiontable.Heartbeat || got.ProbeAddress != (netip.Addr{}) {
		t.Errorf("a heartbeat: %+v %v", got, err)
	}
}
