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
	// TCP states without a connection to reset.
	timeWait, closed, listening = 6, 7, 10
	// endSize is the size of inet_diag_req_v2, bytes.
	endSize = 56
)

// EndConnections resets this host's TCP connections from these local addresses, and returns their number. UDP has no connections
// to reset.
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
			case !errors.Is(err, unix.ENOENT): // it has ended meanwhile
				failed = err
			}
		}
	}
	return ended, failed
}

// end is a request to reset one connection (inet_diag_req_v2). The cookie ensures that it is the connection that was found.
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
