package tunnel

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"sag.software/native/internal/clock"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/secret"
	"sag.software/native/internal/session"
	"sag.software/native/internal/session/cloudapi"
	"sag.software/native/internal/tunnel/fsm"
)

// hangUpLimit bounds the attempts to end a session at the cloud. The caller of Stop does not wait that long.
const hangUpLimit = 2 * time.Second

// cloudSide is the tunnel's view of the cloud instance: its address, the session's token and keys, and the event stream.
// Only the loop uses it.
type cloudSide struct {
	address session.Cloud
	token   secret.Secret
	client  *cloudapi.Client
	key     engine.PrivateKey
	nextKey *engine.PrivateKey // offered to the cloud and not in use yet; nil = none
	stream  context.CancelFunc
	streams uint64
	logger  *slog.Logger
	// hangUps counts the running HangUp calls of former sessions.
	hangUps sync.WaitGroup
}

// use switches to another session.
func (c *cloudSide) use(address session.Cloud, token secret.Secret, client *cloudapi.Client, key engine.PrivateKey) {
	c.close()
	c.address, c.token, c.client, c.key, c.nextKey = address, token, client, key, nil
}

func (c *cloudSide) close() {
	if c.client != nil {
		c.client.Close()
	}
}

// keyExchange returns what TLS negotiated; empty before the first connection.
func (c *cloudSide) keyExchange() string {
	if c.client == nil {
		return ""
	}
	return c.client.KeyExchange()
}

// offerKey returns the public half of the next key. It offers the same key until a Renew succeeds, because the cloud may
// already use it even if its response was lost.
func (c *cloudSide) offerKey() ([]byte, error) {
	if c.nextKey == nil {
		key, err := engine.NewPrivateKey()
		if err != nil {
			return nil, err
		}
		c.nextKey = &key
	}
	public := c.nextKey.Public()
	return public[:], nil
}

// takeNextKey makes the offered key the session's.
func (c *cloudSide) takeNextKey() { c.key, c.nextKey = *c.nextKey, nil }

// hangUp ends a client's session at the cloud and calls done afterwards, also if the cloud could not be reached.
func (c *cloudSide) hangUp(client *cloudapi.Client, done func()) {
	c.hangUps.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), hangUpLimit)
		defer cancel()
		if err := client.HangUp(ctx); err != nil {
			c.logger.Warn("failed to end the session at the cloud instance; it ends with its lease", "error", err)
		}
		client.Close()
		done()
	})
}

func (c *cloudSide) closeStream() {
	c.streams++ // events of the former stream are ignored
	if c.stream != nil {
		c.stream()
		c.stream = nil
	}
}

// renew extends the lease at the cloud.
func (l *loop) renew(newKey bool) error {
	var public []byte
	if newKey {
		var err error
		if public, err = l.cloud.offerKey(); err != nil {
			return err
		}
	}
	client, requestedAt := l.cloud.client, clock.Now()
	post := l.ofThisSession()
	go func() {
		s, err := client.Renew(context.Background(), public)
		post(func() { l.renewed(s, err, newKey, requestedAt) })
	}()
	return nil
}

func (l *loop) renewed(s *session.Session, err error, newKey bool, requestedAt fsm.Instant) {
	if err == nil {
		if f := fsm.Usable(s); f != nil {
			err = &failure.Error{Failure: f}
		}
	}
	if err != nil {
		l.config.Logger.Warn("failed to renew the session", "error", err)
		l.step(fsm.RenewFailed{Failure: failure.From(err, failure.InstanceUnreachable)})
		return
	}
	l.config.Logger.Debug("renewed the session", "lease", s.Lease, "new key", newKey)
	if newKey {
		l.cloud.takeNextKey()
		if link := l.carrier.Link(); link != nil {
			if err := link.device.SetPrivateKey(l.cloud.key); err != nil {
				l.config.Logger.Warn("an effect failed", "effect", "use a new key", "error", err)
			}
		}
	}
	l.step(fsm.Renewed{Session: s, RequestedAt: requestedAt})
}

// openStream opens the cloud's event stream.
func (l *loop) openStream() {
	ctx, cancel := context.WithCancel(context.Background())
	c := &l.cloud
	c.stream = cancel
	c.streams++
	client, id := c.client, c.streams
	post := func(event fsm.Event) {
		l.mailbox.post(func() {
			if l.cloud.streams == id {
				l.step(event)
			}
		})
	}
	go func() {
		err := client.Events(ctx, func(e session.Event) { post(eventOf(e)) })
		post(fsm.StreamBroken{Failure: failure.From(err, failure.InstanceUnreachable)})
	}()
}

func eventOf(e session.Event) fsm.Event {
	switch e := e.(type) {
	case session.Opened:
		return fsm.StreamOpened(e)
	case session.Ended:
		return fsm.SessionEnded(e)
	case session.Changed:
		return fsm.SettingsChanged(e)
	case session.Message:
		return fsm.MessageReceived(e)
	default:
		return fsm.StreamHeard{}
	}
}
