package netstack

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Ping sends one ICMP echo request and waits for its reply until ctx ends (ErrTimeout). It fails with ErrUnreachable or ErrProhibited if an
// ICMP error says so.
func (s *Stack) Ping(ctx context.Context, to netip.Addr) (time.Duration, error) {
	transport, request, replyType := header.ICMPv4ProtocolNumber, echoRequestV4(), uint8(header.ICMPv4EchoReply)
	if protocolOf(to) == header.IPv6ProtocolNumber {
		transport, request, replyType = header.ICMPv6ProtocolNumber, echoRequestV6(), uint8(header.ICMPv6EchoReply)
	}
	var queue waiter.Queue
	endpoint, terr := s.gvisor.NewEndpoint(transport, protocolOf(to), &queue)
	if terr != nil {
		return 0, tcpipError(terr)
	}
	defer endpoint.Close()
	entry, readable := waiter.NewChannelEntry(waiter.ReadableEvents)
	queue.EventRegister(&entry)
	defer queue.EventUnregister(&entry)
	if err := endpoint.Connect(fullAddress(netip.AddrPortFrom(to, 0))); err != nil {
		return 0, tcpipError(err)
	}
	unreachable := make(chan error, 1)
	defer s.device.link.unreachables.await(uint8(transport), endpoint, netip.AddrPortFrom(to, 0), func(why error) {
		select {
		case unreachable <- why:
		default:
		}
	})()
	sent := time.Now()
	if _, err := endpoint.Write(bytes.NewReader(request), tcpip.WriteOptions{}); err != nil {
		return 0, tcpipError(err)
	}
	for {
		var answer bytes.Buffer
		_, err := endpoint.Read(&answer, tcpip.ReadOptions{})
		switch err.(type) {
		case nil:
			if answer.Len() > 0 && answer.Bytes()[0] == replyType {
				return time.Since(sent), nil
			}
		case *tcpip.ErrWouldBlock:
			select {
			case <-readable:
			case why := <-unreachable:
				return 0, why
			case <-ctx.Done():
				if errors.Is(ctx.Err(), context.DeadlineExceeded) {
					return 0, classify(ctx.Err())
				}
				return 0, ctx.Err()
			}
		default:
			return 0, tcpipError(err)
		}
	}
}

// The stack fills in the identifier and the checksum.

func echoRequestV4() []byte {
	request := header.ICMPv4(make([]byte, header.ICMPv4MinimumSize+8))
	request.SetType(header.ICMPv4Echo)
	request.SetSequence(1)
	return request
}

func echoRequestV6() []byte {
	request := header.ICMPv6(make([]byte, header.ICMPv6EchoMinimumSize+8))
	request.SetType(header.ICMPv6EchoRequest)
	request.SetSequence(1)
	return request
}
