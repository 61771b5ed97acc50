package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/accesspoint"
	"sag.software/native/internal/accesspoint/agent"
	"sag.software/native/internal/accesspoint/fakeclient"
	"sag.software/native/internal/accesspoint/kernel"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/clock"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/hostnet/journal"
	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

const (
	lanHost     = "10.55.0.80"
	lanGateway  = "10.55.0.1"
	pointsProbe = "fd00:5a9:0:fffe::1"
)

// newNATPoint runs an access point that forwards in the kernel of this namespace, and connects a client to it.
func newNATPoint(t *testing.T, destinations ...string) *fakeclient.Client {
	t.Helper()
	key, err := engine.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	changes, err := journal.Open[kernel.Change](filepath.Join(t.TempDir(), "changes"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = changes.Close() })
	point, err := accesspoint.New(accesspoint.Config{
		Key: key, Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Kernel: kernel.NAT, Journal: changes,
		Host: accesspoint.NewHostWatch().Host, Policy: policy.Policy{}, Clock: clock.System{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(point.Close)
	client := fakeclient.New(t, strings.Repeat("a", 32), "10.91.0.2", "fd00:5a9:0:91::2")
	message, err := agent.Message(&accesspointv1.WatchResponse{Epoch: 1, Revision: 1, Change: &accesspointv1.WatchResponse_Snapshot{
		Snapshot: &accesspointv1.Snapshot{
			Settings: &accesspointv1.Settings{ProbeAddress: pointsProbe}, Last: true,
			Peers: []*accesspointv1.Peer{client.Peer(time.Hour, destinations...)},
		},
	}})
	if err == nil {
		_, err = point.Receive(message)
	}
	if err != nil {
		t.Fatal(err)
	}
	client.Connect(t, key.Public(), fmt.Sprint("127.0.0.1:", point.ListenPort()))
	return client
}

// newLAN is a host in its own namespace, on a network of this one, that answers with the address of the client.
func newLAN(t *testing.T) {
	t.Helper()
	host := nettest.NewNamespace(t)
	nettest.Run(t, "ip", "link", "add", "lan0", "type", "veth", "peer", "name", "inside", "netns", host.PID())
	nettest.Run(t, "ip", "link", "set", "lan0", "addrgenmode", "none")
	nettest.Run(t, "ip", "addr", "add", lanGateway+"/16", "dev", "lan0")
	nettest.Run(t, "ip", "link", "set", "lan0", "up")
	host.Run("ip link set inside up", "ip addr add "+lanHost+"/16 dev inside") // it has a route to its own network only
	host.Do(func() {
		listener, err := net.Listen("tcp", lanHost+":80")
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				host, _, _ := net.SplitHostPort(r.RemoteAddr)
				_, _ = io.WriteString(w, host)
			}))
		}()
	})
}

func get(client *http.Client, host string) (string, error) {
	response, err := client.Get("http://" + host + "/")
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return strings.TrimSpace(string(text)), err
}

// An access point in a kernel mode runs on the same host as system mode. The host reaches the intranet, the access point's
// client reaches its LAN by NAT, and its traffic to the intranet goes through the host's tunnel, too. The fwmarks of both
// must differ, because packets with the engine's mark are routed past the tunnel.
func TestAnAccessPointOnTheSameHost(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	newLAN(t) // first, because its threads end, and child processes end with the thread that started them
	s := newSite(t)
	s.start()
	s.mustConnect()
	way := func(mark uint32) string {
		return nettest.Run(t, "ip", "route", "get", "10.80.0.80", "mark", fmt.Sprint(mark))
	}
	if out := way(marks.TunnelTraffic); strings.Contains(out, "dev sag0") {
		t.Errorf("the engine's packets go %s", out)
	}
	for _, mark := range []uint32{0, marks.AccessPointClients} {
		if out := way(mark); !strings.Contains(out, "dev sag0") {
			t.Errorf("packets with the mark %#x go %s", mark, out)
		}
	}
	t.Run("traffic", func(t *testing.T) {
		client := newNATPoint(t, "10.55.0.0/16", "10.80.0.0/16")
		portal := tunneltest.Portal.String()
		direct := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		for range 2 { // the second time with a connection tracking entry
			if text, err := get(direct, portal); err != nil || text != tunneltest.PortalText {
				t.Errorf("the host gets %q from the intranet, %v", text, err)
			}
			if text, err := get(client.HTTP(), lanHost); err != nil || text != lanGateway {
				t.Errorf("the LAN sees the client as %q, %v", text, err)
			}
			if text, err := get(client.HTTP(), portal); err != nil || text != tunneltest.PortalText {
				t.Errorf("the client gets %q from the intranet, %v", text, err)
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if _, err := client.Stack.Ping(ctx, tunneltest.Portal); err != nil {
			t.Errorf("ping: %v", err)
		}
	})
	s.mustLeave()
}
