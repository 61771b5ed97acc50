package cloudapi

import (
	"encoding/json"
	"os"
	"testing"

	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/session"
)

// TestInside: clients accept exactly the routes that sag-cloud accepts from administrators, by a list that both are tested
// with.
func TestInside(t *testing.T) {
	text, err := os.ReadFile("../../../../proto/limits/inside.json")
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Routes struct {
			Accepted, Refused []string
			RefusedTogether   [][]string
		}
		Servers struct{ Accepted, Refused []string }
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	for _, route := range list.Routes.Accepted {
		if r := taken(false, route); r != nil {
			t.Errorf("route %s: %v", route, r)
		}
	}
	for _, route := range list.Routes.Refused {
		if r := taken(false, route); r == nil {
			t.Errorf("route %s is accepted", route)
		}
	}
	for _, together := range list.Routes.RefusedTogether {
		if r := taken(false, together...); r == nil {
			t.Errorf("routes %v are accepted", together)
		}
	}
	if r := taken(false, list.Routes.Accepted...); r != nil {
		t.Error(r)
	}
	for _, server := range list.Servers.Accepted {
		if r := parseDNS(new(session.Session), &clientv1.Session{Dns: &clientv1.Dns{Servers: []string{server}}}); r != nil {
			t.Errorf("server %s: %v", server, r)
		}
	}
	for _, server := range list.Servers.Refused {
		if r := parseDNS(new(session.Session), &clientv1.Session{Dns: &clientv1.Dns{Servers: []string{server}}}); r == nil {
			t.Errorf("server %s is accepted", server)
		}
	}
}

// taken returns nil, or why routes are rejected.
func taken(full bool, routes ...string) error {
	all, err := prefixes(routes)
	if err != nil {
		return err
	}
	return session.CheckRoutes(all, full)
}
