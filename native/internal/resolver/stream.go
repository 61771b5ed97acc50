package resolver

import (
	"encoding/binary"
	"io"
	"net"
)

func overStream(conn net.Conn, query []byte) ([]byte, error) {
	if _, err := conn.Write(Framed(query)); err != nil {
		return nil, err
	}
	return ReadFrame(conn)
}

// Framed prepends the length prefix of DNS over TCP (RFC 1035, 4.2.2).
func Framed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
}

// ReadFrame reads one length-prefixed message.
func ReadFrame(conn io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(conn, message)
	return message, err
}
