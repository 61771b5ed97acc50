package forward

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// turn is how long a server is waited for before the next one is asked as well.
	turn = 800 * time.Millisecond
	// rounds is how often each server is asked: a datagram may get lost.
	rounds = 2
	// limit is how long a question may take.
	limit = 4 * time.Second
	// datagram is the largest answer over UDP that is asked for, bytes: what passes everywhere in one piece. largest is what is
	// read at most.
	datagram, largest = 1232, 4096
	// header is the length of a message's, bytes.
	header = 12
	// strange is how many datagrams that are no answer are passed over: anybody can send datagrams.
	strange = 32
)

var errNoServer = errors.New("there is no name server to ask")

// dialer makes a connection to a name server; network is "udp" or "tcp".
type dialer func(ctx context.Context, network string, to netip.AddrPort, by way) (net.Conn, error)

// relay asks the servers, one after the other and without giving the earlier ones up, until one has settled the question.
func relay(ctx context.Context, dial dialer, network string, servers []netip.AddrPort, message []byte, d decision) ([]byte, error) {
	if len(servers) == 0 {
		return nil, errNoServer
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type answer struct {
		bytes []byte
		err   error
	}
	// Everybody who is asked has room for the answer, so that nobody waits for us.
	answers := make(chan answer, rounds*len(servers))
	next := time.NewTimer(0)
	defer next.Stop()
	asked, answered := 0, 0
	last := answer{err: errNoServer}
	for {
		select {
		case <-ctx.Done():
			return last.bytes, errors.Join(last.err, ctx.Err())
		case <-next.C:
			server := servers[asked%len(servers)]
			asked++
			if asked < rounds*len(servers) {
				next.Reset(turn)
			}
			go func() {
				bytes, err := exchange(ctx, dial, network, server, message, d)
				answers <- answer{bytes, err}
			}()
		case a := <-answers:
			answered++
			if a.err == nil && settled(a.bytes) {
				return a.bytes, nil
			}
			// Somebody's refusal is better than nothing, and nobody needs to wait for the next one's turn.
			if last = a; asked < rounds*len(servers) && asked < len(servers) {
				next.Reset(0)
			} else if answered == asked && asked >= len(servers) {
				return last.bytes, last.err
			}
		}
	}
}

// settled is false for a server that failed or refused.
func settled(answer []byte) bool {
	code := int(answer[3] & 0xf)
	return code == dns.RcodeSuccess || code == dns.RcodeNameError
}

// exchange asks one server under a fresh number and, by being a fresh socket, from a fresh port.
func exchange(ctx context.Context, dial dialer, network string, server netip.AddrPort, message []byte, d decision) ([]byte, error) {
	conn, err := dial(ctx, network, server, d.way)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
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
		answer, err = overStream(conn, own)
	} else {
		answer, err = overDatagrams(conn, own, d)
	}
	if err == nil && !answers(answer, own, d) {
		err = errors.New("the answer is to another question")
	}
	if err != nil {
		return nil, err
	}
	// Number and letters' cases as whoever asked us has them.
	copy(answer, message[:2])
	if end := questionEnd(message); end == questionEnd(answer) {
		copy(answer[header:end], message[header:end])
	}
	return answer, nil
}

// questionEnd is where the first question's name ends.
func questionEnd(message []byte) int {
	_, at, err := dns.UnpackDomainName(message, header)
	if err != nil {
		return header
	}
	return at
}

func overDatagrams(conn net.Conn, query []byte, d decision) ([]byte, error) {
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	buffer := make([]byte, largest)
	for range strange {
		n, err := conn.Read(buffer)
		if err != nil {
			return nil, err
		}
		if answers(buffer[:n], query, d) {
			return buffer[:n], nil
		}
	}
	return nil, errors.New("too many strange datagrams")
}

func overStream(conn net.Conn, query []byte) ([]byte, error) {
	if _, err := conn.Write(framed(query)); err != nil {
		return nil, err
	}
	return readFrame(conn)
}

func framed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
}

func readFrame(conn io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(conn, message)
	return message, err
}

// answers says whether a message is the answer to the question as it was asked. The name may come back in other letters'
// cases: some servers do not keep them, and the number and port are secret enough.
func answers(message, query []byte, d decision) bool {
	const response = 0x80
	if len(message) < header || message[0] != query[0] || message[1] != query[1] || message[2]&response == 0 {
		return false
	}
	if binary.BigEndian.Uint16(message[4:]) != 1 {
		return false
	}
	name, at, err := dns.UnpackDomainName(message, header)
	if err != nil || len(message) < at+4 {
		return false
	}
	return strings.EqualFold(name, d.question.Name) && binary.BigEndian.Uint16(message[at:]) == d.question.Qtype &&
		binary.BigEndian.Uint16(message[at+2:]) == d.question.Qclass
}
