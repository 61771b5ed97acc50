// Package fakeclient is a connected client for tests: WireGuard and a network stack, without sag-tunnel.
package fakeclient

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	accesspointv1 "sag.software/native/gen/sag/accesspoint/v1"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/netstack"
)

// MTU of the client's tunnel, bytes.
const MTU = 1280

// Client is one end of a tunnel.
type Client struct {
	SessionID string
	Address4  netip.Addr
	Address6  netip.Addr
	Device    *engine.Device
	Stack     *netstack.Stack
	Tap       *probe.Stage
	// Path takes packets that the stack would not send: Inject sends them into the tunnel.
	Path *datapath.Path
	// Replies receives replies to probes.
	Replies chan probe.Message
	// Point is the access point's public key, set by Connect.
	Point engine.Key

	key engine.PrivateKey
	psk engine.PresharedKey
}

// New makes a client that is closed at the end of the test.
func New(t testing.TB, sessionID, address4, address6 string) *Client {
	t.Helper()
	key, err := engine.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{
		SessionID: sessionID, Address4: netip.MustParseAddr(address4), Address6: netip.MustParseAddr(address6),
		Replies: make(chan probe.Message, 16), key: key, psk: engine.PresharedKey{7, 7, 7},
	}
	c.Stack, err = netstack.New(netstack.Config{MTU: MTU, Addresses: []netip.Prefix{
		netip.PrefixFrom(c.Address4, 32), netip.PrefixFrom(c.Address6, 128),
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := datapath.New(c.Stack.Device())
	c.Path = path
	c.Tap = probe.NewStage(path.Inject, probe.Callbacks{Replied: func(_ netip.Addr, m probe.Message, _ int) {
		select {
		case c.Replies <- m:
		default:
		}
	}})
	path.FromTunnel(c.Tap.FromTunnel)
	c.Device, err = engine.New(engine.Config{PrivateKey: key, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Device.Close()
		c.Stack.Close()
	})
	return c
}

// Peer returns the session as the cloud describes it to an access point.
func (c *Client) Peer(lease time.Duration, destinations ...string) *accesspointv1.Peer {
	public := c.key.Public()
	return &accesspointv1.Peer{
		SessionId: c.SessionID, PublicKey: public[:], PresharedKey: c.psk[:],
		Addresses:    []string{c.Address4.String() + "/32", c.Address6.String() + "/128"},
		Destinations: destinations, Lease: durationpb.New(lease), Incarnation: 1,
	}
}

// Connect routes everything to an access point.
func (c *Client) Connect(t testing.TB, publicKey engine.Key, endpoint string) {
	t.Helper()
	c.Point = publicKey
	err := c.Device.UpsertPeer(engine.PeerConfig{
		PublicKey: publicKey, PresharedKey: c.psk, Endpoint: engine.UDPEndpoint(netip.MustParseAddrPort(endpoint)),
		AllowedIPs: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Dial opens a TCP connection through the tunnel. The timeout is 5 s, or ctx's if that is shorter.
func (c *Client) Dial(ctx context.Context, to string) (netstack.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return c.Stack.DialTCP(ctx, netip.MustParseAddrPort(to))
}

// HTTP returns an HTTP client that connects through the tunnel. Hosts must be IP addresses.
func (c *Client) HTTP() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return c.Dial(ctx, address)
		},
	}}
}
