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
	counters, classes := a.Point.Counters(), a.Point.ClassCounters()
	report := &accesspointv1.ReportRequest{BootId: a.Description.GetBootId(), FlowLogs: reportFlowLogs(a.Point.FlowLogs())}
	a.decided.add(report, a.Point.Decided())
	once := len(report.FlowLogs)+len(report.Rules)+len(report.Drops) > 0
	for once || len(counters)+len(classes) > 0 {
		part, classPart := counters[:min(len(counters), maxCounters)], classes[:min(len(classes), maxClassCounters)]
		counters, classes = counters[len(part):], classes[len(classPart):]
		report.Counters, report.Classes = Report(part), ReportClasses(classPart)
		call, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := a.client.Report(call, authorize(a, report))
		cancel()
		if err != nil {
			return err
		}
		a.Point.Reported(part)
		a.decided.confirm(report)
		// They are sent with the first part. Flow logs are sent with each, because the cloud keeps those of the last report.
		once, report.Rules, report.Drops = false, nil, nil
	}
	return nil
}
