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
	// protocolAt is where a route's message has its protocol; ruleHeader is the length of a rule's header.
	protocolAt = 5
	ruleHeader = 12
	// mostProcesses is more than any process id: sockets that are not a process's first have names beyond it.
	mostProcesses = 1 << 22
)

// LastRemover implements Router.
func (m *linux) LastRemover() string {
	name, _ := m.remover.Load().(string)
	return name
}

// noteRemover notes which program removed something of the tunnel's: the kernel passes on whose socket asked for it.
func (m *linux) noteRemover(message syscall.NetlinkMessage) {
	who := message.Header.Pid
	if who == 0 || who >= mostProcesses || who == uint32(os.Getpid()) || !removesOwned(message) {
		return
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", who))
	if err != nil {
		return // it has ended
	}
	m.remover.Store(fmt.Sprintf("%s, process %d", strings.TrimSpace(string(name)), who))
}

// removesOwned is true for the removal of a route or rule of the tunnel's.
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
