package route

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/marks"
)

const (
	// protocolAt is the offset of the protocol in a route message; ruleHeader is the length of a rule message's header.
	protocolAt = 5
	ruleHeader = 12
	// mostProcesses is larger than any process ID. Netlink port IDs of a process's further sockets are larger.
	mostProcesses = 1 << 22
)

// LastRemover implements Router.
func (m *linux) LastRemover() string {
	name, _ := m.remover.Load().(string)
	return name
}

// noteRemover records which program has removed a route or rule of the tunnel. The kernel reports the port ID of the netlink
// socket, which usually is the process ID.
func (m *linux) noteRemover(message syscall.NetlinkMessage) {
	who := message.Header.Pid
	if who == 0 || who >= mostProcesses || who == uint32(os.Getpid()) || !removesOwned(message) {
		return
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", who))
	if err != nil {
		return // the process has ended
	}
	m.remover.Store(fmt.Sprintf("%s, process %d", strings.TrimSpace(string(name)), who))
}

// removesOwned is true for the removal of a route or rule of the tunnel.
func removesOwned(message syscall.NetlinkMessage) bool {
	switch message.Header.Type {
	case unix.RTM_DELROUTE:
		return len(message.Data) > protocolAt && message.Data[protocolAt] == marks.RouteProtocol
	case unix.RTM_DELRULE:
		if len(message.Data) < ruleHeader {
			return false
		}
		attributes, err := nl.ParseRouteAttr(message.Data[ruleHeader:])
		for _, a := range attributes {
			if err == nil && a.Attr.Type == nl.FRA_PROTOCOL && len(a.Value) > 0 {
				return a.Value[0] == marks.RouteProtocol
			}
		}
	}
	return false
}
