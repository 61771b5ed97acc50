package forward

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"
)

func TestPinger(t *testing.T) {
	p := newPinger(slog.New(slog.DiscardHandler))
	defer p.close()
	for _, to := range []string{"127.0.0.1", "::1"} {
		t.Run(to, func(t *testing.T) {
			answered := make(chan struct{}, 2)
			address := netip.MustParseAddr(to)
			p.ping(address, []byte("first"), func() { answered <- struct{}{} })
			p.ping(address, []byte("second"), func() { answered <- struct{}{} })
			p.mu.Lock()
			permitted := p.sockets[address.Is4()] != nil
			p.mu.Unlock()
			if !permitted {
				t.Skip("not run: needs permission to open ICMP sockets")
			}
			for range 2 {
				select {
				case <-answered:
				case <-time.After(5 * time.Second):
					t.Fatal("no answer")
				}
			}
		})
	}
}
