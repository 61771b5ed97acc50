package isolate

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"

	"sag.software/native/internal/netstack"
	"sag.software/native/internal/proxy/relay"
	"sag.software/native/internal/resolver"
)

// answerDatagrams answers the DNS queries of one UDP socket. Each query is sent upstream from its own socket, because
// programs send queries for several types from one port at the same time.
func (f *flows) answerDatagrams(client net.Conn) {
	buffer := make([]byte, maxDatagram)
	for {
		_ = client.SetReadDeadline(time.Now().Add(queryIdle))
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		query := append([]byte(nil), buffer[:n]...)
		select {
		case f.queries <- struct{}{}:
		default:
			continue
		}
		go func() {
			defer func() { <-f.queries }()
			if answer := f.ask("udp", query); answer != nil {
				_, _ = client.Write(answer)
			}
		}()
	}
}

// acceptQueries accepts a TCP connection to the name server's address.
func (f *flows) acceptQueries(r *netstack.TCPRequest, network Network) {
	if r.Dst.Port() != dnsPort {
		r.Refuse()
		return
	}
	if len(network.NameServers()) == 0 {
		r.Unreachable()
		return
	}
	if client, err := r.Accept(); err == nil {
		defer func() { _ = client.Close() }()
		f.answerStream(client)
	}
}

// answerStream answers the queries of one TCP connection as their answers arrive (RFC 7766, 6.2.1.1). A query without an
// answer ends the connection.
func (f *flows) answerStream(client net.Conn) {
	var writing sync.Mutex
	var asking sync.WaitGroup
	defer asking.Wait()
	for {
		_ = client.SetReadDeadline(time.Now().Add(queryIdle))
		query, err := resolver.ReadFrame(client)
		if err != nil {
			return
		}
		if !isSimple(query) {
			asking.Wait()
			f.passOn(client, query)
			return
		}
		f.queries <- struct{}{} // over TCP, queries wait instead of being dropped
		asking.Go(func() {
			defer func() { <-f.queries }()
			answer := f.ask("tcp", query)
			if answer == nil {
				_ = client.Close()
				return
			}
			writing.Lock()
			defer writing.Unlock()
			_, _ = client.Write(resolver.Framed(answer))
		})
	}
}

// isSimple reports whether a query has one message as its answer and may be repeated, which is not the case for zone
// transfers and updates.
func isSimple(message []byte) bool {
	query := new(dns.Msg)
	if query.Unpack(message) != nil || query.Opcode != dns.OpcodeQuery || len(query.Question) != 1 {
		return false
	}
	kind := query.Question[0].Qtype
	return kind != dns.TypeAXFR && kind != dns.TypeIXFR
}

// passOn relays the rest of a connection to the first reachable name server, starting with a message that has already been
// read.
func (f *flows) passOn(client net.Conn, message []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), dialLimit)
	defer cancel()
	network, _ := f.network()
	if network == nil {
		return
	}
	for _, server := range network.NameServers() {
		upstream, err := network.Dial(ctx, "tcp", netip.AddrPortFrom(server, dnsPort))
		if err != nil {
			continue
		}
		_ = client.SetReadDeadline(time.Time{})
		if _, err := upstream.Write(binary.BigEndian.AppendUint16(nil, uint16(len(message)))); err == nil {
			_, _ = upstream.Write(message)
		}
		relay.Both(client, upstream)
		return
	}
}

// ask returns the answer of the intranet's name servers; nil if they give none. Error responses are returned, too.
func (f *flows) ask(protocol string, query []byte) []byte {
	network, _ := f.network()
	if network == nil {
		return nil
	}
	var servers []netip.AddrPort
	for _, server := range network.NameServers() {
		servers = append(servers, netip.AddrPortFrom(server, dnsPort))
	}
	answer, _ := f.memory.Ask(context.Background(), network.Dial, protocol, servers, query)
	return answer
}
