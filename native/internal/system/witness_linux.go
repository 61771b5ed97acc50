package system

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	// protocolAt is where a route's message has its protocol; ruleHeader is the length of a rule's header.
	protocolAt = 5
	ruleHeader = 12
	// mostProcesses is more than any process id: sockets that are not a process's first have names beyond it.
	mostProcesses = 1 << 22
)

// Culprit is who took away a route or rule of ours last, in words; empty if that is not known.
func (m *linux) Culprit() string {
	name, _ := m.culprit.Load().(string)
	return name
}

// witness notes who took away what is ours: the kernel passes on by whose socket that was asked for.
func (m *linux) witness(message syscall.NetlinkMessage) {
	who := message.Header.Pid
	if who == 0 || who >= mostProcesses || who == uint32(os.Getpid()) || !losesOurs(message) {
		return
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", who))
	if err != nil {
		return // it has ended
	}
	m.culprit.Store(fmt.Sprintf("%s, process %d", strings.TrimSpace(string(name)), who))
}

// losesOurs is true for the end of a route or rule that carries our mark of ownership.
func losesOurs(message syscall.NetlinkMessage) bool {
	switch message.Header.Type {
	case unix.RTM_DELROUTE:
		return len(message.Data) > protocolAt && message.Data[protocolAt] == protocol
	case unix.RTM_DELRULE:
		if len(message.Data) < ruleHeader {
			return false
		}
		attributes, err := nl.ParseRouteAttr(message.Data[ruleHeader:])
		for _, a := range attributes {
			if err == nil && a.Attr.Type == nl.FRA_PROTOCOL && len(a.Value) > 0 {
				return a.Value[0] == protocol
			}
		}
	}
	return false
}
