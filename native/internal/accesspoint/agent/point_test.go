package agent

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/accesspoint/fakecloud"
	"sag.software/native/internal/accesspoint/flows"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/datapath/acl"
)

var bootID = strings.Repeat("b", 32)

// tablePoint is a Point without a data plane.
type tablePoint struct {
	mu       sync.Mutex
	table    *sessiontable.Table
	reported int
}

func (p *tablePoint) StreamBegins() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.table.StreamBegins()
}

func (p *tablePoint) Receive(message sessiontable.Message) (*sessiontable.Acknowledgement, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change, err := p.table.Receive(message, 0)
	if err != nil || !change.Acknowledge {
		return nil, err
	}
	return &change.Acknowledgement, nil
}

func (p *tablePoint) sessions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.table.Sessions())
}

func (p *tablePoint) ClassCounters() []sessiontable.ClassCounters { return nil }

func (p *tablePoint) Counters() []sessiontable.Counters {
	p.mu.Lock()
	defer p.mu.Unlock()
	var counters []sessiontable.Counters
	for _, session := range p.table.Sessions() {
		counters = append(counters, sessiontable.Counters{ID: session.ID, RxBytes: 1})
	}
	return counters
}

func (p *tablePoint) Decided() sessiontable.Decided {
	return sessiontable.Decided{
		Rules: []acl.Count{{Rule: "acr-1", Packets: 2, Bytes: 100}},
		Drops: []sessiontable.Drop{{Reason: sessiontable.Unclear, Packets: 3, Bytes: 60}, {Reason: sessiontable.ByAccessList}},
	}
}

func (p *tablePoint) Reported(counters []sessiontable.Counters) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reported += len(counters)
}

func (p *tablePoint) FlowLogs() []flows.Counters {
	return []flows.Counters{{Log: "fl-1", Sent: 3, Lost: 1}}
}

// memory stores credentials for the duration of the test.
type memory struct {
	mu              sync.Mutex
	token, identity string
}

func (m *memory) Identity() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.identity
}

func (m *memory) Token() string { return m.token }

func (m *memory) Registered(_, identity string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.identity = identity
	return nil
}

func peer(n byte) *accesspointv1.Peer {
	digits := "0123456789abcdef"
	key := make([]byte, 32)
	key[0], key[1] = n, 1
	return &accesspointv1.Peer{
		SessionId: strings.Repeat(string(digits[n%16]), 32), PublicKey: key, PresharedKey: key,
		Addresses: []string{"10.9.0." + string(digits[n%10]) + "/32"}, Lease: durationpb.New(time.Hour),
	}
}

// start runs an agent until the test ends.
func start(t *testing.T, cloud *fakecloud.Cloud, change func(*Config)) (*Agent, *tablePoint, <-chan error) {
	t.Helper()
	pin, err := ParsePin(cloud.Pin())
	if err != nil {
		t.Fatal(err)
	}
	address, err := ParseCloud(cloud.URL(), []Pin{pin})
	if err != nil {
		t.Fatal(err)
	}
	point := &tablePoint{table: sessiontable.New()}
	config := Config{
		Cloud: address, Credentials: &memory{token: fakecloud.Token}, Point: point, Version: "0.1.0",
		Logger: slog.New(slog.DiscardHandler),
		Description: &accesspointv1.Description{
			Name: "near", PublicKey: make([]byte, 32), Mode: accesspointv1.ForwardingMode_FORWARDING_MODE_USERSPACE, BootId: bootID,
			Endpoints: []*clientv1.Endpoint{{Transport: clientv1.Transport_TRANSPORT_UDP, Host: "127.0.0.1", Port: 1}},
		},
	}
	if change != nil {
		change(&config)
	}
	agent := New(config)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- agent.Run(ctx)
		agent.Close()
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		for range ended {
		}
	})
	return agent, point, ended
}
