package forward

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/netstack"
)

const (
	dnsPort = 53
	// answeredIdle is the idle timeout of a DNS flow whose queries have all been answered. It is not zero because resolvers query
	// several record types from one port, one after the other.
	answeredIdle = 250 * time.Millisecond
)

// started is the origin of flow times, so that they are monotonic.
var started = time.Now()

// udp gives each flow a connected socket, so that only datagrams from the flow's destination are received.
func (f *Forwarder) udp(r *netstack.UDPRequest) {
	client, decision := f.decide(policy.UDP, r.Src.Addr(), r.Dst)
	switch {
	case client == nil:
		return
	case decision.Verdict == policy.Prohibited:
		r.Prohibit()
		return
	case decision.Verdict == policy.Refused:
		r.Refuse()
		return
	}
	_, address := target(decision, r.Dst)
	host, err := f.Dial(context.Background(), "udp", address)
	if err != nil {
		r.Unreachable()
		return
	}
	if f.reachesHost(decision, host, r.Dst.Addr()) {
		host.Close()
		r.Prohibit()
		return
	}
	inner, err := r.Accept()
	if err != nil {
		host.Close()
		return
	}
	a := &association{request: r, inner: inner, host: host, idle: f.UDPIdle}
	if r.Dst.Port() == dnsPort {
		a.idle, a.dns = f.DNSIdle, true
	}
	a.touch()
	end, ok, displaced := client.beginDatagrams(r.Dst.Addr(), a.close, a.lastUsed)
	if displaced {
		f.atLimit.Warn("a client has too many UDP flows: the one idle for longest was ended", "client", r.Src.Addr(), "limit", maxDatagramFlows)
	}
	if !ok {
		a.close()
		return
	}
	go func() {
		defer end()
		a.carry()
	}()
}

// association is one UDP flow.
type association struct {
	request     *netstack.UDPRequest
	inner, host net.Conn
	idle        time.Duration
	// last is when a datagram last passed in either direction, in nanoseconds since `started`.
	last atomic.Int64
	// unanswered is the number of queries of a DNS flow without an answer.
	dns        bool
	unanswered atomic.Int64
}

func (a *association) touch()                  { a.last.Store(int64(time.Since(started))) }
func (a *association) lastUsed() time.Duration { return time.Duration(a.last.Load()) }

// ends returns when the flow times out if no more datagrams pass.
func (a *association) ends() time.Time {
	idle := a.idle
	if a.dns && a.unanswered.Load() <= 0 {
		idle = min(idle, answeredIdle)
	}
	return started.Add(a.lastUsed() + idle)
}

func (a *association) close() {
	_ = a.inner.Close()
	_ = a.host.Close()
}

func (a *association) carry() {
	a.unanswered.Store(1) // the first datagram is already queued
	var up sync.WaitGroup
	up.Go(func() {
		first := true
		a.copy(a.host, a.inner, func() {
			if !first {
				a.unanswered.Add(1)
			}
			first = false
		})
		a.close()
	})
	a.copy(a.inner, a.host, func() { a.unanswered.Add(-1) })
	a.close()
	up.Wait()
}

func (a *association) copy(to, from net.Conn, passing func()) {
	buffer := chunks.Get().(*[maxChunk]byte)
	defer chunks.Put(buffer)
	for {
		if from.SetReadDeadline(a.ends()) != nil {
			return
		}
		n, err := from.Read(buffer[:])
		if err != nil {
			if a.stillUsed(err) {
				continue
			}
			a.report(err)
			return
		}
		a.touch()
		passing()
		// Any other error (datagram too long, no route) affects only this datagram.
		if _, err := to.Write(buffer[:n]); errors.Is(err, syscall.ECONNREFUSED) {
			a.report(err)
			return
		}
	}
}

// stillUsed is true if the read timed out although the other direction was in use.
func (a *association) stillUsed(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() && time.Now().Before(a.ends())
}

// report forwards an ICMP "unreachable" to the client.
func (a *association) report(err error) {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		a.request.Refuse()
	case errors.Is(err, syscall.EACCES): // of ICMPv6 "administratively prohibited"
		a.request.Prohibit()
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		a.request.Unreachable()
	}
}
