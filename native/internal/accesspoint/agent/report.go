package agent

import (
	"context"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
)

// maxCounters is the number of counters per message. The contract allows 4096; 1024 keep the message far below maxMessage.
const maxCounters = 1024

// report sends the counters every ReportEvery.
func (a *Agent) report(ctx context.Context) {
	ticks := time.NewTicker(a.ReportEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			if err := a.ReportNow(ctx); err != nil && ctx.Err() == nil {
				a.Logger.Warn("could not report the counters", "error", err)
			}
		}
	}
}

// ReportNow sends the counters. They are cumulative, so a lost report does no harm. It is also called last before an orderly
// shutdown.
func (a *Agent) ReportNow(ctx context.Context) error {
	counters := a.Point.Counters()
	report := &accesspointv1.ReportRequest{BootId: a.Description.GetBootId(), FlowLogs: reportFlowLogs(a.Point.FlowLogs())}
	a.decided.add(report, a.Point.Decided())
	for len(counters) > 0 || len(report.FlowLogs)+len(report.Rules)+len(report.Drops) > 0 {
		part := counters[:min(len(counters), maxCounters)]
		counters = counters[len(part):]
		report.Counters = Report(part)
		call, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := a.client.Report(call, authorize(a, report))
		cancel()
		if err != nil {
			return err
		}
		a.Point.Reported(part)
		a.decided.confirm(report)
		report.FlowLogs, report.Rules, report.Drops = nil, nil, nil // they are sent with the first part
	}
	return nil
}
