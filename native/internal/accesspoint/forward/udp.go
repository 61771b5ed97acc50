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
	"sag.software/native/internal/userspace/stack"
)

const dnsPort = 53

// udp gives each flow a connected socket of its own: its answers can only come from where the client asked.
func (f *Forwarder) udp(r *stack.UDPRequest) {
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
	a := &association{client: client, request: r, inner: inner, host: host, idle: f.UDPIdle}
	if r.Dst.Port() == dnsPort {
		a.idle = f.DNSIdle
	}
	end, ok := client.begin(r.Dst.Addr(), a.close)
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
	client      *Client
	request     *stack.UDPRequest
	inner, host net.Conn
	idle        time.Duration
	// last is when a datagram passed, either way, in nanoseconds of the wall clock.
	last atomic.Int64
}

func (a *association) close() {
	_ = a.inner.Close()
	_ = a.host.Close()
}

func (a *association) carry() {
	a.last.Store(time.Now().UnixNano())
	var up sync.WaitGroup
	up.Go(func() {
		a.copy(a.host, a.inner, &a.client.Up)
		a.close()
	})
	a.copy(a.inner, a.host, &a.client.Down)
	a.close()
	up.Wait()
}

func (a *association) copy(to, from net.Conn, limit *Limit) {
	buffer := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buffer)
	for {
		if from.SetReadDeadline(time.Unix(0, a.last.Load()).Add(a.idle)) != nil {
			return
		}
		n, err := from.Read(buffer[:])
		if err != nil {
			if a.stillUsed(err) {
				continue
			}
			a.tell(err)
			return
		}
		a.last.Store(time.Now().UnixNano())
		if !limit.Allow(n) {
			continue
		}
		// Any other failure (too long, no route just now) loses this datagram and says nothing about the next one.
		if _, err := to.Write(buffer[:n]); errors.Is(err, syscall.ECONNREFUSED) {
			a.tell(err)
			return
		}
	}
}

// stillUsed tells that a read ran out of time though the other direction has been busy.
func (a *association) stillUsed(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() && time.Since(time.Unix(0, a.last.Load())) < a.idle
}

// tell passes an ICMP "port unreachable" on to the client.
func (a *association) tell(err error) {
	if errors.Is(err, syscall.ECONNREFUSED) {
		a.request.Refuse()
	}
}
