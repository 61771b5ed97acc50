package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	clientv1 "sag.software/native/gen/sag/client/v1"
	"sag.software/native/internal/accesspoint"
	"sag.software/native/internal/accesspoint/agent"
	"sag.software/native/internal/accesspoint/kernel"
	"sag.software/native/internal/accesspoint/state"
	"sag.software/native/internal/clock"
	"sag.software/native/internal/hostnet/journal"
)

const (
	// readyPatience is how long a registered access point waits for its cloud before it reports ready without it.
	readyPatience = 2 * time.Second
	// lastReport bounds the last report of traffic counters at the end.
	lastReport = 2 * time.Second
)

// serve runs the access point until ctx ends.
func serve(ctx context.Context, o *options, token <-chan string, logger *slog.Logger) error {
	directory, err := state.Open(o.state)
	if err != nil {
		return err
	}
	defer directory.Close()
	credentials, err := newCredentials(directory, token)
	if err != nil {
		return err
	}
	key, err := directory.Key()
	if err != nil {
		return err
	}
	changes, err := openJournal(o)
	if err != nil {
		return err
	}
	if changes != nil {
		defer func() { _ = changes.Close() }()
	}
	bootID := newBootID()
	point, err := accesspoint.New(accesspoint.Config{
		Key:    key,
		Listen: reuse(o.listen, directory.Port()),
		Policy: o.policy,
		Host:   accesspoint.NewHostWatch(services(o)...).Host,
		Clock:  clock.System{},
		Logger: logger, FlowFile: o.flowFile,
		Kernel: kernelMode(o.mode), Links: o.links, Route: o.route, Journal: changes,
	})
	if err != nil {
		return err
	}
	defer point.Close()
	if err := directory.SavePort(point.ListenPort()); err != nil {
		return err
	}
	endpoints := advertised(o, point.ListenPort())
	public := key.Public()
	cloud := agent.New(agent.Config{
		Cloud:       o.cloud,
		Credentials: credentials,
		Point:       point,
		Description: &accesspointv1.Description{
			Name: o.name, PublicKey: public[:], Endpoints: describe(endpoints),
			Mode: modes[o.mode], Region: o.region, BootId: bootID,
		},
		Version: version,
		Logger:  logger,
	})
	defer cloud.Close()
	return attend(ctx, cloud, credentials, endpoints[0], logger)
}

// kernelMode is empty in user-space mode.
func kernelMode(mode string) kernel.Mode {
	if mode == "userspace" {
		return ""
	}
	return kernel.Mode(mode)
}

// attend runs the agent, prints the ready line, and reports the last counters at the end.
func attend(
	ctx context.Context, cloud *agent.Agent, credentials *credentials, endpoint hostPort, logger *slog.Logger,
) error {
	ended := make(chan error, 1)
	go func() { ended <- cloud.Run(ctx) }()
	var patience <-chan time.Time
	if credentials.Identity() != "" {
		patience = time.After(readyPatience)
	}
	select {
	case <-cloud.Ready():
	case <-patience:
	case err := <-ended:
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{
		"ready": true, "id": credentials.id(), "endpoint": endpoint.String(), "pid": os.Getpid(),
	}); err != nil {
		return err
	}
	err := <-ended
	last, cancel := context.WithTimeout(context.Background(), lastReport)
	defer cancel()
	if reportErr := cloud.ReportNow(last); reportErr != nil {
		logger.Warn("failed to report the last counters", "error", reportErr)
	}
	return err
}

func newBootID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // rand.Read never fails
	return hex.EncodeToString(id[:])
}

// reuse replaces port 0 by the port of the last run, if it is still free.
func reuse(listen []netip.AddrPort, former uint16) []netip.AddrPort {
	again := make([]netip.AddrPort, len(listen))
	for i, address := range listen {
		again[i] = address
		if address.Port() != 0 || former == 0 {
			continue
		}
		again[i] = netip.AddrPortFrom(address.Addr(), former)
		socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(again[i]))
		if err != nil {
			return listen
		}
		_ = socket.Close()
	}
	return again
}

// services are the product's own servers, which clients must not reach through the tunnel.
func services(o *options) []string {
	own := []string{hostPortOf(o.cloud)}
	for _, endpoint := range o.advertise {
		own = append(own, endpoint.String())
	}
	return own
}

func hostPortOf(cloud agent.Cloud) string {
	port := cloud.URL.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(cloud.URL.Hostname(), port)
}

// advertised returns where clients reach the access point: --advertise, or else the listen addresses. An unspecified
// address is replaced by the source address of connections to the cloud.
func advertised(o *options, port uint16) []hostPort {
	if len(o.advertise) > 0 {
		return o.advertise
	}
	var endpoints []hostPort
	for _, address := range o.listen {
		host := address.Addr()
		if host.IsUnspecified() {
			host = sourceTowards(hostPortOf(o.cloud), host)
		}
		if address.Port() != 0 {
			port = address.Port()
		}
		endpoints = append(endpoints, hostPort{host.String(), port})
	}
	return endpoints
}

// sourceTowards returns the source address that the kernel would use; nothing is sent.
func sourceTowards(remote string, otherwise netip.Addr) netip.Addr {
	network := "udp4"
	if otherwise.Is6() {
		network = "udp"
	}
	socket, err := net.Dial(network, remote)
	if err != nil {
		return otherwise
	}
	defer socket.Close()
	return socket.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
}

func describe(endpoints []hostPort) []*clientv1.Endpoint {
	var described []*clientv1.Endpoint
	for _, endpoint := range endpoints {
		described = append(described, &clientv1.Endpoint{
			Transport: clientv1.Transport_TRANSPORT_UDP, Host: endpoint.host, Port: uint32(endpoint.port),
		})
	}
	return described
}

// openJournal opens the journal of changes to the host; nil in user-space mode, which makes none.
func openJournal(o *options) (*kernel.Journal, error) {
	if kernelMode(o.mode) == "" {
		return nil, nil
	}
	return journal.Open[kernel.Change](filepath.Join(o.state, "changes"))
}
