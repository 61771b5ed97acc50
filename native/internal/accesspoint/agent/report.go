package agent

import (
	"context"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
)

// maxCounters per message: 4096 by the contract, fewer to stay far below the cap of a message.
const maxCounters = 1024

// report sends the counters now and then.
func (a *Agent) report(ctx context.Context) {
	ticks := time.NewTicker(a.ReportEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			if err := a.ReportNow(ctx); err != nil && ctx.Err() == nil {
				a.Logger.Warn("the counters were not reported", "error", err)
			}
		}
	}
}

// ReportNow sends the counters; also the last thing of an orderly end. They are cumulative: a lost report loses nothing.
func (a *Agent) ReportNow(ctx context.Context) error {
	counters := a.Point.Counters()
	for len(counters) > 0 {
		part := counters[:min(len(counters), maxCounters)]
		counters = counters[len(part):]
		call, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := a.client.Report(call, authorize(a, &accesspointv1.ReportRequest{
			BootId:   a.Description.GetBootId(),
			Counters: Report(part),
		}))
		cancel()
		if err != nil {
			return err
		}
		a.Point.Reported(part)
	}
	return nil
}
