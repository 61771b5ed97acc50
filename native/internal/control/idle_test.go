//go:build linux

package control

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/gen/sag/tunnel/v1/tunnelv1connect"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/fsm"
)

// idle is a tunnel that does nothing.
type idle struct {
	changes chan tunnel.Snapshot
	done    chan struct{}
}

func (idle) Prepare(string) (string, []byte, error) { return "attempt", make([]byte, 32), nil }

func (idle) Start(tunnel.StartRequest) (*tunnel.State, error) {
	return nil, failure.New(failure.PortInUse, msg.Foreign("taken"))
}

func (idle) Stop(context.Context, string) (*tunnel.State, error) { return state(), nil }

func (idle) State(context.Context, bool) (*tunnel.State, error) { return state(), nil }

func (i idle) Watch() (tunnel.Snapshot, <-chan tunnel.Snapshot, func()) {
	return tunnel.Snapshot{Revision: 1, State: state()}, i.changes, func() {}
}

func (idle) Attend() func() { return func() {} }

func (i idle) Done() <-chan struct{} { return i.done }

func state() *tunnel.State {
	return &tunnel.State{IntranetID: "a1b2", Phase: fsm.Disconnected}
}

func serve(t *testing.T) (path string, i idle) {
	t.Helper()
	i = idle{changes: make(chan tunnel.Snapshot, 4), done: make(chan struct{})}
	dir := t.TempDir()
	server, err := Listen(dir, Handler(i, "1.2.3"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve() }()
	t.Cleanup(func() {
		server.Shutdown(100 * time.Millisecond)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(server.Path()); !os.IsNotExist(err) {
			t.Error("the socket was not removed")
		}
	})
	return server.Path(), i
}

func caller(path string) tunnelv1connect.TunnelServiceClient {
	client, _ := Dial(filepath.Dir(path))
	return client
}

func alive(t *testing.T, path string) {
	t.Helper()
	r, err := caller(path).GetStates(context.Background(), connect.NewRequest(&tunnelv1.GetStatesRequest{}))
	if err != nil || len(r.Msg.GetStates()) != 1 {
		t.Fatalf("it does not go on: %v", err)
	}
}
