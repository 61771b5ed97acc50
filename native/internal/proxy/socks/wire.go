// Package socks is a SOCKS5 server (RFC 1928) on loopback: CONNECT and UDP ASSOCIATE, without SOCKS authentication.
package socks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

const (
	version5     = 5
	methodNone   = 0
	methodNoGood = 0xff
)

// Command is the command of a request.
type Command byte

// The commands of RFC 1928 that are supported; BIND is not.
const (
	Connect      Command = 1
	UDPAssociate Command = 3
)

// Reply is the reply code of a request.
type Reply byte

// The replies of RFC 1928.
const (
	Succeeded          Reply = 0
	GeneralFailure     Reply = 1
	NotAllowed         Reply = 2
	NetworkUnreachable Reply = 3
	HostUnreachable    Reply = 4
	Refused            Reply = 5
	TTLExpired         Reply = 6
	BadCommand         Reply = 7
	BadAddressType     Reply = 8
)

const (
	typeIPv4   = 1
	typeDomain = 3
	typeIPv6   = 4
)

var (
	errVersion     = errors.New("not SOCKS5")
	errMethod      = errors.New("the client offers no method without authentication")
	errAddressType = errors.New("unknown address type")
	errCommand     = errors.New("unknown command")
	errShort       = errors.New("too short")
)

// Request is a client's request.
type Request struct {
	Command Command
	Host    string
	Port    uint16
}

// readGreeting reads the methods that a client offers. It fails unless "no authentication" is among them.
func readGreeting(r io.Reader) error {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	if head[0] != version5 {
		return errVersion
	}
	methods := make([]byte, head[1])
	if _, err := io.ReadFull(r, methods); err != nil {
		return err
	}
	for _, m := range methods {
		if m == methodNone {
			return nil
		}
	}
	return errMethod
}

// readRequest reads a request. errAddressType and errCommand have reply codes of their own.
func readRequest(r io.Reader) (Request, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return Request{}, err
	}
	if head[0] != version5 || head[2] != 0 {
		return Request{}, errVersion
	}
	host, port, err := readAddress(r, head[3])
	if err != nil {
		return Request{}, err
	}
	request := Request{Command: Command(head[1]), Host: host, Port: port}
	if request.Command != Connect && request.Command != UDPAssociate {
		return request, errCommand
	}
	return request, nil
}

func readAddress(r io.Reader, kind byte) (string, uint16, error) {
	size := 0
	switch kind {
	case typeIPv4:
		size = 4
	case typeIPv6:
		size = 16
	case typeDomain:
		var length [1]byte
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return "", 0, err
		}
		size = int(length[0])
	default:
		return "", 0, fmt.Errorf("%w: %d", errAddressType, kind)
	}
	raw := make([]byte, size+2)
	if _, err := io.ReadFull(r, raw); err != nil {
		return "", 0, err
	}
	port := binary.BigEndian.Uint16(raw[size:])
	if kind == typeDomain {
		return string(raw[:size]), port, nil
	}
	a, _ := netip.AddrFromSlice(raw[:size])
	return a.Unmap().String(), port, nil
}

// appendReply appends a reply with the address that the server uses.
func appendReply(b []byte, reply Reply, bound netip.AddrPort) []byte {
	return appendAddress(append(b, version5, byte(reply), 0), bound)
}

func appendAddress(b []byte, a netip.AddrPort) []byte {
	switch address := a.Addr().Unmap(); {
	case address.Is6():
		raw := address.As16()
		b = append(append(b, typeIPv6), raw[:]...)
	case address.Is4():
		raw := address.As4()
		b = append(append(b, typeIPv4), raw[:]...)
	default:
		b = append(b, typeIPv4, 0, 0, 0, 0)
	}
	return binary.BigEndian.AppendUint16(b, a.Port())
}
