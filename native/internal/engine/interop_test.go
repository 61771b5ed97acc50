package engine

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// both are the schedulings to test.
var both = map[string]Scheduling{"in-line": Inline, "queued": Queued}

// Unmodified wireguard-go and this engine interoperate, whichever starts, across rekeying, and when the network duplicates and
// reorders datagrams: each packet arrives once.
func TestInteroperation(t *testing.T) {
	program := filepath.Join(t.TempDir(), "stockpeer")
	build := exec.Command("go", "build", "-o", program, "./stockpeer")
	build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, scheduling := range both {
		for _, initiator := range []string{"own", "stock"} {
			t.Run(name+", "+initiator+" starts", func(t *testing.T) {
				t.Parallel()
				s := newStock(t, program, scheduling, initiator == "own")
				if initiator == "stock" {
					s.rekey(t)
				}
				s.link.exchange(t, 2000, true)
				t.Run("new keys", func(t *testing.T) {
					done := make(chan struct{})
					go func() {
						defer close(done)
						for i := range 8 {
							// Longer than the 40 ms within which a responder ignores a second initiation.
							time.Sleep(60 * time.Millisecond)
							if i%2 == 0 {
								_ = s.device.ForceHandshake(s.key)
							} else {
								s.rekey(t)
							}
						}
					}()
					for running := true; running; {
						s.link.exchange(t, 500, false)
						select {
						case <-done:
							running = false
						default:
						}
					}
				})
				t.Run("datagrams repeated and reordered", func(t *testing.T) {
					s.relay.unruly.Store(true)
					s.link.exchange(t, 12_500, false)
				})
			})
		}
	}
}

// stock is a tunnel from a device of this engine to an unmodified one, through a relay.
type stock struct {
	device *Device
	key    Key // of the stock peer
	link   *fakeLink
	relay  *relay
	stdin  io.Writer
}

func newStock(t *testing.T, program string, scheduling Scheduling, weStart bool) *stock {
	t.Helper()
	own, other := newKey(t), newKey(t)
	s := &stock{key: other.Public(), link: newFakeLink()}
	s.device = newDevice(t, own, s.link, scheduling)
	var set strings.Builder
	fmt.Fprintf(&set, "private_key=%s\npublic_key=%s\nallowed_ip=10.0.0.1/32\n", Key(other).hex(), own.Public().hex())
	s.relay = newRelay(t)
	if !weStart {
		s.relay.setInner(s.device.ListenPort())
		fmt.Fprintf(&set, "endpoint=%s\n", s.relay.outer.LocalAddr())
	}
	command := exec.Command(program)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	must(t, err)
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		in.Close()
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
	})
	fmt.Fprintf(in, "%s\n", set.String())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	var port uint16
	_, err = fmt.Sscan(line, &port)
	must(t, err)
	s.stdin = in
	peer := PeerConfig{PublicKey: s.key, AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")}}
	if weStart {
		s.relay.setOuter(port)
		peer.Endpoint = UDPEndpoint(s.relay.inner.LocalAddr().(*net.UDPAddr).AddrPort())
	}
	must(t, s.device.UpsertPeer(peer))
	return s
}

// rekey makes the stock peer start a handshake.
func (s *stock) rekey(t *testing.T) {
	if _, err := fmt.Fprintln(s.stdin, "rekey"); err != nil {
		t.Error(err)
	}
}

// relay forwards datagrams between two sockets. If unruly, it duplicates some and delays others.
type relay struct {
	inner, outer     *net.UDPConn
	toInner, toOuter atomic.Pointer[net.UDPAddr]
	unruly           atomic.Bool
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	r := &relay{inner: listen(t), outer: listen(t)}
	go r.pass(r.inner, r.outer, &r.toInner, &r.toOuter, 1)
	go r.pass(r.outer, r.inner, &r.toOuter, &r.toInner, 2)
	return r
}

func loopback(port uint16) *net.UDPAddr {
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
}

func (r *relay) setInner(port uint16) { r.toInner.Store(loopback(port)) }
func (r *relay) setOuter(port uint16) { r.toOuter.Store(loopback(port)) }

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	socket, err := net.ListenUDP("udp4", loopback(0))
	must(t, err)
	t.Cleanup(func() { socket.Close() })
	return socket
}
