package agent

import (
	"fmt"
	"strconv"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/datapath/qos"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/msg"
)

const (
	maxClasses       = 16
	maxPolicies      = 128
	maxInstanceID    = 64
	maxClassCounters = 1024
)

// toInstances converts the instances of a message. invalid has why one cannot be used, by id; nil = it can.
func toInstances(from []*accesspointv1.Instance) (all []qos.Instance, invalid map[string]error) {
	invalid = map[string]error{}
	for _, message := range from {
		instance, err := toInstance(message)
		if invalid[message.GetId()] = err; err == nil {
			all = append(all, instance)
		}
	}
	return all, invalid
}

func toInstance(from *accesspointv1.Instance) (qos.Instance, error) {
	to := qos.Instance{ID: from.GetId(), Bandwidth: from.GetBandwidth()}
	if err := checkID("instances: id", to.ID); err != nil {
		return to, err
	}
	if to.Bandwidth > maxRate {
		return to, invalid(msg.PeerAtMost("instances.bandwidth", strconv.FormatUint(maxRate, 10)))
	}
	if len(from.GetClasses()) > maxClasses {
		return to, invalid(msg.PeerAtMost("classes", strconv.Itoa(maxClasses)))
	}
	for i, message := range from.GetClasses() {
		class, err := toClass(fmt.Sprintf("classes: %d", i), message)
		if err != nil {
			return to, err
		}
		to.Classes = append(to.Classes, class)
	}
	return to, nil
}

func checkID(at, id string) error {
	switch {
	case id == "":
		return invalid(msg.PeerUnknown(at, strconv.Quote(id)))
	case len(id) > maxInstanceID:
		return invalid(msg.PeerAtMost(at, strconv.Itoa(maxInstanceID)))
	}
	return nil
}

// toClass converts a class; at is its position, for errors.
func toClass(at string, from *accesspointv1.TrafficClass) (qos.Class, error) {
	to := qos.Class{ID: from.GetId(), Rate: from.GetRate(), Ceiling: from.GetCeiling()}
	if err := checkID(at+": id", to.ID); err != nil {
		return to, err
	}
	if max(to.Rate, to.Ceiling) > maxRate {
		return to, invalid(msg.PeerAtMost(at+": rate", strconv.FormatUint(maxRate, 10)))
	}
	if len(from.GetPolicies()) > maxPolicies {
		return to, invalid(msg.PeerAtMost(at+": policies", strconv.Itoa(maxPolicies)))
	}
	for i, message := range from.GetPolicies() {
		policy, err := toPolicy(fmt.Sprintf("%s: policies: %d", at, i), message)
		if err != nil {
			return to, err
		}
		to.Policies = append(to.Policies, policy)
	}
	return to, nil
}

func toPolicy(at string, from *accesspointv1.TrafficClass_Policy) (to qos.Policy, err error) {
	var known bool
	if to.Protocol, known = protocols[from.GetProtocol()]; !known {
		return to, invalid(msg.PeerUnknown(at+": protocol", strconv.Itoa(int(from.GetProtocol()))))
	}
	if to.Source, err = toPrefix(at+": source", from.GetSource()); err != nil {
		return to, err
	}
	if to.Destination, err = toPrefix(at+": destination", from.GetDestination()); err != nil {
		return to, err
	}
	if to.SourcePorts, err = toPort(at+": source_ports", to.Protocol, from.GetSourcePorts()); err != nil {
		return to, err
	}
	to.DestinationPorts, err = toPort(at+": destination_ports", to.Protocol, from.GetDestinationPorts())
	return to, err
}

// toPort converts a range of ports, nil = all.
func toPort(at string, protocol rules.Protocol, from *accesspointv1.Rule_PortRange) (*rules.PortRange, error) {
	if from == nil {
		return nil, nil
	}
	ports, err := toPorts(at, protocol, []*accesspointv1.Rule_PortRange{from})
	if err != nil {
		return nil, err
	}
	return &ports[0], nil
}

// ReportClasses converts the counters of traffic classes.
func ReportClasses(from []sessiontable.ClassCounters) []*accesspointv1.ClassCounters {
	to := make([]*accesspointv1.ClassCounters, len(from))
	for i, c := range from {
		direction := accesspointv1.Rule_DIRECTION_FROM_CLIENT
		if c.Direction == rules.ToClient {
			direction = accesspointv1.Rule_DIRECTION_TO_CLIENT
		}
		to[i] = &accesspointv1.ClassCounters{
			InstanceId: c.Instance, ClassId: c.Class, Direction: direction, Packets: c.Packets, Bytes: c.Bytes,
			DroppedFull: c.DroppedFull, DroppedMemory: c.DroppedMemory, DroppedDelay: c.DroppedDelay,
		}
	}
	return to
}
