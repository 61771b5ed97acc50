package forward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	port = 53
	// streams is how many connections are open at the same time.
	streams = 64
	// idle is how long a connection may say nothing.
	idle = 10 * time.Second
)

// addresses are those of the loopback that are tried, one after the other. None of them is one that others are known to take.
var addresses = []netip.Addr{
	netip.AddrFrom4([4]byte{127, 83, 71, 53}), netip.AddrFrom4([4]byte{127, 83, 71, 54}), netip.AddrFrom4([4]byte{127, 83, 71, 55}),
}

// ErrNoPort means that another name server has all of the machine's addresses.
var ErrNoPort = errors.New("port 53 of the loopback is taken by another program")

// Config is what a forwarder works with.
type Config struct {
	// Link is the tunnel's: questions for the inside leave by it or not at all.
	Link string
	// Mark is on questions that the tunnel itself needs answered.
	Mark uint32
	// Prefer is the address that a predecessor had; invalid if there was none.
	Prefer netip.Addr
	// Outside are the name servers that the machine has without us, as of now.
	Outside func() []netip.Addr
	Logger  *slog.Logger
	// port and dial are others in tests.
	port uint16
	dial dialer
}

// Forwarder listens on one address of the loopback.
type Forwarder struct {
	config  Config
	address netip.Addr
	rules   atomic.Pointer[Rules]
	dial    dialer
	packets net.PacketConn
	stream  net.Listener
	halls   chan struct{}
	ctx     context.Context
	stop    context.CancelFunc
	done    sync.WaitGroup
	// rooms are where questions wait, by the way that they have gone: a name server that is silent holds up nobody else.
	rooms [ways]room
	// within ends when nobody is asked inside any more.
	within  context.Context
	dismiss context.CancelFunc
}

// Open begins to answer by these rules.
func Open(config Config, rules Rules) (*Forwarder, error) {
	if config.port == 0 {
		config.port = port
	}
	f := &Forwarder{config: config, halls: make(chan struct{}, streams)}
	if f.dial = config.dial; f.dial == nil {
		f.dial = f.connect
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
	f.within, f.dismiss = context.WithCancel(f.ctx)
	f.done.Go(f.servePackets)
	f.done.Go(f.serveStreams)
	return f, nil
}

func (f *Forwarder) listen(at netip.Addr) error {
	where := netip.AddrPortFrom(at, f.config.port)
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

// Address is where it listens, port 53.
func (f *Forwarder) Address() netip.Addr { return f.address }

// Use takes other rules from the next question on.
func (f *Forwarder) Use(rules Rules) { f.rules.Store(&rules) }

// Close ends it; questions that are being worked on get no answer.
func (f *Forwarder) Close() {
	f.stop()
	_, _ = f.packets.Close(), f.stream.Close()
	f.done.Wait()
}

func (f *Forwarder) servePackets() {
	buffer := make([]byte, largest)
	for {
		n, from, err := f.packets.ReadFrom(buffer)
		if err != nil {
			if f.ctx.Err() != nil {
				return
			}
			continue
		}
		message := slices.Clone(buffer[:n])
		d := decide(message, *f.rules.Load())
		answer := func() {
			if reply := f.answer("udp", message, d); reply != nil {
				_, _ = f.packets.WriteTo(reply, from)
			}
		}
		switch room := &f.rooms[d.way]; {
		case d.drop:
		case d.reply != nil:
			answer()
		case room.enter():
			f.done.Go(func() {
				defer room.leave()
				answer()
			})
		default:
			// Whoever gets nothing asks somebody else later on, perhaps when the intranet has been left.
			d.reply = d.failed()
			answer()
		}
	}
}

func (f *Forwarder) serveStreams() {
	for {
		conn, err := f.stream.Accept()
		if err != nil {
			if f.ctx.Err() != nil {
				return
			}
			time.Sleep(time.Millisecond) // out of descriptors: they come back
			continue
		}
		select {
		case f.halls <- struct{}{}:
		default:
			_ = conn.Close()
			continue
		}
		f.done.Go(func() {
			defer func() { <-f.halls }()
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
		message, err := readFrame(conn)
		if err != nil {
			return
		}
		if !f.serveFrame(conn, message) {
			return
		}
	}
}

// serveFrame answers one question of a connection; false if that is over.
func (f *Forwarder) serveFrame(conn net.Conn, message []byte) bool {
	d := decide(message, *f.rules.Load())
	if d.reply == nil && !d.drop {
		if room := &f.rooms[d.way]; room.enter() {
			defer room.leave()
		} else {
			d.reply = d.failed()
		}
	}
	reply := f.answer("tcp", message, d)
	if reply == nil {
		return false
	}
	_, err := conn.Write(framed(reply))
	return err == nil
}

// answer is what a message is answered with; nil if with nothing.
func (f *Forwarder) answer(network string, message []byte, d decision) []byte {
	if d.drop {
		return nil
	}
	if d.reply == nil {
		ctx := f.ctx
		if d.way == inside {
			ctx = f.within
		}
		reply, err := relay(ctx, f.dial, network, f.servers(d.way, *f.rules.Load()), d.toAsk(message), d)
		if err == nil {
			return reply
		}
		f.config.Logger.Debug("a question for a name stays without an answer", "inside", d.way == inside, "error", err)
		if d.reply = d.failed(); ctx.Err() != nil {
			d.reply = d.dismissed()
		}
	}
	packed, err := d.reply.Pack()
	if err != nil {
		return nil
	}
	return packed
}

func (f *Forwarder) servers(by way, rules Rules) []netip.AddrPort {
	all := rules.Servers
	if by != inside {
		all = f.config.Outside()
	}
	var asked []netip.AddrPort
	for _, a := range all {
		if a != f.address {
			asked = append(asked, netip.AddrPortFrom(a, port))
		}
	}
	return asked
}

// connect makes a connection that leaves the way that the question has to go.
func (f *Forwarder) connect(ctx context.Context, network string, to netip.AddrPort, by way) (net.Conn, error) {
	dialer := net.Dialer{Control: f.control(by)}
	return dialer.DialContext(ctx, network, to.String())
}
