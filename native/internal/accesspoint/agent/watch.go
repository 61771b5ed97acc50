package agent

import (
	"context"
	"errors"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
)

var errSilence = errors.New("the cloud has been silent for too long")

// watch serves one stream until it breaks.
func (a *Agent) watch(ctx context.Context, pause *backoff) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	position := a.acknowledged.Load()
	stream, err := a.client.Watch(ctx, authorize(a, &accesspointv1.WatchRequest{
		Hello:       a.hello(),
		Description: a.Description,
		Epoch:       position.GetEpoch(),
		Revision:    position.GetRevision(),
	}))
	if err != nil {
		return err
	}
	defer stream.Close()
	a.Point.StreamBegins()
	a.decided.begin()
	silence := time.AfterFunc(a.Silence, func() { cancel(errSilence) })
	defer silence.Stop()

	acks := make(chan *accesspointv1.AcknowledgeRequest, 64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.acknowledge(ctx, cancel, acks)
	}()
	go a.report(ctx)
	defer func() {
		close(acks)
		cancel(nil)
		<-done
	}()

	for stream.Receive() {
		silence.Reset(a.Silence)
		pause.reset()
		a.connected()
		message, err := Message(stream.Msg())
		if err != nil {
			return err
		}
		ack, err := a.Point.Receive(message)
		if err != nil {
			return err
		}
		if ack == nil {
			continue
		}
		a.becomeReady()
		select {
		case acks <- Acknowledge(*ack, a.Description.GetBootId()):
		case <-ctx.Done():
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if stream.Err() == nil {
		return errors.New("the cloud ended the stream")
	}
	return stream.Err()
}

// becomeReady is called only by the goroutine that runs watch.
func (a *Agent) becomeReady() {
	if !a.isReady() {
		close(a.ready)
	}
}

func (a *Agent) isReady() bool {
	select {
	case <-a.ready:
		return true
	default:
		return false
	}
}

// acknowledge sends acknowledgements without delay, because a Dial waits for them. Acknowledgements that queued up meanwhile are
// merged: the latest revision with all refusals.
func (a *Agent) acknowledge(ctx context.Context, fail context.CancelCauseFunc, acks <-chan *accesspointv1.AcknowledgeRequest) {
	for ack := range acks {
		for waiting := len(acks); waiting > 0; waiting-- {
			next, ok := <-acks
			if !ok {
				break
			}
			next.Refused = append(ack.Refused, next.Refused...)
			ack = next
		}
		call, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := a.client.Acknowledge(call, authorize(a, ack))
		cancel()
		if err != nil {
			fail(err) // the cloud sends the same again on the next stream
			return
		}
		a.acknowledged.Store(ack)
	}
}
