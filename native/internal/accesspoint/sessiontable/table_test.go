package sessiontable

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sag.software/native/internal/datapath/qos"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/flowlog"
)

const probeText = "fd00:5a9:0:ffff::1"

func id(n int) string { return fmt.Sprintf("%032x", n) }

// peer makes session n with key k and address a.
func peer(n, k, a int, lease time.Duration) Peer {
	return Peer{ID: id(n), Lease: lease, Session: Session{
		ID: id(n), Key: engine.Key{0: byte(k), 31: 1}, PresharedKey: engine.PresharedKey{byte(k + 1)},
		Addresses: []netip.Addr{
			netip.AddrFrom4([4]byte{10, 9, 0, byte(a + 1)}), netip.MustParseAddr(fmt.Sprintf("fd00:5a9::%x", a+1)),
		},
		Destinations: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}}
}

func snapshot(epoch, revision uint64, last bool, peers ...Peer) Message {
	kind := SnapshotPart
	if last {
		kind = SnapshotEnd
	}
	return Message{Kind: kind, Epoch: epoch, Revision: revision, ProbeAddress: netip.MustParseAddr(probeText), Upsert: peers}
}

func delta(epoch, revision uint64, upsert []Peer, remove ...string) Message {
	return Message{Kind: Delta, Epoch: epoch, Revision: revision, Upsert: upsert, Remove: remove}
}

func receive(t testing.TB, r *Table, message Message, now time.Duration) Change {
	t.Helper()
	change, err := r.Receive(message, now)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func TestSnapshotInParts(t *testing.T) {
	r := New()
	receive(t, r, snapshot(1, 1, true, peer(1, 1, 1, time.Hour), peer(2, 2, 2, time.Hour)), 0)

	first := receive(t, r, snapshot(2, 9, false, peer(3, 3, 3, time.Hour)), 0)
	if first.Acknowledge || len(first.UpsertPeers)+len(first.RemovePeers) != 0 || len(r.Sessions()) != 2 {
		t.Fatalf("a part has done something: %+v", first)
	}
	last := receive(t, r, snapshot(2, 9, true, peer(2, 2, 2, time.Hour)), 0)
	if !last.Acknowledge || last.Epoch != 2 || last.Revision != 9 {
		t.Fatalf("got %+v", last)
	}
	if !slices.Equal(last.Ended, []string{id(1)}) || len(last.RemovePeers) != 1 || len(last.UpsertPeers) != 1 {
		t.Fatalf("unchanged peers must be left out: %+v", last)
	}
}

// Flow logs are replaced by id, for all sessions, and forgotten with the last session that has them.
func TestFlowLogs(t *testing.T) {
	with := func(n int, log string) Peer {
		p := peer(n, n, n, time.Hour)
		p.Session.FlowLog = log
		return p
	}
	logs := func(m Message, all ...flowlog.Log) Message {
		m.FlowLogs = all
		return m
	}
	r := New()
	v5, v9, other := flowlog.Log{ID: "a", Version: 5}, flowlog.Log{ID: "a", Version: 9}, flowlog.Log{ID: "b", Version: 5}
	for i, step := range []struct {
		message Message
		want    map[string]flowlog.Log
	}{
		{logs(snapshot(1, 1, false, with(1, "a")), v5), map[string]flowlog.Log{}},
		{logs(snapshot(1, 1, true, with(2, "b"), with(3, "unknown")), other), map[string]flowlog.Log{"a": v5, "b": other}},
		{logs(delta(1, 2, []Peer{with(4, "a")}), v9), map[string]flowlog.Log{"a": v9, "b": other}},
		{delta(1, 3, []Peer{with(2, "")}), map[string]flowlog.Log{"a": v9}},
		{delta(1, 4, nil, id(1)), map[string]flowlog.Log{"a": v9}},
		{delta(1, 5, nil, id(4)), map[string]flowlog.Log{}},
	} {
		receive(t, r, step.message, 0)
		if !maps.Equal(r.FlowLogs(), step.want) {
			t.Errorf("step %d: %+v", i, r.FlowLogs())
		}
	}
}

func TestIncompleteSnapshotIsDiscarded(t *testing.T) {
	r := New()
	receive(t, r, snapshot(1, 1, false, peer(1, 1, 1, time.Hour)), 0)
	r.StreamBegins()
	receive(t, r, snapshot(1, 2, true, peer(2, 2, 2, time.Hour)), 0)
	if sessions := r.Sessions(); len(sessions) != 1 || sessions[0].ID != id(2) {
		t.Fatalf("got %v", sessions)
	}
}

func TestDeltas(t *testing.T) {
	start := snapshot(1, 1, true, peer(1, 1, 1, time.Hour), peer(2, 2, 2, time.Hour))
	for _, test := range []struct {
		name                    string
		message                 Message
		upserts, removes, ended int
		refused                 []string
	}{
		{"a new session", delta(1, 2, []Peer{peer(3, 3, 3, time.Hour)}), 1, 0, 0, nil},
		{"removed", delta(1, 2, nil, id(1)), 0, 1, 1, nil},
		{"removed, unknown", delta(1, 2, nil, id(9)), 0, 0, 0, nil},
		{"renewed", delta(1, 2, []Peer{peer(1, 1, 1, 2*time.Hour)}), 0, 0, 0, nil},
		{"another key", delta(1, 2, []Peer{peer(1, 5, 1, time.Hour)}), 1, 1, 0, nil},
		{"another address", delta(1, 2, []Peer{peer(1, 1, 5, time.Hour)}), 1, 0, 0, nil},
		{"another's address", delta(1, 2, []Peer{peer(3, 3, 1, time.Hour)}), 0, 0, 0, []string{id(3)}},
		{"another's key", delta(1, 2, []Peer{peer(3, 1, 3, time.Hour)}), 0, 0, 0, []string{id(3)}},
		{"the address of a removed session", delta(1, 2, []Peer{peer(3, 3, 1, time.Hour)}, id(1)), 1, 1, 1, nil},
		{"two swap addresses", delta(1, 2, []Peer{peer(1, 1, 2, time.Hour), peer(2, 2, 1, time.Hour)}), 2, 0, 0, nil},
		{"two new ones with one address", delta(1, 2, []Peer{peer(3, 3, 3, time.Hour), peer(4, 4, 3, time.Hour)}), 1, 0, 0, []string{id(4)}},
		{"a refused change removes the former session", delta(1, 2, []Peer{peer(2, 2, 1, time.Hour)}), 0, 1, 1, []string{id(2)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := New()
			receive(t, r, start, 0)
			change := receive(t, r, test.message, 0)
			var refused []string
			for _, peer := range change.Refused {
				refused = append(refused, peer.ID)
			}
			if len(change.UpsertPeers) != test.upserts || len(change.RemovePeers) != test.removes ||
				len(change.Ended) != test.ended || !slices.Equal(refused, test.refused) || change.Revision != 2 {
				t.Fatalf("got %+v", change)
			}
		})
	}
}

func TestSessionsShareRulesByID(t *testing.T) {
	ruled := func(n int, id string) Peer {
		p := peer(n, n, n, time.Hour)
		p.Session.Rules, p.Session.RulesID = []rules.Rule{{ID: id}}, id
		return p
	}
	r := New()
	receive(t, r, snapshot(1, 1, true, ruled(1, "a"), ruled(2, "b")), 0)
	receive(t, r, delta(1, 2, []Peer{ruled(3, "a")}), 0)
	if one, three := r.sessions[id(1)], r.sessions[id(3)]; &one.Rules[0] != &three.Rules[0] {
		t.Error("a later session has rules of its own")
	}
	receive(t, r, delta(1, 3, nil, id(1), id(3)), 0)
	if _, kept := r.rules["a"]; kept || len(r.rules) != 1 {
		t.Errorf("kept %v", r.rules)
	}
}

func TestDeltaOfAnotherEpochIsAnError(t *testing.T) {
	r := New()
	receive(t, r, snapshot(1, 1, true), 0)
	if _, err := r.Receive(delta(2, 2, nil), 0); err == nil {
		t.Fatal("accepted")
	}
}

// A peer that could not be converted is refused, and no longer served with its former settings.
func TestInvalidPeersAreRefused(t *testing.T) {
	r := New()
	receive(t, r, snapshot(1, 1, true, peer(1, 1, 1, time.Hour)), 0)
	bad := peer(1, 1, 1, time.Hour)
	bad.Invalid = errors.New("addresses: must be 1 to 4")
	own := peer(3, 3, 3, time.Hour)
	own.Session.Addresses = []netip.Addr{netip.MustParseAddr(probeText)}
	change := receive(t, r, delta(1, 2, []Peer{bad, own, peer(2, 2, 2, time.Hour)}), 0)
	if len(change.Refused) != 2 || change.Refused[0].Taken || change.Refused[0].Err != bad.Invalid || !change.Refused[1].Taken ||
		len(change.UpsertPeers) != 1 || !slices.Equal(change.Ended, []string{id(1)}) {
		t.Fatalf("got %+v", change)
	}
}

func TestLeases(t *testing.T) {
	r := New()
	receive(t, r, snapshot(1, 1, true, peer(1, 1, 1, 10*time.Second), peer(2, 2, 2, 20*time.Second)), 100*time.Second)
	if at, ok := r.NextEnd(); !ok || at != 110*time.Second {
		t.Fatalf("next end at %s", at)
	}
	if change := r.Expire(110*time.Second - 1); len(change.Ended) != 0 {
		t.Fatalf("too early: %+v", change)
	}
	change := r.Expire(110 * time.Second)
	if !slices.Equal(change.Ended, []string{id(1)}) || len(change.RemovePeers) != 1 || change.Acknowledge {
		t.Fatalf("got %+v", change)
	}
	receive(t, r, delta(1, 2, []Peer{peer(2, 2, 2, 20*time.Second)}), 119*time.Second)
	if change := r.Expire(120 * time.Second); len(change.Ended) != 0 {
		t.Fatalf("it was renewed: %+v", change)
	}
}

// After any sequence of messages, an engine that applies the changes has exactly the sessions' peers, and no key or address
// twice.
func TestChangesMatchSessions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := New()
		type configured struct {
			psk       engine.PresharedKey
			addresses string
		}
		inForce := map[engine.Key]configured{}
		now, epoch, revision := time.Duration(0), uint64(1), uint64(0)
		peers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Peer {
			n := func(what string) int { return rapid.IntRange(0, 5).Draw(t, what) }
			return peer(n("session"), n("key"), n("address"), time.Duration(1+n("lease"))*time.Minute)
		}), 0, 6)
		for step := range rapid.IntRange(1, 20).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second
			revision++
			var message Message
			switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
			case step == 0 || kind == 0:
				epoch++
				message = snapshot(epoch, revision, true, peers.Draw(t, "snapshot")...)
			case kind == 1:
				message = snapshot(epoch, revision, false, peers.Draw(t, "part")...)
			default:
				message = delta(epoch, revision, peers.Draw(t, "upsert"), id(rapid.IntRange(0, 5).Draw(t, "remove")))
			}
			received, err := r.Receive(message, now)
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range []Change{received, r.Expire(now)} {
				for _, key := range change.RemovePeers {
					delete(inForce, key)
				}
				for _, peer := range change.UpsertPeers {
					inForce[peer.PublicKey] = configured{peer.PresharedKey, fmt.Sprint(peer.AllowedIPs)}
				}
			}
			wanted := map[engine.Key]configured{}
			addresses := map[netip.Addr]bool{}
			for _, session := range r.Sessions() {
				peer := session.peer()
				wanted[peer.PublicKey] = configured{peer.PresharedKey, fmt.Sprint(peer.AllowedIPs)}
				for _, address := range session.Addresses {
					if addresses[address] {
						t.Fatalf("%s twice", address)
					}
					addresses[address] = true
				}
				if session.Ends <= now {
					t.Fatalf("a session outlived its lease")
				}
			}
			if len(wanted) != len(r.Sessions()) || !maps.Equal(inForce, wanted) {
				t.Fatalf("in force %v, wanted %v", inForce, wanted)
			}
		}
	})
}

// Limits of an instance last as long as it has sessions, and a snapshot in parts brings those of each part.
func TestInstancesOfSessions(t *testing.T) {
	of := func(n int, instance string) Peer {
		p := peer(n, n, n, time.Hour)
		p.Session.Instance = instance
		return p
	}
	bandwidths := func(r *Table) map[string]uint64 {
		all := map[string]uint64{}
		for _, instance := range r.Instances() {
			all[instance.ID] = instance.Bandwidth
		}
		return all
	}
	r := New()
	first, second := snapshot(1, 1, false, of(1, "a")), snapshot(1, 1, true, of(2, "b"), of(3, "b"))
	first.Instances, second.Instances = []qos.Instance{{ID: "a", Bandwidth: 1}}, []qos.Instance{{ID: "b", Bandwidth: 2}}
	receive(t, r, first, 0)
	if len(bandwidths(r)) > 0 {
		t.Errorf("a part has done something: %v", bandwidths(r))
	}
	receive(t, r, second, 0)
	change := delta(1, 2, []Peer{of(2, "b")})
	change.Instances = []qos.Instance{{ID: "b", Bandwidth: 3}}
	receive(t, r, change, 0)
	if want := map[string]uint64{"a": 1, "b": 3}; !maps.Equal(bandwidths(r), want) || r.Bandwidth("b") != 3 {
		t.Errorf("%v, want %v", bandwidths(r), want)
	}
	receive(t, r, delta(1, 3, nil, id(1), id(2)), 0)
	if want := map[string]uint64{"b": 3}; !maps.Equal(bandwidths(r), want) {
		t.Errorf("%v, want %v", bandwidths(r), want)
	}
	r.Expire(time.Hour)
	if len(r.Instances()) > 0 {
		t.Errorf("%v are left", bandwidths(r))
	}
}
