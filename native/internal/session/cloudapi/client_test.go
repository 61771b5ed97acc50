package cloudapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/session"
)

func cloud(t *testing.T, handler http.HandlerFunc) session.Cloud {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return session.Cloud{URL: server.URL, Pins: [][32]byte{sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)}}
}

func TestErrorsHaveACause(t *testing.T) {
	answer := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	const proto = "application/proto"
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		change  func(*session.Cloud)
		want    failure.Cause
	}{
		{"a portal page", answer(200, "text/html", "<html>"), nil, failure.AnswerInvalid},
		{"malformed body", answer(200, proto, "\xff\xff\xff"), nil, failure.AnswerInvalid},
		{"empty", answer(200, proto, ""), nil, failure.AnswerInvalid},
		{"10 MB", answer(200, proto, strings.Repeat("\x0a\x02xx", 10<<18)), nil, failure.AnswerTooLarge},
		{"redirected", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "https://127.0.0.1:1/", 307) }, nil, failure.AnswerInvalid},
		{"overloaded", answer(503, "text/plain", "busy"), nil, failure.InstanceUnreachable},
		{"unauthenticated", answer(401, "application/json", `{"code":"unauthenticated"}`), nil, failure.SessionExpired},
		{"another certificate", answer(200, proto, ""), func(c *session.Cloud) { c.Pins = [][32]byte{{1}} }, failure.InstanceIdentityChanged},
		{"no pin, unknown authority", answer(200, proto, ""), func(c *session.Cloud) { c.Pins = nil }, failure.InstanceIdentityUnknown},
		{"nobody there", answer(200, proto, ""), func(c *session.Cloud) { c.URL = "https://127.0.0.1:1" }, failure.InstanceUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := cloud(t, c.handler)
			if c.change != nil {
				c.change(&at)
			}
			client := NewMarked(at, "token", "0.0.0", 0)
			defer client.Close()
			_, err := client.Renew(context.Background(), nil)
			if failure.CauseOf(err) != c.want {
				t.Errorf("%v, want %v", err, c.want)
			}
			if text := failure.From(err, 0).Text; strings.Contains(text, "token") || len(text) > 200 {
				t.Errorf("text: %s", text)
			}
		})
	}
}

func TestCloudsFailureIsReturned(t *testing.T) {
	at := cloud(t, func(w http.ResponseWriter, _ *http.Request) {
		err := wire.Connect(failure.New(failure.Kicked, msg.Foreign("by the administrator")))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		d := err.Details()[0]
		_, _ = fmt.Fprintf(w, `{"code":"failed_precondition","message":"m","details":[{"type":%q,"value":%q}]}`, d.Type(), base64Of(d.Bytes()))
	})
	client := NewMarked(at, "token", "0.0.0", 0)
	defer client.Close()
	_, err := client.Renew(context.Background(), nil)
	if f := failure.From(err, 0); f.Cause != failure.Kicked || f.Text != "by the administrator" {
		t.Errorf("%v", err)
	}
	if client.KeyExchange() != "X25519MLKEM768" {
		t.Errorf("key exchange %q", client.KeyExchange())
	}
}

func TestSilentCloudTimesOut(t *testing.T) {
	if testing.Short() {
		t.Skip("not run: needs go test without -short")
	}
	at := cloud(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client := NewMarked(at, "token", "0.0.0", 0)
	defer client.Close()
	start := time.Now()
	err := client.Events(context.Background(), func(session.Event) { t.Error("received an event") })
	if failure.CauseOf(err) != failure.InstanceUnreachable || time.Since(start) > 2*answerLimit {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// relay forwards connections to an address until frozen is closed; afterwards it drops all data without closing.
func relay(t *testing.T, address string, frozen <-chan struct{}) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	pass := func(to, from net.Conn) {
		buffer := make([]byte, 16<<10)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			select {
			case <-frozen:
			default:
				_, _ = to.Write(buffer[:n])
			}
		}
	}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", address)
			if err != nil {
				_ = near.Close()
				continue
			}
			t.Cleanup(func() { _, _ = near.Close(), far.Close() })
			go pass(far, near)
			go pass(near, far)
		}
	}()
	return listener.Addr().String()
}

func TestVanishedCloudEndsTheStream(t *testing.T) {
	if most := pingAfter + pingLimit + dialLimit; most > 20*time.Second {
		t.Errorf("a vanished cloud is detected after %v", most)
	}
	opened := &clientv1.EventsResponse{Event: &clientv1.EventsResponse_Opened{Opened: &clientv1.Opened{}}}
	body, err := proto.Marshal(opened)
	if err != nil {
		t.Fatal(err)
	}
	at := cloud(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/connect+proto")
		_, _ = w.Write(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))))
		_, _ = w.Write(body)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	frozen := make(chan struct{})
	at.URL = "https://" + relay(t, strings.TrimPrefix(at.URL, "https://"), frozen)
	client := NewMarked(at, "token", "0.0.0", 0)
	defer client.Close()
	client.transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 100 * time.Millisecond, PingTimeout: 100 * time.Millisecond}
	heard := false
	err = client.Events(context.Background(), func(session.Event) {
		heard = true
		close(frozen)
	})
	if !heard || failure.CauseOf(err) != failure.InstanceUnreachable {
		t.Errorf("received: %v, then %v", heard, err)
	}
}

func base64Of(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
