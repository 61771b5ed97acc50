package tunnel_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	clientv1 "sag.software/native/gen/sag/client/v1"
	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/clock"
	"sag.software/native/internal/tunnel/failure"
	"sag.software/native/internal/tunnel/resume"
	"sag.software/native/internal/tunnel/tunneltest"
	"sag.software/native/internal/userspace/owner"
)

const intranet = "a1b2"

const (
	connecting   = typesv1.Phase_PHASE_CONNECTING
	connected    = typesv1.Phase_PHASE_CONNECTED
	reconnecting = typesv1.Phase_PHASE_RECONNECTING
	failed       = typesv1.Phase_PHASE_FAILED
	disconnected = typesv1.Phase_PHASE_DISCONNECTED
)

// person is somebody with a tunnel.
type person struct {
	*tunnel.Tunnel
	t       testing.TB
	company *tunneltest.Company
	store   resume.Store
	options *tunnelv1.ProxyOptions
}

func newPerson(t testing.TB, company *tunneltest.Company) *person {
	t.Helper()
	boot, err := clock.BootID()
	if err != nil {
		t.Skip(err)
	}
	p := &person{t: t, company: company, store: resume.Store{Dir: t.TempDir(), Boot: boot}, options: &tunnelv1.ProxyOptions{}}
	p.open()
	return p
}

func (p *person) open() {
	logger := slog.New(slog.NewTextHandler(testWriter{p.t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p.Tunnel = tunnel.New(tunnel.Config{
		IntranetID: intranet, Version: "0.0.0-test", Store: p.store, Owners: owner.System(), Logger: logger, Unwanted: time.Minute,
	})
	this := p.Tunnel
	p.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, _ = this.Stop(ctx, intranet)
	})
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	if !testing.Verbose() {
		return len(b), nil
	}
	return io.Discard.Write(b)
}

func (p *person) start() (*tunnelv1.State, error) {
	p.t.Helper()
	attempt, public, err := p.Prepare(intranet)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.Start(&tunnelv1.StartRequest{
		AttemptId: attempt, IntranetId: intranet, Session: p.company.Dial(public), Cloud: p.company.Cloud(), Proxy: p.options,
	})
}

// connected starts and waits until it is up.
func (p *person) connect() *person {
	p.t.Helper()
	if _, err := p.start(); err != nil {
		p.t.Fatal(err)
	}
	p.until(2*time.Second, "connected", phase(connected))
	return p
}

func phase(want typesv1.Phase) func(*tunnelv1.State) bool {
	return func(s *tunnelv1.State) bool { return s.GetPhase() == want }
}

func (p *person) state() *tunnelv1.State {
	p.t.Helper()
	s, err := p.State(context.Background(), false)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// until waits for a state that is told to watchers, and says how long it took.
func (p *person) until(limit time.Duration, what string, holds func(*tunnelv1.State) bool) time.Duration {
	p.t.Helper()
	start := time.Now()
	now, changes, leave := p.Watch()
	defer leave()
	state := now.State
	timeout := time.After(limit)
	for !holds(state) {
		select {
		case c := <-changes:
			state = c.State
		case <-timeout:
			p.t.Fatalf("not within %v: %s; it is %v %v %v", limit, what, state.GetPhase(), state.GetCause(), state.GetWarnings())
		}
	}
	return time.Since(start)
}

// eventually waits for something that no state tells.
func eventually(t testing.TB, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

func curl(args ...string) (string, error) {
	out, err := exec.Command("curl", append([]string{"-sS", "--max-time", "8", "--noproxy", ""}, args...)...).CombinedOutput()
	return string(out), err
}

func (p *person) bySocks(url string, more ...string) (string, error) {
	return curl(append([]string{"--socks5-hostname", p.state().GetProxy().GetSocks(), url}, more...)...)
}

func (p *person) byHTTP(url string, more ...string) (string, error) {
	return curl(append([]string{"-x", "http://" + p.state().GetProxy().GetHttp(), url}, more...)...)
}

func warns(s *tunnelv1.State) bool {
	for _, w := range s.GetWarnings() {
		if w.GetCode() == typesv1.WarningCode_WARNING_CODE_INSTANCE_UNREACHABLE {
			return true
		}
	}
	return false
}

const portalURL = "http://portal." + tunneltest.Domain + "/"

func TestThePortalThroughBothProxies(t *testing.T) {
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
		t.Errorf("the state tells less than it could: %v", s)
	}
	p.until(3*time.Second, "a key exchange", func(s *tunnelv1.State) bool { return s.GetSession().GetKeyExchange() == "X25519MLKEM768" })
}

func TestFailuresInsideArriveAsSuch(t *testing.T) {
	p := newPerson(t, tunneltest.NewCompany(t, 1)).connect()
	// curl's own words for SOCKS replies: 5 refused, 4 unreachable.
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

func TestAPushedNameNeverGoesOutside(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company).connect()
	company.Intranet.SetDeaf(true)
	out, err := p.byHTTP("http://secret.corp.test/", "-w", "%{http_code}")
	if err != nil || !strings.HasPrefix(out, "dns_unavailable") || !strings.HasSuffix(out, "504") {
		t.Errorf("%v %s", err, out)
	}
	if !company.Intranet.Asked("secret.corp.test") {
		t.Error("the intranet's name server was not asked")
	}
	company.AccessPoints[0].Kill()
	_, _ = p.State(context.Background(), true)
	start := time.Now()
	if out, err := p.byHTTP(portalURL); err != nil || !strings.HasPrefix(out, "not_connected") {
		t.Errorf("%v %s", err, out)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v to say so", took)
	}
}

func TestOutside(t *testing.T) {
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

func TestAccessPointKilled(t *testing.T) {
	t.Run("the only one, watched", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		defer p.Attend()()
		time.Sleep(300 * time.Millisecond)
		company.AccessPoints[0].Kill()
		p.until(3*time.Second, "unreachable", func(s *tunnelv1.State) bool {
			return s.GetPhase() == reconnecting && s.GetCause().GetCause() == typesv1.Cause_CAUSE_ACCESS_POINT_UNREACHABLE
		})
		company.AccessPoints[0].Start()
		p.until(3*time.Second, "connected again", phase(connected))
		if out, err := p.bySocks(portalURL); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	t.Run("the only one, asked", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		company.AccessPoints[0].Kill()
		s, err := p.State(context.Background(), true)
		if err != nil || s.GetCause().GetCause() != typesv1.Cause_CAUSE_ACCESS_POINT_UNREACHABLE {
			t.Fatalf("%v %v", err, s)
		}
	})
	t.Run("restarted, nobody looks", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		if out, err := p.bySocks(portalURL); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		company.AccessPoints[0].Kill()
		company.AccessPoints[0].Start()
		start := time.Now()
		eventually(t, 3*time.Second, "traffic again", func() bool {
			_, err := p.bySocks(portalURL, "--max-time", "1")
			return err == nil
		})
		t.Logf("traffic again after %v", time.Since(start))
	})
	t.Run("one of two, traffic flows", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 2)
		p := newPerson(t, company).connect()
		first := p.state().GetAccessPoint().GetId()
		slow := make(chan error, 1)
		go func() { _, err := p.bySocks(portalURL+"slow", "-o", "/dev/null"); slow <- err }()
		eventually(t, 3*time.Second, "bytes", func() bool { return p.state().GetTraffic().GetRxBytes() > 5000 })
		company.AccessPoints[0].Kill()
		start := time.Now()
		eventually(t, 5*time.Second, "traffic by the other", func() bool {
			_, err := p.bySocks(portalURL, "--max-time", "1")
			return err == nil
		})
		t.Logf("traffic by the other after %v", time.Since(start))
		if s := p.state(); s.GetAccessPoint().GetId() == first {
			t.Error("still the first access point")
		}
		select {
		case err := <-slow:
			if err == nil {
				t.Error("a broken download looked whole")
			}
		case <-time.After(2 * time.Second):
			t.Error("an old connection hangs")
		}
		if company.AccessPoints[1].Generation() == 0 {
			t.Error("the other access point has seen no generation")
		}
	})
}

func TestCloudKilled(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company).connect()
	eventually(t, 3*time.Second, "events", func() bool { return company.Listening() == 1 })
	company.Kill()
	t.Logf("warned after %v", p.until(time.Second, "a warning", warns))
	if p.state().GetPhase() != connected {
		t.Fatal("not connected any longer")
	}
	if out, err := p.bySocks(portalURL); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	company.Start()
	t.Logf("unwarned after %v", p.until(3*time.Second, "no warning", func(s *tunnelv1.State) bool { return !warns(s) }))
}

func TestEvents(t *testing.T) {
	t.Run("kicked", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		eventually(t, 3*time.Second, "events", func() bool { return company.Listening() == 1 })
		company.End(failure.Of(typesv1.Cause_CAUSE_KICKED, "maintenance"))
		p.until(time.Second, "failed", func(s *tunnelv1.State) bool {
			return s.GetPhase() == failed && s.GetCause().GetCause() == typesv1.Cause_CAUSE_KICKED && s.GetCause().GetText() == "maintenance"
		})
		if _, err := p.store.Load(intranet); err == nil {
			t.Error("the session would be resumed")
		}
		if out, err := p.byHTTP(portalURL); err != nil || !strings.HasPrefix(out, "not_connected") {
			t.Errorf("%v %s", err, out)
		}
	})
	t.Run("message", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		eventually(t, 3*time.Second, "events", func() bool { return company.Listening() == 1 })
		company.Say(&clientv1.EventsResponse{Event: &clientv1.EventsResponse_Message{Message: &clientv1.Message{Text: "hello"}}})
		p.until(time.Second, "the message", func(s *tunnelv1.State) bool { return s.GetMessage() == "hello" })
	})
	t.Run("another profile, and connections stay", func(t *testing.T) {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company).connect()
		eventually(t, 3*time.Second, "events", func() bool { return company.Listening() == 1 })
		slow := make(chan error, 1)
		go func() { _, err := p.bySocks(portalURL+"slow", "--max-time", "2", "-o", "/dev/null"); slow <- err }()
		eventually(t, 3*time.Second, "bytes", func() bool { return p.state().GetTraffic().GetRxBytes() > 5000 })
		company.SetDomains("other.test")
		p.until(time.Second, "the profile", func(s *tunnelv1.State) bool {
			return strings.Join(s.GetSession().GetDns().GetDomains(), " ") == "other.test"
		})
		if err := <-slow; err == nil || !strings.Contains(err.Error(), "28") {
			t.Errorf("the connection did not stay: %v", err)
		}
	})
}

func TestLease(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	company.Lease = 2 * time.Second
	p := newPerson(t, company).connect()
	p.until(4*time.Second, "two renewals", func(s *tunnelv1.State) bool { return s.GetSession().GetRenewals() >= 2 })
	if p.state().GetPhase() != connected {
		t.Error("not connected")
	}
	company.Kill()
	p.until(4*time.Second, "the end of the lease", func(s *tunnelv1.State) bool {
		return s.GetPhase() == failed && s.GetCause().GetCause() == typesv1.Cause_CAUSE_SESSION_EXPIRED
	})
}

func TestStop(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company).connect()
	proxy := p.state().GetProxy()
	s, err := p.Stop(context.Background(), intranet)
	if err != nil || s.GetPhase() != disconnected || s.GetProxy() != nil {
		t.Fatalf("%v %v", err, s)
	}
	if company.HungUp() != 1 {
		t.Error("the cloud was not told")
	}
	for _, address := range []string{proxy.GetSocks(), proxy.GetHttp()} {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			t.Errorf("%s still listens", address)
		}
	}
	if _, err := p.store.Load(intranet); err == nil {
		t.Error("a session is left")
	}
	select {
	case <-p.Done():
	case <-time.After(time.Second):
		t.Error("it does not end")
	}
}

func TestListeners(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	for address, want := range map[string]typesv1.Cause{
		busy.Addr().String(): typesv1.Cause_CAUSE_PORT_IN_USE,
		"0.0.0.0:0":          typesv1.Cause_CAUSE_INVALID_ARGUMENT,
		"192.0.2.1:1080":     typesv1.Cause_CAUSE_INVALID_ARGUMENT,
		"localhost:1080":     typesv1.Cause_CAUSE_INVALID_ARGUMENT,
		"nonsense":           typesv1.Cause_CAUSE_INVALID_ARGUMENT,
	} {
		company := tunneltest.NewCompany(t, 1)
		p := newPerson(t, company)
		p.options.HttpListen = address
		if _, err := p.start(); failure.Cause(err) != want {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
		eventually(t, 2*time.Second, "the session is given back", func() bool { return company.HungUp() == 1 })
	}
}

func TestStartRefusesWhatDoesNotHold(t *testing.T) {
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
			if _, err := newPerson(t, company).start(); failure.Cause(err) != typesv1.Cause_CAUSE_ANSWER_INVALID {
				t.Fatalf("%v", err)
			}
		})
	}
}

// Who makes room for others ends what nobody wants, and never what somebody has just begun.
func TestRetire(t *testing.T) {
	p := newPerson(t, tunneltest.NewCompany(t, 1)).connect()
	if p.Retire() {
		t.Fatal("a tunnel that is up was ended")
	}
	if _, err := p.Stop(t.Context(), intranet); err != nil {
		t.Fatal(err)
	}
	idle := tunnel.New(tunnel.Config{IntranetID: intranet, Store: resume.Store{Dir: t.TempDir()}, Logger: slog.New(slog.DiscardHandler), Unwanted: time.Minute})
	if !idle.Retire() {
		t.Fatal("a tunnel that nobody wants stays")
	}
	select {
	case <-idle.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("it does not end")
	}
	if !idle.Retire() {
		t.Error("one that has ended is in the way")
	}
}
