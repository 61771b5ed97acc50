package panics

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sag.software/native/internal/failure"
)

func logger() (*slog.Logger, *bytes.Buffer) {
	var text bytes.Buffer
	return slog.New(slog.NewJSONHandler(&text, nil)), &text
}

func TestLog(t *testing.T) {
	l, text := logger()
	func() {
		defer Log(l, "nothing")
	}()
	if text.Len() > 0 {
		t.Errorf("%s", text)
	}
	func() {
		defer Log(l, "a question")
		write(nil)
	}()
	for _, want := range []string{`"cause":"unknown"`, "a question", "nil map", "panics_test.go"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}

// write panics for a nil map.
func write(values map[string]int) { values["x"] = 1 }

func TestError(t *testing.T) {
	work := func(bad bool) (err error) {
		defer Error(&err, "an answer")
		if bad {
			panic("out of range")
		}
		return io.EOF
	}
	if err := work(false); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	err := work(true)
	if failure.CauseOf(err) != failure.Unknown || strings.Contains(err.Error(), "out of range") {
		t.Errorf("%v", err)
	}
	if under := errors.Unwrap(err); under == nil || !strings.Contains(under.Error(), "out of range") {
		t.Errorf("%v", under)
	}
}

func TestHandler(t *testing.T) {
	l, text := logger()
	server := httptest.NewServer(Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			panic("out of range")
		}
	}), l))
	defer server.Close()
	ask := func(path string) error {
		request, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+path, nil)
		answer, err := server.Client().Do(request)
		if err == nil {
			_ = answer.Body.Close()
		}
		return err
	}
	if err := ask("/bad"); err == nil {
		t.Error("a handler that panicked completed its response")
	}
	if err := ask("/good"); err != nil {
		t.Error(err)
	}
	if strings.Count(text.String(), "out of range") != 1 || !strings.Contains(text.String(), "POST /bad") {
		t.Errorf("%s", text)
	}
}
