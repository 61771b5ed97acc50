package flows

import (
	"slices"
	"time"
)

// run exports what is due until Close.
func (f *Flows) run() {
	defer close(f.done)
	ticks := time.NewTicker(exportEvery)
	defer ticks.Stop()
	for {
		select {
		case <-f.closing:
			f.export(true)
			f.endAll()
			return
		case <-ticks.C:
		case <-f.wake:
		}
		f.export(false)
		f.tidy()
	}
}

// export exports the records that are due, and all of sessions that have ended; everything if all is true.
func (f *Flows) export(all bool) {
	for {
		now, n := f.take(all)
		for i := range n {
			s := f.owners[i]
			s.exporter.pending = append(s.exporter.pending, pending{&f.records[i], &s.Client})
		}
		for i := range n {
			f.owners[i].exporter.export(now, time.Now())
			f.owners[i] = nil
		}
		if n < len(f.records) {
			return
		}
	}
}

// take takes records from the table, as many as have room.
func (f *Flows) take(all bool) (now time.Duration, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now = f.config.Now()
	n = f.table.Due(now, f.records)
	for _, s := range f.ending {
		n += f.table.Flush(s.counted, f.records[n:])
	}
	if all {
		for _, s := range f.sessions {
			n += f.table.Flush(s.counted, f.records[n:])
		}
	}
	for i := range n {
		f.owners[i] = f.sessions[f.records[i].Session]
	}
	return now, n
}

// tidy forgets sessions that have ended, and flow logs that have not had a session for long.
func (f *Flows) tidy() {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.config.Now()
	if f.table.Stats().Waiting > 0 {
		return // maybe for sessions that have ended
	}
	f.ending = slices.DeleteFunc(f.ending, func(s *session) bool {
		if now-s.endedAt <= endGrace || !s.counted.Empty() {
			return false
		}
		f.table.Remove(s.counted)
		delete(f.sessions, s.number)
		s.exporter.sessions--
		s.exporter.usedAt = now
		return true
	})
	for id, e := range f.exporters {
		if e.sessions == 0 && now-e.usedAt > keepExporter {
			e.close()
			delete(f.exporters, id)
		}
	}
}

// endAll closes sockets and the file.
func (f *Flows) endAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.exporters {
		e.close()
	}
	f.lines.close()
}
