package limits

import (
	"errors"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	clientv1 "sag.software/native/gen/sag/client/v1"
	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
)

// texts has accepted and rejected examples for all string rules.
var texts = []string{
	"", "a", "a1b2", "A1B2", "corp.test", "-corp.test", "a..b", "10.0.0.1", "10.0.0.1/8", "10.0.0.0/8", "10.0.0.1/32", "fd00::1", "fd00::/16", "fd00::1/128",
	"10.0.0.0/33", "::ffff:10.0.0.1", "010.0.0.1", "fe80::1%eth0", "https://x", "https://cloud.test:443", "http://cloud.test", strings.Repeat("5a", 16),
	strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat("ü", 64), strings.Repeat("x", 600), "a\nb", `"); alert("`,
}

func gen(t *rapid.T) *tunnelv1.StartRequest {
	text := func() string { return rapid.SampledFrom(texts).Draw(t, "text") }
	list := func(most int) []string { return rapid.SliceOfN(rapid.SampledFrom(texts), 0, most).Draw(t, "texts") }
	key := func() []byte { return make([]byte, rapid.SampledFrom([]int{32, 32, 32, 0, 31, 33}).Draw(t, "bytes")) }
	when := func() *durationpb.Duration {
		return rapid.SampledFrom([]*durationpb.Duration{nil, {}, {Seconds: 1}, {Seconds: -1}, {Nanos: 1}, {Seconds: 2678400}, {Seconds: 2678401}}).Draw(t, "duration")
	}
	params := func() map[string]string {
		return rapid.MapOfN(rapid.SampledFrom(append(texts, strings.Repeat("y", 32), strings.Repeat("y", 33))), rapid.SampledFrom(append(texts, strings.Repeat("y", 1025))), 0, 17).Draw(t, "params")
	}
	number := func() uint32 {
		return rapid.SampledFrom([]uint32{0, 1, 443, 1279, 1280, 1500, 1501, 65535, 65536}).Draw(t, "number")
	}
	r := &tunnelv1.StartRequest{AttemptId: text(), IntranetId: text(), Session: &clientv1.Session{
		SessionId: strings.Repeat("5a", 16), SessionToken: text(), Addresses: list(6), Routes: list(3), Mtu: number(), Lease: when(), RenewAfter: when(),
		Dns:  &clientv1.Dns{Servers: list(9), Domains: list(3)},
		Hops: []*typesv1.Hop{{Id: text(), Missing: &typesv1.Warning{Text: text(), MessageKey: text(), MessageParams: params()}}},
		AccessPoints: []*clientv1.AccessPoint{{
			Id: text(), Name: text(), PublicKey: key(), PresharedKey: key(), ProbeAddress: text(),
			Endpoints: []*clientv1.Endpoint{{Host: text(), Port: number()}},
		}},
	}, Cloud: &tunnelv1.Cloud{Url: text(), SpkiPins: [][]byte{key()}}, Proxy: &tunnelv1.ProxyOptions{
		SocksListen: text(), Outside: tunnelv1.Outside(rapid.IntRange(0, 4).Draw(t, "outside")),
	}}
	// Most fields are valid most of the time: otherwise the first violation would hide all others.
	if rapid.Bool().Draw(t, "mostly right") {
		r.AttemptId, r.IntranetId, r.Cloud = "a", "a1b2", &tunnelv1.Cloud{Url: "https://cloud.test"}
		s := r.Session
		s.Mtu, s.Lease, s.RenewAfter = 1280, &durationpb.Duration{Seconds: 1}, &durationpb.Duration{Seconds: 1}
		switch rapid.IntRange(0, 3).Draw(t, "which") {
		case 0:
			s.AccessPoints[0] = &clientv1.AccessPoint{Id: "a", PublicKey: make([]byte, 32), PresharedKey: make([]byte, 32), ProbeAddress: text(), Endpoints: s.AccessPoints[0].Endpoints}
			s.Addresses, s.Dns = []string{"10.0.0.1/32"}, nil
		case 1:
			s.AccessPoints[0] = &clientv1.AccessPoint{Id: "a", PublicKey: make([]byte, 32), PresharedKey: make([]byte, 32), ProbeAddress: "fd00::1", Endpoints: []*clientv1.Endpoint{{Host: "a", Port: 1}}}
		case 2:
			r.Session = nil
		}
	}
	return r
}

func TestSameResultAsProtovalidate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := gen(t)
		own, theirs := Check(r), protovalidate.Validate(r)
		if (own == nil) != (theirs == nil) {
			t.Fatalf("this package: %v\nprotovalidate: %v", own, theirs)
		}
		var v *Violation
		var all *protovalidate.ValidationError
		if errors.As(own, &v) && errors.As(theirs, &all) {
			for _, one := range all.Violations {
				if protovalidate.FieldPathString(one.Proto.GetField()) == v.Field {
					return
				}
			}
			t.Fatalf("this package: %v\nprotovalidate: %v", own, theirs)
		}
	})
}

// Every rule of every message that sag-tunnel accepts is implemented; an unknown rule would reject all messages.
func TestAllRulesAreImplemented(t *testing.T) {
	session := &clientv1.Session{
		SessionId: strings.Repeat("5a", 16), Addresses: []string{"10.0.0.1/32"}, Routes: []string{"10.0.0.0/8"}, Mtu: 1280,
		Lease: &durationpb.Duration{Seconds: 1}, RenewAfter: &durationpb.Duration{Seconds: 1}, SignInLifetime: &durationpb.Duration{Seconds: 1},
		Dns: &clientv1.Dns{Servers: []string{"10.0.0.1"}, Domains: []string{"a"}}, Policy: &clientv1.Policy{},
		Hops:     []*typesv1.Hop{{Missing: &typesv1.Warning{}}},
		Warnings: []*typesv1.Warning{{}},
		AccessPoints: []*clientv1.AccessPoint{{
			Id: "a", PublicKey: make([]byte, 32), PresharedKey: make([]byte, 32), ProbeAddress: "fd00::1",
			Endpoints: []*clientv1.Endpoint{{Host: "a", Port: 1, SpkiPins: [][]byte{make([]byte, 32)}}},
		}},
	}
	for _, m := range []proto.Message{
		session,
		&tunnelv1.AttachRequest{Hello: &typesv1.Hello{Version: "1", Capabilities: []string{"a"}}},
		&tunnelv1.PrepareRequest{IntranetId: "a1b2"}, &tunnelv1.StopRequest{IntranetId: "a1b2"},
		&tunnelv1.GetStatesRequest{Probe: true}, &tunnelv1.WatchRequest{Attentive: true},
		&tunnelv1.StartRequest{
			AttemptId: "a", IntranetId: "a1b2", Session: session, Cloud: &tunnelv1.Cloud{Url: "https://a", SpkiPins: [][]byte{make([]byte, 32)}},
			Proxy: &tunnelv1.ProxyOptions{SocksListen: "a", HttpListen: "b"},
		},
		&clientv1.EventsResponse{Event: &clientv1.EventsResponse_Ended{Ended: &typesv1.Failure{Text: "a", Field: "b", Sessions: []*typesv1.ActiveSession{{}}, MessageParams: map[string]string{"a": "b"}}}},
		&clientv1.EventsResponse{Event: &clientv1.EventsResponse_Opened{Opened: &clientv1.Opened{Hello: &typesv1.Hello{Version: "1"}}}},
		&clientv1.EventsResponse{Event: &clientv1.EventsResponse_Message{Message: &clientv1.Message{Text: "a"}}},
	} {
		if err := Check(m); err != nil {
			t.Errorf("%T: %v", m, err)
		}
	}
}
