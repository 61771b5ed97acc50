// Package netstack is a user-space TCP/IP stack (gVisor's) whose link is a datapath.Device. The client's proxies dial
// through it; the access point's user-space mode terminates connections in it.
package netstack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

const nic tcpip.NICID = 1

// minimumMTU is the smallest link MTU that IPv6 allows, bytes.
const minimumMTU = header.IPv6MinimumMTU

// Limits of connections in TIME-WAIT: one minute's worth at 34 and at 68 connections a second.
const hostTimeWaits, pointTimeWaits = 2048, 4096

// Config configures a stack.
type Config struct {
	// Addresses are the stack's own addresses.
	Addresses []netip.Prefix
	// MTU of inner packets, bytes; at least 1280.
	MTU int
	// PathMTU returns the largest packet that fits the path to a destination, bytes, where that is less than MTU; nil = MTU for all
	// destinations. It must not block.
	PathMTU func(netip.Addr) int
	// Forward makes it an access point's stack, which accepts packets for any address. nil = a host's stack.
	Forward *Forward
}

// Stack is a user-space TCP/IP stack.
type Stack struct {
	gvisor *gstack.Stack
	device *Device
	ports  ports
}

// New creates a stack.
func New(config Config) (*Stack, error) {
	if config.MTU < minimumMTU {
		return nil, fmt.Errorf("stack: an MTU of %d is below %d", config.MTU, minimumMTU)
	}
	s := &Stack{
		gvisor: gstack.New(gstack.Options{
			NetworkProtocols:   []gstack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
			TransportProtocols: []gstack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6},
			HandleLocal:        config.Forward == nil,
		}),
		device: &Device{link: newLink(config.MTU)},
	}
	s.device.link.path.of = config.PathMTU
	s.ports.last.Store(rand.Uint32N(portCount))
	s.device.link.timeWait.stack, s.device.link.timeWait.limit = s.gvisor, hostTimeWaits
	if config.Forward != nil {
		s.device.link.timeWait.limit = pointTimeWaits
	}
	err := s.configure(config)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("stack: %w", err)
	}
	return s, nil
}

func (s *Stack) configure(config Config) error {
	if err := s.tune(); err != nil {
		return err
	}
	if err := s.gvisor.CreateNIC(nic, s.device.link); err != nil {
		return tcpipError(err)
	}
	for _, prefix := range config.Addresses {
		if !prefix.IsValid() {
			return errors.New("invalid address")
		}
		address := tcpip.ProtocolAddress{
			Protocol: protocolOf(prefix.Addr()),
			AddressWithPrefix: tcpip.AddressWithPrefix{
				Address:   fromAddr(prefix.Addr()),
				PrefixLen: prefix.Bits(),
			},
		}
		if err := s.gvisor.AddProtocolAddress(nic, address, gstack.AddressProperties{}); err != nil {
			return fmt.Errorf("%s: %w", prefix, tcpipError(err))
		}
	}
	s.gvisor.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: nic},
		{Destination: header.IPv6EmptySubnet, NIC: nic},
	})
	if config.Forward != nil {
		return s.forward(config.Forward)
	}
	return nil
}

// tune changes gVisor's defaults that do not suit a tunnel.
func (s *Stack) tune() error {
	sack := tcpip.TCPSACKEnabled(true)
	// Receive buffers start small to keep idle connections cheap, and grow with what the reader consumes.
	receive := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4 << 10, Default: 256 << 10, Max: 4 << 20}
	send := tcpip.TCPSendBufferSizeRangeOption{Min: 4 << 10, Default: 1 << 20, Max: 4 << 20}
	moderate := tcpip.TCPModerateReceiveBufferOption(true)
	// Without reuse, a client that closes first has no free port after 49,000 connections in a minute. Timestamps let the
	// other end recognise the new connection.
	reuse := tcpip.TCPTimeWaitReuseGlobal
	for _, option := range []tcpip.SettableTransportProtocolOption{&sack, &receive, &send, &moderate, &reuse} {
		if err := s.gvisor.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return fmt.Errorf("%T: %w", option, tcpipError(err))
		}
	}
	return s.chooseCongestionControl()
}

// chooseCongestionControl selects the congestion control that native/tools/engine adds to gVisor. An unpatched gVisor does not have it; Reno
// is used then, and not CUBIC: after several losses this version's CUBIC reduces the window to zero and never sends again.
func (s *Stack) chooseCongestionControl() error {
	var err tcpip.Error
	for _, name := range []tcpip.CongestionControlOption{"rate", "reno"} {
		if err = s.gvisor.SetTransportProtocolOption(tcp.ProtocolNumber, &name); err == nil {
			return nil
		}
	}
	return fmt.Errorf("congestion control: %w", tcpipError(err))
}

// Device returns the stack's device.
func (s *Stack) Device() *Device { return s.device }

// Close ends every connection and closes the device.
func (s *Stack) Close() {
	_ = s.device.Close()
	s.gvisor.RemoveNIC(nic)
	s.gvisor.Close()
}

func protocolOf(address netip.Addr) tcpip.NetworkProtocolNumber {
	if address.Unmap().Is4() {
		return ipv4.ProtocolNumber
	}
	return ipv6.ProtocolNumber
}

func fromAddr(address netip.Addr) tcpip.Address {
	return tcpip.AddrFromSlice(address.Unmap().AsSlice())
}

func toAddr(address tcpip.Address) netip.Addr {
	a, _ := netip.AddrFromSlice(address.AsSlice())
	return a
}

func fullAddress(a netip.AddrPort) tcpip.FullAddress {
	full := tcpip.FullAddress{NIC: nic, Port: a.Port()}
	if a.Addr().IsValid() && !a.Addr().IsUnspecified() {
		full.Addr = fromAddr(a.Addr())
	}
	return full
}
