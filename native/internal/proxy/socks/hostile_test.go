package socks

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"sag.software/native/internal/proxy/proxytest"
)

// After malformed requests the process still runs, memory and goroutines have not grown, and the next client is served.
func TestMalformedRequests(t *testing.T) {
	good := []string{
		"\x05\x01\x00\x05\x01\x00\x03\x04host\x00\x50", "\x05\x02\x00\x02\x05\x01\x00\x01\x0a\x00\x00\x01\x00\x50", "\x05\x01\x00\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00",
		"\x05\x01\x00\x05\x01\x00\x04\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50", "\x04\x01\x00\x50\x0a\x00\x00\x01\x00", "GET / HTTP/1.1\r\n\r\n",
	}
	at := serve(t, proxytest.Owner(1000), refusing{io.EOF})
	malformed := func(r *rand.Rand) []byte { return proxytest.Malformed(r, good, nil) }
	proxytest.Hostile(t, at.String(), malformed, func() error {
		answer := say(t, at, version5, byte(Connect), 0, typeIPv4, 10, 0, 0, 1, 0, 80)
		if len(answer) < 4 || answer[0] != version5 || answer[1] != methodNone {
			return fmt.Errorf("answered % x", answer)
		}
		return nil
	})
}
