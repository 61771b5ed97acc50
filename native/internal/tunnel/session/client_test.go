package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	clientv1 "sag.software/native/gen/sag/client/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/failure"
)

func cloud(t *testing.T, handler http.HandlerFunc) Cloud {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return Cloud{URL: server.URL, Pins: [][32]byte{sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)}}
}

func TestWhatGoesWrongHasACause(t *testing.T) {
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
		change  func(*Cloud)
		want    typesv1.Cause
	}{
		{"a portal page", answer(200, "text/html", "<html>"), nil, typesv1.Cause_CAUSE_ANSWER_INVALID},
		{"rubbish", answer(200, proto, "\xff\xff\xff"), nil, typesv1.Cause_CAUSE_ANSWER_INVALID},
		{"empty", answer(200, proto, ""), nil, typesv1.Cause_CAUSE_ANSWER_INVALID},
		{"10 MB", answer(200, proto, strings.Repeat("\x0a\x02xx", 10<<18)), nil, typesv1.Cause_CAUSE_ANSWER_TOO_LARGE},
		{"redirected", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "https://127.0.0.1:1/", 307) }, nil, typesv1.Cause_CAUSE_ANSWER_INVALID},
		{"overloaded", answer(503, "text/plain", "busy"), nil, typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE},
		{"unauthenticated", answer(401, "application/json", `{"code":"unauthenticated"}`), nil, typesv1.Cause_CAUSE_SESSION_EXPIRED},
		{"another certificate", answer(200, proto, ""), func(c *Cloud) { c.Pins = [][32]byte{{1}} }, typesv1.Cause_CAUSE_INSTANCE_IDENTITY_CHANGED},
		{"no pin, unknown authority", answer(200, proto, ""), func(c *Cloud) { c.Pins = nil }, typesv1.Cause_CAUSE_INSTANCE_IDENTITY_UNKNOWN},
		{"nobody there", answer(200, proto, ""), func(c *Cloud) { c.URL = "https://127.0.0.1:1" }, typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := cloud(t, c.handler)
			if c.change != nil {
				c.change(&at)
			}
			client := New(at, "token", "0.0.0")
			defer client.Close()
			_, err := client.Renew(context.Background(), nil)
			if failure.Cause(err) != c.want {
				t.Errorf("%v, want %v", err, c.want)
			}
			if text := failure.From(err, 0).GetText(); strings.Contains(text, "token") || len(text) > 200 {
				t.Errorf("text: %s", text)
			}
		})
	}
}

func TestTheFailureTheCloudNamesIsTaken(t *testing.T) {
	at := cloud(t, func(w http.ResponseWriter, _ *http.Request) {
		err := failure.Connect(failure.New(typesv1.Cause_CAUSE_KICKED, "by the administrator"))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		d := err.Details()[0]
		_, _ = fmt.Fprintf(w, `{"code":"failed_precondition","message":"m","details":[{"type":%q,"value":%q}]}`, d.Type(), base64Of(d.Bytes()))
	})
	client := New(at, "token", "0.0.0")
	defer client.Close()
	_, err := client.Renew(context.Background(), nil)
	if f := failure.From(err, 0); f.GetCause() != typesv1.Cause_CAUSE_KICKED || f.GetText() != "by the administrator" {
		t.Errorf("%v", err)
	}
	if client.KeyExchange() != "X25519MLKEM768" {
		t.Errorf("key exchange %q", client.KeyExchange())
	}
}

func TestACloudThatSaysNothingIsLeft(t *testing.T) {
	if testing.Short() {
		t.Skip()
	}
	at := cloud(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client := New(at, "token", "0.0.0")
	defer client.Close()
	start := time.Now()
	err := client.Events(context.Background(), func(*clientv1.EventsResponse) { t.Error("heard something") })
	if failure.Cause(err) != typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE || time.Since(start) > 2*answerLimit {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func base64Of(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
