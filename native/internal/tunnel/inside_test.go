package tunnel_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/tunneltest"
)

func TestPortalThroughBothProxies(t *testing.T) {
	p := newPerson(t, tunneltest.NewCompany(t, 1)).connect()
	for name, fetch := range map[string]func(string, ...string) (string, error){"socks": p.bySocks, "http": p.byHTTP} {
		for _, url := range []string{portalURL, "http://alias.corp.test/", "http://big.corp.test/", "http://PORTAL.corp.test./", "http://10.80.0.80/"} {
			if out, err := fetch(url); err != nil || !strings.Contains(out, tunneltest.PortalText) {
				t.Errorf("%s %s: %v %s", name, url, err, out)
			}
		}
	}
	if out, err := p.byHTTP(portalURL, "--proxytunnel"); err != nil || !strings.Contains(out, tunneltest.PortalText) {
		t.Errorf("CONNECT: %v %s", err, out)
	}
	if out, err := curl(portalURL); err == nil {
		t.Errorf("the intranet can be reached without the tunnel: %s", out)
	}
	s := p.state()
	if s.GetTraffic().GetRxBytes() == 0 || s.GetTraffic().GetTxBytes() == 0 || !s.GetSession().GetPresharedKey() ||
		s.GetSession().GetHandshakeAge() == nil || len(s.GetHops()) != 1 || s.GetMode() != typesv1.Mode_MODE_PROXY {
		t.Errorf("the state is incomplete: %v", s)
	}
	p.until(3*time.Second, "a key exchange", func(s *tunnelv1.State) bool { return s.GetSession().GetKeyExchange() == "X25519MLKEM768" })
}

func TestIntranetFailuresAreReported(t *testing.T) {
	p := newPerson(t, tunneltest.NewCompany(t, 1)).connect()
	// curl's texts for SOCKS replies: 5 refused, 4 unreachable.
	for url, want := range map[string]string{
		"http://10.80.0.80:81/": "(5)", "http://10.80.0.10/": "(4)", "http://nobody.corp.test/": "(4)",
	} {
		if out, err := p.bySocks(url); err == nil || !strings.Contains(out, want) {
			t.Errorf("socks %s: %s, want %s", url, out, want)
		}
	}
	for url, want := range map[string]string{
		"http://10.80.0.80:81/": "target_refused", "http://10.80.0.10/": "target_unreachable", "http://nobody.corp.test/": "name_not_found",
	} {
		if out, err := p.byHTTP(url, "-w", "%{http_code}"); err != nil || !strings.HasPrefix(out, want) || !strings.HasSuffix(out, "502") {
			t.Errorf("http %s: %v %s, want %s", url, err, out, want)
		}
	}
}

// What an access list denies is not reported as a fault of the network.
func TestDeniedTargetsAreReportedAsSuch(t *testing.T) {
	p := newPerson(t, tunneltest.NewCompany(t, 1)).connect()
	url := "http://" + tunneltest.Denied.String() + "/"
	if out, err := p.bySocks(url); err == nil || !strings.Contains(out, "(2)") { // of RFC 1928: not allowed by ruleset
		t.Errorf("socks: %s", out)
	}
	want := "target_denied: an access list or a firewall of the intranet does not allow connections to " + tunneltest.Denied.String()
	if out, err := p.byHTTP(url, "-w", "%{http_code}"); err != nil || !strings.HasPrefix(out, want) || !strings.HasSuffix(out, "403") {
		t.Errorf("http: %v %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, _, err := p.Ping(ctx, p.state().GetIntranetId(), tunneltest.Denied.String()); failure.CauseOf(err) != failure.TargetDenied {
		t.Errorf("ping: %v", err)
	}
}

func TestIntranetNamesAreNotQueriedDirectly(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company).connect()
	company.Intranet.SetDNSSilent(true)
	out, err := p.byHTTP("http://secret.corp.test/", "-w", "%{http_code}")
	if err != nil || !strings.HasPrefix(out, "dns_unavailable") || !strings.HasSuffix(out, "504") {
		t.Errorf("%v %s", err, out)
	}
	if !company.Intranet.Asked("secret.corp.test") {
		t.Error("the intranet's name server was not queried")
	}
	company.AccessPoints[0].Kill()
	_, _ = p.State(context.Background(), true)
	start := time.Now()
	if out, err := p.byHTTP(portalURL); err != nil || !strings.HasPrefix(out, "not_connected") {
		t.Errorf("%v %s", err, out)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the error took %v", took)
	}
}

func TestDirect(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.0 200 OK\r\n\r\noutside\n"))
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company).connect()
	for _, host := range []string{"127.0.0.1", "localhost"} {
		if out, err := p.bySocks("http://" + host + ":" + port + "/"); err != nil || !strings.Contains(out, "outside") {
			t.Errorf("direct to %s: %v %s", host, err, out)
		}
	}
	q := newPerson(t, company)
	q.options.Outside = tunnelv1.Outside_OUTSIDE_REFUSE
	q.connect()
	if out, err := q.bySocks("http://127.0.0.1:" + port + "/"); err == nil || !strings.Contains(out, "(2)") {
		t.Errorf("refused: %v %s", err, out)
	}
}
