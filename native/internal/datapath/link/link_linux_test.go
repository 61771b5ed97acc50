package link

import (
	"bytes"
	"net"
	"testing"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/hostnet/nettest"
)

// Injected packets are read in addition to the host's, even by a reader that is waiting for the host.
func TestInject(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	d, err := Open("sagt", 1400)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	path := datapath.New(d)
	nettest.Run(t, "ip", "link", "set", "sagt", "addrgenmode", "none")
	nettest.Run(t, "ip", "link", "set", "sagt", "up")
	nettest.Run(t, "ip", "addr", "add", "10.7.7.1/24", "dev", "sagt")
	packets := make(chan []byte, 256)
	go func() {
		defer close(packets)
		buffers, sizes := make([][]byte, d.BatchSize()), make([]int, d.BatchSize())
		for i := range buffers {
			buffers[i] = make([]byte, 2048)
		}
		for {
			n, err := path.Read(buffers, sizes, 16)
			if err != nil {
				return
			}
			for i := range n {
				packets <- bytes.Clone(buffers[i][16 : 16+sizes[i]])
			}
		}
	}()
	conn, err := net.Dial("udp", "10.7.7.2:9")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		injected := []byte{0x60, byte(i), 1, 2, 3}
		if err := path.Inject(bytes.Clone(injected)); err != nil {
			t.Fatal(err)
		}
		if got := <-packets; !bytes.Equal(got, injected) {
			t.Fatalf("%d: read %x", i, got)
		}
		if _, err := conn.Write([]byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
		if got := <-packets; got[0]>>4 != 4 || got[len(got)-1] != byte(i) {
			t.Fatalf("%d: read %x", i, got)
		}
	}
}
