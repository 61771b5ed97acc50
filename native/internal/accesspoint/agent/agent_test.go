package agent

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/accesspoint/fakecloud"
)

func TestSnapshotThenDeltas(t *testing.T) {
	cloud := fakecloud.New(t, "fd00:5a9:0:ffff::1")
	first := cloud.Upsert(peer(1), peer(2), peer(3))
	agent, point, _ := start(t, cloud, nil)
	if ack := cloud.WaitAck(t, first); ack.GetEpoch() != 1 || ack.GetBootId() != bootID {
		t.Fatalf("got %v", ack)
	}
	<-agent.Ready()
	if curve := tls.CurveID(cloud.Curve.Load()); curve != tls.X25519MLKEM768 {
		t.Fatalf("the key exchange is %s", curve)
	}
	if point.sessions() != 3 {
		t.Fatalf("%d sessions", point.sessions())
	}
	cloud.WaitAck(t, cloud.Upsert(peer(4)))
	cloud.WaitAck(t, cloud.Remove(peer(1).GetSessionId(), peer(2).GetSessionId()))
	if point.sessions() != 2 {
		t.Fatalf("%d sessions", point.sessions())
	}
	duplicate := peer(5)
	duplicate.PublicKey = peer(4).GetPublicKey()
	ack := cloud.WaitAck(t, cloud.Upsert(duplicate))
	if len(ack.GetRefused()) != 1 || ack.GetRefused()[0].GetFailure().GetCause() != typesv1.Cause_CAUSE_ADDRESS_IN_USE {
		t.Fatalf("got %v", ack)
	}
}

func TestReconnect(t *testing.T) {
	cloud := fakecloud.New(t, "fd00:5a9:0:ffff::1")
	agent, point, _ := start(t, cloud, nil)
	revision := cloud.Upsert(peer(1))
	cloud.WaitAck(t, revision)
	for agent.acknowledged.Load().GetRevision() < revision { // until the acknowledgement was answered, too
		time.Sleep(time.Millisecond)
	}
	if first := <-cloud.Watched; first.GetEpoch() != 0 || first.GetRevision() != 0 {
		t.Fatalf("the first stream goes on from %v", first)
	}

	began := time.Now()
	cloud.Drop()
	again := <-cloud.Watched
	if again.GetEpoch() != 1 || again.GetRevision() == 0 {
		t.Fatalf("the second stream begins anew: %v", again)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Fatalf("reconnected after %s", took)
	}
	cloud.WaitAck(t, cloud.Upsert(peer(2)))

	cloud.Restart(peer(3)) // a new epoch, whose snapshot removes all other sessions
	<-cloud.Watched
	ack := cloud.WaitAck(t, 1)
	for ack.GetEpoch() != 2 {
		ack = cloud.WaitAck(t, 1)
	}
	if point.sessions() != 1 {
		t.Fatalf("%d sessions", point.sessions())
	}
}

func TestFailedAcknowledgementIsRepeated(t *testing.T) {
	cloud := fakecloud.New(t, "fd00:5a9:0:ffff::1")
	cloud.FailAcks(1)
	revision := cloud.Upsert(peer(1))
	start(t, cloud, nil)
	cloud.WaitAck(t, revision)
	<-cloud.Watched
	if second := <-cloud.Watched; second.GetRevision() != 0 {
		t.Fatalf("continues from %d, which was not acknowledged", second.GetRevision())
	}
}

func TestUnknownIdentityIsRegisteredAgain(t *testing.T) {
	cloud := fakecloud.New(t, "fd00:5a9:0:ffff::1")
	agent, _, _ := start(t, cloud, nil)
	<-agent.Ready()
	<-cloud.Registered
	cloud.Forget()
	cloud.Drop()
	select {
	case <-cloud.Registered:
	case <-time.After(10 * time.Second):
		t.Fatal("not registered")
	}
	cloud.WaitAck(t, cloud.Upsert(peer(1)))
}

func TestReports(t *testing.T) {
	cloud := fakecloud.New(t, "fd00:5a9:0:ffff::1")
	cloud.Upsert(peer(1))
	_, point, _ := start(t, cloud, func(c *Config) { c.ReportEvery = 20 * time.Millisecond })
	report := <-cloud.Reports
	if report.GetBootId() != bootID || len(report.GetCounters()) != 1 {
		t.Fatalf("got %v", report)
	}
	if rules := report.GetRules(); len(rules) != 1 || rules[0].GetRuleId() != "acr-1" || rules[0].GetPackets() != 2 || rules[0].GetBytes() != 100 {
		t.Errorf("rules: %v", rules)
	}
	if drops := report.GetDrops(); len(drops) != 1 || drops[0].GetReason() != accesspointv1.DropCounters_REASON_UNCLEAR || drops[0].GetPackets() != 3 {
		t.Errorf("drops: %v", drops)
	}
	// The first one has been answered by now. Unchanged counts are sent again only on a new stream.
	if again := <-cloud.Reports; len(again.GetRules()) > 0 {
		t.Errorf("rules were sent again: %v", again)
	}
	cloud.Drop()
	for end := time.Now().Add(10 * time.Second); len((<-cloud.Reports).GetRules()) == 0; {
		if time.Now().After(end) {
			t.Fatal("a new stream has not brought the counts of rules")
		}
	}
	point.mu.Lock()
	defer point.mu.Unlock()
	if point.reported == 0 {
		t.Fatal("Reported was not called")
	}
}

func TestSilentStreamIsClosed(t *testing.T) {
	cloud := fakecloud.New(t, "fd00:5a9:0:ffff::1")
	start(t, cloud, func(c *Config) { c.Silence = 50 * time.Millisecond })
	for range 2 {
		select {
		case <-cloud.Watched:
		case <-time.After(10 * time.Second):
			t.Fatal("no other stream")
		}
	}
}

func TestFinalErrors(t *testing.T) {
	wrong := Pin{1}
	for _, test := range []struct {
		name   string
		change func(*Config)
		want   error
	}{
		{"the token is refused", func(c *Config) { c.Credentials = &memory{token: "another token, not known"} }, ErrRefused},
		{"no token", func(c *Config) { c.Credentials = &memory{} }, ErrNoCredentials},
		{"another server", func(c *Config) { c.Cloud.Pins = []Pin{wrong} }, ErrIdentityChanged},
		{"a self-made certificate without a pin", func(c *Config) { c.Cloud.Pins = nil }, ErrCertificateUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, ended := start(t, fakecloud.New(t, "fd00:5a9:0:ffff::1"), test.change)
			select {
			case err := <-ended:
				if !errors.Is(err, test.want) {
					t.Fatalf("got %v, want %v", err, test.want)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it goes on trying")
			}
		})
	}
}

func TestSelfSignedCertificateWithoutPinIsRefused(t *testing.T) {
	cloud := fakecloud.New(t, "fd00:5a9:0:ffff::1")
	agent, _, ended := start(t, cloud, func(c *Config) { c.Cloud.Pins = nil })
	select {
	case <-agent.Ready():
		t.Fatal("it trusts anybody")
	case <-cloud.Registered:
		t.Fatal("the token was sent to an untrusted server")
	case <-ended:
	}
}

// An unreachable cloud is logged once, and so is each further reason, so that the log stays readable.
func TestEachReasonIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	a := New(Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Cloud: Cloud{URL: &url.URL{Scheme: "https", Host: "cloud.test"}}})
	away := connect.NewError(connect.CodeUnavailable, errors.New("connection refused"))
	for _, err := range []error{away, away, ErrIdentityChanged, ErrIdentityChanged, away} {
		a.disconnected(err, time.Second)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 3 || strings.Count(log.String(), "--pin") != 1 {
		t.Fatalf("%d lines:\n%s", lines, log.String())
	}
	a.connected()
	a.disconnected(away, time.Second)
	if lines := strings.Count(log.String(), "\n"); lines != 5 {
		t.Fatalf("%d lines:\n%s", lines, log.String())
	}
}

func TestBackoff(t *testing.T) {
	for _, random := range []float64{0, 0.5, 0.999} {
		b := &backoff{random: func() float64 { return random }}
		var total time.Duration
		for range 100 {
			pause := b.next()
			if pause < firstPause/2 || pause > longestPause {
				t.Fatalf("a pause of %s", pause)
			}
			total += pause
		}
		if total < 50*time.Second {
			t.Fatalf("100 attempts in %s", total)
		}
		b.reset()
		if pause := b.next(); pause > firstPause {
			t.Fatalf("after a success it begins with %s", pause)
		}
	}
}

func TestParsePin(t *testing.T) {
	const digits = "ZKLGQlDyzSW9ExfXZiWNxeJZdj-nGj_XdMS1TF2yblc"
	want, err := ParsePin("sha256/" + digits)
	if err != nil {
		t.Fatal(err)
	}
	for _, same := range []string{digits, digits + "=", "sha256/" + strings.NewReplacer("-", "+", "_", "/").Replace(digits) + "="} {
		if got, err := ParsePin(same); err != nil || got != want {
			t.Errorf("%s: %v", same, err)
		}
	}
	for _, bad := range []string{"", "sha256/", digits[1:], "sha1/" + digits, "!" + digits[1:]} {
		if _, err := ParsePin(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
