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
	counters, flowLogs := a.Point.Counters(), reportFlowLogs(a.Point.FlowLogs())
	for len(counters) > 0 || len(flowLogs) > 0 {
		part := counters[:min(len(counters), maxCounters)]
		counters = counters[len(part):]
		call, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := a.client.Report(call, authorize(a, &accesspointv1.ReportRequest{
			BootId:   a.Description.GetBootId(),
			Counters: Report(part),
			FlowLogs: flowLogs,
		}))
		flowLogs = nil
		cancel()
		if err != nil {
			return err
		}
		a.Point.Reported(part)
	}
	return nil
}
