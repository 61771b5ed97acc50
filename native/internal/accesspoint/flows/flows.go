// Package flows records the flows of clients at an access point, and sends the records to NetFlow collectors and a file of JSON lines.
package flows

import (
	"hash/maphash"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sag.software/native/internal/flowlog"
)

const (
	// The limits of the table: about 11 MB, whatever the number of clients and flow logs.
	maxFlows     = 1 << 16
	maxPerClient = 1 << 12
	maxWaiting   = 1 << 12

	// atOnce is how many records are taken from the table at a time.
	atOnce = 256
	// exportEvery is how often records that are due are exported.
	exportEvery = time.Second
	// endGrace is how long an ended session is kept: a batch of packets may have been on its way to the table.
	endGrace = 2 * time.Second
	// keepExporter is how long a flow log without sessions is kept, so that its sequence numbers and counters go on.
	keepExporter = time.Hour
)

// Client is a session.
type Client struct {
	ID, Account, Instance string
	Addresses             []netip.Addr
	// Log is the ID of its flow log, "" = its flows are not recorded.
	Log string
}

// Config configures Flows.
type Config struct {
	// Exporter is what tells this access point apart from others, in observation domains.
	Exporter []byte
	// File is where JSON lines are written.
	File string
	// Now is a monotonic clock. It is called once per batch of packets.
	Now    func() time.Duration
	Logger *slog.Logger
}

// Flows records the flows of the sessions that have a flow log. As long as there is none, it costs nothing.
type Flows struct {
	config Config
	// probe is the access point's own inner address. Its answers to probes are not recorded.
	probe atomic.Pointer[netip.Addr]
	// recorded has the sessions with a flow log, by inner address.
	recorded atomic.Pointer[map[netip.Addr]*flowlog.Client]

	// assigning is held while sessions are assigned; it guards current, the sessions in force, by ID. It is locked before mu.
	assigning sync.Mutex
	current   map[string]*session

	// mu is also locked by the data path, so it is held only shortly.
	mu    sync.Mutex
	table *flowlog.Table // nil before the first flow log
	// sessions are by the number in their records. They include those that have ended, which are also in ending.
	sessions  map[uint64]*session
	ending    []*session
	number    uint64
	exporters map[string]*exporter
	closed    bool

	wake    chan struct{}
	closing chan struct{}
	done    chan struct{}

	// Only the exporting goroutine uses these.
	records []flowlog.Record
	owners  []*session
	lines   *lines
}

// session is a session with a flow log.
type session struct {
	Client
	number   uint64
	counted  *flowlog.Client
	exporter *exporter
	// timeouts are those of counted; assigning guards them.
	timeouts flowlog.Timeouts
	// endedAt is when it ended; mu guards it.
	endedAt time.Duration
}

// New makes one without sessions.
func New(config Config) *Flows {
	f := &Flows{
		config: config, sessions: map[uint64]*session{}, current: map[string]*session{}, exporters: map[string]*exporter{},
		wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}),
		lines: &lines{path: config.File},
	}
	f.probe.Store(&netip.Addr{})
	f.recorded.Store(&map[netip.Addr]*flowlog.Client{})
	return f
}

// SetOwn sets the access point's probe address.
func (f *Flows) SetOwn(address netip.Addr) { f.probe.Store(&address) }

// Assign sets the sessions and the flow logs. What was counted for a session that is not among them any more, or whose flow log is another one,
// is exported.
func (f *Flows) Assign(clients []Client, logs map[string]flowlog.Log) {
	f.assigning.Lock()
	defer f.assigning.Unlock()
	if len(logs) == 0 && len(f.current) == 0 || !f.begin(logs) {
		return
	}
	current, recorded := map[string]*session{}, map[netip.Addr]*flowlog.Client{}
	for _, c := range clients {
		log, known := logs[c.Log]
		if !known {
			continue
		}
		s := f.current[c.ID]
		if s == nil || s.Log != c.Log {
			s = f.admit(c, log)
		} else if s.timeouts != log.Timeouts {
			f.setTimeouts(s, log.Timeouts)
		}
		current[c.ID] = s
		for _, address := range c.Addresses {
			recorded[address] = s.counted
		}
	}
	former := f.current
	f.current = current
	f.recorded.Store(&recorded)
	for id, s := range former {
		if current[id] != s {
			f.end(s)
		}
	}
	f.wakeUp()
}

// begin puts changed flow logs in use, and starts exporting when there is the first one. It returns false after Close.
func (f *Flows) begin(logs map[string]flowlog.Log) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	if f.table == nil {
		f.table = flowlog.New(flowlog.Limits{Flows: maxFlows, PerClient: maxPerClient, Waiting: maxWaiting}, maphash.MakeSeed())
		f.records, f.owners = make([]flowlog.Record, atOnce), make([]*session, atOnce)
		go f.run()
	}
	for id, log := range logs {
		if e := f.exporters[id]; e != nil && *e.wanted.Load() != log {
			e.wanted.Store(&log)
		}
	}
	return true
}

// admit starts to record a session.
func (f *Flows) admit(c Client, log flowlog.Log) *session {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.exporters[log.ID]
	if e == nil {
		e = newExporter(log, f.config.Exporter, f.lines, f.config.Logger)
		f.exporters[log.ID] = e
	}
	e.sessions++
	f.number++
	s := &session{Client: c, number: f.number, counted: f.table.Add(f.number, log.Timeouts), exporter: e, timeouts: log.Timeouts}
	f.sessions[s.number] = s
	return s
}

func (f *Flows) setTimeouts(s *session, timeouts flowlog.Timeouts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.timeouts = timeouts
	s.counted.SetTimeouts(timeouts)
}

// end exports what was counted for a session, and forgets it later.
func (f *Flows) end(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.endedAt = f.config.Now()
	f.ending = append(f.ending, s)
}

func (f *Flows) wakeUp() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Close exports what was counted. Call it after the last packet has passed.
func (f *Flows) Close() {
	f.mu.Lock()
	begun, again := f.table != nil, f.closed
	f.closed = true
	f.mu.Unlock()
	if again {
		return
	}
	close(f.closing)
	if begun {
		<-f.done
	}
}

// Counters returns the counters of all flow logs.
func (f *Flows) Counters() []Counters {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]Counters, 0, len(f.exporters))
	for _, e := range f.exporters {
		all = append(all, e.counters())
	}
	return all
}
