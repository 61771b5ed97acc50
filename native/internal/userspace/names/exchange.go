package names

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/miekg/dns"
)

// datagramSize is the largest answer over UDP that is asked for and taken, bytes.
const datagramSize = 1232

// errDisturbed means that too much came that was no answer.
var errDisturbed = errors.New("too many strange datagrams")

// exchangeDatagrams passes over what is not the answer: anybody can send datagrams.
func exchangeDatagrams(conn net.Conn, query *dns.Msg) (*dns.Msg, error) {
	packed, err := query.Pack()
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(packed); err != nil {
		return nil, err
	}
	buffer := make([]byte, datagramSize)
	for range 32 {
		n, err := conn.Read(buffer)
		if err != nil {
			return nil, err
		}
		answer := new(dns.Msg)
		if answer.Unpack(buffer[:n]) == nil && answers(answer, query) {
			return answer, nil
		}
	}
	return nil, errDisturbed
}

// exchangeStream frames messages by their length, as DNS over TCP does.
func exchangeStream(conn net.Conn, query *dns.Msg) (*dns.Msg, error) {
	packed, err := query.Pack()
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	buffer := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, buffer); err != nil {
		return nil, err
	}
	answer := new(dns.Msg)
	if err := answer.Unpack(buffer); err != nil {
		return nil, err
	}
	if !answers(answer, query) {
		return nil, errors.New("the answer is to another question")
	}
	return answer, nil
}

// answers says whether a message is the answer to a query.
func answers(answer, query *dns.Msg) bool {
	return answer.Response && answer.Id == query.Id && len(answer.Question) == 1 &&
		answer.Question[0].Qtype == query.Question[0].Qtype && answer.Question[0].Qclass == query.Question[0].Qclass &&
		strings.EqualFold(answer.Question[0].Name, query.Question[0].Name)
}
