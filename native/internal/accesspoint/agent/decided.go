package agent

import (
	"sync"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/datapath/acl"
)

// maxRuleCounters is the number of rules per report; the rest follow with the next one. The contract allows 4096; 1024 keep the message
// below maxMessage.
const maxRuleCounters = 1024

var dropReasons = map[sessiontable.DropReason]accesspointv1.DropCounters_Reason{
	sessiontable.ByAccessList:  accesspointv1.DropCounters_REASON_ACCESS_LIST,
	sessiontable.Unclear:       accesspointv1.DropCounters_REASON_UNCLEAR,
	sessiontable.ByDestination: accesspointv1.DropCounters_REASON_DESTINATION,
}

// decided keeps which counts of rules the cloud has received on the present stream. A cloud instance that was restarted has none.
type decided struct {
	mu   sync.Mutex
	sent map[string]acl.Count
}

// begin is called for every stream.
func (d *decided) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent = map[string]acl.Count{}
}

// add adds to a report what the cloud does not have. Call confirm once it has.
func (d *decided) add(to *accesspointv1.ReportRequest, now sessiontable.Decided) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, count := range now.Rules {
		if len(to.Rules) < maxRuleCounters && d.sent[count.Rule] != count {
			to.Rules = append(to.Rules, &accesspointv1.RuleCounters{RuleId: count.Rule, Packets: count.Packets, Bytes: count.Bytes})
		}
	}
	for _, drop := range now.Drops {
		if drop.Packets > 0 {
			to.Drops = append(to.Drops, &accesspointv1.DropCounters{Reason: dropReasons[drop.Reason], Packets: drop.Packets, Bytes: drop.Bytes})
		}
	}
}

func (d *decided) confirm(sent *accesspointv1.ReportRequest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sent == nil {
		d.sent = map[string]acl.Count{}
	}
	for _, r := range sent.GetRules() {
		d.sent[r.GetRuleId()] = acl.Count{Rule: r.GetRuleId(), Packets: r.GetPackets(), Bytes: r.GetBytes()}
	}
}
