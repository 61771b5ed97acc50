// Package lockdown drops everything that leaves a host, except the tunnel and what is needed to bring it up. An administrator or
// an intranet's policy turns it on. It is in force before any link is up, and stays in force after a crash, until it is turned
// off.
package lockdown

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sag.software/native/internal/hostnet/captive"
	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/msg"
)

const (
	// MaxPortal is the maximum duration of a captive-portal exception.
	MaxPortal = 5 * time.Minute
	// portals is how often a user may open the exception within portalsWithin: often enough to try again, too rarely for a
	// program to keep it open.
	portals       = 3
	portalsWithin = time.Hour
	// maxClouds, maxAddresses, maxEndpoints limit the size of the record.
	maxClouds, maxAddresses, maxEndpoints = 16, 16, 512
)

// ErrTooOften means that the exception was opened too often.
var ErrTooOften error = &msg.Error{Message: msg.PortalTooOften()}

// ErrNoLink means that there is no network that could have a captive portal.
var ErrNoLink error = &msg.Error{Message: msg.PortalNoNetwork()}

// Config configures a Keeper.
type Config struct {
	// Dir contains the record. Only root may access it.
	Dir      string
	Firewall Firewall
	// Links is the prefix of the names of the tunnel's links.
	Links string
	// Now returns the time. It may stop during sleep.
	Now func() time.Time
}

// Keeper manages the host's lockdown. Its methods are safe for concurrent use.
type Keeper struct {
	config Config
	mu     sync.Mutex
	record record
	opened map[uint32][]time.Time // by user
	found  atomic.Bool
}

// Open reads the record and puts it in force. The Keeper can be used even after an error.
func Open(config Config) (*Keeper, error) {
	k := Read(config)
	return k, k.Look()
}

// Read is Open without changing the host.
func Read(config Config) *Keeper {
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Keeper{config: config, record: load(config.Dir), opened: map[uint32][]time.Time{}}
}

// Look restores lockdown if another program has changed it, and removes it if it is not wanted.
func (k *Keeper) Look() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.force()
}

// Status is the state of lockdown.
type Status struct {
	// On is true if lockdown is in force on the host.
	On bool
	By By
	// Reachable are the exceptions, as HOST:PORT.
	Reachable []string
	Portal    *captive.Exception
	// Dropped counts the dropped packets.
	Dropped uint64
}

// Status returns the state of lockdown.
func (k *Keeper) Status() (Status, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found, err := k.config.Firewall.InForce()
	if err != nil {
		return Status{}, err
	}
	s := Status{On: found != nil}
	if k.record.On {
		s.By = k.record.By
	}
	if found != nil {
		s.Dropped = found.Dropped
		for _, c := range k.record.Clouds {
			s.Reachable = append(s.Reachable, net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))))
		}
	}
	s.Portal, err = k.config.Firewall.Portal()
	return s, err
}

// Set turns lockdown on or off for an administrator, which takes precedence over policies.
func (k *Keeper) Set(on bool, clouds []Cloud) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.record
	next.Clouds = merged(next.Clouds, clouds)
	next.On, next.By, next.Lifted = on, "", !on && next.Wanted != ""
	if on {
		next.By = ByAdministrator
	}
	return k.become(next)
}

// Policy applies an instance's policy. It turns lockdown on, and off only if a policy has turned it on.
func (k *Keeper) Policy(instance string, wanted bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.record
	switch {
	case wanted:
		next.Lifted = next.Lifted && next.Wanted == instance
		if next.Wanted = instance; !next.On && !next.Lifted {
			next.On, next.By = true, ByPolicy
		}
	case next.Wanted == instance:
		next.Wanted, next.Lifted = "", false
		if next.By == ByPolicy {
			next.On, next.By = false, ""
		}
	}
	return k.become(next)
}

// Reaches records what must be reachable to bring a tunnel up, so that lockdown can be turned on at any time.
func (k *Keeper) Reaches(cloud Cloud, endpoints []permit.Endpoint, names []string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.record
	if cloud.Host != "" {
		next.Clouds = merged(next.Clouds, []Cloud{cloud})
	}
	next.Endpoints = sorted(endpoints, permit.Endpoint.Compare)
	next.Endpoints = next.Endpoints[:min(len(next.Endpoints), maxEndpoints)]
	next.Names = sorted(names, cmp.Compare[string])
	return k.become(next)
}

// Hosts returns the names of cloud instances to resolve while lockdown is on, because their addresses may change.
func (k *Keeper) Hosts() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []string
	for _, c := range k.record.Clouds {
		if _, err := netip.ParseAddr(c.Host); err != nil && k.record.On {
			all = append(all, c.Host)
		}
	}
	return all
}

// Resolved records the current addresses of a name.
func (k *Keeper) Resolved(host string, addresses []netip.Addr) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.record
	var clouds []Cloud
	for _, c := range next.Clouds {
		if c.Host == host {
			clouds = append(clouds, Cloud{Host: c.Host, Port: c.Port, Addresses: addresses})
		}
	}
	next.Clouds = merged(next.Clouds, clouds)
	return k.become(next)
}

// OpenPortal opens the captive-portal exception on a link for a user: three times an hour, or without a limit.
func (k *Keeper) OpenPortal(link string, duration time.Duration, user uint32, unlimited bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if link == "" {
		return ErrNoLink
	}
	if err := k.force(); err != nil {
		return err
	}
	now := k.config.Now()
	for one, times := range k.opened {
		if times = slices.DeleteFunc(times, func(at time.Time) bool { return now.Sub(at) > portalsWithin }); len(times) > 0 {
			k.opened[one] = times
		} else {
			delete(k.opened, one)
		}
	}
	if !unlimited {
		if len(k.opened[user]) >= portals {
			return ErrTooOften
		}
		k.opened[user] = append(k.opened[user], now)
	}
	return k.config.Firewall.OpenPortal(link, min(duration, MaxPortal))
}

// become saves the next record and then applies it. If it cannot be saved it is not applied, unless it turns lockdown off,
// because a full disk should not keep a host locked down.
func (k *Keeper) become(next record) error {
	if next.same(k.record) {
		return k.force()
	}
	err := next.save(k.config.Dir)
	if err != nil && next.On {
		return err
	}
	k.record = next
	return errors.Join(err, k.force())
}

func (k *Keeper) force() error {
	found, err := k.config.Firewall.InForce()
	switch {
	case err != nil:
	case k.record.On && (found == nil || found.Digest != k.rules().Digest()):
		if err = k.config.Firewall.Set(k.rules()); err == nil {
			found = &InForce{}
		}
	case !k.record.On && found != nil:
		if _, err = k.config.Firewall.Clear(); err == nil {
			found = nil
		}
	}
	k.found.Store(found != nil)
	return err
}

// IsOn is whether lockdown was in force at the last check.
func (k *Keeper) IsOn() bool { return k.found.Load() }

func (k *Keeper) rules() Rules {
	r := Rules{Links: k.config.Links, Endpoints: k.record.Endpoints}
	names := slices.Clone(k.record.Names)
	for _, c := range k.record.Clouds {
		if a, err := netip.ParseAddr(c.Host); err == nil {
			r.Cloud = append(r.Cloud, permit.At(permit.TCP, netip.AddrPortFrom(a, c.Port)))
			continue
		}
		names = append(names, strings.ToLower(c.Host))
		for _, a := range c.Addresses {
			r.Cloud = append(r.Cloud, permit.At(permit.TCP, netip.AddrPortFrom(a, c.Port)))
		}
	}
	r.Cloud, r.BypassNames = sorted(r.Cloud, permit.Endpoint.Compare), sorted(names, cmp.Compare[string])
	return r
}
