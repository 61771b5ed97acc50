package dialer

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/router"
)

func prefixes(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

// fake is an intranet and a host that record the lookups and dials.
type fake struct {
	lookedUp, dialled []string
	addresses         map[string]string
	err, lookupErr    error
}

func (f *fake) DialTCP(_ context.Context, to netip.AddrPort) (net.Conn, error) {
	f.dialled = append(f.dialled, to.String())
	if f.err != nil {
		return nil, f.err
	}
	here, there := net.Pipe()
	_ = there.Close()
	return here, nil
}

func (f *fake) ListenPacket(bool) (net.PacketConn, error) { return nil, errors.New("none") }

func (f *fake) Lookup(_ context.Context, name string) ([]netip.Addr, error) {
	f.lookedUp = append(f.lookedUp, name)
	if f.lookupErr != nil {
		return nil, f.lookupErr
	}
	if a, ok := f.addresses[name]; ok {
		return []netip.Addr{netip.MustParseAddr(a)}, nil
	}
	return nil, errors.Join(failure.New(failure.NameNotFound, msg.Foreign("no")), &net.DNSError{IsNotFound: true})
}

func TestDialer(t *testing.T) {
	policy := &router.Policy{Routes: prefixes("10.0.0.0/8"), NameServers: true, Domains: []string{"corp.test"}}
	refusing := &router.Policy{Routes: policy.Routes, NameServers: true, Domains: policy.Domains, RefuseDirect: true}
	const refused = failure.NotPermitted
	for _, c := range []struct {
		name, host             string
		policy                 *router.Policy
		wantInside, wantDirect string
		cause                  failure.Cause
	}{
		{"pushed name", "a.corp.test", policy, "10.0.0.1:80", "", 0},
		{"pushed name with an address outside the routes", "out.corp.test", policy, "", "192.0.2.1:80", 0},
		{"pushed name with an address outside the routes, refused", "out.corp.test", refusing, "", "", refused},
		{"pushed name that is not there", "none.corp.test", policy, "", "", failure.NameNotFound},
		{"address inside", "10.9.9.9", policy, "10.9.9.9:80", "", 0},
		{"address outside", "192.0.2.9", policy, "", "192.0.2.9:80", 0},
		{"name outside", "example.test", policy, "", "192.0.2.2:80", 0},
		{"name outside that is inside after all", "sneaky.test", policy, "10.0.0.7:80", "", 0},
		{"address outside, refused", "192.0.2.9", refusing, "", "", refused},
		{"name outside, refused", "example.test", refusing, "", "", refused},
		{"pushed name, outside refused", "a.corp.test", refusing, "10.0.0.1:80", "", 0},
		{"nothing is known yet", "a.corp.test", nil, "", "", failure.NotConnected},
		{"nothing is known yet, address", "192.0.2.9", nil, "", "", failure.NotConnected},
		{"no name", "a b", policy, "", "", failure.NameNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			intranet := &fake{addresses: map[string]string{"a.corp.test": "10.0.0.1", "out.corp.test": "192.0.2.1"}}
			outside := &fake{addresses: map[string]string{"example.test": "192.0.2.2", "sneaky.test": "10.0.0.7", "none.corp.test": "192.0.2.3"}}
			d := &Dialer{
				Now: func() Intranet { return Intranet{Policy: c.policy, Network: intranet} },
				Host: Host{
					Lookup: outside.Lookup, Dial: outside.DialTCP, Static: func(string) []netip.Addr { return nil },
					Search: func() router.Search { return router.Search{} },
				},
			}
			conn, err := d.Dial(context.Background(), c.host, 80)
			if failure.CauseOf(err) != c.cause {
				t.Fatalf("%v", err)
			}
			if err == nil {
				_ = conn.Close()
			}
			if got := strings.Join(intranet.dialled, " "); got != c.wantInside {
				t.Errorf("inside: %q", got)
			}
			if got := strings.Join(outside.dialled, " "); got != c.wantDirect {
				t.Errorf("direct: %q", got)
			}
			for _, name := range outside.lookedUp {
				if strings.HasSuffix(name, "corp.test") {
					t.Errorf("%s was queried directly", name)
				}
			}
		})
	}
}

// Until a short name is known not to be the intranet's, it is not queried directly. The hosts file takes precedence.
func TestShortNames(t *testing.T) {
	policy := &router.Policy{Routes: prefixes("10.0.0.0/8"), NameServers: true, Domains: []string{"corp.test"}, Search: []string{"corp.test"}}
	for _, c := range []struct {
		name, host    string
		insideFails   error
		want, outside string
		cause         failure.Cause
	}{
		{"completed inside", "payroll", nil, "10.0.0.1:80", "", 0},
		{"completed by the machine's list", "nas", nil, "192.168.1.6:80", "nas.home.world", 0},
		{"with a dot at the end", "payroll.", nil, "", "payroll", failure.NameNotFound},
		{"no answer inside", "payroll", failure.New(failure.DNSUnavailable, msg.Foreign("silence")), "", "", failure.DNSUnavailable},
		{"not connected", "git.eng", failure.New(failure.NotConnected, msg.Foreign("down")), "", "", failure.NotConnected},
		{"in the hosts file", "static", nil, "192.168.1.7:80", "", 0},
		{"nowhere", "nothing", nil, "", "nothing.home.world nothing", failure.NameNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			intranet := &fake{addresses: map[string]string{"payroll.corp.test": "10.0.0.1"}, lookupErr: c.insideFails}
			outside := &fake{addresses: map[string]string{"nas.home.world": "192.168.1.6", "payroll.corp.test": "192.0.2.66"}}
			d := &Dialer{
				Now: func() Intranet { return Intranet{Policy: policy, Network: intranet} },
				Host: Host{
					Lookup: outside.Lookup, Dial: outside.DialTCP, Search: func() router.Search { return router.Search{Domains: []string{"home.world", "corp.test"}, Ndots: 1} },
					Static: func(name string) []netip.Addr {
						if name == "static" {
							return []netip.Addr{netip.MustParseAddr("192.168.1.7")}
						}
						return nil
					},
				},
			}
			conn, err := d.Dial(context.Background(), c.host, 80)
			if failure.CauseOf(err) != c.cause {
				t.Fatal(err)
			}
			if err == nil {
				_ = conn.Close()
			}
			if got := strings.Join(append(intranet.dialled, outside.dialled...), " "); got != c.want {
				t.Errorf("connected to %q", got)
			}
			if got := strings.Join(outside.lookedUp, " "); got != c.outside {
				t.Errorf("queried directly: %q", got)
			}
		})
	}
}

func TestHostErrorsHaveACause(t *testing.T) {
	for err, want := range map[error]failure.Cause{
		syscall.ECONNREFUSED:     failure.TargetRefused,
		syscall.EHOSTUNREACH:     failure.TargetUnreachable,
		syscall.ETIMEDOUT:        failure.TargetTimeout,
		context.DeadlineExceeded: failure.TargetTimeout,
	} {
		if got := failure.CauseOf(explain(&net.OpError{Op: "dial", Err: err}, "x")); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

func TestRaceReturnsFirstConnection(t *testing.T) {
	targets := []Address{{IP: netip.MustParseAddr("10.0.0.1")}, {IP: netip.MustParseAddr("10.0.0.2")}}
	conn, err := race(context.Background(), targets, func(ctx context.Context, t Address) (net.Conn, error) {
		if t == targets[0] {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		here, _ := net.Pipe()
		return here, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	first := errors.New("first")
	_, err = race(context.Background(), targets, func(_ context.Context, t Address) (net.Conn, error) {
		if t == targets[0] {
			return nil, first
		}
		return nil, errors.New("second")
	})
	if !errors.Is(err, first) {
		t.Errorf("%v", err)
	}
}
