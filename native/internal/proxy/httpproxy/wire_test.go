package httpproxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// rawOrigin is a server that passes each of its connections to a function.
func rawOrigin(t *testing.T, serve func(conn net.Conn, number int64)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for number := int64(1); ; number++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
				serve(conn, number)
			}()
		}
	}()
	return l.Addr().String()
}

// says answers every request's head with the same bytes and closes the connection.
func says(answer string) func(net.Conn, int64) {
	return func(conn net.Conn, _ int64) {
		if _, err := readHead(bufio.NewReader(conn), maxRequestHead, nil); err == nil {
			_, _ = io.WriteString(conn, answer)
		}
	}
}

func dial(t *testing.T, to string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	return conn.(*net.TCPConn)
}

// raw sends bytes and returns all bytes that come back, or the error.
func raw(t *testing.T, to, text string) string {
	t.Helper()
	conn := dial(t, to)
	_, _ = io.WriteString(conn, text)
	all, err := io.ReadAll(conn)
	if err != nil {
		return string(all) + "!" + err.Error()
	}
	return string(all)
}

// A client's request arrives byte for byte.
func TestRequestsAreForwardedUnchanged(t *testing.T) {
	got := make(chan string, 1)
	proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, _ int64) {
		r := bufio.NewReader(conn)
		lines, err := readHead(r, 1<<20, nil)
		if err != nil {
			return
		}
		head := ""
		for _, line := range lines {
			head += string(line)
		}
		got <- head
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})})
	for target, want := range map[string]string{
		"http://portal.test/?a=1;b=2":            "/?a=1;b=2",
		"http://portal.test/100%":                "/100%",
		"http://portal.test/?z=1&a=2&a=1&%zz":    "/?z=1&a=2&a=1&%zz",
		"http://portal.test?x":                   "/?x",
		"http://portal.test":                     "/",
		"http://portal.test/a/../b//c/./%2e%2F":  "/a/../b//c/./%2e%2F",
		"http://portal.test/büro?ü=\xff":         "/büro?ü=\xff",
		"HTTP://portal.test/{[|\\^`\"<>]}'#frag": "/{[|\\^`\"<>]}'#frag",
		"http://user:secret@portal.test/":        "/",
	} {
		_ = raw(t, proxy, "GET "+target+" HTTP/1.1\r\nHost: other.test\r\nX-b: 2\r\nx-A:1 \r\nX-b:  3\r\nCookie: a=\"b\"; c\r\nConnection: close\r\n\r\n")
		head := "GET " + want + " HTTP/1.1\r\nHost: portal.test\r\nX-b: 2\r\nx-A:1 \r\nX-b:  3\r\nCookie: a=\"b\"; c\r\nConnection: close\r\n"
		select {
		case g := <-got:
			if g != head {
				t.Errorf("%s arrives as\n%q, not\n%q", target, g, head)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s does not arrive", target)
		}
	}
}

// A server that authenticates connections (NTLM, Negotiate) sees requests of one client on each.
func TestServerConnectionsAreNotShared(t *testing.T) {
	proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, number int64) {
		r := bufio.NewReader(conn)
		who := "nobody"
		for {
			request, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			if user := request.Header.Get("Authorization"); user != "" {
				who = user
			}
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s %d", len(who)+2, who, number)
		}
	})})
	one, other := dial(t, proxy), dial(t, proxy)
	readers := map[net.Conn]*bufio.Reader{one: bufio.NewReader(one), other: bufio.NewReader(other)}
	get := func(conn net.Conn, header string) string {
		_, _ = io.WriteString(conn, "GET http://portal.test/ HTTP/1.1\r\nHost: portal.test\r\n"+header+"\r\n")
		response, err := http.ReadResponse(readers[conn], nil)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		return string(text)
	}
	if got := get(one, "Authorization: NTLM anna\r\n"); got != "NTLM anna 1"[:len("NTLM anna")+2] {
		t.Error(got)
	}
	for range 2 {
		if got := get(other, ""); got != "nobody 2" {
			t.Error("another client is", got)
		}
		if got := get(one, ""); got != "NTLM anna 1" {
			t.Error("the same client is", got)
		}
	}
}

// Non-standard responses of devices, which browsers accept, are forwarded.
func TestResponsesAreForwardedUnchanged(t *testing.T) {
	for name, c := range map[string]struct{ answer, want string }{
		"a header without a colon":   {"HTTP/1.0 200 OK\r\nServer\r\nX: y\r\n\r\nbody", "HTTP/1.0 200 OK\r\nServer\r\nX: y\r\nConnection: close\r\n\r\nbody"},
		"a name with a blank":        {"HTTP/1.1 200 OK\r\nMy Name : x\r\nContent-Length: 4\r\n\r\nbody", ""},
		"ICY":                        {"ICY 200 OK\r\nicy-name: radio\r\n\r\nmusic", "ICY 200 OK\r\nicy-name: radio\r\nConnection: close\r\n\r\nmusic"},
		"Transfer-Encoding identity": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 4\r\n\r\nbody", ""},
		"identity without a length":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nbody", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\nbody"},
		"no head at all":             {"<html>as in 1991", "<html>as in 1991"},
		"no head, begins like one":   {"HTTX", "HTTX"},
		"ends of lines of Unix":      {"HTTP/1.1 200 OK\nContent-Length: 4\n\nbody", "HTTP/1.1 200 OK\nContent-Length: 4\n\r\nbody"},
		"two lengths":                {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\nbody", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 9\r\nConnection: close\r\n\r\nbody"},
		"the same length twice":      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nbody", ""},
		"no reason":                  {"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody", ""},
		"a strange status":           {"HTTP/1.1 20x OK\r\nContent-Length: 4\r\n\r\nbody", ""},
		"bytes of no alphabet":       {"HTTP/1.1 200 \xff\r\nX: \x01\xfe\r\nContent-Length: 4\r\n\r\nbody", ""},
		"folded lines":               {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 4\r\n\r\nbody", ""},
		"chunks":                     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4 ;x=y\r\nbody\r\n0\r\nX: y\r\n\r\n", ""},
		"an early word":              {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", ""},
		"no end of the head":         {"HTTP/1.1 200 OK\r\nX: y\r\n", "HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\n"},
		"nothing allowed":            {"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := serve(t, 1000, network{to: rawOrigin(t, says(c.answer))})
			want := c.want
			if want == "" {
				want = c.answer
			}
			conn := dial(t, proxy)
			_, _ = io.WriteString(conn, "GET http://portal.test/ HTTP/1.1\r\nHost: portal.test\r\n\r\n")
			got := make([]byte, len(want))
			_, _ = io.ReadFull(conn, got)
			if string(got) != want {
				t.Errorf("\n%q, not\n%q", got, want)
			}
		})
	}
}

// A truncated response does not look complete.
func TestTruncatedResponseIsReset(t *testing.T) {
	for name, answer := range map[string]string{
		"of a length": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "of chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf",
		"of no chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nwhat\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			proxy := serve(t, 1000, network{to: rawOrigin(t, says(answer))})
			if got := raw(t, proxy, "GET http://portal.test/ HTTP/1.1\r\nHost: portal.test\r\n\r\n"); !strings.Contains(got, "!") {
				t.Errorf("no reset: %q", got)
			}
		})
	}
	proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, number int64) {
		says("HTTP/1.0 200 OK\r\n\r\nhalf")(conn, number)
		_ = conn.(*net.TCPConn).SetLinger(0)
	})})
	if got := raw(t, proxy, "GET http://portal.test/ HTTP/1.1\r\nHost: portal.test\r\n\r\n"); !strings.Contains(got, "!") {
		t.Errorf("a reset was forwarded as EOF: %q", got)
	}
}

// A half-closed client (nc -N) still gets its response.
func TestHalfClosedClient(t *testing.T) {
	release := make(chan struct{})
	proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, number int64) {
		r := bufio.NewReader(conn)
		if request, err := http.ReadRequest(r); err == nil {
			_, _ = io.Copy(io.Discard, request.Body)
			<-release
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")
		}
	})})
	for _, request := range []string{"GET http://portal.test/ HTTP/1.0\r\n\r\n", "POST http://portal.test/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"} {
		conn := dial(t, proxy)
		_, _ = io.WriteString(conn, request)
		_ = conn.CloseWrite()
		release <- struct{}{}
		if got, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(got), "\r\n\r\nbody") {
			t.Errorf("%q %v", got, err)
		}
	}
}

// When a client disconnects, the connection to the server is closed.
func TestClientDisconnects(t *testing.T) {
	gone := make(chan struct{})
	asked := make(chan struct{})
	proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, _ int64) {
		r := bufio.NewReader(conn)
		if _, err := http.ReadRequest(r); err == nil {
			close(asked)
			_, _ = r.ReadByte()
			close(gone)
		}
	})})
	conn := dial(t, proxy)
	_, _ = io.WriteString(conn, "GET http://portal.test/ HTTP/1.1\r\nHost: x\r\n\r\n")
	<-asked
	_ = conn.SetLinger(0)
	_ = conn.Close()
	select {
	case <-gone:
	case <-time.After(4 * time.Second):
		t.Error("the server's connection stays open")
	}
}

func TestManyRequestsOnOneConnection(t *testing.T) {
	var connections atomic.Int64
	proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, number int64) {
		connections.Store(number)
		r := bufio.NewReader(conn)
		for {
			request, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(request.Body)
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s%s\r\n0\r\n\r\n", len(body)+len(request.URL.Path), request.URL.Path, body)
		}
	})})
	conn := dial(t, proxy)
	r := bufio.NewReader(conn)
	for i := range 50 {
		body := strings.Repeat("x", i*1000)
		if i%2 == 0 {
			_, _ = fmt.Fprintf(conn, "POST http://portal.test/%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", i, len(body), body)
		} else {
			_, _ = fmt.Fprintf(conn, "POST http://portal.test/%d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x;ext=1\r\n%s\r\n0\r\n\r\n", i, len(body), body)
		}
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(i, err)
		}
		if got, err := io.ReadAll(response.Body); err != nil || string(got) != fmt.Sprintf("/%d%s", i, body) {
			t.Fatalf("%d: %d bytes, %v", i, len(got), err)
		}
	}
	if connections.Load() != 1 {
		t.Errorf("%d connections to the server", connections.Load())
	}
}

// An idle connection that the server has closed is replaced without an error.
func TestReusedConnectionThatWasClosed(t *testing.T) {
	proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, number int64) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", number)
		}
	})})
	conn := dial(t, proxy)
	r := bufio.NewReader(conn)
	for i := range 5 {
		_, _ = io.WriteString(conn, "GET http://portal.test/ HTTP/1.1\r\nHost: x\r\n\r\n")
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(i, err)
		}
		if got, _ := io.ReadAll(response.Body); response.StatusCode != 200 || string(got) != fmt.Sprint(i+1) {
			t.Fatalf("%d: %d %s", i, response.StatusCode, got)
		}
	}
}

// WebSocket and other protocols that upgrade from HTTP.
func TestUpgrade(t *testing.T) {
	proxy := serve(t, 1000, network{to: rawOrigin(t, func(conn net.Conn, _ int64) {
		r := bufio.NewReader(conn)
		request, err := http.ReadRequest(r)
		if err != nil || request.Header.Get("Upgrade") != "echo" || request.Header.Get("Connection") != "Upgrade" {
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello ")
		_, _ = io.Copy(conn, r)
	})})
	conn := dial(t, proxy)
	_, _ = io.WriteString(conn, "GET http://portal.test/ HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(conn)
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode != 101 || response.Header.Get("Upgrade") != "echo" {
		t.Fatal(response, err)
	}
	_, _ = io.WriteString(conn, "world")
	_ = conn.CloseWrite()
	if got, err := io.ReadAll(r); err != nil || string(got) != "hello world" {
		t.Errorf("%q %v", got, err)
	}
}
