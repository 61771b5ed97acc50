package peercred

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
)

// entry is one socket of /proc/net.
type entry struct {
	local, remote netip.AddrPort
	uid           uint32
	inode         uint64
}

// parse parses a line: "sl local remote st tx:rx tr:when retrnsmt uid timeout inode …".
func parse(line []byte) (entry, bool) {
	fields := bytes.Fields(line)
	if len(fields) < 10 {
		return entry{}, false
	}
	local, ok := parseAddress(fields[1])
	if !ok {
		return entry{}, false
	}
	remote, ok := parseAddress(fields[2])
	if !ok {
		return entry{}, false
	}
	uid, err := strconv.ParseUint(string(fields[7]), 10, 32)
	if err != nil {
		return entry{}, false
	}
	inode, err := strconv.ParseUint(string(fields[9]), 10, 64)
	if err != nil {
		return entry{}, false
	}
	return entry{local: local, remote: remote, uid: uint32(uid), inode: inode}, true
}

// parseAddress parses ADDRESS:PORT in hexadecimal; the address consists of 32-bit words in host byte order.
func parseAddress(text []byte) (netip.AddrPort, bool) {
	address, port, ok := bytes.Cut(text, []byte(":"))
	if !ok || (len(address) != 8 && len(address) != 32) {
		return netip.AddrPort{}, false
	}
	raw := make([]byte, len(address)/2)
	if _, err := hex.Decode(raw, address); err != nil {
		return netip.AddrPort{}, false
	}
	for word := raw; len(word) > 0; word = word[4:] {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	number, err := strconv.ParseUint(string(port), 16, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	a, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(a.Unmap(), uint16(number)), true
}
