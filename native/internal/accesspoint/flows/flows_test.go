package flows

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/flowlog"
)

var (
	clientAddress = netip.MustParseAddr("10.90.0.2")
	hostAddress   = netip.MustParseAddr("10.0.0.80")
	probeAddress  = netip.MustParseAddr("10.90.0.1")
)

// device returns the packets to clients that the test gives it.
type device struct {
	datapath.Device
	packets [][]byte
}

func (*device) Write(*datapath.Batch) error { return nil }

func (d *device) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	for i, raw := range d.packets {
		sizes[i] = copy(buffers[i][offset:], raw)
	}
	return len(d.packets), nil
}

// fixture is Flows in a data path, with a clock that the test moves.
type fixture struct {
	*Flows
	t      testing.TB
	now    atomic.Int64
	file   string
	device device
	path   *datapath.Path
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, file: filepath.Join(t.TempDir(), "flows.jsonl")}
	f.now.Store(int64(time.Hour))
	f.Flows = New(Config{
		Exporter: []byte("here"), File: f.file, Now: func() time.Duration { return time.Duration(f.now.Load()) }, Logger: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(f.Close)
	f.SetOwn(probeAddress)
	f.path = datapath.New(&f.device)
	f.path.FromTunnel(f.FromTunnel)
	f.path.ToTunnel(f.ToTunnel)
	return f
}

// log returns a flow log with a collector of version 5, and JSON lines.
func log(id string, collector netip.AddrPort) flowlog.Log {
	return flowlog.Log{
		ID: id, Version: 5, Collector: collector, JSONLines: true, Project: "p", Logstore: "l",
		Timeouts: flowlog.Timeouts{Active: time.Minute, Inactive: 10 * time.Second},
	}
}

// serve assigns one session, with a flow log if its ID is not "".
func (f *fixture) serve(id string, logs ...flowlog.Log) {
	byID := map[string]flowlog.Log{}
	for _, one := range logs {
		byID[one.ID] = one
	}
	f.Assign([]Client{{ID: "session", Account: "anna", Instance: "sag-1", Addresses: []netip.Addr{clientAddress}, Log: id}}, byID)
}

func udp(src, dst netip.Addr, size int) []byte {
	raw := make([]byte, size)
	raw[0], raw[9] = 0x45, packet.UDP
	binary.BigEndian.PutUint16(raw[2:], uint16(size))
	copy(raw[12:], src.AsSlice())
	copy(raw[16:], dst.AsSlice())
	binary.BigEndian.PutUint16(raw[20:], 1000)
	binary.BigEndian.PutUint16(raw[22:], 2000)
	return raw
}

const offset = 16

func (f *fixture) fromClient(packets ...[]byte) {
	f.t.Helper()
	var buffers [][]byte
	for _, raw := range packets {
		buffers = append(buffers, append(make([]byte, offset), raw...))
	}
	if _, err := f.path.Write(buffers, offset); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) toClient(packets ...[]byte) {
	f.t.Helper()
	f.device.packets = packets
	buffers, sizes := make([][]byte, len(packets)), make([]int, len(packets))
	for i := range buffers {
		buffers[i] = make([]byte, 2000)
	}
	if _, err := f.path.Read(buffers, sizes, offset); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) advance(d time.Duration) {
	f.now.Add(int64(d))
	f.wakeUp()
}

// lines returns the lines in the file, once there are at least n.
func (f *fixture) lines(n int) (all []map[string]any) {
	f.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		text, _ := os.ReadFile(f.file)
		if bytes.Count(text, []byte("\n")) >= n {
			for text := range strings.Lines(string(text)) {
				var line map[string]any
				if err := json.Unmarshal([]byte(text), &line); err != nil {
					f.t.Fatal(err)
				}
				all = append(all, line)
			}
			return all
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("the file has %q", text)
		}
	}
}

// sink is a collector for version 5.
type sink struct {
	t    *testing.T
	conn *net.UDPConn
}

func listen(t *testing.T, address string) *sink {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &sink{t, conn}
}

func (s *sink) address() netip.AddrPort { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// read returns the sequence number of a datagram, and the bytes in its records.
func (s *sink) read() (sequence uint32, counted []int) {
	s.t.Helper()
	_ = s.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, 2000)
	n, err := s.conn.Read(buffer)
	if err != nil {
		s.t.Fatal(err)
	}
	for at := 24; at < n; at += 48 {
		counted = append(counted, int(binary.BigEndian.Uint32(buffer[at+20:])))
	}
	return binary.BigEndian.Uint32(buffer[16:]), counted
}

func TestRecordsReachCollectorAndFile(t *testing.T) {
	f, s := newFixture(t), listen(t, "127.0.0.1:0")
	f.serve("fl-1", log("fl-1", s.address()))
	other := netip.MustParseAddr("10.90.0.3")
	f.fromClient(udp(other, hostAddress, 60), udp(clientAddress, hostAddress, 100), udp(clientAddress, hostAddress, 200), udp(other, hostAddress, 70))
	f.toClient(udp(probeAddress, clientAddress, 80), udp(hostAddress, clientAddress, 1000), udp(hostAddress, other, 90))
	f.advance(10 * time.Second)
	sequence, counted := s.read()
	if slices.Sort(counted); sequence != 0 || !slices.Equal(counted, []int{300, 1000}) {
		t.Errorf("sequence %d: %d", sequence, counted)
	}
	lines := f.lines(2)
	for i, want := range []map[string]any{
		{"direction": "from_client", "source": "10.90.0.2", "destination": "10.0.0.80", "packets": 2.0, "bytes": 300.0},
		{"direction": "to_client", "source": "10.0.0.80", "destination": "10.90.0.2", "packets": 1.0, "bytes": 1000.0},
	} {
		for name, value := range map[string]any{
			"flow_log": "fl-1", "instance": "sag-1", "account": "anna", "session": "session", "protocol": 17.0, "source_port": 1000.0,
			"destination_port": 2000.0, "reason": "idle", "project": "p", "logstore": "l",
		} {
			want[name] = value
		}
		for name, value := range want {
			if lines[i][name] != value {
				t.Errorf("%s is %v, want %v", name, lines[i][name], value)
			}
		}
	}
	f.Close()
	if c := f.Counters(); len(c) != 1 || c[0] != (Counters{Log: "fl-1", Sent: 2, Written: 2}) {
		t.Errorf("%+v", c)
	}
}

// What was counted is exported at once in all these cases.
func TestOpenFlowsAreExported(t *testing.T) {
	for name, end := range map[string]func(*fixture, *sink){
		"the session ends":        func(f *fixture, _ *sink) { f.Assign(nil, nil) },
		"the flow log is removed": func(f *fixture, _ *sink) { f.serve("") },
		"another flow log": func(f *fixture, s *sink) {
			f.serve("fl-2", log("fl-1", s.address()), log("fl-2", netip.MustParseAddrPort("127.0.0.1:1")))
		},
		"the access point ends": func(f *fixture, _ *sink) { f.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			f, s := newFixture(t), listen(t, "127.0.0.1:0")
			f.serve("fl-1", log("fl-1", s.address()))
			f.fromClient(udp(clientAddress, hostAddress, 100))
			end(f, s)
			if _, counted := s.read(); !slices.Equal(counted, []int{100}) {
				t.Errorf("got %d", counted)
			}
			if line := f.lines(1)[0]; line["reason"] != "session_ended" || line["flow_log"] != "fl-1" {
				t.Errorf("%v", line)
			}
		})
	}
}

// A packet on its way to the table when its session ends is recorded, too.
func TestPacketAfterEndOfSession(t *testing.T) {
	f, s := newFixture(t), listen(t, "127.0.0.1:0")
	f.serve("fl-1", log("fl-1", s.address()))
	late := *f.recorded.Load()
	f.Assign(nil, nil)
	f.recorded.Store(&late)
	f.fromClient(udp(clientAddress, hostAddress, 100))
	f.wakeUp()
	if _, counted := s.read(); !slices.Equal(counted, []int{100}) {
		t.Errorf("got %d", counted)
	}
}

// While nothing listens at the collector's address, records are lost and counted, and the sequence number shows how many.
func TestCollectorGoneAndBack(t *testing.T) {
	f, s := newFixture(t), listen(t, "127.0.0.1:0")
	address := s.address()
	f.serve("fl-1", log("fl-1", address))
	written := 0
	record := func(size int) {
		f.fromClient(udp(clientAddress, hostAddress, size))
		f.advance(10 * time.Second)
		written++
		f.lines(written)
	}
	record(100)
	if sequence, counted := s.read(); sequence != 0 || !slices.Equal(counted, []int{100}) {
		t.Fatalf("sequence %d: %d", sequence, counted)
	}
	_ = s.conn.Close()
	for range 3 {
		record(200)
	}
	s = listen(t, address.String())
	record(300)
	if sequence, counted := s.read(); sequence != 4 || !slices.Equal(counted, []int{300}) {
		t.Errorf("after it was back: sequence %d: %d", sequence, counted)
	}
	record(400)
	if sequence, counted := s.read(); sequence != 5 || !slices.Equal(counted, []int{400}) {
		t.Errorf("then: sequence %d: %d", sequence, counted)
	}
	if c := f.Counters()[0]; c.Sent != 6 || c.Lost != 3 {
		t.Errorf("%+v", c)
	}
}

// The collector's address is changed while a flow is open: its record goes to the new one.
func TestCollectorIsChanged(t *testing.T) {
	f, first, second := newFixture(t), listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	f.serve("fl-1", log("fl-1", first.address()))
	f.fromClient(udp(clientAddress, hostAddress, 100))
	f.serve("fl-1", log("fl-1", second.address()))
	f.fromClient(udp(clientAddress, hostAddress, 100))
	f.advance(10 * time.Second)
	if sequence, counted := second.read(); sequence != 0 || !slices.Equal(counted, []int{200}) {
		t.Errorf("sequence %d: %d", sequence, counted)
	}
}

func TestFileThatCannotBeWritten(t *testing.T) {
	f, s := newFixture(t), listen(t, "127.0.0.1:0")
	f.Flows.lines.path = t.TempDir()
	f.serve("fl-1", log("fl-1", s.address()))
	f.fromClient(udp(clientAddress, hostAddress, 100))
	f.Close()
	if c := f.Counters()[0]; c.Written != 0 || c.Unwritten != 1 || c.Sent != 1 {
		t.Errorf("%+v", c)
	}
}

func BenchmarkStage(b *testing.B) {
	const batch = 64
	for _, c := range []struct {
		name  string
		log   string
		flows int
	}{{"no flow log", "", 1}, {"one flow", "fl-1", 1}, {"a flow a packet", "fl-1", batch}, {"4096 flows", "fl-1", 4096}} {
		b.Run(c.name, func(b *testing.B) {
			f := newFixture(b)
			f.serve(c.log, log("fl-1", netip.MustParseAddrPort("127.0.0.1:9")))
			buffers, at := make([][]byte, batch), 0
			for i := range buffers {
				buffers[i] = append(make([]byte, offset), udp(clientAddress, hostAddress, 1280)...)
			}
			b.ReportAllocs()
			for b.Loop() {
				if c.flows > 1 {
					for i := range buffers {
						binary.BigEndian.PutUint16(buffers[i][offset+20:], uint16(at%c.flows))
						at++
					}
				}
				_, _ = f.path.Write(buffers, offset)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/packet")
		})
	}
}
