package fakecloud

import (
	"slices"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
)

// SetInstance sets the limits of an instance and notifies the access point, as a change of its peers.
func (c *Cloud) SetInstance(instance *accesspointv1.Instance) (revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.instances[instance.GetId()] = instance
	var peers []*accesspointv1.Peer
	for _, peer := range c.peers {
		if peer.GetInstanceId() == instance.GetId() {
			peers = append(peers, peer)
		}
	}
	return c.send(&accesspointv1.Delta{Upsert: peers, FlowLogs: c.flowLogs, Instances: c.instancesOf(peers)})
}

func (c *Cloud) instancesOf(peers []*accesspointv1.Peer) (all []*accesspointv1.Instance) {
	for _, peer := range peers {
		if instance := c.instances[peer.GetInstanceId()]; instance != nil && !slices.Contains(all, instance) {
			all = append(all, instance)
		}
	}
	return all
}
