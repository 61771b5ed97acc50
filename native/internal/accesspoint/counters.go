package accesspoint

import (
	"sag.software/native/internal/accesspoint/caps"
	"sag.software/native/internal/accesspoint/flows"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/datapath/rules"
)

// Counters implements agent.Point.
func (p *Point) Counters() []sessiontable.Counters {
	peers, err := p.device.Peers()
	if err != nil {
		p.config.Logger.Error("no statistics", "error", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	counters := make([]sessiontable.Counters, 0, len(p.served))
	for _, s := range p.served {
		counters = append(counters, s.counters(peers[s.key].LastHandshake))
	}
	return counters
}

// ClassCounters implements agent.Point.
func (p *Point) ClassCounters() (all []sessiontable.ClassCounters) {
	up, down := p.caps.Counters()
	for direction, counters := range map[rules.Direction][]caps.Counters{rules.FromClient: up, rules.ToClient: down} {
		for _, c := range counters {
			all = append(all, sessiontable.ClassCounters{
				Instance: c.Instance, Class: c.Class, Direction: direction, Packets: c.Packets, Bytes: c.Bytes,
				DroppedFull: c.DroppedFull, DroppedMemory: c.DroppedMemory, DroppedDelay: c.DroppedDelay,
			})
		}
	}
	return all
}

// Reported implements agent.Point. It drops ended sessions once their last counters have been reported.
func (p *Point) Reported(counters []sessiontable.Counters) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range counters {
		if s := p.served[c.ID]; s != nil && s.isReported(c) {
			delete(p.served, s.id)
		}
	}
}

// FlowLogs implements agent.Point.
func (p *Point) FlowLogs() []flows.Counters { return p.flows.Counters() }

// Decided implements agent.Point.
func (p *Point) Decided() sessiontable.Decided {
	c := p.ruleCounters
	refused := p.forwarding.Refused()
	return sessiontable.Decided{Rules: c.Rules(), Drops: []sessiontable.Drop{
		{Reason: sessiontable.ByAccessList, Packets: c.Denied.Packets(), Bytes: c.Denied.Bytes()},
		{Reason: sessiontable.Unclear, Packets: c.Unclear.Packets(), Bytes: c.Unclear.Bytes()},
		{Reason: sessiontable.ByDestination, Packets: refused.Packets(), Bytes: refused.Bytes()},
	}}
}
