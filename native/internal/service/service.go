// Package service is sag-tunnel in system mode: the tunnels of the host, their owners, and what each caller may do.
package service

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"sag.software/native/internal/control"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/sleep"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/service/trust"
	"sag.software/native/internal/tunnel"
	"sag.software/native/internal/tunnel/resume"
)

const (
	// unwanted is how long a tunnel without a session stays.
	unwanted = time.Minute
	// stopLimit is how long an orderly end may take.
	stopLimit = 5 * time.Second
)

// Config configures a service.
type Config struct {
	// Dir is the runtime directory: readable by everybody, writable by root.
	Dir string
	// Boot identifies the current boot.
	Boot string
	Host tunnel.Host
	// Machine is the host's network; Host and lockdown use it.
	Machine hostnet.Host
	// Sleep reports when the host wakes up; nil = no such reports.
	Sleep    sleep.Source
	Lockdown *lockdown.Keeper
	// Trust is the list of intranets that every user may connect the host to.
	Trust   trust.Store
	Version string
	Logger  *slog.Logger
	// Logbook keeps the lines of Logger; nil = they are not kept.
	Logbook *Logbook
}

// Service has the tunnels of the host.
type Service struct {
	config  Config
	keys    *keys
	tunnels *tunnels
	// mu is held while a tunnel and its session directory are added or removed.
	mu sync.Mutex
	// blocking is held while the blocking file is written.
	blocking sync.Mutex
	// end stops the background goroutines.
	end context.CancelFunc
}

// New resumes the saved session of a former process. Without one, it undoes the settings that the former process left.
func New(config Config) (*Service, error) {
	ctx, end := context.WithCancel(context.Background())
	s := &Service{config: config, end: end, tunnels: newTunnels(), keys: newKeys(time.Now)}
	go s.keepLockdown(ctx)
	go s.wake(ctx)
	wanted, err := wantedSessionDir(config.Dir)
	if err != nil {
		config.Logger.Warn("failed to resume a session", "error", err)
	}
	if wanted != nil {
		s.open(*wanted)
		return s, nil
	}
	if err := config.Host.Detach(); err != nil {
		// The next Start fails with the reason. A service that exits here could not report it.
		config.Logger.Error("failed to undo a former process's settings; run sag repair", "error", err)
	}
	s.writeBlocking()
	return s, nil
}

// For returns the service as a caller may use it.
func (s *Service) For(caller control.Caller) control.Tunnel { return &view{service: s, caller: caller} }

// Close stops the tunnels in order.
func (s *Service) Close() {
	defer s.end()
	s.tunnels.close()
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	for _, one := range s.tunnels.all() {
		_, _ = one.Stop(ctx, one.intranet)
		<-one.Done()
		one.WaitForHangUp()
	}
}

// open starts the tunnel of a session directory.
func (s *Service) open(at sessionDir) *owned {
	s.config.Logbook.belongsTo(int64(at.owner))
	one := &owned{intranet: at.intranet, owner: at.owner, dir: at}
	one.Tunnel = tunnel.New(tunnel.Config{
		IntranetID: at.intranet, Version: s.config.Version, Store: resume.Store{Dir: at.path, Boot: s.config.Boot},
		Logger: s.config.Logger.With("intranet", at.intranet), Unwanted: unwanted, Host: &checkedHost{Host: s.config.Host, service: s, uid: at.owner},
	})
	s.tunnels.add(one)
	go s.follow(one)
	return one
}

// follow updates the blocking file until the tunnel is over.
func (s *Service) follow(one *owned) {
	_, changes, leave := one.Watch()
	defer leave()
	s.writeBlocking()
	for {
		select {
		case <-changes:
			s.writeBlocking()
		case <-one.Done():
			if err := s.remove(one); err != nil {
				s.config.Logger.Warn("failed to remove a session's runtime directory", "error", err)
			}
			return
		}
	}
}

// remove removes a tunnel that is over.
func (s *Service) remove(one *owned) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeLocked(one)
}

// removeLocked is remove for a caller that holds the lock.
func (s *Service) removeLocked(one *owned) error {
	if !s.tunnels.remove(one) {
		return nil
	}
	if len(s.tunnels.all()) == 0 {
		s.config.Logbook.belongsTo(noOwner)
	}
	s.writeBlocking()
	return one.dir.remove()
}

// writeBlocking updates the file that shows every user what is blocked.
func (s *Service) writeBlocking() {
	s.blocking.Lock()
	defer s.blocking.Unlock()
	WriteBlocking(s.config.Dir, s.strongest(), s.config.Lockdown, s.config.Logger)
}

// strongest returns the state of the tunnel that blocks most. Without a tunnel, packets are blocked only if a former one's
// settings could not be undone.
func (s *Service) strongest() *tunnel.State {
	var most *tunnel.State
	for _, one := range s.tunnels.all() {
		if state := one.LastState(); most == nil || state.Holds() > most.Holds() {
			most = state
		}
	}
	if most == nil {
		most = tunnel.Absent("", tunnel.SystemMode, s.config.Host.Holds())
	}
	return most
}

// take returns the caller's tunnel of an intranet, and starts one if no other session is running. It is the only place that
// limits the number of tunnels: to one, because the host's network is configured for one at a time.
func (s *Service) take(caller control.Caller, intranet string) (*owned, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.tunnels.all() {
		if one.owner == caller.UID && one.intranet == intranet {
			select {
			case <-one.Done():
			default:
				return one, nil
			}
		}
		if err := s.displace(one, caller); err != nil {
			return nil, err
		}
	}
	at, err := newSessionDir(s.config.Dir, intranet, caller.UID)
	if err != nil {
		return nil, err
	}
	return s.open(at), nil
}

// displace ends a tunnel whose session is over. The caller holds the lock.
func (s *Service) displace(one *owned, caller control.Caller) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if !one.Retire() {
		return inTheWay(one, caller)
	}
	select {
	case <-one.Done():
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.removeLocked(one)
}

// obstacle returns why a caller cannot start a session of an intranet now; nil if it can.
func (s *Service) obstacle(caller control.Caller, intranet string) error {
	for _, one := range s.tunnels.all() {
		if !one.over() && (one.owner != caller.UID || one.intranet != intranet) {
			return inTheWay(one, caller)
		}
	}
	return nil
}

// inTheWay returns why a caller cannot start a session while another one is running.
func inTheWay(one *owned, caller control.Caller) error {
	if one.owner != caller.UID {
		return refused(startTrusted, busy)
	}
	return failure.New(failure.VPNConflict, msg.ServiceConnectedElsewhere(one.intranet))
}
