// Package lockdown keeps a host in which nothing leaves but the tunnel, and what is needed to bring it up. An administrator
// wants it, or an intranet's policy; it is in force before any link is up, and stays so whoever crashes, until it is lifted.
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
	// MaxPortal is the longest time in which a captive portal can be reached.
	MaxPortal = 5 * time.Minute
	// portals bounds how often the exception may be opened within a time: a user can try again, a program cannot keep it open.
	portals       = 3
	portalsWithin = time.Hour
	// maxClouds, maxAddresses, maxEndpoints bound what is remembered.
	maxClouds, maxAddresses, maxEndpoints = 16, 16, 512
)

// ErrTooOften means that the portal was opened too often.
var ErrTooOften error = &msg.Error{Message: msg.PortalTooOften()}

// ErrNoLink means that there is no network that a captive portal could be in.
var ErrNoLink error = &msg.Error{Message: msg.PortalNoNetwork()}

// Config is what a Keeper works with.
type Config struct {
	// Dir holds the record; it is root's alone.
	Dir      string
	Firewall Firewall
	// Links is what the names of the tunnel's links begin with.
	Links string
	// Now is the time; it may stand still during sleep.
	Now func() time.Time
}

// Keeper is the host's lockdown. Methods may be called from any goroutine.
type Keeper struct {
	config Config
	mu     sync.Mutex
	record record
	opened map[uint32][]time.Time // by user
	found  atomic.Bool
}

// Open reads what is wanted, and puts it in force. After an error it is as good as it can be.
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

// Look restores lockdown if another program has changed it, and lifts it if it is not wanted.
func (k *Keeper) Look() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.force()
}

// Status is how it is.
type Status struct {
	// On: it is on the host, as it was found.
	On bool
	By By
	// Reachable are HOST:PORT of what can be dialled all the same.
	Reachable []string
	Portal    *captive.Exception
	// Dropped are the packets that were held back.
	Dropped uint64
}

// Status reads how it is.
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

// Set is an administrator's will, which goes before any policy's.
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

// Policy is what an instance's policy wants. It turns lockdown on, and off again if it was what turned it on.
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

// Reaches says what has to be reached to bring a tunnel up: it is remembered, so that lockdown can come at any time.
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

// Hosts are the names of cloud instances, whose addresses may change; Update takes their new ones.
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

// Resolved takes a name's addresses of now.
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

// OpenPortal opens the way to a captive portal by a link for a user: three times an hour, or without a limit.
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

// become writes the next record down, then does it. What could not be written down is not done, unless it is to lift:
// a full disk is no reason to keep a host shut.
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

// IsOn is whether it was on the host at the last look.
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
