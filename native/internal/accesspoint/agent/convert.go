package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/failure/wire"
	"sag.software/native/internal/msg"
)

// This file, convert_rules.go and convert_instances.go are the only place that converts between the cloud's messages and the access point's model. The
// limits are those of the contract; they are checked by hand because the generic validator costs 11 MB of memory.
const (
	idLength        = 32
	maxAddresses    = 4
	maxDestinations = 1024
	maxLease        = 31 * 24 * time.Hour
	maxRateID       = 64
)

// Message converts a message of the stream. Invalid peers are marked as such; an error means that the whole message is invalid.
func Message(from *accesspointv1.WatchResponse) (sessiontable.Message, error) {
	message := sessiontable.Message{Epoch: from.GetEpoch(), Revision: from.GetRevision()}
	var settings *accesspointv1.Settings
	var peers []*accesspointv1.Peer
	var flowLogs []*accesspointv1.FlowLog
	var lists lists
	var instances []*accesspointv1.Instance
	switch change := from.GetChange().(type) {
	case *accesspointv1.WatchResponse_Snapshot:
		message.Kind = sessiontable.SnapshotPart
		if change.Snapshot.GetLast() {
			message.Kind = sessiontable.SnapshotEnd
		}
		settings, peers = change.Snapshot.GetSettings(), change.Snapshot.GetPeers()
		flowLogs, instances = change.Snapshot.GetFlowLogs(), change.Snapshot.GetInstances()
		lists.named = change.Snapshot.GetRuleLists()
	case *accesspointv1.WatchResponse_Delta:
		message.Kind, message.Remove = sessiontable.Delta, change.Delta.GetRemove()
		settings, peers = change.Delta.GetSettings(), change.Delta.GetUpsert()
		flowLogs, instances = change.Delta.GetFlowLogs(), change.Delta.GetInstances()
		lists.named = change.Delta.GetRuleLists()
	default:
		return message, nil // a heartbeat, or a change added by a later version
	}
	if settings != nil {
		address, err := netip.ParseAddr(settings.GetProbeAddress())
		if err != nil || !address.Is6() || address.Is4In6() || !address.IsGlobalUnicast() {
			return message, fmt.Errorf("settings.probe_address: %q is no inner IPv6 address", settings.GetProbeAddress())
		}
		message.ProbeAddress = address
	}
	message.Upsert = make([]sessiontable.Peer, len(peers))
	var unusable map[string]error
	message.Instances, unusable = toInstances(instances)
	for i, peer := range peers {
		message.Upsert[i] = toPeer(peer, &lists)
		if message.Upsert[i].Invalid == nil {
			message.Upsert[i].Invalid = unusable[peer.GetInstanceId()]
		}
	}
	message.FlowLogs = toFlowLogs(flowLogs)
	return message, nil
}

func toPeer(from *accesspointv1.Peer, lists *lists) sessiontable.Peer {
	session, err := toSession(from, lists)
	lease := from.GetLease().AsDuration()
	if err == nil && (from.GetLease().CheckValid() != nil || lease <= 0 || lease > maxLease) {
		err = invalid(msg.PeerLease(maxLease.String()))
	}
	return sessiontable.Peer{ID: from.GetSessionId(), Session: session, Lease: lease, Invalid: err}
}

func toSession(from *accesspointv1.Peer, lists *lists) (s sessiontable.Session, err error) {
	s = sessiontable.Session{ID: from.GetSessionId(), Incarnation: from.GetIncarnation()}
	if !isID(s.ID) {
		return s, invalid(msg.PeerSessionID(strconv.Itoa(idLength)))
	}
	if s.Key, err = engine.ParseKey(from.GetPublicKey()); err != nil {
		return s, invalid(msg.PeerKeyInvalid())
	}
	if s.PresharedKey, err = engine.ParsePresharedKey(from.GetPresharedKey()); err != nil || s.PresharedKey.IsZero() {
		return s, invalid(msg.PeerPresharedKey())
	}
	if s.Addresses, err = toAddresses(from.GetAddresses()); err != nil {
		return s, err
	}
	if s.Destinations, err = toDestinations(from.GetDestinations()); err != nil {
		return s, err
	}
	if s.Rules, s.RulesID, err = lists.of(from); err != nil {
		return s, err
	}
	if s.Resolvers, err = toResolvers(from.GetResolvers()); err != nil {
		return s, err
	}
	if s.SharedRate = from.GetSharedRateId(); s.SharedRate == "" {
		s.SharedRate = s.ID
	}
	if len(s.SharedRate) > maxRateID {
		return s, invalid(msg.PeerAtMost("shared_rate_id", strconv.Itoa(maxRateID)))
	}
	if s.Instance = from.GetInstanceId(); len(s.Instance) > maxInstanceID {
		return s, invalid(msg.PeerAtMost("instance_id", strconv.Itoa(maxInstanceID)))
	}
	s.FlowLog = from.GetFlowLogId()
	if s.Rates, err = toRates(from); err != nil {
		return s, err
	}
	return s, nil
}

// invalid returns the reason for refusing a peer.
func invalid(m msg.Message) error { return &msg.Error{Message: m} }

func isID(id string) bool {
	if len(id) != idLength {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func toAddresses(texts []string) ([]netip.Addr, error) {
	if len(texts) == 0 || len(texts) > maxAddresses {
		return nil, invalid(msg.PeerAddressCount(strconv.Itoa(maxAddresses)))
	}
	var addresses []netip.Addr
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, invalid(msg.PeerNoPrefix("addresses", text))
		}
		address := prefix.Addr()
		if !prefix.IsSingleIP() {
			return nil, invalid(msg.PeerAddressNotSingle(text))
		}
		if !address.IsGlobalUnicast() || address.Is4In6() || slices.Contains(addresses, address) {
			return nil, invalid(msg.PeerAddressUnusable(text))
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

func toDestinations(texts []string) ([]netip.Prefix, error) {
	if len(texts) > maxDestinations {
		return nil, invalid(msg.PeerAtMost("destinations", strconv.Itoa(maxDestinations)))
	}
	destinations := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, invalid(msg.PeerNoPrefix("destinations", text))
		}
		destinations = append(destinations, prefix.Masked())
	}
	return destinations, nil
}

// Acknowledge converts an acknowledgement.
func Acknowledge(from sessiontable.Acknowledgement, bootID string) *accesspointv1.AcknowledgeRequest {
	request := &accesspointv1.AcknowledgeRequest{Epoch: from.Epoch, Revision: from.Revision, BootId: bootID}
	for _, refusal := range from.Refused {
		cause := failure.InvalidArgument
		if refusal.Taken {
			cause = failure.AddressInUse
		}
		request.Refused = append(request.Refused, &accesspointv1.RefusedPeer{
			SessionId: refusal.ID, Failure: wire.Message(failure.Of(cause, msg.Of(refusal.Err))),
		})
	}
	return request
}

// Report converts counters.
func Report(from []sessiontable.Counters) []*accesspointv1.Counters {
	counters := make([]*accesspointv1.Counters, len(from))
	for i, c := range from {
		counters[i] = &accesspointv1.Counters{
			SessionId: c.ID, RxBytes: c.RxBytes, TxBytes: c.TxBytes, Generation: c.Generation, Active: c.Active,
			RefusedPackets: c.Refused,
		}
		if !c.LastHandshake.IsZero() {
			counters[i].HandshakeAge = durationpb.New(max(0, time.Since(c.LastHandshake)))
		}
	}
	return counters
}
