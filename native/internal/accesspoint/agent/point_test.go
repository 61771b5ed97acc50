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
	"sag.software/native/internal/accesspoint/roster"
)

var bootID = strings.Repeat("b", 32)

// rosterPoint is a Point without a data plane.
type rosterPoint struct {
	mu       sync.Mutex
	roster   *roster.Roster
	reported int
}

func (p *rosterPoint) StreamBegins() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roster.StreamBegins()
}

func (p *rosterPoint) Receive(message *accesspointv1.WatchResponse) (*accesspointv1.AcknowledgeRequest, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change, err := p.roster.Receive(message, 0)
	if err != nil || !change.Acknowledge {
		return nil, err
	}
	return &accesspointv1.AcknowledgeRequest{
		Epoch: change.Epoch, Revision: change.Revision, BootId: bootID, Refused: change.Refused,
	}, nil
}

func (p *rosterPoint) sessions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.roster.Sessions())
}

func (p *rosterPoint) Counters() []*accesspointv1.Counters {
	p.mu.Lock()
	defer p.mu.Unlock()
	var counters []*accesspointv1.Counters
	for _, session := range p.roster.Sessions() {
		counters = append(counters, &accesspointv1.Counters{SessionId: session.ID, RxBytes: 1})
	}
	return counters
}

func (p *rosterPoint) Reported(counters []*accesspointv1.Counters) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reported += len(counters)
}

// memory keeps credentials for as long as the test lasts.
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

// start lets an agent work until the test ends.
func start(t *testing.T, cloud *fakecloud.Cloud, change func(*Config)) (*Agent, *rosterPoint, <-chan error) {
	t.Helper()
	pin, err := ParsePin(cloud.Pin())
	if err != nil {
		t.Fatal(err)
	}
	address, err := ParseCloud(cloud.URL(), []Pin{pin})
	if err != nil {
		t.Fatal(err)
	}
	point := &rosterPoint{roster: roster.New()}
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
