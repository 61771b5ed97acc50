package flows

import (
	"hash/fnv"
	"log/slog"
	"sync/atomic"
	"time"

	"sag.software/native/internal/flowlog"
	"sag.software/native/internal/flowlog/netflow"
)

// Counters are those of a flow log, in records.
type Counters struct {
	Log string
	// Sent counts what was given to the network for the collector, Lost what is known not to have arrived or could not be sent, Skipped what the
	// version of NetFlow cannot express.
	Sent, Lost, Skipped uint64
	// Written and Unwritten count lines in the file.
	Written, Unwritten uint64
	// Evicted counts flows that were recorded early because the table was full.
	Evicted uint64
}

// pending is a record that is to be exported, and its session.
type pending struct {
	record *flowlog.Record
	client *Client
}

// exporter exports the records of a flow log. Only the exporting goroutine calls its methods; wanted and the counters may be used by all.
type exporter struct {
	domain uint32
	logger *slog.Logger
	// wanted is the log as it was assigned last; log is the one in use.
	wanted atomic.Pointer[flowlog.Log]
	log    flowlog.Log

	encoder *netflow.Encoder
	// records is used to encode.
	records   []flowlog.Record
	collector *collector
	lines     *lines
	pending   []pending
	// away is true while the collector refuses records, which is logged once.
	away bool

	sent, lost, skipped, written, unwritten, evicted atomic.Uint64

	// sessions is the number of sessions that have the log, usedAt when the last one was forgotten. The lock of Flows guards them.
	sessions int
	usedAt   time.Duration
}

func newExporter(log flowlog.Log, exportedBy []byte, lines *lines, logger *slog.Logger) *exporter {
	domain := fnv.New32a()
	_, _ = domain.Write(exportedBy)
	_, _ = domain.Write([]byte(log.ID))
	e := &exporter{domain: domain.Sum32(), logger: logger, lines: lines}
	e.wanted.Store(&log)
	return e
}

func (e *exporter) counters() Counters {
	return Counters{
		Log: e.wanted.Load().ID, Sent: e.sent.Load(), Lost: e.lost.Load(), Skipped: e.skipped.Load(),
		Written: e.written.Load(), Unwritten: e.unwritten.Load(), Evicted: e.evicted.Load(),
	}
}

// export exports all pending records. now is the table's clock, wall the time of day at that moment.
func (e *exporter) export(now time.Duration, wall time.Time) {
	if len(e.pending) == 0 {
		return
	}
	e.configure(now)
	e.records = e.records[:0]
	for _, p := range e.pending {
		if p.record.End == flowlog.EndEviction {
			e.evicted.Add(1)
		}
		e.records = append(e.records, *p.record)
	}
	if e.encoder != nil {
		// A collector that was restarted has no templates, and it may have been restarted at any time.
		e.encoder.AnnounceTemplates()
		e.collector.begin()
		before := e.encoder.Skipped().Records
		e.encoder.Encode(now, wall, e.records)
		e.skipped.Add(e.encoder.Skipped().Records - before)
	}
	if e.log.JSONLines {
		written := e.lines.write(&e.log, e.pending, now, wall)
		e.written.Add(uint64(written))
		e.unwritten.Add(uint64(len(e.pending) - written))
	}
	clear(e.pending)
	e.pending = e.pending[:0]
}

// configure puts the wanted log in use.
func (e *exporter) configure(now time.Duration) {
	wanted := *e.wanted.Load()
	if e.log == wanted {
		return
	}
	if wanted.Version != e.log.Version || wanted.Collector != e.log.Collector {
		e.close()
		e.encoder, e.collector = nil, nil
		if wanted.Version != 0 {
			e.collector = &collector{address: wanted.Collector}
			e.encoder = netflow.NewEncoder(netflow.Version(wanted.Version), e.domain, now, e.send)
		}
	}
	e.log = wanted
}

// send sends a datagram with records. The data path never waits for it.
func (e *exporter) send(datagram []byte, records int) {
	lost, err := e.collector.send(datagram, records)
	e.sent.Add(uint64(records))
	e.lost.Add(uint64(lost))
	if lost > 0 {
		e.encoder.AnnounceTemplates()
	}
	if err != nil && !e.away {
		e.logger.Warn("a collector does not receive flow records", "flow_log", e.log.ID, "collector", e.log.Collector.String(), "error", err)
	}
	e.away = err != nil
}

func (e *exporter) close() {
	if e.collector != nil {
		e.collector.close()
	}
}
