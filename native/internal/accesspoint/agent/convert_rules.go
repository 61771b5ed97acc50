package agent

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/msg"
)

const (
	maxRules     = 1024
	maxRulePorts = 64
	// maxRate is in bit/s.
	maxRate = 1_000_000_000_000
)

var directions = map[accesspointv1.Rule_Direction]rules.Direction{
	accesspointv1.Rule_DIRECTION_FROM_CLIENT: rules.FromClient,
	accesspointv1.Rule_DIRECTION_TO_CLIENT:   rules.ToClient,
}

var protocols = map[accesspointv1.Rule_Protocol]rules.Protocol{
	accesspointv1.Rule_PROTOCOL_UNSPECIFIED: rules.AnyProtocol,
	accesspointv1.Rule_PROTOCOL_TCP:         rules.TCP,
	accesspointv1.Rule_PROTOCOL_UDP:         rules.UDP,
	accesspointv1.Rule_PROTOCOL_ICMP:        rules.ICMP,
}

var actions = map[accesspointv1.Rule_Action]rules.Action{
	accesspointv1.Rule_ACTION_ALLOW: rules.Allow,
	accesspointv1.Rule_ACTION_DENY:  rules.Deny,
}

// toRules refuses rules that the access point cannot enforce: ignoring a deny rule would allow what it denies.
func toRules(from []*accesspointv1.Rule) ([]rules.Rule, error) {
	if len(from) > maxRules {
		return nil, invalid(msg.PeerAtMost("rules", strconv.Itoa(maxRules)))
	}
	all := make([]rules.Rule, len(from))
	for i, message := range from {
		at := fmt.Sprintf("rules: %d", i)
		rule, err := toRule(at, message)
		if err == nil && !rule.IsDestination() {
			err = invalid(msg.PeerRuleNotEnforced(at))
		}
		if err != nil {
			return nil, err
		}
		all[i] = rule
	}
	return all, nil
}

// toRule converts one rule; at is its position, for errors.
func toRule(at string, from *accesspointv1.Rule) (rule rules.Rule, err error) {
	prefix, err := netip.ParsePrefix(from.GetPrefix())
	if err != nil {
		return rule, invalid(msg.PeerNoPrefix(at+": prefix", from.GetPrefix()))
	}
	rule.Prefix, rule.Priority = prefix.Masked(), from.GetPriority()
	var known bool
	if rule.Direction, known = directions[from.GetDirection()]; !known {
		return rule, invalid(msg.PeerUnknown(at+": direction", strconv.Itoa(int(from.GetDirection()))))
	}
	if rule.Protocol, known = protocols[from.GetProtocol()]; !known {
		return rule, invalid(msg.PeerUnknown(at+": protocol", strconv.Itoa(int(from.GetProtocol()))))
	}
	if rule.Action, known = actions[from.GetAction()]; !known {
		return rule, invalid(msg.PeerUnknown(at+": action", strconv.Itoa(int(from.GetAction()))))
	}
	ports := from.GetPorts()
	if len(ports) > maxRulePorts {
		return rule, invalid(msg.PeerAtMost(at+": ports", strconv.Itoa(maxRulePorts)))
	}
	if len(ports) > 0 && rule.Protocol != rules.TCP && rule.Protocol != rules.UDP {
		return rule, invalid(msg.PeerRulePorts(at + ": ports"))
	}
	for _, r := range ports {
		if r.GetFirst() > r.GetLast() || r.GetLast() > math.MaxUint16 {
			return rule, invalid(msg.PeerNoRange(at+": ports", fmt.Sprint(r.GetFirst()), fmt.Sprint(r.GetLast())))
		}
		rule.Ports = append(rule.Ports, rules.PortRange{First: uint16(r.GetFirst()), Last: uint16(r.GetLast())})
	}
	return rule, nil
}

// toRates converts the rates. A rate for one direction overrides the bandwidth for both.
func toRates(from *accesspointv1.Peer) (rules.Rates, error) {
	up, down := from.GetRateUp(), from.GetRateDown()
	if up > maxRate || down > maxRate {
		return rules.Rates{}, invalid(msg.PeerRate(strconv.FormatUint(maxRate, 10)))
	}
	rates := rules.Rates{Up: from.GetBandwidth(), Down: from.GetBandwidth()}
	if up != 0 {
		rates.Up = up
	}
	if down != 0 {
		rates.Down = down
	}
	return rates, nil
}
