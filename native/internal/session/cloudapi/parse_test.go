package cloudapi

import (
	"bytes"
	"testing"

	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/session"
)

// An endpoint keeps its transport and the transport's options. Endpoints with a transport that this version does not
// support are left out.
func TestEndpointsKeepTheirTransport(t *testing.T) {
	m := good()
	pin := bytes.Repeat([]byte{7}, 32)
	m.AccessPoints[0].Endpoints = []*clientv1.Endpoint{
		{Transport: clientv1.Transport_TRANSPORT_UDP, Host: "::ffff:192.0.2.7", Port: 51820},
		{Transport: clientv1.Transport_TRANSPORT_TLS, Host: "ap.example", Port: 443, SpkiPins: [][]byte{pin}, ServerName: "front.example"},
		{Transport: 9, Host: "192.0.2.8", Port: 1},
	}
	s, err := Parse(m)
	if err != nil {
		t.Fatal(err)
	}
	all := s.AccessPoints[0].Endpoints
	if len(all) != 2 {
		t.Fatalf("%v", all)
	}
	if e := all[0]; e.Transport != session.UDP || e.String() != "192.0.2.7:51820" || !e.Addr.IsValid() {
		t.Errorf("%+v", e)
	}
	if e := all[1]; e.Transport != session.TLS || e.String() != "ap.example:443" || e.ServerName != "front.example" || len(e.Pins) != 1 || e.Pins[0] != session.Pin(pin) {
		t.Errorf("%+v", e)
	}
	for name, change := range map[string]func(*clientv1.Session){
		"port":       func(m *clientv1.Session) { m.AccessPoints[0].Endpoints[0].Port = 65536 + 51820 },
		"pin":        func(m *clientv1.Session) { m.AccessPoints[0].Endpoints[1].SpkiPins = [][]byte{{1}} },
		"public key": func(m *clientv1.Session) { m.AccessPoints[0].PublicKey = nil },
		"shared key": func(m *clientv1.Session) { m.AccessPoints[0].PresharedKey = []byte{1} },
	} {
		m := good()
		m.AccessPoints[0].Endpoints = append(m.AccessPoints[0].Endpoints[:1], &clientv1.Endpoint{Transport: clientv1.Transport_TRANSPORT_TLS, Host: "a.b", Port: 1})
		change(m)
		if _, err := Parse(m); err == nil {
			t.Errorf("%s: it was accepted", name)
		}
	}
}

// A search domain is resolved through the tunnel even if it is not among the intranet's domains.
func TestSearchDomainsAreTunneled(t *testing.T) {
	m := good()
	m.Dns.Domains, m.Dns.SearchDomains = []string{"Corp.example"}, []string{"a.corp.example", "Other.example"}
	s, err := Parse(m)
	if err != nil {
		t.Fatal(err)
	}
	if all := s.DNS.Tunneled(); len(all) != 2 || all[0] != "corp.example" || all[1] != "other.example" {
		t.Errorf("%v", all)
	}
	if len(s.DNS.Domains) != 1 {
		t.Errorf("the domains have become %v", s.DNS.Domains)
	}
}
