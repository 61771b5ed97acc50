//go:build linux

package control

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
)

func FuzzHandler(f *testing.F) {
	f.Add("GetStates", "application/json", []byte(`{"probe":true}`))
	f.Add("Prepare", "application/proto", []byte("\x0a\x04a1b2"))
	f.Add("Start", "application/json", []byte(`{"attemptId":"x","intranetId":"a1b2","cloud":{"url":"https://cloud.example:1"},"session":{"sessionId":"WlpaWlpaWlpaWlpaWlpaWg==","routes":["10.0.0.0/8"],"addresses":["10.9.0.1/32"]}}`))
	f.Add("Stop", "application/connect+proto", []byte("\x0a\x04a1b2"))
	f.Add("Watch", "application/connect+json", []byte("\x00\x00\x00\x00\x02{}"))
	done := make(chan struct{})
	close(done)
	handler := Handler(idle{done: done}, "1")
	f.Fuzz(func(t *testing.T, method, contentType string, body []byte) {
		r, err := http.NewRequest(http.MethodPost, "http://x/sag.tunnel.v1.TunnelService/"+fmt.Sprintf("%x", method), bytes.NewReader(body))
		if err != nil {
			return
		}
		r.URL.Path = "/sag.tunnel.v1.TunnelService/" + method
		r.Header.Set("Content-Type", contentType)
		handler.ServeHTTP(&sink{header: http.Header{}}, r)
	})
}

// sink discards answers.
type sink struct {
	header http.Header
	body   bytes.Buffer
}

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(int) {}

func (s *sink) Write(b []byte) (int, error) { return s.body.Write(b) }

func (s *sink) Flush() {}
