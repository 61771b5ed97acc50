//go:build linux

package control

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/fsm"
)

func TestCalls(t *testing.T) {
	path, _ := serve(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	client := caller(path)
	attached, err := client.Attach(context.Background(), connect.NewRequest(&tunnelv1.AttachRequest{Hello: &typesv1.Hello{Version: "1"}}))
	if err != nil || attached.Msg.GetHello().GetVersion() != "1.2.3" || attached.Msg.GetPid() != uint32(os.Getpid()) {
		t.Errorf("%v %v", attached, err)
	}
	_, err = client.Prepare(context.Background(), connect.NewRequest(&tunnelv1.PrepareRequest{IntranetId: "../../etc"}))
	if wire.Received(err).Code() != failure.InvalidArgument {
		t.Errorf("%v", err)
	}
	_, err = client.Start(context.Background(), connect.NewRequest(&tunnelv1.StartRequest{}))
	if wire.Received(err).Code() != failure.InvalidArgument {
		t.Errorf("%v", err)
	}
}

func TestWatch(t *testing.T) {
	path, i := serve(t)
	stream, err := caller(path).Watch(context.Background(), connect.NewRequest(&tunnelv1.WatchRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	if !stream.Receive() || len(stream.Msg().GetSnapshot().GetStates()) != 1 || stream.Msg().GetEpoch() == 0 {
		t.Fatalf("%v %v", stream.Msg(), stream.Err())
	}
	changed := state()
	changed.Phase = fsm.Connected
	i.changes <- tunnel.Snapshot{Revision: 2, State: changed}
	if !stream.Receive() || stream.Msg().GetChanged().GetPhase() != typesv1.Phase_PHASE_CONNECTED || stream.Msg().GetRevision() != 2 {
		t.Fatalf("%v %v", stream.Msg(), stream.Err())
	}
	i.changes <- tunnel.Snapshot{Revision: 3, State: state()}
	close(i.done)
	if !stream.Receive() || stream.Msg().GetRevision() != 3 {
		t.Fatalf("the last change was not sent: %v", stream.Err())
	}
	if stream.Receive() || stream.Err() != nil {
		t.Errorf("%v", stream.Err())
	}
}

func TestInvalidRequests(t *testing.T) {
	path, _ := serve(t)
	post := func(method, contentType, body string) (int, string) {
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }}
		defer transport.CloseIdleConnections()
		r, err := (&http.Client{Transport: transport}).Post("http://x/sag.tunnel.v1.TunnelService/"+method, contentType, strings.NewReader(body))
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = r.Body.Close() }()
		text, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(text)
	}
	for _, c := range []struct {
		name, method, contentType, body string
		status                          int
	}{
		{"unknown method", "Explode", "application/json", "{}", 404},
		{"unknown field", "GetStates", "application/json", `{"exec":"sh"}`, 200},
		{"not JSON", "GetStates", "application/json", `{"probe":`, 400},
		{"cut protobuf", "Prepare", "application/proto", "\x0a\x20ab", 400},
		{"other content", "GetStates", "text/plain", "x", 415},
		{"too large", "Prepare", "application/json", `{"intranetId":"` + strings.Repeat("a", 300<<10) + `"}`, 429},
		{"nothing at all", "Prepare", "application/json", ``, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status, text := post(c.method, c.contentType, c.body); status != c.status || strings.Contains(text, "goroutine") {
				t.Errorf("%d %s", status, text)
			}
			alive(t, path)
		})
	}
	for name, raw := range map[string]string{
		"no HTTP":       "\x00\x01\x02\x03\r\n\r\n",
		"endless line":  strings.Repeat("A", 64<<10),
		"negative size": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"half a call":   "POST /sag.tunnel.v1.TunnelService/GetStates HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
			alive(t, path)
		})
	}
}

// A caller that sends a byte now and then is disconnected, and does not delay other callers.
func TestSlowCallersTimeOut(t *testing.T) {
	header, body := headerLimit, bodyLimit
	headerLimit, bodyLimit = 300*time.Millisecond, 300*time.Millisecond
	t.Cleanup(func() { headerLimit, bodyLimit = header, body })
	path, _ := serve(t)
	const call = "POST /sag.tunnel.v1.TunnelService/Prepare HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
	for name, text := range map[string]string{"in the header": call[:20], "in the body": call} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_, _ = io.WriteString(conn, text)
			var cut atomic.Bool
			go func() {
				_, _ = io.ReadAll(conn)
				cut.Store(true)
			}()
			start := time.Now()
			for !cut.Load() {
				if time.Since(start) > 5*time.Second {
					t.Fatal("it is still listened to")
				}
				alive(t, path)
				_, _ = io.WriteString(conn, " ")
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
}

func TestConnectionsBeyondTheLimitWait(t *testing.T) {
	path, _ := serve(t)
	var conns []net.Conn
	for range connectionLimit {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := caller(path).GetStates(ctx, connect.NewRequest(&tunnelv1.GetStatesRequest{})); err == nil {
		t.Error("a connection beyond the limit was served")
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	alive(t, path)
}
