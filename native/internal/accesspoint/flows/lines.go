package flows

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/flowlog"
	"sag.software/native/internal/logfile"
)

const (
	// maxFile is the size of a file of JSON lines, bytes; keptFiles is the number of files, the current one included.
	maxFile   = 10 << 20
	keptFiles = 10
)

// lines is the file of JSON lines, which is opened when the first one is written.
type lines struct {
	path   string
	file   *logfile.Rotated
	buffer bytes.Buffer
}

// line is a record as JSON.
type line struct {
	Start           time.Time  `json:"start"`
	End             time.Time  `json:"end"`
	FlowLog         string     `json:"flow_log"`
	Instance        string     `json:"instance"`
	Account         string     `json:"account"`
	Session         string     `json:"session"`
	Direction       string     `json:"direction"`
	Protocol        uint8      `json:"protocol"`
	Source          netip.Addr `json:"source"`
	SourcePort      *uint16    `json:"source_port,omitempty"`
	Destination     netip.Addr `json:"destination"`
	DestinationPort *uint16    `json:"destination_port,omitempty"`
	ICMPType        *uint16    `json:"icmp_type,omitempty"`
	ICMPCode        *uint16    `json:"icmp_code,omitempty"`
	Packets         uint64     `json:"packets"`
	Bytes           uint64     `json:"bytes"`
	TCPFlags        uint8      `json:"tcp_flags,omitempty"`
	Reason          string     `json:"reason"`
	Project         string     `json:"project,omitempty"`
	Logstore        string     `json:"logstore,omitempty"`
}

var reasons = map[flowlog.End]string{
	flowlog.EndIdle: "idle", flowlog.EndActive: "active", flowlog.EndDetected: "closed", flowlog.EndForced: "session_ended", flowlog.EndEviction: "table_full",
}

// write writes records and returns how many were written: all or none. now is the table's clock, wall the time of day at that moment.
func (l *lines) write(log *flowlog.Log, all []pending, now time.Duration, wall time.Time) int {
	if l.file == nil {
		file, err := logfile.OpenRotated(l.path, maxFile, keptFiles)
		if err != nil {
			return 0
		}
		l.file = file
	}
	l.buffer.Reset()
	encoder := json.NewEncoder(&l.buffer)
	for _, p := range all {
		_ = encoder.Encode(lineOf(log, p, now, wall)) // fails only for types that JSON does not have
	}
	if _, err := l.file.Write(l.buffer.Bytes()); err != nil {
		return 0
	}
	return len(all)
}

func lineOf(log *flowlog.Log, p pending, now time.Duration, wall time.Time) *line {
	r, c := p.record, p.client
	at := func(moment time.Duration) time.Time { return wall.Add(moment - now).UTC().Truncate(time.Millisecond) }
	l := &line{
		Start: at(r.First), End: at(r.Last), FlowLog: log.ID, Instance: c.Instance, Account: c.Account, Session: c.ID,
		Direction: "from_client", Protocol: r.Protocol, Source: r.Src(), Destination: r.Dst(), Packets: r.Packets, Bytes: r.Bytes, TCPFlags: r.Flags,
		Reason: reasons[r.End], Project: log.Project, Logstore: log.Logstore,
	}
	if r.Direction == rules.ToClient {
		l.Direction = "to_client"
	}
	switch {
	case r.Protocol == packet.TCP || r.Protocol == packet.UDP:
		l.SourcePort, l.DestinationPort = &r.SrcPort, &r.DstPort
	case r.Version == 4 && r.Protocol == packet.ICMP || r.Version == 6 && r.Protocol == packet.ICMPv6:
		kind, code := r.DstPort>>8, r.DstPort&0xff
		l.ICMPType, l.ICMPCode = &kind, &code
	}
	return l
}

func (l *lines) close() {
	if l.file != nil {
		_ = l.file.Close()
	}
}
