//go:build linux

package control

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
)

// Root can open any socket, so the server itself has to check the caller's user. The test's tunnel belongs to another user.
func TestOtherUsersAreRefused(t *testing.T) {
	handler := owned(Handler(idle{}, "1"), 12345, slog.New(slog.DiscardHandler))
	path := filepath.Join(t.TempDir(), SocketName)
	listener, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, callerKey{}, conn)
	}}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	_, err = caller(path).GetStates(context.Background(), connect.NewRequest(&tunnelv1.GetStatesRequest{}))
	if connect.CodeOf(err) != connect.CodePermissionDenied || wire.Received(err).Code() != failure.NotPermitted {
		t.Errorf("%v", err)
	}
}

func TestOtherUserCannotOpenTheSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not run: a process of another user needs root")
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("not run: needs curl")
	}
	path, _ := serve(t)
	if err := os.Chmod(filepath.Dir(path), 0o755); err != nil { // only the socket's own mode is tested
		t.Fatal(err)
	}
	command := exec.Command(curl, "-sS", "--unix-socket", path, "http://x/sag.tunnel.v1.TunnelService/GetStates", "-H", "Content-Type: application/json", "-d", "{}")
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := command.CombinedOutput(); err == nil {
		t.Errorf("%s", out)
	}
}
