package inside

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

func prefixes(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

func TestAddress(t *testing.T) {
	split := Rule{Routes: prefixes("10.0.0.0/8", "fd00:1::/32")}
	full := Rule{Everything: true}
	for _, c := range []struct {
		address     string
		split, full bool
	}{
		{"10.1.2.3", true, true},
		{"::ffff:10.1.2.3", true, true},
		{"11.0.0.1", false, true},
		{"fd00:1::5", true, true},
		{"fd00:2::5", false, true},
		{"127.0.0.1", false, false},
		{"::1", false, false},
		{"::ffff:127.0.0.1", false, false},
		{"169.254.1.1", false, false},
		{"fe80::1%eth0", false, false},
		{"0.0.0.0", false, false},
		{"224.0.0.1", false, false},
	} {
		a := netip.MustParseAddr(c.address)
		if split.Address(a) != c.split || full.Address(a) != c.full {
			t.Errorf("%s: split %v full %v", c.address, split.Address(a), full.Address(a))
		}
	}
}

func TestName(t *testing.T) {
	some := Rule{NameServers: true, Domains: []string{"corp.test", "lan"}}
	all := Rule{NameServers: true}
	none := Rule{}
	for _, c := range []struct {
		name            string
		some, all, none bool
	}{
		{"corp.test", true, true, false},
		{"a.b.corp.test", true, true, false},
		{"xcorp.test", false, true, false},
		{"corp.test.evil", false, true, false},
		{"printer.lan", true, true, false},
		{"lan", true, true, false},
		{"localhost", false, false, false},
		{"x.localhost", false, false, false},
	} {
		if some.Name(c.name) != c.some || all.Name(c.name) != c.all || none.Name(c.name) != c.none {
			t.Errorf("%s: %v %v %v", c.name, some.Name(c.name), all.Name(c.name), none.Name(c.name))
		}
	}
}

func TestParseHost(t *testing.T) {
	for text, want := range map[string]Host{
		"10.0.0.1":          {Address: netip.MustParseAddr("10.0.0.1")},
		"10.0.0.1.":         {Address: netip.MustParseAddr("10.0.0.1")},
		"::ffff:10.0.0.1":   {Address: netip.MustParseAddr("10.0.0.1")},
		"[fd00::1]":         {Address: netip.MustParseAddr("fd00::1")},
		"Portal.CORP.test.": {Name: "portal.corp.test"},
		"portal。corp。test":  {Name: "portal.corp.test"},
		"PORTAL.corp.test":  {Name: "portal.corp.test"},
		"bücher.test":       {Name: "xn--bcher-kva.test"},
	} {
		if got, err := ParseHost(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", ".", "..", "a..b", "a b", "a/b", "a:b", "a\x00b", "-\n", strings.Repeat("a", 64), strings.Repeat("a.", 130), "%2e", "http://x"} {
		if got, err := ParseHost(text); failure.Cause(err) != typesv1.Cause_CAUSE_NAME_NOT_FOUND {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

// There is one spelling of a name, and every way to write a pushed name is inside.
func TestNoSpellingOfAPushedNameIsOutside(t *testing.T) {
	rule := Rule{NameServers: true, Domains: []string{"corp.test"}}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`([a-z0-9]{1,8}[.]){0,3}`).Draw(t, "labels") + "corp.test"
		written := []rune(name)
		for i := range written {
			if rapid.Bool().Draw(t, "upper") {
				written[i] = []rune(strings.ToUpper(string(written[i])))[0]
			}
			if written[i] == '.' {
				written[i] = rapid.SampledFrom([]rune{'.', '。', '.', '。'}).Draw(t, "dot")
			}
		}
		text := string(written) + rapid.SampledFrom([]string{"", "."}).Draw(t, "end")
		h, err := ParseHost(text)
		if err == nil && !rule.Name(h.Name) {
			t.Fatalf("%q is outside as %q", text, h.Name)
		}
	})
}

// fake is an intranet and an outside that note what they are asked.
type fake struct {
	lookedUp, dialled []string
	addresses         map[string]string
	err               error
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
	if a, ok := f.addresses[name]; ok {
		return []netip.Addr{netip.MustParseAddr(a)}, nil
	}
	return nil, failure.New(typesv1.Cause_CAUSE_NAME_NOT_FOUND, "no")
}

func TestDialer(t *testing.T) {
	rule := &Rule{Routes: prefixes("10.0.0.0/8"), NameServers: true, Domains: []string{"corp.test"}}
	refusing := &Rule{Routes: rule.Routes, NameServers: true, Domains: rule.Domains, RefuseOutside: true}
	const refused = typesv1.Cause_CAUSE_NOT_PERMITTED
	for _, c := range []struct {
		name, host             string
		rule                   *Rule
		wantInside, wantDirect string
		cause                  typesv1.Cause
	}{
		{"pushed name", "a.corp.test", rule, "10.0.0.1:80", "", 0},
		{"pushed name with an address outside", "out.corp.test", rule, "192.0.2.1:80", "", 0},
		{"pushed name that is not there", "none.corp.test", rule, "", "", typesv1.Cause_CAUSE_NAME_NOT_FOUND},
		{"address inside", "10.9.9.9", rule, "10.9.9.9:80", "", 0},
		{"address outside", "192.0.2.9", rule, "", "192.0.2.9:80", 0},
		{"name outside", "example.test", rule, "", "192.0.2.2:80", 0},
		{"name outside that is inside after all", "sneaky.test", rule, "10.0.0.7:80", "", 0},
		{"address outside, refused", "192.0.2.9", refusing, "", "", refused},
		{"name outside, refused", "example.test", refusing, "", "", refused},
		{"pushed name, outside refused", "a.corp.test", refusing, "10.0.0.1:80", "", 0},
		{"nothing is known yet", "a.corp.test", nil, "", "", typesv1.Cause_CAUSE_NOT_CONNECTED},
		{"nothing is known yet, address", "192.0.2.9", nil, "", "", typesv1.Cause_CAUSE_NOT_CONNECTED},
		{"no name", "a b", rule, "", "", typesv1.Cause_CAUSE_NAME_NOT_FOUND},
	} {
		t.Run(c.name, func(t *testing.T) {
			intranet := &fake{addresses: map[string]string{"a.corp.test": "10.0.0.1", "out.corp.test": "192.0.2.1"}}
			outside := &fake{addresses: map[string]string{"example.test": "192.0.2.2", "sneaky.test": "10.0.0.7", "none.corp.test": "192.0.2.3"}}
			d := &Dialer{
				Now:           func() Current { return Current{Rule: c.rule, Network: intranet} },
				LookupOutside: outside.Lookup, DialOutside: outside.DialTCP,
			}
			conn, err := d.Dial(context.Background(), c.host, 80)
			if failure.Cause(err) != c.cause {
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
					t.Errorf("%s was asked outside", name)
				}
			}
		})
	}
}

func TestErrorsOfTheHostHaveACause(t *testing.T) {
	for err, want := range map[error]typesv1.Cause{
		syscall.ECONNREFUSED:     typesv1.Cause_CAUSE_TARGET_REFUSED,
		syscall.EHOSTUNREACH:     typesv1.Cause_CAUSE_TARGET_UNREACHABLE,
		syscall.ETIMEDOUT:        typesv1.Cause_CAUSE_TARGET_TIMEOUT,
		context.DeadlineExceeded: typesv1.Cause_CAUSE_TARGET_TIMEOUT,
	} {
		if got := failure.Cause(explain(&net.OpError{Op: "dial", Err: err}, "x")); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

func TestRaceTakesTheOneThatAnswers(t *testing.T) {
	addresses := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")}
	conn, err := race(context.Background(), addresses, func(ctx context.Context, a netip.Addr) (net.Conn, error) {
		if a == addresses[0] {
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
	_, err = race(context.Background(), addresses, func(_ context.Context, a netip.Addr) (net.Conn, error) {
		if a == addresses[0] {
			return nil, first
		}
		return nil, errors.New("second")
	})
	if !errors.Is(err, first) {
		t.Errorf("%v", err)
	}
}

func FuzzParseHost(f *testing.F) {
	for _, seed := range []string{"10.0.0.1", "portal.corp.test", "。", "[::1]", "xn--a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHost(text)
		if err != nil {
			return
		}
		if h.Address.IsValid() == (h.Name != "") {
			t.Fatalf("%q is both or neither: %v", text, h)
		}
		if again, err := ParseHost(h.Name); h.Name != "" && (err != nil || again != h) {
			t.Fatalf("%q is not settled: %v, then %v %v", text, h, again, err)
		}
	})
}
