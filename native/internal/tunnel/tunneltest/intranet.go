package tunneltest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/netstack"
)

// The intranet's addresses. Connections to others are refused.
var (
	NameServer = netip.MustParseAddr("10.80.0.53")
	Portal     = netip.MustParseAddr("10.80.0.80")
	// Silent never answers; Unreachable is answered with an ICMP error, and Denied with the one of an access list.
	Silent      = netip.MustParseAddr("10.80.0.9")
	Unreachable = netip.MustParseAddr("10.80.0.10")
	Denied      = netip.MustParseAddr("10.80.0.11")
	Routes      = []string{"10.80.0.0/16"}
)

// Domain is the intranet's DNS domain; PortalText is the body of http://portal.DOMAIN/.
const (
	Domain     = "corp.test"
	PortalText = "welcome inside"
	EchoPort   = 7
	// LargeSize is the size of /large, bytes. /sink reads any amount and answers with the number of bytes.
	LargeSize = 24 << 20
)

// Intranet records the DNS queries it receives.
type Intranet struct {
	mu      sync.Mutex
	Queries []string
	// silent stops the name server's answers.
	silent bool
	http   *http.Server
	in     *queue
}

func newIntranet() *Intranet {
	n := &Intranet{in: newQueue()}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen-Host", r.Host)
		for _, name := range []string{"Proxy-Connection", "Proxy-Authorization", "Connection", "X-Forwarded-For"} {
			if v := r.Header.Get(name); v != "" {
				w.Header().Add("X-Seen-Header", name+"="+v)
			}
		}
		_, _ = fmt.Fprintln(w, PortalText)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.CopyN(w, zeros{}, LargeSize)
	})
	mux.HandleFunc("/sink", func(w http.ResponseWriter, r *http.Request) {
		taken, _ := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprint(w, taken)
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		for range 600 {
			if _, err := io.WriteString(w, strings.Repeat("x", 1000)); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	n.http = &http.Server{Handler: mux}
	go func() { _ = n.http.Serve(n.in) }()
	return n
}

func (n *Intranet) forward() *netstack.Forward {
	return &netstack.Forward{TCP: n.tcp, UDP: n.udp, Echo: func(r *netstack.EchoRequest) {
		if r.Dst == Denied {
			r.Prohibit()
			return
		}
		_ = r.Reply()
	}}
}

func (n *Intranet) tcp(r *netstack.TCPRequest) {
	switch {
	case r.Dst.Addr() == Silent:
		r.Drop()
		return
	case r.Dst.Addr() == Unreachable:
		r.Unreachable()
		return
	case r.Dst.Addr() == Denied:
		r.Prohibit()
		return
	case r.Dst == netip.AddrPortFrom(Portal, 80), r.Dst == netip.AddrPortFrom(Portal, EchoPort), r.Dst == netip.AddrPortFrom(NameServer, 53):
	default:
		r.Refuse()
		return
	}
	conn, err := r.Accept()
	if err != nil {
		return
	}
	switch r.Dst.Port() {
	case 80:
		n.in.put(conn)
	case 53:
		n.answerStream(conn)
	default:
		_, _ = io.Copy(conn, conn)
		_ = conn.CloseWrite()
	}
}

func (n *Intranet) udp(r *netstack.UDPRequest) {
	if r.Dst != netip.AddrPortFrom(NameServer, 53) && r.Dst != netip.AddrPortFrom(Portal, EchoPort) {
		r.Refuse()
		return
	}
	conn, err := r.Accept()
	if err != nil {
		return
	}
	if r.Dst.Port() == EchoPort {
		go func() { _, _ = io.Copy(conn, conn) }()
		return
	}
	go func() {
		defer func() { _ = conn.Close() }()
		buffer := make([]byte, 4096)
		for {
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			size, err := conn.Read(buffer)
			if err != nil {
				return
			}
			if answer := n.answer(buffer[:size], true); answer != nil {
				_, _ = conn.Write(answer)
			}
		}
	}()
}

func (n *Intranet) answerStream(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	stream := &dns.Conn{Conn: conn}
	for {
		query, err := stream.ReadMsg()
		if err != nil {
			return
		}
		packed, _ := query.Pack()
		answer := new(dns.Msg)
		if answer.Unpack(n.answer(packed, false)) != nil || stream.WriteMsg(answer) != nil {
			return
		}
	}
}

// answer has records for portal, alias, big (truncated over UDP), silent and ns of Domain.
func (n *Intranet) answer(raw []byte, udp bool) []byte {
	query := new(dns.Msg)
	if query.Unpack(raw) != nil || len(query.Question) != 1 {
		return nil
	}
	question := query.Question[0]
	n.mu.Lock()
	n.Queries = append(n.Queries, question.Name)
	silent := n.silent
	n.mu.Unlock()
	if silent {
		return nil
	}
	answer := new(dns.Msg)
	answer.SetReply(query)
	add := func(format string, args ...any) {
		record, err := dns.NewRR(fmt.Sprintf(format, args...))
		if err != nil {
			panic(err)
		}
		answer.Answer = append(answer.Answer, record)
	}
	address := map[string]netip.Addr{"portal": Portal, "ns": NameServer, "silent": Silent}
	name := strings.TrimSuffix(strings.ToLower(question.Name), "."+Domain+".")
	a := question.Qtype == dns.TypeA
	switch found, known := address[name]; {
	case known && a:
		add("%s 60 IN A %s", question.Name, found)
	case known:
	case name == "alias":
		add("%s 60 IN CNAME portal.%s.", question.Name, Domain)
		if a {
			add("portal.%s. 60 IN A %s", Domain, Portal)
		}
	case name == "big" && udp:
		answer.Truncated = true
	case name == "big" && a:
		add("%s 60 IN A %s", question.Name, Portal)
	case name == "big":
	default:
		answer.Rcode = dns.RcodeNameError
	}
	packed, _ := answer.Pack()
	return packed
}

// Asked reports whether the name server was queried for a name.
func (n *Intranet) Asked(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, q := range n.Queries {
		if strings.EqualFold(strings.TrimSuffix(q, "."), name) {
			return true
		}
	}
	return false
}

// SetDNSSilent stops or resumes the name server's answers.
func (n *Intranet) SetDNSSilent(silent bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent = silent
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// queue is a net.Listener whose connections come from put.
type queue struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newQueue() *queue { return &queue{conns: make(chan net.Conn), done: make(chan struct{})} }

func (q *queue) put(conn net.Conn) {
	select {
	case q.conns <- conn:
	case <-q.done:
		_ = conn.Close()
	}
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case conn := <-q.conns:
		return conn, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

func (q *queue) Close() error   { q.once.Do(func() { close(q.done) }); return nil }
func (q *queue) Addr() net.Addr { return &net.TCPAddr{} }
