package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	clientv1 "sag.software/native/gen/sag/client/v1"
	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

// Two ordinary users of one host, and the first of the attacker's subordinate user IDs.
const (
	attacker       = 64001
	victim         = 64002
	attackersFirst = 700_000
)

// attack is something that an ordinary user tries.
type attack struct {
	name string
	try  func() string
	// want matches the response to the attacker.
	want string
}

// A local user tries to harm others, without any session and during one. The effect is checked from the others' side: the
// host as `ip`, `nft` and resolv.conf show it, lockdown, and the victim's own session.
func TestMaliciousUser(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.subordinates(fmt.Sprintf("%d:%d:65536\n", attacker, attackersFirst))
	own := tunneltest.NewCompany(t, 1) // the attacker's own cloud instance, which returns what the attacker wants
	s.trust(s.company)
	s.start()

	t.Run("without a session", func(t *testing.T) {
		for _, a := range append(s.madeUpSessions(own), s.otherWishes(own)...) {
			s.attempt(t, a, func() {
				s.untouched("after " + a.name)
				if said := s.as(victim, "GetStates", `{}`); strings.Contains(said, "states") {
					t.Errorf("%s: the machine is in use: %s", a.name, said)
				}
				if said := s.as(0, "GetLockdown", `{}`); strings.Contains(said, `"on":true`) || strings.Contains(said, "reachable") {
					t.Errorf("%s: lockdown is %s", a.name, said)
				}
			})
		}
		s.connectAs(victim)
		s.stopAs(victim)
		s.untouched("after the victim's own session")
	})

	t.Run("during a session", func(t *testing.T) {
		s.connectAs(victim)
		during := nettest.State(t)
		for _, a := range append(s.disturbances(own), s.atTheFiles()...) {
			s.attempt(t, a, func() {
				if said := s.as(victim, "GetStates", `{"probe":true}`); !strings.Contains(said, "PHASE_CONNECTED") {
					t.Errorf("%s: the victim is not connected: %s", a.name, said)
				}
				if _, err := page(); err != nil {
					t.Errorf("%s: the victim does not reach the intranet: %v", a.name, err)
				}
				if now := nettest.State(t); now != during {
					t.Errorf("%s changed the machine:\n%s", a.name, nettest.Difference(during, now))
				}
			})
		}
		s.stopAs(victim)
		s.untouched("in the end")
	})

	t.Run("under lockdown", func(t *testing.T) { s.underLockdown(t) })
}

// attempt makes one attack and checks its effect on others.
func (s *site) attempt(t *testing.T, a attack, harmless func()) {
	t.Helper()
	said := a.try()
	if !regexp.MustCompile(a.want).MatchString(said) {
		t.Errorf("%s: the answer is %.400q, want %s", a.name, said, a.want)
	}
	harmless()
}

// madeUpSessions are sessions that no trusted cloud instance has issued.
func (s *site) madeUpSessions(own *tunneltest.Company) []attack {
	const refused = `no administrator of this computer has trusted|answer_invalid|invalid_argument`
	const unknown = `session_expired|no longer has this session|failed_precondition`
	of := func(name, want string, cloud *tunnelv1.Cloud, company *tunneltest.Company, change func(*clientv1.Session)) attack {
		return attack{name: name, want: want, try: func() string { return s.startChanged(attacker, cloud, company, change) }}
	}
	theirs, trusted := own.Cloud(), s.company.Cloud()
	bogus := func(session *clientv1.Session) {
		session.SessionToken, session.Routes = "a-token-that-nobody-gave-out", []string{"198.51.100.0/24"}
	}
	return []attack{
		of("a session of an own cloud instance", refused, theirs, own, nil),
		of("a route to somebody else's network", refused, theirs, own, func(x *clientv1.Session) { x.Routes = []string{"198.51.100.0/24"} }),
		of("full tunnel", refused, theirs, own, func(x *clientv1.Session) {
			x.Routes, x.Policy = []string{"0.0.0.0/0", "::/0"}, &clientv1.Policy{FullTunnel: true}
		}),
		of("full tunnel in halves", refused, theirs, own, func(x *clientv1.Session) {
			x.Routes, x.Policy = []string{"0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"}, &clientv1.Policy{FullTunnel: true}
		}),
		of("all names", refused, theirs, own, func(x *clientv1.Session) { x.Dns.Domains = nil }),
		of("lockdown by policy", refused, theirs, own, func(x *clientv1.Session) { x.Policy = &clientv1.Policy{Lockdown: true} }),
		of("an own enterprise code made to look like a trusted one", refused, theirs, own, func(x *clientv1.Session) { x.EnterpriseCode = tunneltest.Code }),
		of("an own cloud instance's keys for the trusted address", unknown, &tunnelv1.Cloud{Url: trusted.Url, SpkiPins: theirs.SpkiPins}, own, bogus),
		of("the trusted address, written in another way", unknown, &tunnelv1.Cloud{Url: trusted.Url + "/"}, own, bogus),
		of("the trusted address as a user name", refused, &tunnelv1.Cloud{Url: trusted.Url + "@" + strings.TrimPrefix(theirs.Url, "https://")}, own, nil),
		of("the trusted address with a path", refused, &tunnelv1.Cloud{Url: trusted.Url + "/../x"}, own, nil),
		of("an account of another company at the same cloud instance", refused, trusted, s.company, func(*clientv1.Session) {
			s.company.Tamper(func(x *clientv1.Session) { x.EnterpriseCode = "OTHER" })
		}),
		{"a real session of the trusted company, with more in it than it gave", func() string {
			s.company.Tamper(nil)
			said := s.startChanged(attacker, trusted, s.company, func(x *clientv1.Session) {
				x.Routes, x.Policy = append(x.Routes, "198.51.100.0/24", "0.0.0.0/0"), &clientv1.Policy{FullTunnel: true, Lockdown: true}
				x.Dns.Domains = nil
			})
			s.become(typesv1.Phase_PHASE_CONNECTED)
			there := nettest.State(s.t)
			if strings.Contains(there, "198.51.100.0") || strings.Contains(there, "sag-lockdown") || !strings.Contains(there, "10.80.0.0/16") {
				s.t.Errorf("the host's settings follow the attacker's session and not the cloud's:\n%s", there)
			}
			return said + s.as(attacker, "Stop", `{"intranetId":"a1b2"}`)
		}, "PHASE_DISCONNECTED"},
	}
}

// otherWishes need no session.
func (s *site) otherWishes(own *tunneltest.Company) []attack {
	as := func(name, method, body, want string) attack {
		return attack{name: name, want: want, try: func() string { return s.as(attacker, method, body) }}
	}
	return []attack{
		as("lockdown", "SetLockdown", `{"on":true}`, "only root and members"),
		as("lockdown with a way to an own server", "SetLockdown", fmt.Sprintf(`{"on":true,"clouds":[%q]}`, own.Cloud().Url), "only root and members"),
		as("may an own cloud instance be connected with", "MayConnect", fmt.Sprintf(`{"cloudUrl":%q,"enterpriseCode":"EVIL1"}`, own.Cloud().Url), "has trusted the intranet EVIL1"),
		as("a key that was never prepared", "Start", `{"attemptId":"0000","intranetId":"a1b2","cloud":{"url":"https://127.0.0.1:1"},"session":{}}`, "invalid"),
		{"the victim's prepared key", func() string {
			attempt, public := s.prepareAs(victim)
			return s.startWith(attacker, attempt, s.company.Cloud(), s.company.Dial(public))
		}, "no key was prepared for this attempt"},
		{"200 keys while the victim dials", func() string {
			attempt, public := s.prepareAs(victim)
			said := s.fast(attacker, 200)
			if answer := s.startWith(victim, attempt, s.company.Cloud(), s.company.Dial(public)); !strings.Contains(answer, "state") {
				s.t.Errorf("the victim's key was removed: %s", answer)
			}
			s.become(typesv1.Phase_PHASE_CONNECTED)
			s.stopAs(victim)
			return said
		}, "^1[89][0-9] refused"},
		as("an id that is a path", "Prepare", `{"intranetId":"../../etc"}`, "invalid_argument"),
		as("300 KB", "Prepare", `{"intranetId":"`+strings.Repeat("a", 300<<10)+`"}`, "resource_exhausted"),
		as("a method that there is not", "Format", `{}`, "404"),
		{"20 connections of each of 100 subordinate ids", func() string {
			defer s.hold(attackersFirst, 100, 20)()
			if text, _ := os.ReadFile(s.log); !regexp.MustCompile(`"uid":7000\d\d,"user":64001`).Match(text) {
				s.t.Errorf("no connection was refused on account of the attacker: %s", s.tail())
			}
			return s.othersAreServed()
		}, "^served$"},
		{"500 silent connections", func() string {
			defer s.hold(attacker, 1, 500)()
			return s.othersAreServed()
		}, "^served$"},
	}
}

// disturbances are tried while the victim is connected.
func (s *site) disturbances(own *tunneltest.Company) []attack {
	const inUse = "another user of this computer is connected|IN_USE_BY_ANOTHER_USER"
	secrets := []string{"10.90.0.2", "ap-1", "10.80.0.0", "a1b2", strings.Repeat("5a", 16), tunneltest.Domain}
	discreet := func(said string) string {
		for _, secret := range secrets {
			if strings.Contains(said, secret) {
				return "tells " + secret + ": " + said
			}
		}
		return said
	}
	as := func(name, method, body, want string) attack {
		return attack{name: name, want: "^[^\x00]*(" + want + ")", try: func() string { return discreet(s.as(attacker, method, body)) }}
	}
	return []attack{
		as("to look", "GetStates", `{"probe":true}`, inUse),
		{"to look on", func() string { return discreet(s.follow(attacker)) }, inUse},
		as("to end it", "Stop", `{"intranetId":"b2c3"}`, "belongs to another user"),
		as("to end it by its id", "Stop", `{"intranetId":"a1b2"}`, "belongs to another user"),
		as("to prepare for the same intranet", "Prepare", `{"intranetId":"a1b2"}`, inUse),
		as("to start", "Start", s.startBody("x", own.Cloud(), own.Dial(make([]byte, 32))), inUse),
		as("to open a captive portal", "OpenPortal", `{"duration":"300s"}`, inUse),
		as("to see whom lockdown lets through", "GetLockdown", `{}`, "lockdown"),
		as("to put it in force", "SetLockdown", `{"on":true}`, "only root"),
		{"500 silent connections", func() string {
			defer s.hold(attacker, 1, 500)()
			return s.othersAreServed()
		}, "^served$"},
	}
}

// atTheFiles attacks files instead of the socket.
func (s *site) atTheFiles() []attack {
	shell := func(name, script, want string) attack {
		return attack{name: name, want: want, try: func() string {
			cmd := exec.Command("sh", "-c", script)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: attacker, Gid: attacker}}
			out, _ := cmd.CombinedOutput()
			return string(out)
		}}
	}
	program := func(name, want string, args ...string) attack {
		return attack{name: name, want: want, try: func() string {
			cmd := s.command(args...)
			cmd.Path, cmd.Dir = "/proc/self/exe", "/" // the attacker cannot enter the test's own directory
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: attacker, Gid: attacker}
			out, _ := cmd.CombinedOutput()
			return string(out)
		}}
	}
	pid := strconv.Itoa(s.service.Process.Pid)
	return []attack{
		shell("to read the session", "cat "+s.run+"/a1b2/session", "denied"),
		shell("to read the trusted intranets", "cat "+s.state+"/trusted", "denied"),
		shell("to trust an own one", "echo '[]' > "+s.state+"/trusted", "denied"),
		shell("to write the journal", "touch "+s.state+"/journal/journal", "denied"),
		shell("to replace the socket", "rm -f "+s.run+"/rpc.sock && mkdir "+s.run+"/x", "denied"),
		shell("to say what is blocked", "echo '{}' > "+s.run+"/blocking", "denied"),
		shell("to end the service", "kill -9 "+pid, "(?i)not permitted"),
		program("to have a cloud instance trusted", "only root", "trust", "add", "--url", "https://192.0.2.66", "--code", "EVIL1", "--json"),
		program("to repair", "only root", "repair", "--json"),
		program("to serve in the service's place", "only root|not_permitted", "service", "--json"),
		program("to have lockdown by the command", "only root", "lockdown", "on", "--json"),
	}
}

// underLockdown checks that only administrators control lockdown, and that the captive-portal exception has a limit per
// user.
func (s *site) underLockdown(t *testing.T) {
	s.as(0, "SetLockdown", `{"on":true}`)
	defer func() {
		s.as(0, "SetLockdown", `{}`)
		s.untouched("after lockdown")
	}()
	if said := s.as(attacker, "SetLockdown", `{}`); !strings.Contains(said, "only root") {
		t.Errorf("turn lockdown off: %s", said)
	}
	for i := range 5 {
		said := s.as(attacker, "OpenPortal", `{"duration":"1s"}`)
		if tooOften := strings.Contains(said, "three times"); tooOften != (i >= 3) {
			t.Errorf("portal %d: %s", i+1, said)
		}
	}
	if said := s.as(victim, "OpenPortal", `{"duration":"1s"}`); !strings.Contains(said, "portalLeft") {
		t.Errorf("the victim cannot add a captive-portal exception: %s", said)
	}
	if said := s.as(victim, "GetLockdown", `{}`); !strings.Contains(said, `"on":true`) {
		t.Errorf("lockdown is %s", said)
	}
}
