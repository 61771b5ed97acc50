package caps

import (
	"net/netip"
	"reflect"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/qos"
	"sag.software/native/internal/datapath/shape"
)

// instance is a SAG instance in one direction.
type instance struct {
	config qos.Instance
	shape  *shape.Instance
	// classifier is nil if the instance has no classes. It is replaced with the lock.
	classifier *qos.Classifier
}

// isShaped is true if packets of all clients of the instance are queued.
func (i *instance) isShaped() bool { return i.config.Bandwidth > 0 || len(i.config.Classes) > 0 }

// assign sets the clients with a limit. rate returns an account's cap in this direction, bit/s.
func (l *line) assign(clients []Client, instances []qos.Instance, rate func(Client) uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.started)
	l.configure(now, instances, clients)
	next, accounts := map[netip.Addr]*shaped{}, map[accountKey]*shape.Account{}
	for _, c := range clients {
		i := l.instance(c.Instance)
		if rate(c) == 0 && !i.isShaped() {
			continue
		}
		key := accountKey{c.Instance, c.Group}
		account := accounts[key]
		if account == nil {
			if account = l.accounts[key]; account == nil {
				account = shape.NewAccount(i.shape, rate(c))
			} else {
				l.scheduler.SetCap(now, account, rate(c))
			}
			accounts[key] = account
		}
		s := &shaped{account, i}
		for _, address := range c.Addresses {
			next[address] = s
		}
	}
	for key, account := range l.accounts {
		if accounts[key] == nil { // what waits leaves at once
			l.scheduler.SetCap(now, account, 0)
		}
	}
	l.accounts = accounts
	l.shaped.Store(&next)
	if l.arm(now) {
		l.timer.Reset(0)
	}
}

// instance returns an instance, which has no limits if it is new.
func (l *line) instance(id string) *instance {
	i := l.instances[id]
	if i == nil {
		i = &instance{config: qos.Instance{ID: id}, shape: shape.NewInstance()}
		l.instances[id] = i
	}
	return i
}

// configure puts the limits of instances in force. Those that are not listed have none.
func (l *line) configure(now time.Duration, instances []qos.Instance, clients []Client) {
	listed, used := make(map[string]bool, len(instances)), map[string]bool{}
	for _, config := range instances {
		listed[config.ID] = true
		l.set(now, l.instance(config.ID), config)
	}
	for _, c := range clients {
		used[c.Instance] = true
	}
	for id, i := range l.instances {
		if !listed[id] {
			l.set(now, i, qos.Instance{ID: id})
			if !used[id] {
				delete(l.instances, id)
			}
		}
	}
}

// set puts the limits of one instance in force, for packets that are queued as well.
func (l *line) set(now time.Duration, i *instance, config qos.Instance) {
	if reflect.DeepEqual(i.config, config) {
		return
	}
	i.config, i.classifier = config, qos.Compile(config.Classes)
	limits := shape.Config{Bandwidth: config.Bandwidth}
	for _, class := range config.Classes {
		limits.Classes = append(limits.Classes, shape.ClassConfig{ID: class.ID, Rate: class.Rate, Ceiling: class.Ceiling})
	}
	l.scheduler.Configure(now, i.shape, limits, func(p *shape.Packet) int {
		var h packet.Header
		packet.Parse(p.Raw, &h)
		return i.classifier.Class(&h)
	})
}

// Counters are those of a class of an instance, in one direction.
type Counters struct {
	// Instance and Class are the ids; Class is empty for the default class.
	Instance, Class string
	shape.Counters
}

// counters returns those of all instances with limits.
func (l *line) counters() (all []Counters) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, i := range l.instances {
		if !i.isShaped() {
			continue
		}
		for index, class := range i.config.Classes {
			all = append(all, Counters{id, class.ID, i.shape.Counters(index)})
		}
		all = append(all, Counters{id, "", i.shape.Counters(shape.DefaultClass)})
	}
	return all
}
