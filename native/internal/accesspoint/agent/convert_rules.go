package agent

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/msg"
)

const (
	maxRules     = 1024
	maxLists     = 4
	maxName      = 253
	maxResolvers = 16
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
	accesspointv1.Rule_PROTOCOL_GRE:         rules.GRE,
}

var actions = map[accesspointv1.Rule_Action]rules.Action{
	accesspointv1.Rule_ACTION_ALLOW: rules.Allow,
	accesspointv1.Rule_ACTION_DENY:  rules.Deny,
}

// lists converts the access lists of a message. All sessions of an instance have the same list, so they share the converted one.
type lists struct {
	from []*accesspointv1.Rule
	to   []rules.Rule
	// named are the lists that peers name by their ids; joined are those of peers, by their ids.
	named  []*accesspointv1.RuleList
	joined map[string][]rules.Rule
}

// of returns the rules of a peer. Two peers with the same id have the same rules; "" = it has none.
func (l *lists) of(peer *accesspointv1.Peer) (list []rules.Rule, id string, err error) {
	ids := peer.GetRuleListIds()
	if len(ids) == 0 {
		list, err = l.convert(peer.GetRules())
		return list, "", err
	}
	id = strings.Join(ids, " ")
	list, known := l.joined[id]
	if !known {
		if list, err = l.join(ids); err != nil {
			return nil, "", err
		}
		if l.joined == nil {
			l.joined = map[string][]rules.Rule{}
		}
		l.joined[id] = list
	}
	return list, id, nil
}

// join returns lists as one. The first list that has a matching rule decides, so all priorities of a list come before those of the next.
func (l *lists) join(ids []string) (all []rules.Rule, err error) {
	if len(ids) > maxLists {
		return nil, invalid(msg.PeerAtMost("rule_list_ids", strconv.Itoa(maxLists)))
	}
	for _, id := range ids {
		at := slices.IndexFunc(l.named, func(list *accesspointv1.RuleList) bool { return list.GetId() == id })
		if at < 0 {
			return nil, invalid(msg.PeerUnknown("rule_list_ids", id))
		}
		list, err := toRules(l.named[at].GetRules())
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(list, func(a, b rules.Rule) int { return cmp.Compare(a.Priority, b.Priority) })
		all = append(all, list...)
	}
	for i := range all {
		all[i].Priority = uint32(i)
	}
	return all, nil
}

func (l *lists) convert(from []*accesspointv1.Rule) ([]rules.Rule, error) {
	if len(l.to) > 0 && slices.EqualFunc(l.from, from, sameRule) {
		return l.to, nil
	}
	to, err := toRules(from)
	if err == nil {
		l.from, l.to = from, to
	}
	return to, err
}

func sameRule(a, b *accesspointv1.Rule) bool { return proto.Equal(a, b) }

// toRules refuses rules that the access point cannot enforce: ignoring a deny rule would allow what it denies.
func toRules(from []*accesspointv1.Rule) ([]rules.Rule, error) {
	if len(from) > maxRules {
		return nil, invalid(msg.PeerAtMost("rules", strconv.Itoa(maxRules)))
	}
	all := make([]rules.Rule, len(from))
	for i, message := range from {
		var err error
		if all[i], err = toRule(fmt.Sprintf("rules: %d", i), message); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// toRule converts one rule; at is its position, for errors.
func toRule(at string, from *accesspointv1.Rule) (rule rules.Rule, err error) {
	rule.Priority, rule.ID, rule.Name = from.GetPriority(), from.GetId(), from.GetName()
	if len(rule.Name) > maxName {
		return rule, invalid(msg.PeerAtMost(at+": name", strconv.Itoa(maxName)))
	}
	if rule.Prefix, err = toPrefix(at+": prefix", from.GetPrefix()); err != nil {
		return rule, err
	}
	if text := from.GetClientPrefix(); text != "" {
		if rule.Client, err = toPrefix(at+": client_prefix", text); err != nil {
			return rule, err
		}
	}
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
	if rule.Ports, err = toPorts(at+": ports", rule.Protocol, from.GetPorts()); err != nil {
		return rule, err
	}
	rule.ClientPorts, err = toPorts(at+": client_ports", rule.Protocol, from.GetClientPorts())
	return rule, err
}

// toResolvers converts the addresses of name servers.
func toResolvers(texts []string) ([]netip.Addr, error) {
	if len(texts) > maxResolvers {
		return nil, invalid(msg.PeerAtMost("resolvers", strconv.Itoa(maxResolvers)))
	}
	var all []netip.Addr
	for _, text := range texts {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return nil, invalid(msg.PeerNoPrefix("resolvers", text))
		}
		all = append(all, address.Unmap())
	}
	return all, nil
}

// toPrefix refuses IPv4-mapped prefixes, which match no packet.
func toPrefix(at, text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil || prefix.Addr().Is4In6() {
		return prefix, invalid(msg.PeerNoPrefix(at, text))
	}
	return prefix.Masked(), nil
}

func toPorts(at string, protocol rules.Protocol, from []*accesspointv1.Rule_PortRange) ([]rules.PortRange, error) {
	if len(from) > maxRulePorts {
		return nil, invalid(msg.PeerAtMost(at, strconv.Itoa(maxRulePorts)))
	}
	if len(from) > 0 && protocol != rules.TCP && protocol != rules.UDP {
		return nil, invalid(msg.PeerRulePorts(at))
	}
	var ports []rules.PortRange
	for _, r := range from {
		if r.GetFirst() > r.GetLast() || r.GetLast() > math.MaxUint16 {
			return nil, invalid(msg.PeerNoRange(at, fmt.Sprint(r.GetFirst()), fmt.Sprint(r.GetLast())))
		}
		ports = append(ports, rules.PortRange{First: uint16(r.GetFirst()), Last: uint16(r.GetLast())})
	}
	return ports, nil
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
