package datapath_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/account"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/probe"
)

// endless is a device that always returns the same packets and discards writes.
type endless struct {
	datapath.Device
	packets [][]byte
}

func (*endless) Write(*datapath.Batch) error { return nil }

func (d *endless) Read(_ [][]byte, sizes []int, _ int) (int, error) {
	for i, raw := range d.packets {
		sizes[i] = len(raw)
	}
	return len(d.packets), nil
}

const (
	batch  = 64
	offset = 16
)

// segments returns packets of TCP connections between two hosts, with several consecutive packets per connection.
func segments(src, dst netip.Addr, connections, inARow int) [][]byte {
	packets := make([][]byte, batch)
	for i := range packets {
		raw := make([]byte, 1_280)
		raw[0], raw[9] = 0x45, packet.TCP
		binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
		copy(raw[12:], src.AsSlice())
		copy(raw[16:], dst.AsSlice())
		binary.BigEndian.PutUint16(raw[20:], 5_201)
		binary.BigEndian.PutUint16(raw[22:], uint16(40_000+i/inARow%connections))
		raw[32] = 5 << 4
		packets[i] = raw
	}
	return packets
}

// BenchmarkStages measures the cost per packet of a large transfer.
func BenchmarkStages(b *testing.B) {
	client, host := netip.MustParseAddr("10.78.0.2"), netip.MustParseAddr("10.55.0.80")
	device := &endless{}
	tunnel := account.NewTunnel(func() {})
	clientPath := datapath.New(device)
	clientPath.FromTunnel(tunnel.FromTunnel, probe.NewStage(clientPath.Inject, probe.Callbacks{Replied: func(netip.Addr, probe.Message, int) {}}).FromTunnel)
	clientPath.ToTunnel(tunnel.ToTunnel)

	clients := account.NewClients()
	clients.Assign(map[netip.Addr]*account.Counter{client: {}})
	pointPath := datapath.New(device)
	probes := probe.NewStage(pointPath.Inject, probe.Callbacks{})
	probes.SetAddress(netip.MustParseAddr("fd00::1"))
	pointPath.FromTunnel(probes.FromTunnel, clients.FromTunnel)
	pointPath.ToTunnel(clients.ToTunnel)

	for _, c := range []struct {
		name     string
		path     *datapath.Path
		src, dst netip.Addr
		from     bool
	}{
		{"client from the tunnel", clientPath, host, client, true},
		{"client into the tunnel", clientPath, client, host, false},
		{"access point from the tunnel", pointPath, client, host, true},
		{"access point into the tunnel", pointPath, host, client, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			device.packets = segments(c.src, c.dst, 1, batch)
			buffers, sizes := make([][]byte, batch), make([]int, batch)
			for i, raw := range device.packets {
				buffers[i] = append(make([]byte, offset), raw...)
			}
			b.ReportAllocs()
			for range b.N {
				var err error
				if c.from {
					_, err = c.path.Write(buffers, offset)
				} else {
					_, err = c.path.Read(buffers, sizes, offset)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/packet")
		})
	}
}
