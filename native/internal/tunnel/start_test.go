package tunnel_test

import (
	"net"
	"testing"

	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/tunneltest"
)

func TestWatchAfterStartSeesNoOlderState(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company)
	if _, err := p.start(); err != nil {
		t.Fatal(err)
	}
	change, _, leave := p.Watch()
	leave()
	if change.State.GetPhase() == disconnected {
		t.Errorf("phase %v", change.State.GetPhase())
	}
}

func TestListeners(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	for address, want := range map[string]failure.Cause{
		busy.Addr().String(): failure.PortInUse,
		"0.0.0.0:0":          failure.InvalidArgument,
		"192.0.2.1:1080":     failure.InvalidArgument,
		"localhost:1080":     failure.InvalidArgument,
		"nonsense":           failure.InvalidArgument,
	} {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company)
		p.options.HttpListen = address
		request := p.request()
		if _, err := p.Start(request); failure.CauseOf(err) != want {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
		// Key and session stay unused, so the same attempt can be repeated with another address.
		request.Proxy.HttpPreferred = want == failure.PortInUse
		if want != failure.PortInUse {
			request.Proxy.HttpListen = ""
		}
		state, err := p.Start(request)
		if err != nil || state.GetProxy().GetHttp() == address {
			t.Errorf("%s, then any: %v %v", address, state.GetProxy(), err)
		}
		if company.HungUp() != 0 {
			t.Errorf("%s: the session was discarded", address)
		}
	}
}

func TestStartRejectsInvalidSessions(t *testing.T) {
	for name, change := range map[string]func(*clientv1.Session){
		"no addresses":     func(s *clientv1.Session) { s.Addresses = nil },
		"no v6 address":    func(s *clientv1.Session) { s.Addresses = s.Addresses[:1] },
		"mtu":              func(s *clientv1.Session) { s.Mtu = 500 },
		"short key":        func(s *clientv1.Session) { s.AccessPoints[0].PublicKey = []byte{1} },
		"loopback route":   func(s *clientv1.Session) { s.Routes = []string{"127.0.0.0/8"} },
		"not a route":      func(s *clientv1.Session) { s.Routes = []string{"10.0.0.1/8; rm"} },
		"name as a server": func(s *clientv1.Session) { s.Dns.Servers = []string{"ns.corp.test"} },
		"script as domain": func(s *clientv1.Session) { s.Dns.Domains = []string{`"); alert("`} },
		"no lease":         func(s *clientv1.Session) { s.Lease = nil; s.RenewAfter = nil; s.Lease = s.RenewAfter },
		"probe address":    func(s *clientv1.Session) { s.AccessPoints[0].ProbeAddress = "10.0.0.1" },
	} {
		t.Run(name, func(t *testing.T) {
			company := tunneltest.NewCompany(t, 1)
			company.Tamper(change)
			if _, err := newPerson(t, company).start(); failure.CauseOf(err) != failure.AnswerInvalid {
				t.Fatalf("%v", err)
			}
		})
	}
}
