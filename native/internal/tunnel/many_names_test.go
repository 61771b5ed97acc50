package tunnel_test

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"sag.software/native/internal/tunnel/tunneltest"
)

// Like a browser with many pages or a network scan: each name is answered, and no answered query keeps a socket open.
func TestManyNames(t *testing.T) {
	const names, atOnce = 2500, 32
	company := tunneltest.NewCompany(t, 1)
	p := newPerson(t, company).connect()
	socks := p.state().GetProxy().GetSocks()
	ask := func(host string) error {
		conn, err := net.Dial("tcp", socks)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = conn.Write(append(append([]byte{5, 1, 0, 5, 1, 0, 3, byte(len(host))}, host...), 0, 80))
		answer := make([]byte, 12)
		if _, err := io.ReadFull(conn, answer); err != nil {
			return err
		}
		if answer[3] != 4 { // "host unreachable": there is no such name
			return fmt.Errorf("%s: reply %d", host, answer[3])
		}
		return nil
	}
	start := time.Now()
	work := make(chan int)
	failures := make(chan error, names)
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for i := range work {
				if err := ask(fmt.Sprintf("name-%d.corp.test", i)); err != nil {
					failures <- err
				}
			}
		})
	}
	for i := range names {
		work <- i
	}
	close(work)
	group.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	took := time.Since(start)
	t.Logf("%d names in %v", names, took)
	if took > 12*time.Second {
		t.Errorf("%d names took %v", names, took)
	}
}
