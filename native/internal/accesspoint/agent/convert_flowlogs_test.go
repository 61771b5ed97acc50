package agent

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/fakecloud"
	"sag.software/native/internal/flowlog"
)

func validFlowLog(changes ...func(*accesspointv1.FlowLog)) *accesspointv1.FlowLog {
	l := &accesspointv1.FlowLog{
		Id: "fl-1", Netflow: accesspointv1.FlowLog_NETFLOW_IPFIX, CollectorAddress: "::ffff:10.9.9.9", CollectorPort: 2055,
		JsonLines: true, Project: "p", Logstore: "l", ActiveTimeout: durationpb.New(5 * time.Minute), InactiveTimeout: durationpb.New(15 * time.Second),
	}
	for _, change := range changes {
		change(l)
	}
	return l
}

func TestFlowLogs(t *testing.T) {
	peer := peer(1)
	peer.FlowLogId, peer.InstanceId = "fl-1", "sag-1"
	message, err := Message(&accesspointv1.WatchResponse{Change: &accesspointv1.WatchResponse_Delta{Delta: &accesspointv1.Delta{
		Upsert: []*accesspointv1.Peer{peer}, FlowLogs: []*accesspointv1.FlowLog{validFlowLog()},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	want := flowlog.Log{
		ID: "fl-1", Version: 10, Collector: netip.MustParseAddrPort("10.9.9.9:2055"), JSONLines: true, Project: "p", Logstore: "l",
		Timeouts: flowlog.Timeouts{Active: 5 * time.Minute, Inactive: 15 * time.Second},
	}
	if len(message.FlowLogs) != 1 || message.FlowLogs[0] != want {
		t.Errorf("%+v", message.FlowLogs)
	}
	if s := message.Upsert[0].Session; s.FlowLog != "fl-1" || s.Instance != "sag-1" {
		t.Errorf("%+v", s)
	}
}

// A flow log that cannot be used is left out, and others are not.
func TestInvalidFlowLogsAreLeftOut(t *testing.T) {
	for name, change := range map[string]func(*accesspointv1.FlowLog){
		"no id":                       func(l *accesspointv1.FlowLog) { l.Id = "" },
		"a long id":                   func(l *accesspointv1.FlowLog) { l.Id = strings.Repeat("x", 65) },
		"an unknown version":          func(l *accesspointv1.FlowLog) { l.Netflow = 99 },
		"no collector":                func(l *accesspointv1.FlowLog) { l.CollectorAddress = "" },
		"a name as collector":         func(l *accesspointv1.FlowLog) { l.CollectorAddress = "collector.example" },
		"no port":                     func(l *accesspointv1.FlowLog) { l.CollectorPort = 0 },
		"a port above 65535":          func(l *accesspointv1.FlowLog) { l.CollectorPort = 65_536 },
		"no timeout":                  func(l *accesspointv1.FlowLog) { l.ActiveTimeout = nil },
		"an inactive timeout of zero": func(l *accesspointv1.FlowLog) { l.InactiveTimeout = durationpb.New(0) },
		"a long active timeout":       func(l *accesspointv1.FlowLog) { l.ActiveTimeout = durationpb.New(3 * time.Hour) },
		"a long project":              func(l *accesspointv1.FlowLog) { l.Project = strings.Repeat("x", 257) },
	} {
		if logs := toFlowLogs([]*accesspointv1.FlowLog{validFlowLog(change), validFlowLog()}); len(logs) != 1 || logs[0].ID != "fl-1" {
			t.Errorf("%s: %+v", name, logs)
		}
	}
	without := validFlowLog(func(l *accesspointv1.FlowLog) {
		l.Netflow, l.CollectorAddress, l.CollectorPort = accesspointv1.FlowLog_NETFLOW_UNSPECIFIED, "", 0
	})
	if logs := toFlowLogs([]*accesspointv1.FlowLog{without}); len(logs) != 1 || logs[0].Version != 0 {
		t.Errorf("without a collector: %+v", logs)
	}
}

// Counters of flow logs are reported, with those of sessions or alone.
func TestFlowLogsAreReported(t *testing.T) {
	cloud := fakecloud.New(t, "fd00:5a9:0:ffff::1")
	start(t, cloud, func(c *Config) { c.ReportEvery = 20 * time.Millisecond })
	report := <-cloud.Reports
	if logs := report.GetFlowLogs(); len(logs) != 1 || logs[0].GetFlowLogId() != "fl-1" || logs[0].GetSent() != 3 || logs[0].GetLost() != 1 {
		t.Errorf("got %v", report)
	}
}
