package forward

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/fair"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/panics"
	"sag.software/native/internal/resolver"
	"sag.software/native/internal/router"
)

const (
	port = 53
	// idle is the idle timeout of a connection.
	idle = 10 * time.Second
)

// addresses are the loopback addresses to listen on; the first free one is used. No known name server uses them.
var addresses = []netip.Addr{
	netip.AddrFrom4([4]byte{127, 83, 71, 53}), netip.AddrFrom4([4]byte{127, 83, 71, 54}), netip.AddrFrom4([4]byte{127, 83, 71, 55}),
}

// ErrNoPort means that port 53 is in use at all of the addresses.
var ErrNoPort error = &msg.Error{Message: msg.DNSPortTaken()}

// Config configures a forwarder.
type Config struct {
	// Link is the tunnel's link. Queries through the tunnel are bound to it.
	Link string
	// Prefer is the address of a former forwarder; invalid if there was none.
	Prefer netip.Addr
	// Direct returns the host's current name servers, without this forwarder.
	Direct func() []netip.Addr
	// Search returns the host's current search list.
	Search func() router.Search
	Logger *slog.Logger
	// Port is the port to listen on; 0 = 53. Port, Dial and Person are set by tests only.
	Port uint16
	// Person returns the user that a query counts for; nil = the owner of the client's socket.
	Person func(network string, client, server netip.AddrPort) uint32
	Dial   func(ctx context.Context, network string, to netip.AddrPort, tunneled bool) (net.Conn, error)
}

// dialer connects to a name server; network is "udp" or "tcp".
type dialer func(ctx context.Context, network string, to netip.AddrPort, by upstream) (net.Conn, error)

// Forwarder listens on one loopback address.
type Forwarder struct {
	config  Config
	address netip.Addr
	rules   atomic.Pointer[Rules]
	dial    dialer
	packets net.PacketConn
	stream  net.Listener
	ctx     context.Context
	stop    context.CancelFunc
	done    sync.WaitGroup
	// inFlight are the in-flight queries per upstream, so that a name server that does not answer blocks only its own upstream.
	inFlight [upstreams]*fair.Places
	// connections are the open TCP connections.
	connections *fair.Places
	// memory is what earlier queries have shown about the name servers.
	memory  resolver.Memory
	queries queries
	// tunneledCtx ends when Drain is called.
	tunneledCtx context.Context
	drain       context.CancelFunc
	// lastTunneled is when a query for the intranet's names last arrived or was answered; nil if none has.
	lastTunneled atomic.Pointer[time.Time]
	// calmTime and drainLimit are the constants; tests change them.
	calmTime, drainLimit time.Duration
}

// Open starts to answer queries by these rules.
func Open(config Config, rules Rules) (*Forwarder, error) {
	f, err := prepare(config, rules)
	if err != nil {
		return nil, err
	}
	f.begin()
	return f, nil
}

// prepare opens the sockets without answering yet.
func prepare(config Config, rules Rules) (*Forwarder, error) {
	if config.Port == 0 {
		config.Port = port
	}
	if config.Person == nil {
		config.Person = accountable
	}
	f := &Forwarder{
		config: config, connections: fair.New(connectionLimit, rootConnectionLimit), calmTime: calmTime, drainLimit: drainLimit,
	}
	for i := range f.inFlight {
		f.inFlight[i] = fair.New(queryLimit, rootQueryLimit)
	}
	f.dial = f.connect
	if config.Dial != nil {
		f.dial = func(ctx context.Context, network string, to netip.AddrPort, by upstream) (net.Conn, error) {
			return config.Dial(ctx, network, to, by == tunneled)
		}
	}
	f.rules.Store(&rules)
	var failed error
	candidates := addresses
	if config.Prefer.IsLoopback() {
		candidates = slices.Insert(slices.Clone(addresses), 0, config.Prefer)
	}
	for _, a := range candidates {
		if failed = f.listen(a); failed == nil {
			break
		}
	}
	if failed != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPort, failed)
	}
	f.ctx, f.stop = context.WithCancel(context.Background())
	f.tunneledCtx, f.drain = context.WithCancel(f.ctx)
	return f, nil
}

func (f *Forwarder) begin() {
	f.done.Go(f.servePackets)
	f.done.Go(f.serveStreams)
}

func (f *Forwarder) listen(at netip.Addr) error {
	where := netip.AddrPortFrom(at, f.config.Port)
	packets, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(where))
	if err != nil {
		return err
	}
	stream, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(packets.LocalAddr().(*net.UDPAddr).AddrPort()))
	if err != nil {
		_ = packets.Close()
		return err
	}
	f.address, f.packets, f.stream = at, packets, stream
	return nil
}

// Address is the address it listens on, port 53.
func (f *Forwarder) Address() netip.Addr { return f.address }

// Use applies new rules from the next query on.
func (f *Forwarder) Use(rules Rules) { f.rules.Store(&rules) }

// Close stops the forwarder. Pending queries get no answer.
func (f *Forwarder) Close() {
	f.stop()
	_, _ = f.packets.Close(), f.stream.Close()
	f.done.Wait()
}

func (f *Forwarder) servePackets() {
	buffer := make([]byte, resolver.Largest)
	for failures := 0; f.ctx.Err() == nil; {
		n, from, err := f.packets.ReadFrom(buffer)
		if err != nil {
			failures = f.backOff(failures, "datagrams", err)
			continue
		}
		failures = 0
		f.servePacket(slices.Clone(buffer[:n]), from)
	}
}

func (f *Forwarder) servePacket(message []byte, from net.Addr) {
	defer panics.Log(f.config.Logger, "a DNS query")
	d := decide(message, *f.rules.Load(), f.config.Search)
	switch {
	case d.drop:
	case d.reply != nil:
		_, _ = f.packets.WriteTo(packed(d.reply), from)
	default:
		waiter := f.wait("udp", d.upstream, from, f.packets.LocalAddr())
		f.done.Go(func() {
			defer panics.Log(f.config.Logger, "a DNS query")
			defer waiter.leave()
			if reply := f.answer(waiter, "udp", message, d); reply != nil {
				_, _ = f.packets.WriteTo(reply, from)
			}
		})
	}
}

func (f *Forwarder) serveStreams() {
	for failures := 0; f.ctx.Err() == nil; {
		conn, err := f.stream.Accept()
		if err != nil {
			failures = f.backOff(failures, "connections", err)
			continue
		}
		failures = 0
		place := f.connections.Take(f.userOf("tcp", conn.RemoteAddr(), conn.LocalAddr()), func() { _ = conn.Close() })
		f.done.Go(func() {
			defer panics.Log(f.config.Logger, "a DNS connection")
			defer place.Leave()
			f.serveStream(conn)
		})
	}
}

func (f *Forwarder) serveStream(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(f.ctx, func() { _ = conn.Close() })()
	for {
		if conn.SetDeadline(time.Now().Add(idle)) != nil {
			return
		}
		message, err := resolver.ReadFrame(conn)
		if err != nil {
			return
		}
		if !f.serveFrame(conn, message) {
			return
		}
	}
}

// serveFrame answers one query of a connection. It returns false if the connection is to be closed.
func (f *Forwarder) serveFrame(conn net.Conn, message []byte) bool {
	d := decide(message, *f.rules.Load(), f.config.Search)
	if d.drop {
		return false
	}
	var reply []byte
	if d.reply != nil {
		reply = packed(d.reply)
	} else {
		waiter := f.wait("tcp", d.upstream, conn.RemoteAddr(), conn.LocalAddr())
		defer waiter.leave()
		reply = f.answer(waiter, "tcp", message, d)
	}
	if reply == nil {
		return false
	}
	_, err := conn.Write(resolver.Framed(reply))
	return err == nil
}

// find returns the answer to a message from its upstream.
func (f *Forwarder) find(ctx context.Context, network string, message []byte, d decision) []byte {
	by := d.upstream
	if len(d.first) > 0 {
		tunneledCtx, cancel := context.WithCancel(ctx)
		defer context.AfterFunc(f.tunneledCtx, cancel)()
		exists, err := f.exists(tunneledCtx, d)
		cancel()
		switch {
		case err != nil && f.tunneledCtx.Err() != nil:
			return packed(d.drained())
		case err != nil:
			return packed(d.failed())
		case exists && !d.inFull:
			return packed(reply(d.query, dns.RcodeNameError))
		}
		by = direct
	}
	answer, err := f.ask(ctx, network, by, d.outgoing(message))
	if err == nil {
		return answer
	}
	f.config.Logger.Debug("a DNS query was not answered", "tunneled", by == tunneled, "error", err)
	if f.ctx.Err() != nil || by == tunneled && f.tunneledCtx.Err() != nil {
		return packed(d.drained())
	}
	return packed(d.failed())
}

func packed(m *dns.Msg) []byte {
	bytes, err := m.Pack()
	if err != nil {
		return nil
	}
	return bytes
}

// ask sends a message to the name servers of an upstream.
func (f *Forwarder) ask(ctx context.Context, network string, by upstream, message []byte) ([]byte, error) {
	dial := func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
		return f.dial(ctx, network, to, by)
	}
	return f.memory.Ask(ctx, dial, network, f.servers(by, *f.rules.Load()), message)
}

// exists reports whether one of the names that are queried through the tunnel first exists. An error means that it is unknown.
func (f *Forwarder) exists(ctx context.Context, d decision) (bool, error) {
	for _, name := range d.first {
		query := new(dns.Msg)
		query.SetQuestion(dns.Fqdn(name), dns.TypeA)
		message, err := query.Pack()
		if err != nil {
			return false, err
		}
		answer, err := f.ask(ctx, "udp", tunneled, message)
		if err != nil {
			return false, err
		}
		switch code := int(answer[3] & 0xf); code {
		case dns.RcodeSuccess:
			return true, nil
		case dns.RcodeNameError:
		default:
			return false, fmt.Errorf("%s: %s", name, dns.RcodeToString[code])
		}
	}
	return false, nil
}

func (f *Forwarder) servers(by upstream, rules Rules) []netip.AddrPort {
	all := rules.Servers
	if by != tunneled {
		all = f.config.Direct()
	}
	var asked []netip.AddrPort
	for _, a := range all {
		if a != f.address {
			asked = append(asked, netip.AddrPortFrom(a, port))
		}
	}
	return asked
}

// connect connects to a name server of an upstream.
func (f *Forwarder) connect(ctx context.Context, network string, to netip.AddrPort, by upstream) (net.Conn, error) {
	dialer := net.Dialer{Control: f.control(by)}
	return dialer.DialContext(ctx, network, to.String())
}
