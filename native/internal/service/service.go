// Package service is sag-tunnel in system mode: the one tunnel of the machine, who it belongs to, and what each caller may do
// with it.
package service

import (
	"context"
	"log/slog"
	"sync"
	"time"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/system"
	"sag.software/native/internal/system/lockdown"
	"sag.software/native/internal/system/sleep"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/resume"
)

const (
	// unwanted is how long a tunnel stays that nobody has started.
	unwanted = time.Minute
	// stopLimit is how long an orderly end may take.
	stopLimit = 5 * time.Second
)

// Config is what a service is made of.
type Config struct {
	// Dir is the runtime directory: world-readable, ours to write.
	Dir string
	// Boot names this boot.
	Boot string
	Host tunnel.Host
	// Machine is what Host drives, and lockdown with it.
	Machine system.Machine
	// Sleep tells of the machine's waking up; nil = nobody does.
	Sleep    sleep.Source
	Lockdown *lockdown.Keeper
	Version  string
	Logger   *slog.Logger
}

// Service has at most one tunnel.
type Service struct {
	config  Config
	mu      sync.Mutex
	current *held
	// empty is closed when there is a tunnel, or never will be one again.
	empty chan struct{}
	over  bool
	// end is called when the service is over.
	end context.CancelFunc
}

// held is the tunnel, and whose it is.
type held struct {
	*tunnel.Tunnel
	intranet string
	owner    uint32
	seat     seat
}

// New takes up the session that a former process was kept from ending. Without one, what that process left is undone.
func New(config Config) (*Service, error) {
	ctx, end := context.WithCancel(context.Background())
	s := &Service{config: config, end: end, empty: make(chan struct{})}
	go s.keepLockdown(ctx)
	go s.wake(ctx)
	wanted, err := wantedSeat(config.Dir)
	if err != nil {
		config.Logger.Warn("no session was resumed", "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if wanted != nil {
		s.open(*wanted)
		return s, nil
	}
	if err := config.Host.Detach(); err != nil {
		// Who connects next is told why it can not be done; a service that is not there tells nobody anything.
		config.Logger.Error("what a former process left was not undone whole; sag repair does the rest", "error", err)
	}
	s.tellNone()
	return s, nil
}

// For is what a caller may drive.
func (s *Service) For(caller control.Caller) control.Tunnel { return &view{service: s, caller: caller} }

// Close ends the tunnel in order.
func (s *Service) Close() {
	defer s.end()
	s.mu.Lock()
	h := s.current
	s.over = true
	s.fill()
	s.mu.Unlock()
	if h != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		_, _ = h.Stop(ctx, h.intranet)
		<-h.Done()
		h.Farewell()
	}
}

// open makes the tunnel of a seat. The caller holds the lock.
func (s *Service) open(at seat) *held {
	h := &held{intranet: at.intranet, owner: at.owner, seat: at}
	h.Tunnel = tunnel.New(tunnel.Config{
		IntranetID: at.intranet, Version: s.config.Version, Store: resume.Store{Dir: at.dir, Boot: s.config.Boot},
		Logger: s.config.Logger, Unwanted: unwanted, Host: s.config.Host,
	})
	s.current = h
	s.fill()
	go s.follow(h)
	return h
}

// fill has those hear who wait for a tunnel. The caller holds the lock.
func (s *Service) fill() {
	select {
	case <-s.empty:
	default:
		close(s.empty)
	}
}

// clear makes the place empty. The caller holds the lock.
func (s *Service) clear() {
	if s.current = nil; !s.over {
		s.empty = make(chan struct{})
	}
	s.tellNone()
}

// follow says in the open what is held back, until the tunnel is over.
func (s *Service) follow(h *held) {
	now, changes, leave := h.Watch()
	defer leave()
	s.tell(h, now.State)
	for {
		select {
		case c := <-changes:
			s.tell(h, c.State)
		case <-h.Done():
			s.vacate(h)
			return
		}
	}
}

// tell says what a tunnel holds back, unless it is over: then somebody else has the word.
func (s *Service) tell(h *held, state *tunnelv1.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == h {
		s.writeBlocking(state)
	}
}

// tellNone says what is held back without a tunnel: nothing, if all went well. The caller holds the lock.
func (s *Service) tellNone() {
	if s.config.Host.Holds() {
		s.writeBlocking(&tunnelv1.State{Phase: typesv1.Phase_PHASE_DISCONNECTED, Blocking: typesv1.Blocking_BLOCKING_INTRANET})
		return
	}
	s.writeBlocking(nil)
}

// vacate frees the place of a tunnel that is over.
func (s *Service) vacate(h *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != h {
		return
	}
	s.clear()
	if err := h.seat.leave(); err != nil {
		s.config.Logger.Warn("the runtime directory of a former session stays", "error", err)
	}
}

// take gives the caller's tunnel of an intranet, and makes room for it if nobody's session is in the way.
func (s *Service) take(caller control.Caller, intranet string) (*held, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.current; h != nil {
		if h.owner == caller.UID && h.intranet == intranet {
			select {
			case <-h.Done():
			default:
				return h, nil
			}
		}
		if err := s.displace(h, caller); err != nil {
			return nil, err
		}
	}
	at, err := newSeat(s.config.Dir, intranet, caller.UID)
	if err != nil {
		return nil, err
	}
	return s.open(at), nil
}

// displace ends a tunnel that nobody wants. The caller holds the lock.
func (s *Service) displace(h *held, caller control.Caller) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	switch {
	case h.Retire():
	case h.owner != caller.UID:
		return busy()
	default:
		return failure.New(typesv1.Cause_CAUSE_VPN_CONFLICT, "the machine is in another intranet (%s); disconnect that first", h.intranet)
	}
	select {
	case <-h.Done():
	case <-ctx.Done():
		return ctx.Err()
	}
	s.clear()
	return h.seat.leave()
}

// ends is closed when what is there now is over: a tunnel, or the time without one.
func (s *Service) ends() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		return s.current.Done()
	}
	return s.empty
}

func (s *Service) held() *held {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func busy() error {
	return failure.New(typesv1.Cause_CAUSE_IN_USE_BY_ANOTHER_USER, "another user of this machine is connected")
}
