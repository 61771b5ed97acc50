package agent

import (
	"log/slog"
	"net/netip"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/flows"
	"sag.software/native/internal/flowlog"
)

const (
	maxFlowLogs   = 1024
	maxLogID      = 64
	maxLogName    = 256
	maxLogTimeout = 2 * time.Hour
)

var netflowVersions = map[accesspointv1.FlowLog_Netflow]uint16{
	accesspointv1.FlowLog_NETFLOW_UNSPECIFIED: 0, accesspointv1.FlowLog_NETFLOW_V5: 5,
	accesspointv1.FlowLog_NETFLOW_V9: 9, accesspointv1.FlowLog_NETFLOW_IPFIX: 10,
}

// toFlowLogs leaves out those that are not valid. Their peers are served all the same, without records.
func toFlowLogs(from []*accesspointv1.FlowLog) (logs []flowlog.Log) {
	for _, one := range from {
		log, ok := toFlowLog(one)
		if !ok || len(logs) == maxFlowLogs {
			slog.Warn("a flow log cannot be used", "flow_log", one.GetId())
			continue
		}
		logs = append(logs, log)
	}
	return logs
}

func toFlowLog(from *accesspointv1.FlowLog) (log flowlog.Log, ok bool) {
	log = flowlog.Log{
		ID: from.GetId(), JSONLines: from.GetJsonLines(), Project: from.GetProject(), Logstore: from.GetLogstore(),
		Timeouts: flowlog.Timeouts{Active: from.GetActiveTimeout().AsDuration(), Inactive: from.GetInactiveTimeout().AsDuration()},
	}
	version, known := netflowVersions[from.GetNetflow()]
	if !known || log.ID == "" || len(log.ID) > maxLogID || len(log.Project) > maxLogName || len(log.Logstore) > maxLogName {
		return log, false
	}
	for _, timeout := range []time.Duration{log.Timeouts.Active, log.Timeouts.Inactive} {
		if timeout < time.Second || timeout > maxLogTimeout {
			return log, false
		}
	}
	if log.Version = version; version == 0 {
		return log, true
	}
	address, err := netip.ParseAddr(from.GetCollectorAddress())
	port := from.GetCollectorPort()
	if err != nil || port == 0 || port > 65_535 {
		return log, false
	}
	log.Collector = netip.AddrPortFrom(address.Unmap(), uint16(port))
	return log, true
}

// reportFlowLogs converts counters.
func reportFlowLogs(from []flows.Counters) []*accesspointv1.FlowLogCounters {
	counters := make([]*accesspointv1.FlowLogCounters, 0, len(from))
	for _, c := range from[:min(len(from), maxFlowLogs)] {
		counters = append(counters, &accesspointv1.FlowLogCounters{
			FlowLogId: c.Log, Sent: c.Sent, Lost: c.Lost, Skipped: c.Skipped, Written: c.Written, Unwritten: c.Unwritten, Evicted: c.Evicted,
		})
	}
	return counters
}
