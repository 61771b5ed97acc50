package isolate

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/netstack"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/sampled"
)

const (
	// connectionLimit is how many commands are served at a time.
	connectionLimit = 64
	// acceptPause is the wait after a failed accept.
	acceptPause = 100 * time.Millisecond
)

type server struct {
	listener *net.UnixListener
	now      func() dialer.Intranet
	logger   *slog.Logger
	// unaccepted logs failures of accepting a command.
	unaccepted sampled.Log

	mu     sync.Mutex
	conns  map[*net.UnixConn]struct{}
	closed bool
}

// Serve carries the TUN devices that are passed over a socket in dir, which only this user can access, until stop is
// called.
func Serve(dir string, now func() dialer.Intranet, logger *slog.Logger) (stop func(), err error) {
	path := filepath.Join(dir, SocketName)
	_ = os.Remove(path) // left by a former process; the lock on the directory shows that none is running
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	s := &server{listener: listener, now: now, logger: logger, conns: map[*net.UnixConn]struct{}{}}
	s.unaccepted.Logger = logger
	go s.accept()
	return s.stop, nil
}

func (s *server) stop() {
	_ = s.listener.Close() // removes the socket as well
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for conn := range s.conns {
		_ = conn.Close()
	}
}

func (s *server) accept() {
	for {
		conn, err := s.listener.AcceptUnix()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// Such as too few file descriptors, which may be temporary.
			s.unaccepted.Warn("failed to accept an isolated command", "error", err)
			time.Sleep(acceptPause)
			continue
		}
		s.mu.Lock()
		taken := !s.closed && len(s.conns) < connectionLimit
		if taken {
			s.conns[conn] = struct{}{}
		}
		s.mu.Unlock()
		if !taken {
			_ = conn.Close()
			continue
		}
		go func() {
			defer func() {
				s.mu.Lock()
				delete(s.conns, conn)
				s.mu.Unlock()
				_ = conn.Close()
			}()
			if err := s.serve(conn); err != nil {
				s.logger.Warn("failed to serve an isolated command", "error", err)
			}
		}()
	}
}

func (s *server) serve(conn *net.UnixConn) error {
	if uid, err := peer(conn); err != nil || uid != uint32(os.Geteuid()) {
		return errors.Join(errors.New("the socket's peer is another user"), err)
	}
	var hello Hello
	if now := s.now(); now.Policy != nil {
		hello.Search = now.Policy.Search
	}
	if err := json.NewEncoder(conn).Encode(hello); err != nil {
		return err
	}
	device, _, err := ReceiveFile(conn, "tun")
	if err != nil {
		return nil // the client closed the connection without sending a device
	}
	defer func() { _ = device.Close() }()
	carried, err := netstack.New(netstack.Config{MTU: MTU, Forward: newFlows(s.now).handlers()})
	if err != nil {
		return err
	}
	defer carried.Close()
	path := datapath.New(carried.Device())
	go down(path, device)
	go func() {
		// The end of the client's connection ends the forwarding.
		_, _ = conn.Read(make([]byte, 1))
		_ = device.Close()
	}()
	up(device, path)
	return nil
}

func peer(conn *net.UnixConn) (uint32, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var ucred *unix.Ucred
	var asked error
	if err := raw.Control(func(fd uintptr) { ucred, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return 0, err
	}
	if asked != nil {
		return 0, asked
	}
	return ucred.Uid, nil
}

// up passes the namespace's packets to the stack until the device is closed.
func up(device *os.File, to *datapath.Path) {
	buffer := make([]byte, maxDatagram)
	for {
		n, err := device.Read(buffer)
		if err != nil {
			return
		}
		if _, err := to.Write([][]byte{buffer[:n]}, 0); err != nil {
			return
		}
	}
}

// down passes the stack's packets to the namespace.
func down(from *datapath.Path, device *os.File) {
	buffers, sizes := make([][]byte, from.BatchSize()), make([]int, from.BatchSize())
	for i := range buffers {
		buffers[i] = make([]byte, maxDatagram)
	}
	for {
		n, err := from.Read(buffers, sizes, 0)
		if err != nil {
			return
		}
		for i := range n {
			// Other write errors only lose the packet.
			if _, err := device.Write(buffers[i][:sizes[i]]); errors.Is(err, os.ErrClosed) {
				return
			}
		}
	}
}
