package neighbour

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Responder answers ARP and neighbour discovery requests on one network.
type Responder struct {
	link      *net.Interface
	own       hardwareAddr
	sockets   []*os.File
	displaced func(address netip.Addr, generation uint64)
	logger    *slog.Logger
	readers   sync.WaitGroup

	mu sync.Mutex
	// claimed are the addresses that are answered for, with the generations of their clients.
	claimed map[netip.Addr]uint64
}

// neighbourOnly passes IPv6 neighbour solicitations and advertisements only. Without it the socket would receive all IPv6
// traffic.
var neighbourOnly = []bpf.Instruction{
	bpf.LoadAbsolute{Off: ethernetSize + 6, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: icmpv6, SkipTrue: 4},
	bpf.LoadAbsolute{Off: ethernetSize + ipv6Size, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: solicitation, SkipTrue: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: advertisement, SkipTrue: 1},
	bpf.RetConstant{Val: 256},
	bpf.RetConstant{Val: 0},
}

// Open starts to listen on a network. displaced is called when another host claims an address that is claimed here, with the
// generation in the claim, or 0.
func Open(name string, displaced func(netip.Addr, uint64), logger *slog.Logger) (*Responder, error) {
	link, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	if len(link.HardwareAddr) != len(hardwareAddr{}) {
		return nil, fmt.Errorf("%s is not a network with Ethernet addresses", name)
	}
	r := &Responder{
		link: link, own: hardwareAddr(link.HardwareAddr), displaced: displaced, logger: logger, claimed: map[netip.Addr]uint64{},
	}
	for _, kind := range []struct {
		protocol uint16
		filter   []bpf.Instruction
	}{{typeARP, nil}, {typeIPv6, neighbourOnly}} {
		socket, err := open(link.Index, kind.protocol, kind.filter)
		if err != nil {
			r.Close()
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.sockets = append(r.sockets, socket)
	}
	for _, socket := range r.sockets {
		r.readers.Go(func() { r.read(socket) })
	}
	return r, nil
}

// open makes a socket that receives one protocol. It is bound after the filter is set, so that no unfiltered packet is queued.
func open(link int, protocol uint16, filter []bpf.Instruction) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	socket := os.NewFile(uintptr(fd), "packets")
	if filter != nil {
		err = setFilter(fd, filter)
		if err == nil { // solicitations go to multicast groups that the host joins for its own addresses only
			err = unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
				&unix.PacketMreq{Ifindex: int32(link), Type: unix.PACKET_MR_ALLMULTI})
		}
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol<<8 | protocol>>8, Ifindex: link})
	}
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return socket, nil
}

func setFilter(fd int, filter []bpf.Instruction) error {
	raw, err := bpf.Assemble(filter)
	if err != nil {
		return err
	}
	program := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		program[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}

// Close stops answering.
func (r *Responder) Close() {
	for _, socket := range r.sockets {
		_ = socket.Close()
	}
	r.readers.Wait()
}

// Claim announces an address and answers for it from now on.
func (r *Responder) Claim(address netip.Addr, generation uint64) {
	r.mu.Lock()
	r.claimed[address] = generation
	r.mu.Unlock()
	r.send(announcement(r.own, address, generation))
}

// Release stops answering for an address.
func (r *Responder) Release(address netip.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.claimed, address)
}

func (r *Responder) claims(address netip.Addr) (generation uint64, is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	generation, is = r.claimed[address]
	return generation, is
}

func (r *Responder) read(socket *os.File) {
	buffer := make([]byte, 256)
	for {
		n, err := socket.Read(buffer)
		if errors.Is(err, unix.ENETDOWN) {
			continue // it may come back; the next read waits
		}
		if err != nil {
			if !errors.Is(err, os.ErrClosed) {
				r.logger.Error("no longer answering for clients", "link", r.link.Name, "error", err)
			}
			return
		}
		received, ok := read(buffer[:n])
		if !ok || received.sender == r.own {
			continue
		}
		switch generation, claimed := r.claims(received.about); {
		case !claimed:
		case received.asks:
			r.send(answer(r.own, received, generation))
		default:
			r.displaced(received.about, received.generation)
		}
	}
}

func (r *Responder) send(frame []byte) {
	if _, err := r.sockets[0].Write(frame); err != nil {
		r.logger.Warn("could not answer for a client", "link", r.link.Name, "error", err)
	}
}
