package forward

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/resolver"
)

// Source addresses of the two users' queries; others are root's.
var (
	attackersAddress = netip.MustParseAddr("127.83.71.101")
	victimsAddress   = netip.MustParseAddr("127.83.71.102")
)

const attacker, victim = 1001, 1002

func byAddress(asked *atomic.Int64) func(*Config) {
	return func(c *Config) {
		c.Person = func(_ string, client, _ netip.AddrPort) uint32 {
			asked.Add(1)
			switch client.Addr().Unmap() {
			case attackersAddress:
				return attacker
			case victimsAddress:
				return victim
			}
			return 0
		}
	}
}

// as sends queries from a user's address.
func (w *world) as(from netip.Addr, network, name string) string {
	query := new(dns.Msg)
	query.SetQuestion(name, dns.TypeA)
	client := dns.Client{Net: network, Timeout: 2 * time.Second}
	client.Dialer = &net.Dialer{Timeout: client.Timeout, LocalAddr: &net.UDPAddr{IP: from.AsSlice()}}
	if network == "tcp" {
		client.Dialer.LocalAddr = &net.TCPAddr{IP: from.AsSlice()}
	}
	reply, _, err := client.Exchange(query, netip.AddrPortFrom(w.Address(), w.config.Port).String())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(dns.RcodeToString[reply.Rcode], " ", len(reply.Answer))
}

// silentFor answers all queries except those for names that begin with "slow", of which it reports each name once.
func (w *world) silentFor() <-chan string {
	heard := make(chan string, 1<<16)
	var known sync.Map
	answer := *w.answer.Load()
	w.says(func(q *dns.Msg) *dns.Msg {
		if name := q.Question[0].Name; len(name) > 4 && name[:4] == "slow" {
			if _, again := known.LoadOrStore(name, true); !again {
				heard <- name
			}
			return nil
		}
		return answer(q)
	})
	return heard
}

func packedQuestion(t *testing.T, id uint16, name string) []byte {
	t.Helper()
	query := new(dns.Msg)
	query.SetQuestion(name, dns.TypeA)
	query.Id = id
	message, err := query.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return message
}

// One user sends many queries that are not answered. Other users' queries must still be answered.
func TestManyQueriesOfOneUserDoNotBlockOthers(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, Rules{Domains: []string{"corp.test"}}, byAddress(&asked))
	heard := w.silentFor()
	flood, err := net.DialUDP("udp", &net.UDPAddr{IP: attackersAddress.AsSlice()}, net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.Address(), w.config.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = flood.Close() }()
	var inFlight []<-chan string
	for i := range 2 * queryLimit {
		if i == queryLimit/4 {
			// The victim has unanswered queries, too. It must not lose their slots.
			for n := range 8 {
				one := make(chan string, 1)
				go func() { one <- w.as(victimsAddress, "udp", fmt.Sprintf("slow-victim%d.corp.test.", n)) }()
				inFlight = append(inFlight, one)
				<-heard
			}
		}
		if _, err := flood.Write(packedQuestion(t, uint16(i), fmt.Sprintf("slow%d.corp.test.", i))); err != nil {
			t.Fatal(err)
		}
		<-heard // each of them was forwarded, so it has a slot
	}
	for _, from := range []netip.Addr{victimsAddress, netip.MustParseAddr("127.0.0.1")} {
		for _, network := range []string{"udp", "tcp"} {
			if got := w.as(from, network, "portal.corp.test."); got != "NOERROR 1" {
				t.Errorf("%s by %s: %s", from, network, got)
			}
		}
	}
	for _, one := range inFlight {
		select {
		case got := <-one:
			if got == "SERVFAIL 0" {
				t.Error("a question of the victim lost its place")
			}
		default:
		}
	}
	if asked.Load() > 4*queryLimit {
		t.Errorf("owners were looked up %d times", asked.Load())
	}
}

// If a user sends too many queries, the displaced one is answered at once, and the newest one has a slot.
func TestDisplacedQueryIsAnsweredAtOnce(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, Rules{Domains: []string{"corp.test"}}, byAddress(&asked))
	heard := w.silentFor()
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: attackersAddress.AsSlice()}, net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.Address(), w.config.Port)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	began := time.Now()
	for i := range queryLimit + 1 {
		_, _ = conn.Write(packedQuestion(t, uint16(i), fmt.Sprintf("slow%d.corp.test.", i)))
		<-heard
	}
	_ = conn.SetReadDeadline(began.Add(resolver.Limit))
	answer := make([]byte, resolver.Largest)
	if n, err := conn.Read(answer); err != nil || n < 12 || binary.BigEndian.Uint16(answer) != 0 || answer[3]&0xf != dns.RcodeServerFailure {
		t.Errorf("the oldest question: %v % x", err, answer[:12])
	}
	if got := w.as(attackersAddress, "udp", "portal.corp.test."); got != "NOERROR 1" {
		t.Error("an answerable question after that:", got)
	}
	if asked.Load() == 0 {
		t.Error("owners were not looked up")
	}
}

// One user opens all connections and sends nothing.
func TestIdleConnectionsDoNotBlockOthers(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, Rules{Domains: []string{"corp.test"}}, byAddress(&asked))
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: attackersAddress.AsSlice()}}
	for range 2 * connectionLimit {
		conn, err := dialer.Dial("tcp", netip.AddrPortFrom(w.Address(), w.config.Port).String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	for _, from := range []netip.Addr{victimsAddress, netip.MustParseAddr("127.0.0.1")} {
		if got := w.as(from, "tcp", "portal.corp.test."); got != "NOERROR 1" {
			t.Errorf("%s: %s", from, got)
		}
	}
}

// The same query of several programs is sent once, and each program gets a reply with its own ID.
func TestSameQueryIsSentOnce(t *testing.T) {
	w := newWorld(t, Rules{Domains: []string{"corp.test"}})
	answer := *w.answer.Load()
	heard, answered := make(chan struct{}, 100), make(chan struct{})
	w.says(func(q *dns.Msg) *dns.Msg {
		heard <- struct{}{}
		<-answered
		return answer(q)
	})
	to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.Address(), w.config.Port))
	conns := make([]*net.UDPConn, 50)
	for i := range conns {
		conn, err := net.DialUDP("udp", nil, to)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		conns[i] = conn
		_, _ = conn.Write(packedQuestion(t, uint16(i+1), "portal.corp.test."))
	}
	<-heard
	w.queries.reached(t, len(conns))
	close(answered)
	var all sync.WaitGroup
	for i, conn := range conns {
		all.Go(func() {
			_ = conn.SetReadDeadline(time.Now().Add(resolver.Limit))
			buffer := make([]byte, resolver.Largest)
			n, err := conn.Read(buffer)
			if err != nil {
				t.Error(err)
				return
			}
			reply := new(dns.Msg)
			if err := reply.Unpack(buffer[:n]); err != nil || int(reply.Id) != i+1 || len(reply.Answer) != 1 {
				t.Errorf("question %d: %v %s", i+1, err, reply)
			}
		})
	}
	all.Wait()
	if n := w.asked[tunneled].Load(); n > resolver.Rounds {
		t.Errorf("queried %d times", n)
	}
}

// reached waits until a number of queries wait for one reply.
func (all *queries) reached(t *testing.T, waiters int) {
	t.Helper()
	for deadline := time.Now().Add(resolver.Limit); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		all.mu.Lock()
		n := 0
		for _, one := range all.all {
			n = max(n, one.waiters)
		}
		all.mu.Unlock()
		if n == waiters {
			return
		}
	}
	t.Fatalf("%d questions do not wait for one answer", waiters)
}
