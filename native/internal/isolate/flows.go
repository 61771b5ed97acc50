package isolate

import (
	"context"
	"errors"
	"net"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/netstack"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/relay"
	"sag.software/native/internal/resolver"
	"sag.software/native/internal/router"
)

const (
	dialLimit = 10 * time.Second
	udpIdle   = packet.UDPIdle
	// queryIdle is how long the socket of a DNS client is kept for its next query.
	queryIdle = 10 * time.Second
	// Limits of concurrent UDP flows, DNS queries and pings. Datagrams beyond them are dropped.
	udpFlows, queries, pings = 1024, 512, 64
	maxDatagram              = 64 << 10
	dnsPort                  = 53
)

// flows decides where a namespace's traffic goes, and forwards it.
type flows struct {
	now                 func() dialer.Intranet
	udp, queries, pings chan struct{}
	memory              resolver.Memory
}

func newFlows(now func() dialer.Intranet) *flows {
	return &flows{
		now: now, udp: make(chan struct{}, udpFlows), queries: make(chan struct{}, queries), pings: make(chan struct{}, pings),
	}
}

func (f *flows) handlers() *netstack.Forward {
	return &netstack.Forward{TCP: f.onTCP, UDP: f.onUDP, Echo: f.onEcho}
}

// network returns the intranet's network; nil while there is none.
func (f *flows) network() (Network, *router.Policy) {
	now := f.now()
	network, _ := now.Network.(Network)
	if now.Policy == nil {
		return nil, nil
	}
	return network, now.Policy
}

func (f *flows) onTCP(r *netstack.TCPRequest) {
	ctx, cancel := context.WithTimeout(context.Background(), dialLimit)
	defer cancel()
	network, policy := f.network()
	switch {
	case network == nil:
		r.Unreachable()
		return
	case r.Dst.Addr() == NameServer:
		f.acceptQueries(r, network)
		return
	case policy.Address(r.Dst.Addr()) != router.Tunneled:
		r.Prohibit()
		return
	}
	conn, err := network.DialTCP(ctx, r.Dst)
	switch failure.CauseOf(err) {
	case failure.Unspecified:
	case failure.TargetRefused:
		r.Refuse()
		return
	case failure.TargetDenied:
		r.Prohibit()
		return
	case failure.TargetTimeout:
		r.Drop()
		return
	default:
		r.Unreachable()
		return
	}
	if err != nil {
		r.Unreachable()
		return
	}
	client, err := r.Accept()
	if err != nil {
		relay.Reset(conn)
		return
	}
	relay.Both(client, conn)
}

func (f *flows) onUDP(r *netstack.UDPRequest) {
	network, policy := f.network()
	switch {
	case network == nil:
		r.Unreachable()
		return
	case r.Dst.Addr() == NameServer:
		if r.Dst.Port() != dnsPort || len(network.NameServers()) == 0 {
			r.Refuse()
			return
		}
	case policy.Address(r.Dst.Addr()) != router.Tunneled:
		r.Prohibit()
		return
	}
	select {
	case f.udp <- struct{}{}:
	default:
		return
	}
	client, err := r.Accept()
	if err != nil {
		<-f.udp
		return
	}
	go func() {
		defer func() { <-f.udp }()
		defer func() { _ = client.Close() }()
		if r.Dst.Addr() == NameServer {
			f.answerDatagrams(client)
			return
		}
		conn, err := network.Dial(context.Background(), "udp", r.Dst)
		if err != nil {
			r.Unreachable()
			return
		}
		switch err := datagrams(client, conn); {
		case errors.Is(err, netstack.ErrRefused):
			r.Refuse()
		case errors.Is(err, netstack.ErrProhibited):
			r.Prohibit()
		case errors.Is(err, netstack.ErrUnreachable):
			r.Unreachable()
		}
	}()
}

// datagrams forwards one flow until it is idle for udpIdle or one end fails. It returns the error of the far end, nil if the client's
// failed.
func datagrams(client, far net.Conn) error {
	touched := make(chan struct{}, 1)
	done := make(chan error, 2)
	carry := func(to, from net.Conn) {
		buffer := make([]byte, maxDatagram)
		for {
			failed := from
			n, err := from.Read(buffer)
			if err == nil {
				failed = to
				_, err = to.Write(buffer[:n])
			}
			if err != nil {
				if failed == client {
					err = nil
				}
				done <- err
				return
			}
			select {
			case touched <- struct{}{}:
			default:
			}
		}
	}
	go carry(far, client)
	go carry(client, far)
	defer func() { _, _ = client.Close(), far.Close() }()
	idle := time.NewTimer(udpIdle)
	defer idle.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-touched:
			idle.Reset(udpIdle)
		case <-idle.C:
			return nil
		}
	}
}

func (f *flows) onEcho(r *netstack.EchoRequest) {
	network, policy := f.network()
	if r.Dst == NameServer {
		_ = r.Reply()
		return
	}
	if network == nil || policy.Address(r.Dst) != router.Tunneled {
		return
	}
	select {
	case f.pings <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-f.pings }()
		ctx, cancel := context.WithTimeout(context.Background(), dialLimit)
		defer cancel()
		_, err := network.Ping(ctx, r.Dst)
		switch failure.CauseOf(err) {
		case failure.Unspecified:
			_ = r.Reply()
		case failure.TargetDenied:
			r.Prohibit()
		case failure.TargetUnreachable:
			r.Unreachable()
		}
	}()
}
