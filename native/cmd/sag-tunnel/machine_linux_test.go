package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	clientv1 "sag.software/native/gen/sag/client/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
)

// printed returns our routes and rules as `ip` prints them.
func printed(t *testing.T) (routes, rules []string) {
	for _, family := range []string{"-4", "-6"} {
		for line := range strings.Lines(nettest.Run(t, "ip", family, "route", "show", "table", "all", "proto", "207")) {
			// `ip` asks the kernel for one protocol, but some kernels return others, too.
			if line = strings.TrimSpace(line); strings.Contains(line, "table") && !slices.Contains(routes, line) {
				routes = append(routes, line)
			}
		}
		for line := range strings.Lines(nettest.Run(t, "ip", family, "rule")) {
			if strings.Contains(line, "proto 207") {
				rules = append(rules, line)
			}
		}
	}
	return routes, rules
}

// says reports whether all words of a line are in another one, in the same order.
func says(line, printed string) bool {
	words := strings.Fields(strings.TrimSuffix(line, " (IPv6)"))
	for word := range strings.FieldsSeq(printed) {
		if len(words) > 0 && words[0] == word {
			words = words[1:]
		}
	}
	return len(words) == 0
}

// The reported state matches what `ip` prints at the same time.
func TestStateMatchesTheHost(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	agrees := func(when string, within time.Duration) {
		t.Helper()
		for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			m := s.reported(false).GetMachine()
			routes, rules := printed(t)
			same := func(reported, there []string) bool {
				return len(reported) == len(there) && !slices.ContainsFunc(reported, func(line string) bool {
					return !slices.ContainsFunc(there, func(p string) bool { return says(line, p) })
				})
			}
			if same(m.GetRoutes(), routes) && same(m.GetRules(), rules) && len(rules) > 0 {
				return
			}
			if time.Since(start) > within {
				t.Fatalf("%s: the state has\n%s\n%s\nand ip prints\n%s\n%s", when, strings.Join(m.GetRoutes(), "\n"), strings.Join(m.GetRules(), "\n"),
					strings.Join(routes, "\n"), strings.Join(rules, "\n"))
			}
		}
	}
	agrees("connected", 0)
	// A route with our protocol number is reported, even if another program added it.
	nettest.Run(t, "ip", "route", "add", "10.99.0.0/16", "dev", "net0", "table", "21319", "proto", "207")
	agrees("a route more", time.Second)
	nettest.Run(t, "ip", "route", "flush", "table", "21319")
	agrees("the table flushed and restored", time.Second)
	whole := nettest.Run(t, "nft", "-s", "list", "ruleset")
	nettest.Run(t, "nft", "flush", "ruleset")
	for start := time.Now(); nettest.Run(t, "nft", "-s", "list", "ruleset") != whole; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > time.Second {
			t.Fatal("the kill switch is not restored")
		}
	}
	if g := s.reported(false).GetMachine().GetGuard(); !slices.Contains(g.GetPrefixes(), "10.80.0.0/16") || g.GetBlocking() != typesv1.Blocking_BLOCKING_INTRANET {
		t.Errorf("the reported kill switch: %v", g)
	}
	s.mustLeave()
}

// If there are more routes than fit into a message, the rest is counted.
func TestStateWithManyRoutes(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.company.Tamper(func(session *clientv1.Session) {
		for i := len(session.Routes); i < 640; i++ {
			session.Routes = append(session.Routes, fmt.Sprintf("fd77:%x:1111:2222:3333:4444:5555:%x/128", i, i))
		}
	})
	s.mustConnect()
	routes := s.reported(false).GetMachine().GetRoutes()
	_, rules := printed(t)
	if last := routes[len(routes)-1]; !strings.HasPrefix(last, "… and ") || len(rules) != len(s.reported(false).GetMachine().GetRules()) {
		t.Errorf("%d lines, the last is %q", len(routes), last)
	}
	if text, err := page(); err != nil {
		t.Errorf("%v %s", err, text)
	}
	s.mustLeave()
}
