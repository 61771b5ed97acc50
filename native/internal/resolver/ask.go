// Package resolver queries name servers, for the proxies and for the DNS forwarder of system mode. An unanswered query is
// repeated at the same server and at the others, and late answers are still accepted.
package resolver

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/panics"
)

const (
	// turn is how long to wait for a server before the next one is queried in parallel.
	turn = 800 * time.Millisecond
	// Rounds is how often each server is queried, because datagrams get lost.
	Rounds = 3
	// Limit is how long a query may take, retries included.
	Limit = 4 * time.Second
	// Datagram is the UDP payload size that EDNS announces, bytes. It avoids fragmentation on all common paths
	// (https://www.dnsflagday.net/2020/).
	Datagram = 1232
	// Largest is the largest datagram that is read, bytes.
	Largest = 4096
	// headerSize is the length of a message's header, bytes.
	headerSize = 12
	// maxUnrelated is how many datagrams that do not match the query are skipped; any host can send spoofed ones.
	maxUnrelated = 32
)

// ErrNoServer means that the list of name servers is empty.
var ErrNoServer = errors.New("no name server is configured")

var errMismatch = errors.New("the answer does not match the query")

// Dial connects to a name server; network is "udp" or "tcp".
type Dial func(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error)

// AnyNetwork uses UDP and, in the last round, TCP, for networks that drop DNS datagrams.
const AnyNetwork = "any"

// AskUntil sends a message with one question to the servers in turn, while it still accepts answers of the earlier ones,
// until one gives a final answer. It returns that answer with the caller's message ID. If all servers fail, it returns one
// of their error responses or an error. A server that did not answer a query with EDNS is queried without it the next time:
// some drop such queries (RFC 6891, 6.2.2), and the C library sends none. The context must have a deadline.
func (m *Memory) AskUntil(ctx context.Context, dial Dial, network string, servers []netip.AddrPort, message []byte) ([]byte, error) {
	if len(servers) == 0 {
		return nil, ErrNoServer
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	query := new(dns.Msg)
	if err := query.Unpack(message); err != nil || len(query.Question) != 1 {
		return nil, errors.Join(errors.New("not a message with one question"), err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		bytes  []byte
		err    error
		server netip.AddrPort
		// plainly is set if the query was sent without EDNS although the caller's has it.
		plainly bool
	}
	servers = m.order(servers)
	bare := withoutEDNS(query)
	// Buffered for all answers, so that no goroutine blocks.
	answers := make(chan answer, Rounds*len(servers))
	next := time.NewTimer(0)
	defer next.Stop()
	sent, answered := 0, 0
	last := answer{err: ErrNoServer}
	var responded []netip.AddrPort
	for {
		select {
		case <-ctx.Done():
			return last.bytes, errors.Join(last.err, ctx.Err())
		case <-next.C:
			server, over := servers[sent%len(servers)], network
			if network == AnyNetwork {
				over = "udp"
				if sent/len(servers) == Rounds-1 {
					over = "tcp"
				}
			}
			plainly := bare != nil && (sent >= len(servers) || m.isPlain(server))
			sent++
			if sent < Rounds*len(servers) {
				next.Reset(turn)
			}
			go func() {
				a := answer{server: server, plainly: plainly}
				defer func() { answers <- a }()
				defer panics.Error(&a.err, "a query to a name server")
				if plainly {
					a.bytes, a.err = once(ctx, dial, over, server, bare, query.Question[0])
				} else {
					a.bytes, a.err = exchange(ctx, dial, over, server, message, query)
				}
			}()
		case a := <-answers:
			answered++
			if a.err == nil {
				responded = append(responded, a.server)
				m.answered(a.server, a.plainly)
			}
			if a.err == nil && settled(a.bytes) {
				m.wasSilent(slices.DeleteFunc(slices.Clone(servers[:min(sent, len(servers))]), func(s netip.AddrPort) bool {
					return slices.Contains(responded, s)
				}))
				return a.bytes, nil
			}
			// An error response is kept in case no server does better, and the next server is queried at once.
			if last.bytes == nil || a.err == nil {
				last = a
			}
			if sent < len(servers) {
				next.Reset(0)
			} else if answered == sent {
				return last.bytes, last.err
			}
		}
	}
}

// withoutEDNS returns the query without EDNS; nil if it has none or needs it. A validating client (DO bit) could not
// validate the answer, and falls back by itself.
func withoutEDNS(query *dns.Msg) []byte {
	option := query.IsEdns0()
	if option == nil || option.Do() || query.IsTsig() != nil {
		return nil
	}
	plain := query.Copy()
	plain.Extra = slices.DeleteFunc(plain.Extra, func(r dns.RR) bool { return r.Header().Rrtype == dns.TypeOPT })
	packed, err := plain.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// settled reports whether an answer is final, which SERVFAIL, REFUSED and the like are not.
func settled(answer []byte) bool {
	code := rcode(answer)
	return code == dns.RcodeSuccess || code == dns.RcodeNameError
}

func rcode(answer []byte) int { return int(answer[3] & 0xf) }

// brokenStream means that the server accepted a connection and closed it without an answer.
type brokenStream struct{ error }

func (b brokenStream) Unwrap() error { return b.error }

// exchange queries one server, and again without EDNS if the server does not support it (RFC 6891, 6.2.2), which shows as
// FORMERR, NOTIMP or a closed connection.
func exchange(ctx context.Context, dial Dial, network string, server netip.AddrPort, message []byte, query *dns.Msg) ([]byte, error) {
	answer, err := once(ctx, dial, network, server, message, query.Question[0])
	var broken brokenStream
	if bare := withoutEDNS(query); bare != nil && errors.As(err, &broken) && ctx.Err() == nil {
		return once(ctx, dial, network, server, bare, query.Question[0])
	}
	if err != nil || query.IsEdns0() == nil || query.IsTsig() != nil {
		return answer, err
	}
	if code := rcode(answer); code != dns.RcodeFormatError && code != dns.RcodeNotImplemented {
		return answer, nil
	}
	plain := query.Copy()
	plain.Extra = nil
	packed, err := plain.Pack()
	if err != nil {
		return answer, nil
	}
	if again, err := once(ctx, dial, network, server, packed, query.Question[0]); err == nil {
		return again, nil
	}
	return answer, nil
}

// once queries one server with a new random message ID from a new socket, whose random port makes spoofing harder (RFC
// 5452).
func once(ctx context.Context, dial Dial, network string, server netip.AddrPort, message []byte, question dns.Question) ([]byte, error) {
	conn, err := dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	own := append([]byte(nil), message...)
	if _, err := rand.Read(own[:2]); err != nil {
		return nil, err
	}
	var answer []byte
	if network == "tcp" {
		if answer, err = overStream(conn, own); err != nil {
			err = brokenStream{err}
		}
	} else {
		answer, err = overDatagrams(conn, own, question)
	}
	if err == nil && !isAnswer(answer, own, question) {
		err = errMismatch
	}
	if err != nil {
		return nil, err
	}
	// Restore the caller's message ID and the letter case of its question.
	copy(answer, message[:2])
	if end := questionEnd(message); end == questionEnd(answer) {
		copy(answer[headerSize:end], message[headerSize:end])
	}
	return answer, nil
}

// questionEnd returns the offset behind the first question's name, or headerSize if there is none.
func questionEnd(message []byte) int {
	_, at, err := dns.UnpackDomainName(message, headerSize)
	if err != nil {
		return headerSize
	}
	return at
}

func overDatagrams(conn net.Conn, query []byte, question dns.Question) ([]byte, error) {
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	buffer := make([]byte, Largest)
	for range maxUnrelated {
		n, err := conn.Read(buffer)
		if err != nil {
			return nil, err
		}
		if isAnswer(buffer[:n], query, question) {
			return buffer[:n], nil
		}
	}
	return nil, errors.New("too many unrelated datagrams")
}

// isAnswer reports whether a message answers the query. The letter case of the name is ignored, because some servers change
// it; ID and port are random enough against spoofing. Servers that could not parse the question may omit it (RFC 9619
// allows none, and old servers do so with FORMERR).
func isAnswer(message, query []byte, question dns.Question) bool {
	const response = 0x80
	if len(message) < headerSize || message[0] != query[0] || message[1] != query[1] || message[2]&response == 0 {
		return false
	}
	switch binary.BigEndian.Uint16(message[4:]) {
	case 0:
		code := rcode(message)
		return code == dns.RcodeFormatError || code == dns.RcodeNotImplemented
	case 1:
	default:
		return false
	}
	name, at, err := dns.UnpackDomainName(message, headerSize)
	if err != nil || len(message) < at+4 {
		return false
	}
	return strings.EqualFold(name, question.Name) && binary.BigEndian.Uint16(message[at:]) == question.Qtype &&
		binary.BigEndian.Uint16(message[at+2:]) == question.Qclass
}
