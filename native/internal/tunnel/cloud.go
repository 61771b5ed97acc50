package tunnel

import (
	"context"
	"time"

	clientv1 "sag.software/native/gen/sag/client/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/clock"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/tunnel/machine"
	"sag.software/native/internal/tunnel/session"
)

func (t *Tunnel) renew(newKey bool) error {
	var public []byte
	if newKey {
		if !t.hasKey {
			key, err := engine.NewPrivateKey()
			if err != nil {
				return err
			}
			t.key, t.hasKey = key, true
		}
		k := t.key.Public()
		public = k[:]
	}
	client, epoch, askedAt := t.client, t.epoch, clock.Now()
	go func() {
		p, err := client.Renew(context.Background(), public)
		t.mailbox.post(func() {
			if t.epoch != epoch {
				return
			}
			if err != nil {
				t.config.Logger.Warn("the session was not renewed", "error", err)
				t.step(machine.RenewFailed{Failure: failure.From(err, typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE)})
				return
			}
			t.config.Logger.Debug("the session was renewed", "lease", p.Lease)
			t.step(machine.Renewed{Profile: p, AskedAt: askedAt})
		})
	}()
	return nil
}

func (t *Tunnel) openStream() {
	ctx, cancel := context.WithCancel(context.Background())
	t.stream = cancel
	t.streams++
	client, id := t.client, t.streams
	post := func(event machine.Event) {
		t.mailbox.post(func() {
			if t.streams == id {
				t.step(event)
			}
		})
	}
	go func() {
		err := client.Events(ctx, func(e *clientv1.EventsResponse) {
			if event := eventOf(e); event != nil {
				post(event)
			}
		})
		post(machine.StreamBroken{Failure: failure.From(err, typesv1.Cause_CAUSE_INSTANCE_UNREACHABLE)})
	}()
}

func eventOf(e *clientv1.EventsResponse) machine.Event {
	switch {
	case e.GetOpened() != nil:
		return machine.StreamOpened{Revision: e.GetOpened().GetProfileRevision()}
	case e.GetEnded() != nil:
		return machine.SessionEnded{Failure: e.GetEnded()}
	case e.GetProfileChanged() != nil:
		return machine.ProfileChanged{Revision: e.GetProfileChanged().GetProfileRevision()}
	case e.GetMessage() != nil:
		return machine.Told{Text: e.GetMessage().GetText()}
	default:
		return machine.StreamHeard{}
	}
}

func (t *Tunnel) closeStream() {
	t.streams++ // what the stream still says is not heard
	if t.stream != nil {
		t.stream()
		t.stream = nil
	}
}

func (t *Tunnel) hangUp() {
	client := t.client
	epoch := t.epoch
	t.farewells.Go(func() {
		hangUp(client, t)
		t.mailbox.post(func() {
			if t.epoch == epoch {
				t.step(machine.HungUp{})
			}
		})
	})
}

// giveBack ends a session that can not be carried.
func (t *Tunnel) giveBack(client *session.Client) {
	t.farewells.Go(func() { hangUp(client, t) })
}

func hangUp(client *session.Client, t *Tunnel) {
	ctx, cancel := context.WithTimeout(context.Background(), hangUpLimit)
	defer cancel()
	if err := client.HangUp(ctx); err != nil {
		t.config.Logger.Warn("the cloud instance was not told of the end; the session lasts until its lease ends", "error", err)
	}
	client.Close()
}

// hangUpLimit is how long it is tried to tell the cloud of a session's end. Whoever ended it has been answered before that.
const hangUpLimit = 2 * time.Second
