package route

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	// TCP states in which there is no connection to end.
	timeWait, closed, listening = 6, 7, 10
	// endSize is that of inet_diag_req_v2.
	endSize = 56
)

// EndConnections resets the TCP connections that this host has from these addresses, and counts them. UDP needs nothing:
// it has no connections.
func EndConnections(from []netip.Addr) (int, error) {
	ended := 0
	var failed error
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		sockets, err := netlink.SocketDiagTCP(family)
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			return ended, err
		}
		for _, socket := range sockets {
			local, _ := netip.AddrFromSlice(socket.ID.Source)
			if slices.Contains([]uint8{timeWait, closed, listening}, socket.State) || !slices.Contains(from, local.Unmap()) {
				continue
			}
			request := nl.NewNetlinkRequest(nl.SOCK_DESTROY, unix.NLM_F_ACK)
			request.AddData(end{socket})
			switch _, err := request.Execute(unix.NETLINK_INET_DIAG, 0); {
			case err == nil:
				ended++
			case !errors.Is(err, unix.ENOENT): // it has just ended by itself
				failed = err
			}
		}
	}
	return ended, failed
}

// end is the request to end one connection (inet_diag_req_v2). The cookie makes sure that it is the one that was found.
type end struct{ *netlink.Socket }

func (e end) Len() int { return endSize }

func (e end) Serialize() []byte {
	b := append(make([]byte, 0, endSize), e.Family, unix.IPPROTO_TCP, 0, 0, 0xff, 0xff, 0xff, 0xff)
	b = binary.BigEndian.AppendUint16(b, e.ID.SourcePort)
	b = binary.BigEndian.AppendUint16(b, e.ID.DestinationPort)
	for _, ip := range [][]byte{e.ID.Source, e.ID.Destination} {
		var field [16]byte
		if address, _ := netip.AddrFromSlice(ip); e.Family == unix.AF_INET {
			copy(field[:], address.Unmap().AsSlice())
		} else {
			copy(field[:], ip)
		}
		b = append(b, field[:]...)
	}
	b = binary.NativeEndian.AppendUint32(b, e.ID.Interface)
	b = binary.NativeEndian.AppendUint32(b, e.ID.Cookie[0])
	return binary.NativeEndian.AppendUint32(b, e.ID.Cookie[1])
}
