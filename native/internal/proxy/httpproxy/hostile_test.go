package httpproxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"sag.software/native/internal/proxy/proxytest"
)

// Requests that two parsers could read differently never reach a server (request smuggling).
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, _ int64) {
		t.Error("it reached the server")
	})})
	head := "POST http://portal.test/ HTTP/1.1\r\nHost: portal.test\r\n"
	for name, c := range map[string]struct {
		request string
		status  string
	}{
		"both framings":           {head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
		"two lengths":             {head + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", "400"},
		"two lengths in one":      {head + "Content-Length: 4, 5\r\n\r\nabcde", "400"},
		"a signed length":         {head + "Content-Length: +4\r\n\r\nabcd", "400"},
		"a negative length":       {head + "Content-Length: -1\r\n\r\n", "400"},
		"a length in hex":         {head + "Content-Length: 0x4\r\n\r\nabcd", "400"},
		"an endless length":       {head + "Content-Length: 99999999999999999999\r\n\r\n", "400"},
		"no length":               {head + "Content-Length: \r\n\r\n", ""},
		"another encoding":        {head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
		"chunked twice":           {head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501"},
		"an encoding in disguise": {head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "501"},
		"an empty encoding":       {head + "Transfer-Encoding:\r\n\r\n", "501"},
		"a blank before a colon":  {head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "400"},
		"a folded line":           {head + "X: y\r\n Transfer-Encoding: chunked\r\n\r\n", "400"},
		"a lone CR":               {head + "X: y\rTransfer-Encoding: chunked\r\n\r\n", "400"},
		"a NUL":                   {head + "X: y\x00\r\n\r\n", "400"},
		"a line without a colon":  {head + "X\r\n\r\n", "400"},
		"chunks in HTTP/1.0":      {strings.Replace(head, "1.1", "1.0", 1) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
		"a space in the target":   {"GET http://portal.test/a b HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		"HTTP/2":                  {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
		"TLS":                     {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", "400"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.status == "" {
				return // an empty list of lengths means no body
			}
			if got := raw(t, proxy, c.request); !strings.HasPrefix(got, "HTTP/1.1 "+c.status+" ") {
				t.Errorf("%.80q", got)
			}
		})
	}
}

// A body with invalid chunks never looks complete to the server, and the data after it is not parsed as another request.
func TestBrokenChunks(t *testing.T) {
	for _, body := range []string{"5\r\nabc\r\n0\r\n\r\n", "x\r\n", "3\r\nabcXX", "-1\r\n", "3\r\nabc\r\n0\r\nX\r\n\r\n", "ffffffffffffffffff\r\n", "3;\rx\r\nabc\r\n0\r\n\r\n"} {
		seen := make(chan error, 1)
		proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, _ int64) {
			request, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				_, err = io.ReadAll(request.Body)
			}
			seen <- err
		})})
		conn := dial(t, proxy)
		_, _ = io.WriteString(conn, "POST http://portal.test/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+body)
		_ = conn.CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		select {
		case err := <-seen:
			if err == nil {
				t.Errorf("%q was accepted as a complete body", body)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%q: the server received nothing", body)
		}
	}
}

// malformed returns requests with random changes; some are still valid.
func malformed(r *rand.Rand) []byte {
	return proxytest.Malformed(r, []string{
		"GET http://10.0.0.1/a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "CONNECT portal.test:443 HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST http://portal.test/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"GET /proxy.pac HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "GET /all.pac HTTP/1.0\r\n\r\n", "\x05\x01\x00\x05\x01\x00\x03\x04host\x00\x50",
	}, []string{"\r\n", ":", " ", "\x00", "HTTP/", "A", "%", "chunked", "[", "]"})
}

// After malformed requests the process still runs, memory and goroutines have not grown, and the next client is served.
func TestMalformedRequests(t *testing.T) {
	proxy := serve(t, 1000, network{to: rawOrigin(t, says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))})
	proxytest.Hostile(t, proxy, malformed, func() error {
		if got := raw(t, proxy, "GET http://portal.test/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.HasSuffix(got, "ok") {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
}

// A panic while serving one client ends that client's connection only.
func TestAPanicEndsOneConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(1000, network{}, func() string { panic("broken") })
	go s.Serve(listener)
	t.Cleanup(s.Close)
	for range 3 {
		if got := raw(t, listener.Addr().String(), "GET /proxy.pac HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"); got != "" && !strings.HasPrefix(got, "!") {
			t.Errorf("%q", got)
		}
	}
}

func FuzzRequest(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f.Add(malformed(r))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		request, err := readRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return
		}
		_, _, written, rest, err := request.authority()
		body, wrong := requestFraming(request)
		if err != nil || wrong != nil {
			return
		}
		// net/http parses the forwarded request as one request with the same length.
		head := headFor(request, asciiHost(written, written), rest)
		if strings.Count(head, "\r\n\r\n") != 1 || !strings.HasSuffix(head, "\r\n\r\n") || strings.Contains(strings.ReplaceAll(head, "\r\n", ""), "\n") {
			t.Fatalf("%q", head)
		}
		again, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil {
			return // net/http is stricter
		}
		if chunked := len(again.TransferEncoding) > 0; chunked != body.chunked || !chunked && again.ContentLength != body.length {
			t.Fatalf("%q: %+v", head, fmt.Sprint(again.ContentLength, again.TransferEncoding, body))
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, seed := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ICY 200\n\n", "x", "HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		reader := bufio.NewReader(bytes.NewReader(raw))
		response, err := readResponse(reader)
		if err != nil {
			return
		}
		c := &client{writer: bufio.NewWriter(io.Discard)}
		c.writeHead(response, "")
		_ = c.backBody(responseFraming("GET", response), &upstream{reader: reader})
	})
}
