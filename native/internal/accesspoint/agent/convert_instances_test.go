package agent

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/datapath/qos"
	"sag.software/native/internal/datapath/rules"
)

// limited returns an instance with a class with a policy, and a peer of it.
func limited(change func(*accesspointv1.Instance, *accesspointv1.TrafficClass, *accesspointv1.TrafficClass_Policy)) (*accesspointv1.Instance, *accesspointv1.Peer) {
	policy := &accesspointv1.TrafficClass_Policy{
		Protocol: accesspointv1.Rule_PROTOCOL_UDP, Source: "10.9.0.7/24", Destination: "10.0.0.0/8",
		DestinationPorts: &accesspointv1.Rule_PortRange{First: 5004, Last: 5005},
	}
	class := &accesspointv1.TrafficClass{Id: "qoscar-1", Rate: 4, Ceiling: 12, Policies: []*accesspointv1.TrafficClass_Policy{policy}}
	instance := &accesspointv1.Instance{Id: "sag-1", Bandwidth: 20, Classes: []*accesspointv1.TrafficClass{class}}
	change(instance, class, policy)
	peer := full(1, 1, 1, time.Hour)
	peer.InstanceId = instance.GetId()
	return instance, peer
}

func deltaOf(t *testing.T, peers []*accesspointv1.Peer, instances ...*accesspointv1.Instance) sessiontable.Message {
	t.Helper()
	message, err := Message(&accesspointv1.WatchResponse{Change: &accesspointv1.WatchResponse_Delta{
		Delta: &accesspointv1.Delta{Upsert: peers, Instances: instances},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestInstances(t *testing.T) {
	instance, peer := limited(func(*accesspointv1.Instance, *accesspointv1.TrafficClass, *accesspointv1.TrafficClass_Policy) {})
	message := deltaOf(t, []*accesspointv1.Peer{peer}, instance)
	want := []qos.Instance{{ID: "sag-1", Bandwidth: 20, Classes: []qos.Class{{ID: "qoscar-1", Rate: 4, Ceiling: 12, Policies: []qos.Policy{{
		Protocol: rules.UDP, Source: netip.MustParsePrefix("10.9.0.0/24"), Destination: netip.MustParsePrefix("10.0.0.0/8"),
		DestinationPorts: &rules.PortRange{First: 5004, Last: 5005},
	}}}}}}
	if !reflect.DeepEqual(message.Instances, want) || message.Upsert[0].Invalid != nil || message.Upsert[0].Session.Instance != "sag-1" {
		t.Errorf("%+v", message)
	}
}

func TestPeersOfInvalidInstancesAreRefused(t *testing.T) {
	type (
		instance = accesspointv1.Instance
		class    = accesspointv1.TrafficClass
		policy   = accesspointv1.TrafficClass_Policy
	)
	const above = 1_000_000_000_001
	for name, spoil := range map[string]func(*instance, *class, *policy){
		"bandwidth":                func(i *instance, _ *class, _ *policy) { i.Bandwidth = above },
		"too many classes":         func(i *instance, c *class, _ *policy) { i.Classes = slices.Repeat([]*class{c}, 17) },
		"a class without id":       func(_ *instance, c *class, _ *policy) { c.Id = "" },
		"a long id of a class":     func(_ *instance, c *class, _ *policy) { c.Id = strings.Repeat("a", 65) },
		"a rate":                   func(_ *instance, c *class, _ *policy) { c.Rate = above },
		"a ceiling":                func(_ *instance, c *class, _ *policy) { c.Ceiling = above },
		"too many policies":        func(_ *instance, c *class, p *policy) { c.Policies = slices.Repeat([]*policy{p}, 129) },
		"a protocol":               func(_ *instance, _ *class, p *policy) { p.Protocol = 99 },
		"a source":                 func(_ *instance, _ *class, p *policy) { p.Source = "" },
		"a mapped destination":     func(_ *instance, _ *class, p *policy) { p.Destination = "::ffff:10.0.0.0/104" },
		"ports of every protocol":  func(_ *instance, _ *class, p *policy) { p.Protocol = 0 },
		"a range in reverse order": func(_ *instance, _ *class, p *policy) { p.DestinationPorts.First = 6000 },
	} {
		bad, peer := limited(spoil)
		message := deltaOf(t, []*accesspointv1.Peer{peer, full(2, 2, 2, time.Hour)}, bad)
		if len(message.Instances) > 0 || message.Upsert[0].Invalid == nil || message.Upsert[1].Invalid != nil {
			t.Errorf("%s: %+v", name, message)
		}
	}
}

func TestClassCountersAreReported(t *testing.T) {
	got := ReportClasses([]sessiontable.ClassCounters{{
		Instance: "sag-1", Class: "qoscar-1", Direction: rules.ToClient, Packets: 1, Bytes: 2, DroppedFull: 3, DroppedMemory: 4, DroppedDelay: 5,
	}})
	want := &accesspointv1.ClassCounters{
		InstanceId: "sag-1", ClassId: "qoscar-1", Direction: accesspointv1.Rule_DIRECTION_TO_CLIENT, Packets: 1, Bytes: 2,
		DroppedFull: 3, DroppedMemory: 4, DroppedDelay: 5,
	}
	if len(got) != 1 || !proto.Equal(got[0], want) {
		t.Errorf("%v, want %v", got, want)
	}
}
