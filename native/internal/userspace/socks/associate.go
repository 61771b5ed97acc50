package socks

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"sag.software/native/internal/userspace/inside"
)

const (
	// datagramLimit is the largest datagram, bytes.
	datagramLimit = 65535
	// ownerMemory is how long the owner of a client's UDP socket is believed.
	ownerMemory = time.Second
	// lookupLimit bounds the search for a destination; datagrams to it are lost meanwhile, as they may be.
	lookupLimit = 5 * time.Second
	// placeMemory is how long a destination's place is believed, placesKept how many are.
	placeMemory = 5 * time.Second
	placesKept  = 256
)

// association is one client's UDP relay.
type association struct {
	server *Server
	// toClient is the socket the client sends to and hears from.
	toClient *net.UDPConn
	// peer is the client's own address: that of the TCP connection.
	peer netip.Addr

	mu     sync.Mutex
	client netip.AddrPort // where the client was last heard
	// Sockets towards destinations, made when first used: outside, and inside by IP version.
	outside *net.UDPConn
	within  map[bool]net.PacketConn
	network inside.Network
	places  map[string]found
	closed  bool
}

type found struct {
	place inside.Place
	until time.Time
}

// associate relays datagrams for as long as the client's TCP connection stays open.
func (s *Server) associate(conn net.Conn) {
	local, remote := addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr())
	toClient, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local.Addr(), 0)))
	if err != nil {
		s.reply(conn, GeneralFailure, netip.AddrPort{})
		return
	}
	a := &association{server: s, toClient: toClient, peer: remote.Addr(), within: map[bool]net.PacketConn{}, places: map[string]found{}}
	defer a.close()
	if !s.reply(conn, Succeeded, addrPort(toClient.LocalAddr())) {
		return
	}
	go a.fromClient()
	_, _ = io.Copy(io.Discard, conn)
}

func (a *association) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	_ = a.toClient.Close()
	if a.outside != nil {
		_ = a.outside.Close()
	}
	for _, socket := range a.within {
		_ = socket.Close()
	}
}

// fromClient takes the client's datagrams.
func (a *association) fromClient() {
	buffer := make([]byte, datagramLimit)
	var admitted netip.AddrPort
	var until time.Time
	for {
		n, from, err := a.toClient.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		from = unmapped(from)
		if now := time.Now(); from != admitted || now.After(until) {
			if from.Addr() != a.peer || !a.server.Guard.UDP(from) {
				continue
			}
			admitted, until = from, now.Add(ownerMemory)
			a.mu.Lock()
			a.client = from
			a.mu.Unlock()
		}
		d, err := parseDatagram(buffer[:n])
		if err != nil || d.port == 0 {
			continue
		}
		a.send(d)
	}
}

// send finds a destination, which may take a while for a name, and sends.
func (a *association) send(d datagram) {
	a.mu.Lock()
	known, ok := a.places[d.host]
	a.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		a.sendTo(known.place, d)
		return
	}
	data := append([]byte(nil), d.data...)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), lookupLimit)
		defer cancel()
		place, err := a.server.Dialer.Find(ctx, d.host)
		if err != nil || len(place.Addresses) == 0 {
			return
		}
		a.mu.Lock()
		if len(a.places) >= placesKept {
			clear(a.places)
		}
		a.places[d.host] = found{place: place, until: time.Now().Add(placeMemory)}
		a.mu.Unlock()
		a.sendTo(place, datagram{host: d.host, port: d.port, data: data})
	}()
}

func (a *association) sendTo(place inside.Place, d datagram) {
	to := netip.AddrPortFrom(place.Addresses[0], d.port)
	socket := a.socket(place, to.Addr().Is6())
	if socket == nil {
		return
	}
	_, _ = socket.WriteTo(d.data, net.UDPAddrFromAddrPort(to)) // lost datagrams are what UDP is made of
}

// socket is the one that reaches a place; nil if there is none.
func (a *association) socket(place inside.Place, ipv6 bool) net.PacketConn {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	if !place.Inside {
		if a.outside == nil {
			socket, err := net.ListenUDP("udp", nil)
			if err != nil {
				return nil
			}
			a.outside = socket
			go a.toTheClient(socket)
		}
		return a.outside
	}
	if place.Network != a.network {
		for key, old := range a.within {
			_ = old.Close()
			delete(a.within, key)
		}
		a.network = place.Network
	}
	if a.within[ipv6] == nil {
		socket, err := place.Network.ListenPacket(ipv6)
		if err != nil {
			return nil
		}
		a.within[ipv6] = socket
		go a.toTheClient(socket)
	}
	return a.within[ipv6]
}

// toTheClient hands back what comes from destinations.
func (a *association) toTheClient(socket net.PacketConn) {
	buffer := make([]byte, datagramLimit)
	var out []byte
	for {
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			a.forget(socket)
			return
		}
		a.mu.Lock()
		client := a.client
		a.mu.Unlock()
		out = appendDatagram(out[:0], addrPort(from), buffer[:n])
		_, _ = a.toClient.WriteToUDPAddrPort(out, client)
	}
}

// forget drops a socket that can not be read any longer; the next datagram makes a new one.
func (a *association) forget(socket net.PacketConn) {
	_ = socket.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.outside != nil && socket == net.PacketConn(a.outside) {
		a.outside = nil
	}
	for key, one := range a.within {
		if one == socket {
			delete(a.within, key)
		}
	}
}
