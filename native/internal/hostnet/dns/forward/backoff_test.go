package forward

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sag.software/native/internal/fair"
)

// Sockets that always fail.
type (
	brokenPackets struct {
		net.PacketConn
		tries atomic.Int64
	}
	brokenStream struct {
		net.Listener
		tries atomic.Int64
	}
)

var errBroken = errors.New("cannot allocate memory")

func (b *brokenPackets) ReadFrom([]byte) (int, net.Addr, error) {
	b.tries.Add(1)
	return 0, nil, errBroken
}
func (b *brokenStream) Accept() (net.Conn, error) { b.tries.Add(1); return nil, errBroken }

// A persistent error causes few retries, and Close ends them at once.
func TestPersistentErrorIsNoBusyLoop(t *testing.T) {
	var text strings.Builder
	packets, stream := &brokenPackets{}, &brokenStream{}
	f := &Forwarder{
		config: Config{Logger: slog.New(slog.NewTextHandler(&text, nil))}, packets: packets, stream: stream, connections: fair.New(connectionLimit, rootConnectionLimit),
	}
	f.ctx, f.stop = context.WithCancel(context.Background())
	f.done.Go(f.servePackets)
	f.done.Go(f.serveStreams)
	time.Sleep(300 * time.Millisecond) // the number of attempts in this time is tested
	f.stop()
	ended := make(chan struct{})
	go func() { f.done.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("it goes on after its end")
	}
	for what, tries := range map[string]int64{"read": packets.tries.Load(), "accept": stream.tries.Load()} {
		if tries < 2 || tries > 12 {
			t.Errorf("%d tries to %s within 300 ms", tries, what)
		}
	}
	if strings.Count(text.String(), errBroken.Error()) != 2 {
		t.Errorf("log: %s", text.String())
	}
}

// A query that causes a panic is not answered, and the forwarder continues.
func TestPanicEndsOneQuery(t *testing.T) {
	var text strings.Builder
	f := &Forwarder{config: Config{Logger: slog.New(slog.NewTextHandler(&text, nil))}}
	f.servePacket([]byte{1, 2, 3}, nil) // without rules, so that nil is dereferenced
	if !strings.Contains(text.String(), "internal error") || !strings.Contains(text.String(), "server.go") {
		t.Errorf("log: %s", text.String())
	}
}
